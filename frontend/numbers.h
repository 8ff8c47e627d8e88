// What conversions between integers and floating-point numbers give: one definition for constants, the interpreter and the tests
// of generated code.
#pragma once

#include <cmath>
#include <cstdint>

namespace frontend {

// To an integer of 32 or 64 bits, as its two's complement pattern. Rounds to nearest, ties to even, or toward zero. What does not
// fit a signed type, NaN included, is the type's minimum. An unsigned type takes a negative number above -2^63 as a long does, modulo
// 2^width; what is then still out of range is 0. `unsigned int` takes the low half of the conversion to long.
inline uint64_t float_to_integer(double value, bool truncate, unsigned bits, bool is_signed) {
  const double n = truncate ? std::trunc(value) : std::nearbyint(value);
  constexpr double two63 = 9223372036854775808.0;
  const bool fits_long = n >= -two63 && n < two63;
  if (bits == 32 && is_signed) return fits_long && n >= -2147483648.0 && n <= 2147483647.0 ? static_cast<uint32_t>(static_cast<int32_t>(n)) : 0x80000000u;
  if (bits == 32) return fits_long ? static_cast<uint32_t>(static_cast<int64_t>(n)) : 0;
  if (fits_long && (is_signed || n != -two63)) return static_cast<uint64_t>(static_cast<int64_t>(n));
  if (is_signed) return uint64_t{1} << 63;
  return n >= two63 && n < 2 * two63 ? static_cast<uint64_t>(n) : 0;
}

// From the value of an integer type, extended to 64 bits by its sign or by zeros.
inline double integer_to_double(uint64_t value, bool is_signed) {
  return is_signed ? static_cast<double>(static_cast<int64_t>(value)) : static_cast<double>(value);
}
inline float integer_to_float(uint64_t value, bool is_signed) {
  return is_signed ? static_cast<float>(static_cast<int64_t>(value)) : static_cast<float>(value);
}

}  // namespace frontend
