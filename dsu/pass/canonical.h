// Canonical forms: what counts as a change.
//
// The canonical form of a definition is its typed AST written with everything that does not matter left out or numbered:
// comments, layout and places in the file are gone, locals and type variables are numbered by binding, named types stand for
// all they reach. Two definitions with equal forms behave alike if what they refer to does; a reference is written as the name
// and the type of the symbol, so a changed *type* anywhere below changes every form that mentions it, a changed *body* of a
// callee does not.
//
// The form is made for hashing and for nothing else: it is not kept, printed or read.
#pragma once

#include <map>
#include <set>
#include <string>

#include "dsu/format/container.h"
#include "frontend/typed_ast.h"

namespace dsu {

// Forms of types of one module; remembers named types.
class TypeForms {
public:
  explicit TypeForms(const frontend::TypeStore& types) : types_(types) {}

  // Closed types only need no binder; variables are written as (depth, index).
  std::string of(frontend::TypeId type);
  // Of a named type and everything it reaches: kind, parameters, nullability, fields with names, constness and types.
  const Hash& of(frontend::TypeDeclId decl);

private:
  using Order = std::map<uint32_t, uint32_t>;  // declarations met so far -> number
  void write(std::string& out, frontend::TypeId type, Order* order);
  void write_declaration(std::string& out, frontend::TypeDeclId decl, Order& order);

  const frontend::TypeStore& types_;
  std::map<uint32_t, Hash> hashes_;
};

// `uses` receives the names of the symbols that the definition refers to.
Hash fingerprint(const frontend::typed::TypedModule& module, const frontend::typed::Function& function, TypeForms& types,
                 std::set<std::string>& uses);
// With the initial value.
Hash fingerprint(const frontend::typed::TypedModule& module, const frontend::typed::Global& global, TypeForms& types,
                 std::set<std::string>& uses);
Hash fingerprint_exception(const frontend::typed::TypedModule& module, frontend::typed::SymbolId exception, TypeForms& types);

}  // namespace dsu
