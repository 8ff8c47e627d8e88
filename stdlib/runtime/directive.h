// What stands between % and the conversion letter of a directive with flags, width or precision, as the front end passes it, and the
// format that it is for the C library.
#ifndef STDLIB_RUNTIME_DIRECTIVE_H
#define STDLIB_RUNTIME_DIRECTIVE_H

#include <cstdint>

namespace poprt {

inline constexpr unsigned flag_minus = 1;      // then 0 + blank #, in the order of make_format
inline constexpr int largest_width = 4096;     // of a field; keeps texts on the stack
inline constexpr int directive_format = 32;    // bytes of a format

struct Directive {
  unsigned flags;
  int width;      // 0: none
  int precision;  // -1: none
};

// False, with Core::InvalidArg("printf") noted, if a number is out of range.
bool read_directive(uint64_t flags, uint64_t width, uint64_t precision, Directive& directive);

// "%" flags width precision, then `tail`: length modifiers and the letter, at most three characters.
void make_format(char (&format)[directive_format], const Directive& directive, const char* tail);

}  // namespace poprt

#endif
