// Floating-point numbers: to and from text, printf's directives, arrays, and the functions of the C mathematical library.
//
// A float or double arrives and leaves in an xmm register, as in C; any value is a fine argument of the mathematical functions.
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "stdlib/runtime/directive.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/streams.h"

using namespace poprt;

extern "C" {
// Status of the last conversion from a string: 0, or an error number. A slot: the upper half stays zero.
uint64_t poprt_tal_errno;
}

namespace {

constexpr size_t short_buffer = 32;  // for %G, %.6g and hexadecimal digits

struct ShortText {
  char text[short_buffer];
  size_t length;
};

ShortText as_text(const char* format, double value) {
  ShortText out;
  out.length = static_cast<size_t>(std::snprintf(out.text, sizeof out.text, format, value));
  return out;
}

ShortText as_hex(uint64_t bits, int digits) {
  ShortText out;
  out.length = static_cast<size_t>(std::snprintf(out.text, sizeof out.text, "%0*llx", digits, static_cast<unsigned long long>(bits)));
  return out;
}

String* to_string(const ShortText& text) { return new_string_from(text.text, text.length); }

// The number that all of `text` is, but for blanks before it: 0 and EINVAL if there is none, ERANGE besides an infinity or what is
// left of a number too small. False: an exception has been noted.
template <class Number>
bool parse(const String* text, Number (*convert)(const char*, char**), Number& value) {
  const auto length = static_cast<size_t>(text->length);
  auto* copy = static_cast<char*>(allocate_pointer_free(length + 1));
  if (copy == nullptr)
    return false;
  std::memcpy(copy, text->bytes, length);
  char* end = nullptr;
  errno = 0;
  value = convert(copy, &end);
  const bool complete = end != copy && static_cast<size_t>(end - copy) == length;
  if (!complete)
    value = 0;
  poprt_tal_errno = static_cast<uint64_t>(complete ? errno : EINVAL);
  return true;
}

// At most 309 digits before the point, then as many as the precision says.
constexpr size_t directive_buffer = 2 * largest_width + 512;

// Length of the text in `out`, or -1 when an exception has been noted.
int float_directive(char (&out)[directive_buffer], double value, uint64_t conversion, uint64_t flags, uint64_t width,
                    uint64_t precision) {
  Directive directive;
  if (!read_directive(flags, width, precision, directive))
    return -1;
  const char tail[] = {static_cast<char>(to_byte(conversion)), '\0'};
  if (tail[0] == '\0' || std::strchr("feEgG", tail[0]) == nullptr) {
    raise_invalid_argument("printf");
    return -1;
  }
  char format[directive_format];
  make_format(format, directive, tail);
  return std::snprintf(out, sizeof out, format, value);
}

void print(Stream* stream, const char* native, double value) {
  const ShortText text = as_text("%G", value);
  write_bytes(stream, text.text, text.length, native);
}

}  // namespace

// ---- text

POPRT_THROWING(void, fprint_float, (Stream* stream, float value)) { print(stream, "fprint_float", static_cast<double>(value)); }
POPRT_THROWING(void, fprint_double, (Stream* stream, double value)) { print(stream, "fprint_double", value); }

POPRT_THROWING(void, Core__fprint_float_directive,
               (Stream* stream, double value, uint64_t conversion, uint64_t flags, uint64_t width, uint64_t precision)) {
  char text[directive_buffer];
  const int length = float_directive(text, value, conversion, flags, width, precision);
  if (length >= 0)
    write_bytes(stream, text, static_cast<size_t>(length), "fprintf");
}

POPRT_THROWING(String*, Core__format_float_directive,
               (double value, uint64_t conversion, uint64_t flags, uint64_t width, uint64_t precision)) {
  char text[directive_buffer];
  const int length = float_directive(text, value, conversion, flags, width, precision);
  return length < 0 ? nullptr : new_string_from(text, static_cast<size_t>(length));
}

POPRT_THROWING(String*, d_to_str, (double value)) { return to_string(as_text("%.6g", value)); }
POPRT_THROWING(String*, f_to_str, (float value)) { return to_string(as_text("%.6g", static_cast<double>(value))); }
POPRT_THROWING(String*, d_to_hexstr, (double value)) { return to_string(as_hex(std::bit_cast<uint64_t>(value), 16)); }
POPRT_THROWING(String*, f_to_hexstr, (float value)) { return to_string(as_hex(std::bit_cast<uint32_t>(value), 8)); }

POPRT_THROWING(double, str_to_d, (const String* text)) {
  double value = 0;
  parse(text, std::strtod, value);
  return value;
}

POPRT_THROWING(float, str_to_f, (const String* text)) {
  float value = 0;
  parse(text, std::strtof, value);
  return value;
}

// ---- arrays of zeros

POPRT_THROWING(void*, new_array_float, (uint64_t length)) { return new_integer_array(to_int(length), sizeof(float)); }
POPRT_THROWING(void*, new_array_double, (uint64_t length)) { return new_integer_array(to_int(length), sizeof(double)); }

// ---- functions

POPRT_NATIVE(double, arc_cos, (double x)) { return std::acos(x); }
POPRT_NATIVE(double, arc_sin, (double x)) { return std::asin(x); }
POPRT_NATIVE(double, power, (double x, double y)) { return std::pow(x, y); }

POPRT_NATIVE(double, Math__cos, (double x)) { return std::cos(x); }
POPRT_NATIVE(double, Math__sin, (double x)) { return std::sin(x); }
POPRT_NATIVE(double, Math__tan, (double x)) { return std::tan(x); }
POPRT_NATIVE(double, Math__atan, (double y, double x)) { return std::atan2(y, x); }
POPRT_NATIVE(double, Math__sqrt, (double x)) { return std::sqrt(x); }
POPRT_NATIVE(double, Math__exp, (double x)) { return std::exp(x); }
POPRT_NATIVE(double, Math__log, (double x)) { return std::log(x); }
POPRT_NATIVE(double, Math__log2, (double x)) { return std::log2(x); }
POPRT_NATIVE(double, Math__log10, (double x)) { return std::log10(x); }
POPRT_NATIVE(double, Math__f2xm1, (double x)) { return std::expm1(x * 0.693147180559945309417); }
POPRT_NATIVE(double, Math__frem, (double x, double y)) { return std::fmod(x, y); }
POPRT_NATIVE(double, Math__fround, (double x)) { return std::nearbyint(x); }
POPRT_NATIVE(double, Math__floor, (double x)) { return std::floor(x); }
POPRT_NATIVE(double, Math__ceil, (double x)) { return std::ceil(x); }
POPRT_NATIVE(double, Math__trunc, (double x)) { return std::trunc(x); }
