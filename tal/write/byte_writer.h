// Growing writing of the little-endian formats that ByteReader (tal/bytes.h) reads. Nothing trusts what it writes.
#pragma once

#include "tal/bytes.h"

#include <string_view>

namespace tal {

class ByteWriter {
public:
  void u8(uint8_t v) { bytes_.push_back(v); }
  void u16(uint16_t v) { fixed(v, 2); }
  void u32(uint32_t v) { fixed(v, 4); }
  void u64(uint64_t v) { fixed(v, 8); }
  void uleb(uint64_t v);
  void sleb(int64_t v);
  void string(std::string_view text);
  void raw(std::span<const uint8_t> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void align(size_t n) {
    while (bytes_.size() % n != 0)
      bytes_.push_back(0);
  }
  size_t size() const { return bytes_.size(); }
  const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

private:
  void fixed(uint64_t v, unsigned n) {
    for (unsigned i = 0; i < n; i++)
      bytes_.push_back(static_cast<uint8_t>(v >> (8 * i)));
  }
  Bytes bytes_;
};

} // namespace tal
