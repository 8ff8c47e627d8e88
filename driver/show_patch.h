// `poppatch --show`: what patch files, objects, executables and running programs say about themselves.
#pragma once

#include <string>
#include <vector>

namespace driver {

// Exit status 0, or 1 if one cannot be read.
int show(const std::vector<std::string>& files, bool json);

} // namespace driver
