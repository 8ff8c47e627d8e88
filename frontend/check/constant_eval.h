// Integer constant expressions: array sizes, enumerators, case labels. Evaluated on the syntax, because types depend on them.
#pragma once

#include "frontend/check/environment.h"

namespace frontend {

// The value in 32-bit (or, where a `long` takes part, 64-bit) arithmetic. Reports what is not constant and returns nothing.
std::optional<int64_t> evaluate_constant(Environment& env, const ast::Expr& expr, OpenScopeId opens);

}  // namespace frontend
