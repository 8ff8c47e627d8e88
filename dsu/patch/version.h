// One version of a program as the differ sees it, and the types of both versions in one table.
//
// Every module of the front end has a type store of its own. Here types of all modules and both versions are interned
// together, named types by name alone: `total[]` of the old and of the new version are one TypeRef. What the name stands for is
// asked of a version.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dsu/format/manifest.h"
#include "frontend/frontend.h"

namespace dsu {

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
};

struct ModuleInfo {
  std::string name, path;
  std::map<std::string, ValueInfo> values;  // defined here
  std::set<std::string> types;              // defined here
  std::set<std::string> imports;            // values of other modules that it refers to
  Manifest manifest;
};

struct Version {
  std::string label, directory;
  std::map<std::string, ModuleInfo> modules;
  std::map<std::string, TypeInfo> types;
  std::vector<std::string> library;  // modules of the library that such a program contains

  const TypeInfo* find_type(const std::string& name) const {
    auto found = types.find(name);
    return found == types.end() ? nullptr : &found->second;
  }
};

// Checks every source file of `directory` (all its *.pop files). Diagnostics are left in the session that `make_session`
// returned last; nothing on failure.
class SessionFactory {
public:
  virtual ~SessionFactory() = default;
  virtual std::unique_ptr<frontend::Session> make_session() = 0;
  // Shows what the session found; called for every file.
  virtual void report(frontend::Session& session) = 0;
};
std::optional<Version> read_version(const std::string& directory, std::string label, SessionFactory& sessions, TypeModel& types,
                                    std::string& problem);

void add_module(const frontend::typed::TypedModule& module, std::string path, TypeModel& types, Version& version);

}  // namespace dsu
