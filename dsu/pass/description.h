// What updating knows of one module: its definitions, the types it mentions, what it refers to, and where its functions may be
// suspended while the program is updated. popc puts it into `.tal.dsu`, so that an object, an executable or a running program tells as much
// as the sources would.
//
// Every module of the front end has a type store of its own. Here types of all modules and of both versions of a program are interned
// together, named types by name alone: `total[]` of the old and of the new version are one TypeRef. What the name stands for is
// asked of a version.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dsu/format/manifest.h"
#include "frontend/types.h"

namespace dsu {

enum class DefinitionKind : uint8_t { Function, Variable, Exception };

struct PatchType;
using TypeRef = const PatchType*;

struct PatchType {
  frontend::TypeKind kind = frontend::TypeKind::Error;
  std::string name;               // Named
  std::vector<TypeRef> args;      // Named, Tuple, Function (parameters)
  TypeRef element = nullptr;      // Array, ConstArray, Rep, Exncon; Function: the result
  bool read_only = false;         // Tuple
  uint32_t type_params = 0;       // Function
  uint32_t depth = 0, index = 0;  // Var; ConstArray: index is the length
  bool has_var = false;           // a type variable occurs somewhere inside
  bool nullable = false;          // ConstArray
  frontend::Convention convention = frontend::Convention::Cdecl;  // Function
};

class TypeModel {
public:
  TypeRef intern(PatchType type);
  TypeRef import(const frontend::TypeStore& store, frontend::TypeId id);
  // Var(0, i) becomes args[i].
  TypeRef substitute(TypeRef type, const std::vector<TypeRef>& args);

private:
  TypeRef under_binders(TypeRef type, uint32_t by);
  template <class Change> TypeRef changed(TypeRef type, uint32_t binders, Change change);
  std::map<std::string, std::unique_ptr<PatchType>> types_;
};

struct FieldInfo {
  std::string name;
  TypeRef type = nullptr;  // the declaration's parameters are Var(0, i)
  bool is_const = false;
};

struct TypeInfo {
  std::string name;
  frontend::TypeDeclKind kind = frontend::TypeDeclKind::Struct;
  bool nullable = false;
  std::vector<std::string> params;
  std::vector<FieldInfo> fields;
  Hash form{};
  std::string module;  // that defines it; empty: only declared extern (library)
  uint32_t hidden = 0;                      // Abstype: hidden variables, behind params; the only field is what is packed
  bool is_abstract = false;                 // other modules know no more than the name
};

struct ValueInfo {
  DefinitionKind kind = DefinitionKind::Function;
  TypeRef type = nullptr;
  bool is_static = false;
  Hash fingerprint{};
  bool is_nested = false;         // a function within another definition: no source can name it
  std::set<std::string> uses;     // values that it refers to, of this module and of others
};

// A function of the module may be suspended in a call of `callee` while the program is updated. What it does with types and values after that,
// it does in its old version: these are the ones that it retains.
struct Suspension {
  std::string function;
  std::string callee;             // empty: a call of a function value
  std::set<std::string> types;    // named types whose representation it uses: fields, cases, making objects
  std::set<std::string> values;   // variables that it reads or writes, functions and exceptions that it names
};

struct ModuleInfo {
  std::string name, label;
  std::string path;                         // of the source; empty if it is not known
  Hash hash{};                              // of all definitions: the version of the module
  std::map<std::string, ValueInfo> values;  // defined here
  std::vector<TypeInfo> declarations;       // of all types that it mentions
  std::set<std::string> types;              // defined here
  std::set<std::string> imports;            // values of other modules that it refers to
  std::vector<Suspension> suspensions;
};

// Over the definitions in order of name, so that moving a definition within the file is not a change.
Hash module_hash(const ModuleInfo& module);

tal::Bytes encode_description(const ModuleInfo& module);
// The manifest that the module's object carries.
Manifest make_manifest(const ModuleInfo& module);
// Of an object's `.tal.dsu`; nothing if it is damaged.
std::optional<ModuleInfo> read_description(const Manifest& manifest, TypeModel& types);

}  // namespace dsu
