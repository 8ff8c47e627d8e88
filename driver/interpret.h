// popc --interpret FILE...: runs the program on the IR interpreter, for tests and for narrowing down wrong code.
#pragma once

#include "driver/options.h"

namespace driver {

// Modules may be Popcorn source or IR text; library modules are given like others. The pipeline runs first (-O0 or -O1). The
// program's output goes to stdout; an uncaught exception is reported on stderr with status 255. The exit status.
int interpret(const PopcOptions& options);

} // namespace driver
