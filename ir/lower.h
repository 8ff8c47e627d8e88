// Typed AST to IR.
//
// Makes explicit what the language checks at run time (null references, bounds, division by zero), the special case
// MIN / -1, and the control flow of expressions, switches and exception handlers. Each function comes out in SSA form without
// unreachable blocks; the result satisfies the verifier. See docs/ir.md for how each construct is translated.
#pragma once

#include <string>
#include <vector>

#include "frontend/typed_ast.h"
#include "ir/ir.h"

namespace ir {

// A construct that the compiler does not translate yet. The user gets it as an error at the place.
struct Unsupported {
  SourceLoc loc;
  std::string what;
};

struct LowerResult {
  Module module; // not to be used if anything is unsupported
  std::vector<Unsupported> unsupported;
};

[[nodiscard]] LowerResult lower(const frontend::typed::TypedModule& source);

} // namespace ir
