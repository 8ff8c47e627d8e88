// The typed AST as text (--emit=typed): one expression per statement line, in prefix-free notation near the source's, with everything
// explicit that the checker added: conversions as `(int <- char)x`, type arguments, resolved names, jump targets.
#pragma once

#include <string>

#include "frontend/typed_ast.h"

namespace frontend::typed {

std::string print(const TypedModule& module);
std::string print(const TypedModule& module, const Function& function);
std::string print(const TypedModule& module, const Global& global);

}  // namespace frontend::typed
