#include "stdlib/runtime/unix_support.h"

#include <cstring>

namespace poprt {

volatile int signal_waiting = 0;

Text::Text(const String* text, const char* native) {
  const auto length = static_cast<size_t>(text->length);
  ok = length < path_limit && std::memchr(text->bytes, 0, length) == nullptr;
  bytes[0] = '\0';
  if (!ok) {
    raise_invalid_argument(native);
    return;
  }
  std::memcpy(bytes, text->bytes, length);
  bytes[length] = '\0';
}

void raise_error(int error_number, const char* native) { raise_unix_error(error_number, native); }

void check(int64_t result, const char* native) {
  if (result < 0)
    raise_unix_error(errno, native);
}

bool has_length(int64_t length, int64_t wanted, const char* native) {
  if (length < wanted)
    raise_invalid_argument(native);
  return length >= wanted;
}

uint64_t transferred_long(ssize_t count, const char* native) {
  if (count >= 0)
    return static_cast<uint64_t>(count);
  if (errno != EAGAIN && errno != EWOULDBLOCK)
    raise_unix_error(errno, native);
  return static_cast<uint64_t>(-1);
}

uint64_t transferred(ssize_t count, const char* native) {
  return from_int(static_cast<int64_t>(transferred_long(count, native)));
}

}  // namespace poprt
