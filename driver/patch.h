// popc -patch: the directory that poppatch wrote, compiled and verified, as one patch file.
#pragma once

#include "driver/options.h"

namespace driver {

// Writes options.output. Errors are printed. The exit status.
int compile_patch(const PopcOptions& options);

} // namespace driver
