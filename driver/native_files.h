// The files of --natives: what a user declares of C functions, with what the runtime declares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tal/natives.h"

namespace driver {

// Nothing: what is wrong has been printed under the name of the tool. Errors have the file and the line.
std::optional<tal::NativeInterface> read_natives(const std::vector<std::string>& paths, const char* tool);

}  // namespace driver
