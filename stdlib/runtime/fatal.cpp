#include "stdlib/runtime/fatal.h"

#include <cstdio>
#include <cstdlib>

namespace poprt {

void fatal(const char* what) {
  std::fprintf(stderr, "popcorn runtime: internal error: %s\n", what);
  std::abort();
}

void fatal_address(const char* what, uint64_t address) {
  std::fprintf(stderr, "popcorn runtime: internal error: %s %#llx\n", what, static_cast<unsigned long long>(address));
  std::abort();
}

}  // namespace poprt
