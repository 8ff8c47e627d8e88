// -Wall: code that is legal but hardly meant. Each walk is over a finished form and changes nothing; those warnings that need what the
// checker only knows on the way (shadowing, literals that lose bits, unreachable statements) are given by body_checker and flow.
#pragma once

#include "frontend/frontend.h"

namespace frontend {

// What the syntax alone shows: comma expressions that look like lists, assignments where a comparison is usual.
void warn_syntax(Session& session, const ast::Module& module);

// Locals that are never read; comparisons whose outcome the types decide.
void warn_function(Session& session, const TypeStore& types, const typed::Function& function);

// Static functions and variables of this module that nothing refers to.
void warn_unused_statics(Session& session, const ast::Module& source, const typed::TypedModule& module);

}  // namespace frontend
