// Integers as text, without the C library's format interpreter: most of what programs print is numbers.
#ifndef STDLIB_RUNTIME_DECIMAL_H
#define STDLIB_RUNTIME_DECIMAL_H

#include <cstddef>
#include <cstdint>

namespace poprt {

// The digits of a number in base 10 or 16 (lower case), with a sign if it is negative.
class NumberText {
public:
  static NumberText of_signed(int64_t value) {
    NumberText text;
    const bool negative = value < 0;
    text.put_digits(negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value), 10);
    if (negative)
      text.buffer_[--text.start_] = '-';
    return text;
  }
  static NumberText of_unsigned(uint64_t value, unsigned base = 10) {
    NumberText text;
    text.put_digits(value, base);
    return text;
  }
  const char* begin() const { return buffer_ + start_; }
  size_t size() const { return sizeof buffer_ - start_; }

private:
  NumberText() = default;
  void put_digits(uint64_t value, unsigned base) {
    do {
      buffer_[--start_] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
  }

  char buffer_[24];  // at most 20 digits and a sign, at the end
  size_t start_ = sizeof buffer_;
};

}  // namespace poprt

#endif
