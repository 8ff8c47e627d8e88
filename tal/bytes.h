// Span-checked reading of the little-endian formats of tal/ (byte_writer.h writes them). A reader that runs past its end, or
// meets a LEB128 number that is not minimal, becomes `bad` and returns zeros from then on: callers test once at the end
// of a record instead of at every field.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace tal {

using Bytes = std::vector<uint8_t>;

class ByteReader {
public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool bad() const { return bad_; }
  bool at_end() const { return bad_ || position_ == bytes_.size(); }
  size_t position() const { return position_; }
  size_t remaining() const { return bad_ ? 0 : bytes_.size() - position_; }
  void fail() { bad_ = true; }

  uint8_t u8() { return take(1) ? bytes_[position_ - 1] : 0; }
  uint16_t u16() { return static_cast<uint16_t>(fixed(2)); }
  uint32_t u32() { return static_cast<uint32_t>(fixed(4)); }
  uint64_t u64() { return fixed(8); }
  uint32_t uleb32();            // minimal, at most 5 bytes, below 2^32
  uint32_t beyond(uint32_t at); // `at` plus a number, below 2^32
  int64_t sleb64();             // minimal, at most 10 bytes
  uint32_t count(size_t least); // a number of items that each take at least `least` bytes of what remains
  std::string string();         // uleb length, then bytes
  std::span<const uint8_t> raw(size_t n) {
    return take(n) ? bytes_.subspan(position_ - n, n) : std::span<const uint8_t>{};
  }

private:
  bool take(size_t n) {
    if (bad_ || bytes_.size() - position_ < n) {
      bad_ = true;
      return false;
    }
    position_ += n;
    return true;
  }
  uint64_t fixed(unsigned n) {
    if (!take(n))
      return 0;
    uint64_t v = 0;
    std::memcpy(&v, bytes_.data() + position_ - n, n);
    return v;
  }

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  bool bad_ = false;
};

} // namespace tal
