// What the outcome of a condition proves about the operands that the flags remember (rule C8; docs/tal.md, "Conditions").
#pragma once

#include "tal/state.h"

namespace tal {

// Adds to `s` what holds where `condition` does. False: it cannot hold, the way is impossible, and `s` is of no further use.
[[nodiscard]] bool refine(State& s, const TypeTable& types, Condition condition);

} // namespace tal
