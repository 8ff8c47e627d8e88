// Runs a function on a stack that is large enough for the deepest recursion over declarations that refer to one another.
#pragma once

#include <functional>

namespace driver {

// On the caller's stack if the system refuses a larger one.
int on_big_stack(const std::function<int()>& function);

} // namespace driver
