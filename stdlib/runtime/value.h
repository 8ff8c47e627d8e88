// Popcorn values as the runtime sees them, and the small helpers with which a native reads its
// arguments and makes results.
//
// Representation (docs/tal.md has the full table): aggregates are plain memory without headers, an
// array or string is a length word followed by dense elements, an exception value is the address of
// its exception name followed by an 8-byte payload slot. Integers travel zero-extended in 64-bit
// registers; a native truncates each one to the width that it expects and checks the range itself,
// so nothing here depends on what the caller was checked for.
#ifndef STDLIB_RUNTIME_VALUE_H
#define STDLIB_RUNTIME_VALUE_H

#include <cstddef>
#include <cstdint>

namespace poprt {

// Largest length of an array or string; the checker relies on it.
inline constexpr int64_t max_length = 0x7fffffff;

struct String {
  int64_t length;
  char bytes[1];  // `length` of them; not terminated
};

struct IntArray {
  int64_t length;
  int32_t elements[1];
};

struct PointerArray {
  int64_t length;
  void* elements[1];
};

// The address is the identity of the exception; the word itself is never read.
struct ExceptionName {
  uint64_t unused;
};

struct Exception {
  const ExceptionName* name;
  uint64_t payload;
};

inline int32_t to_int(uint64_t word) { return static_cast<int32_t>(word); }
inline uint8_t to_byte(uint64_t word) { return static_cast<uint8_t>(word); }
inline uint64_t from_int(int64_t value) { return static_cast<uint32_t>(value); }

// All of these return null after the raising of OutOfMemory has been requested (see raise.h).
void* allocate(size_t bytes);            // zeroed, scanned by the collector
void* allocate_pointer_free(size_t bytes);  // zeroed, not scanned
String* new_string(int64_t length);      // zeroed; 0 <= length <= max_length is checked
String* new_string_from(const char* bytes, size_t length);
String* new_string_from(const char* terminated);
PointerArray* new_pointer_array(int64_t length);
void* new_integer_array(int64_t length, size_t element_size);  // zeroed; raises Core::InvalidArg("new_array")

}  // namespace poprt

#endif
