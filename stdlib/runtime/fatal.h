// The end of the process for reasons that no program can cause: broken invariants of the runtime or of verified code.
#ifndef STDLIB_RUNTIME_FATAL_H
#define STDLIB_RUNTIME_FATAL_H

#include <cstdint>

namespace poprt {

[[noreturn]] void fatal(const char* what);                             // "popcorn runtime: internal error: what", abort
[[noreturn]] void fatal_address(const char* what, uint64_t address);

// The exit status of programs that end by an uncaught exception or a full stack.
inline constexpr int failure_status = 255;

}  // namespace poprt

#endif
