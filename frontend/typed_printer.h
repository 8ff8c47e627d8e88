// The typed AST as text (--emit=typed): one expression per statement line, in prefix-free notation near the source's, with everything
// explicit that the checker added: conversions as `(int <- char)x`, type arguments, resolved names, jump targets.
#pragma once

#include <string>

#include "frontend/typed_ast.h"

namespace frontend::typed {

std::string print(const TypedModule& module);
std::string print(const TypedModule& module, const Function& function);
std::string print(const TypedModule& module, const Global& global);

// The canonical form, from which fingerprints are made: locals are numbered in order of mention and type variables by position, so that
// comments, layout and the names of bound variables do not matter. `references`, if given, collects what is mentioned.
struct References {
  std::vector<SymbolId> symbols;    // in order of first mention
  std::vector<TypeDeclId> types;
};
std::string print_canonical(const TypedModule& module, const Function& function, References* references);
std::string print_canonical(const TypedModule& module, const Global& global, References* references);

}  // namespace frontend::typed
