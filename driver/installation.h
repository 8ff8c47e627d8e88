// Where the tools find the library that belongs to them.
#pragma once

#include <string>

namespace driver {

// The directory with the library's headers (include/), the objects of its modules and the runtime archives: ../lib/popcorn seen from
// the tool, in the build tree as after installation, or what the environment variable POPCORN_LIBRARY says.
std::string library_directory();

}  // namespace driver
