// Definite assignment and definite return.
#pragma once

#include "frontend/frontend.h"

namespace frontend {

// Reports variables that may be read before they are assigned, and a non-void function whose end can be reached.
void check_flow(Session& session, const TypeStore& types, const typed::Function& function);

}  // namespace frontend
