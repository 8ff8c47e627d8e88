// What the natives of the Unix module share. A failing call raises Unix_error(number, name of the call), an argument that is none
// Core::InvalidArg. Everything here returns normally after noting an exception (raise.h).
#ifndef STDLIB_RUNTIME_UNIX_SUPPORT_H
#define STDLIB_RUNTIME_UNIX_SUPPORT_H

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "stdlib/runtime/descriptors.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/value.h"

namespace poprt {

inline constexpr size_t path_limit = 4096;

// A Popcorn string as a terminated C string of limited length, on the stack of the native.
struct Text {
  char bytes[path_limit];
  bool ok;  // false: an exception has been noted

  Text(const String* text, const char* native);
};

// Collected arrays of 64-bit integers.
struct LongArray {
  int64_t length;
  int64_t elements[1];
};

void check(int64_t result, const char* native);                // negative: raises errno
void raise_error(int error_number, const char* native);
bool has_length(int64_t length, int64_t wanted, const char* native);  // false: InvalidArg has been noted

// Result of a transfer: the count, or -1 when it would have had to wait. For results of type i32 and i64.
uint64_t transferred(ssize_t count, const char* native);
uint64_t transferred_long(ssize_t count, const char* native);

// Has a signal that the program handles arrived and not been asked for? Set by the handler of unix_signals.cpp.
extern volatile int signal_waiting;

// Repeats a system call that a signal has interrupted, unless the program wants to know of the signal.
template <class Call>
auto restarted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR && signal_waiting == 0)
    result = call();
  return result;
}

}  // namespace poprt

#endif
