// Strings: allocation, copying, numbers to text, and printf's directives with flags, width and precision.
#include <cstdio>
#include <cstring>

#include "stdlib/runtime/decimal.h"
#include "stdlib/runtime/directive.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/streams.h"

using namespace poprt;

bool poprt::read_directive(uint64_t flags, uint64_t width, uint64_t precision, Directive& directive) {
  directive = {static_cast<unsigned>(to_int(flags)) & 31u, to_int(width), to_int(precision)};
  if (directive.width >= 0 && directive.width <= largest_width && directive.precision >= -1 &&
      directive.precision <= largest_width)
    return true;
  raise_invalid_argument("printf");
  return false;
}

void poprt::make_format(char (&format)[directive_format], const Directive& directive, const char* tail) {
  char* out = format;
  *out++ = '%';
  const char letters[] = "-0+ #";
  for (unsigned i = 0; i < 5; i++)
    if ((directive.flags >> i & 1u) != 0)
      *out++ = letters[i];
  out += std::snprintf(out, 12, "%d", directive.width);
  if (directive.width == 0)
    out--;
  if (directive.precision >= 0)
    out += std::snprintf(out, 12, ".%d", directive.precision);
  std::snprintf(out, 6, "%s", tail);
}

namespace {

// The text of an integer: `conversion` is one of d u x X o; the value has been extended to 64 bits by the caller's type.
int format_integer(char* out, size_t size, uint64_t value, char conversion, const Directive& directive) {
  const char tail[] = {'l', 'l', conversion, '\0'};
  char format[directive_format];
  make_format(format, directive, tail);
  return std::snprintf(out, size, format, value);
}

bool is_integer_conversion(char c) { return c != '\0' && std::strchr("duxXo", c) != nullptr; }

constexpr size_t integer_buffer = 2 * largest_width + 32;

// Length of the text in `out`, or -1 when an exception has been noted.
int integer_directive(char (&out)[integer_buffer], uint64_t value, uint64_t conversion, uint64_t flags, uint64_t width,
                      uint64_t precision) {
  Directive directive;
  if (!read_directive(flags, width, precision, directive))
    return -1;
  const char letter = static_cast<char>(to_byte(conversion));
  if (!is_integer_conversion(letter)) {
    raise_invalid_argument("printf");
    return -1;
  }
  return format_integer(out, sizeof(out), value, letter, directive);
}

struct Padding {
  int64_t shown;  // bytes of the text
  int64_t blanks;
};

Padding pad(const String* text, const Directive& directive) {
  const int64_t shown = directive.precision >= 0 && directive.precision < text->length ? directive.precision : text->length;
  return {shown, directive.width > shown ? directive.width - shown : 0};
}

}  // namespace

POPRT_THROWING(String*, new_string, (uint64_t length)) { return poprt::new_string(to_int(length)); }

POPRT_THROWING(String*, Core__strconcat, (const String* a, const String* b)) {
  String* result = poprt::new_string(a->length + b->length);
  if (result != nullptr) {
    std::memcpy(result->bytes, a->bytes, static_cast<size_t>(a->length));
    std::memcpy(result->bytes + a->length, b->bytes, static_cast<size_t>(b->length));
  }
  return result;
}

// Copies `count` bytes; the two ranges may overlap.
POPRT_THROWING(void, Core__strncpy, (String* to, uint64_t to_offset, const String* from, uint64_t from_offset, uint64_t count)) {
  if (check_range(to, to_int(to_offset), to_int(count), "strncpy") &&
      check_range(from, to_int(from_offset), to_int(count), "strncpy"))
    std::memmove(to->bytes + to_int(to_offset), from->bytes + to_int(from_offset), static_cast<size_t>(to_int(count)));
}

// The difference of the first bytes that differ, else of the lengths.
POPRT_NATIVE(uint64_t, Core__strcmp, (const String* a, const String* b)) {
  const int64_t common = a->length < b->length ? a->length : b->length;
  for (int64_t i = 0; i < common; i++)
    if (a->bytes[i] != b->bytes[i])
      return from_int(static_cast<uint8_t>(a->bytes[i]) - static_cast<uint8_t>(b->bytes[i]));
  return from_int(a->length - b->length);
}

namespace {
String* string_of(const NumberText& text) { return new_string_from(text.begin(), text.size()); }
}  // namespace

POPRT_THROWING(String*, Core__string_of_int, (uint64_t value)) { return string_of(NumberText::of_signed(to_int(value))); }

POPRT_THROWING(String*, Core__string_of_uint, (uint64_t value)) {
  return string_of(NumberText::of_unsigned(static_cast<uint32_t>(value)));
}

POPRT_THROWING(String*, Core__string_of_long, (uint64_t value)) {
  return string_of(NumberText::of_signed(static_cast<int64_t>(value)));
}

POPRT_THROWING(String*, Core__string_of_ulong, (uint64_t value)) { return string_of(NumberText::of_unsigned(value)); }

POPRT_THROWING(String*, Core__hex_string_of_uint, (uint64_t value)) {
  return string_of(NumberText::of_unsigned(static_cast<uint32_t>(value), 16));
}

// printf's directives that are more than two characters. fprint_* writes to a stream, format_* makes a string.
POPRT_THROWING(void, Core__fprint_integer_directive,
               (Stream* stream, uint64_t value, uint64_t conversion, uint64_t flags, uint64_t width, uint64_t precision)) {
  char text[integer_buffer];
  const int length = integer_directive(text, value, conversion, flags, width, precision);
  if (length >= 0)
    write_bytes(stream, text, static_cast<size_t>(length), "fprintf");
}

POPRT_THROWING(String*, Core__format_integer_directive,
               (uint64_t value, uint64_t conversion, uint64_t flags, uint64_t width, uint64_t precision)) {
  char text[integer_buffer];
  const int length = integer_directive(text, value, conversion, flags, width, precision);
  return length < 0 ? nullptr : new_string_from(text, static_cast<size_t>(length));
}

POPRT_THROWING(String*, Core__format_string_directive,
               (const String* text, uint64_t flags, uint64_t width, uint64_t precision)) {
  Directive directive;
  if (!read_directive(flags, width, precision, directive))
    return nullptr;
  const Padding padding = pad(text, directive);
  String* result = poprt::new_string(padding.shown + padding.blanks);
  if (result == nullptr)
    return nullptr;
  const bool left = (directive.flags & flag_minus) != 0;
  std::memset(result->bytes, ' ', static_cast<size_t>(result->length));
  std::memcpy(result->bytes + (left ? 0 : padding.blanks), text->bytes, static_cast<size_t>(padding.shown));
  return result;
}

POPRT_THROWING(void, Core__fprint_string_directive,
               (Stream* stream, const String* text, uint64_t flags, uint64_t width, uint64_t precision)) {
  Directive directive;
  if (!read_directive(flags, width, precision, directive))
    return;
  const Padding padding = pad(text, directive);
  const bool left = (directive.flags & flag_minus) != 0;
  char blanks[largest_width];
  std::memset(blanks, ' ', static_cast<size_t>(padding.blanks));
  if (!left && !write_bytes(stream, blanks, static_cast<size_t>(padding.blanks), "fprintf"))
    return;
  if (write_bytes(stream, text->bytes, static_cast<size_t>(padding.shown), "fprintf") && left)
    write_bytes(stream, blanks, static_cast<size_t>(padding.blanks), "fprintf");
}
