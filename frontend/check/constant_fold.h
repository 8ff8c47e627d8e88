// Initializers of global variables: reduces them to constants, or says which part is none.
#pragma once

#include "frontend/check/environment.h"

namespace frontend {

// Rewrites the expression `init` of `body` (types finished) until only the nodes that typed_ast.h allows in a Global remain.
void fold_initializer(Environment& env, typed::Body& body, typed::ExprId init);

}  // namespace frontend
