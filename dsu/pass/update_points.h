// Update points that the compiler inserts (`popc -dsu --update-points=loops`): one at the head of every outermost loop that waits for
// something outside the program. Such a loop is the event loop of a server more often than not, and its head is where a
// programmer would have put the call.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ir/ir.h"

namespace dsu {

struct InsertedUpdatePoint {
  support::SourceLoc loc;      // of the call that waits
  std::string function;        // in whose loop
  std::string call;            // what the loop calls, and
  std::string native;          // the native that waits below it (equal to `call` if called directly)
};

// `is_blocking` tells natives by name. Waiting is found through direct calls within the module. Loops that call
// Dsu::update_point() themselves, or functions of the module that do, are left as they are. Works on lowered IR, before optimisation.
std::vector<InsertedUpdatePoint> insert_update_points(ir::Module& module, const std::function<bool(const std::string&)>& is_blocking);

} // namespace dsu
