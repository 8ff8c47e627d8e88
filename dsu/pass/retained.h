// Retained sets: what a function that is suspended while the program is updated goes on using in its old version. Type safety does not
// depend on them; the author of a patch wants to know (docs/dsu.md, "Timing").
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dsu/pass/description.h"
#include "ir/ir.h"

namespace dsu {

// For every function of the module and everything that it calls and that may lead to an update point: one entry, with what the code after
// the calls uses. Calls of other modules may, unless `is_native`; calls of function values always.
std::vector<Suspension> find_suspensions(const ir::Module& module, const std::function<bool(const std::string&)>& is_native);

}  // namespace dsu
