// LEB128 numbers and strings of the binary formats; see bytes.h.
#include "tal/bytes.h"

namespace tal {

uint32_t ByteReader::uleb32() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    uint8_t byte = u8();
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte & 0x80)
      continue;
    if ((byte == 0 && shift != 0) || value > UINT32_MAX) // a padded number has two spellings: refuse it
      fail();
    return bad_ ? 0 : static_cast<uint32_t>(value);
  }
  fail();
  return 0;
}

uint32_t ByteReader::beyond(uint32_t at) {
  const uint32_t distance = uleb32();
  if (distance > UINT32_MAX - at)
    fail();
  return bad_ ? 0 : at + distance;
}

int64_t ByteReader::sleb64() {
  uint64_t value = 0;
  uint8_t previous = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    uint8_t byte = u8();
    if (shift == 63 && byte != 0 && byte != 0x7F)
      fail();
    value |= shift < 64 ? uint64_t{byte & 0x7Fu} << shift : 0;
    if (byte & 0x80) {
      previous = byte;
      continue;
    }
    // Not minimal: the last byte repeats the sign that the byte before already has.
    if (shift != 0 && ((byte == 0 && !(previous & 0x40)) || (byte == 0x7F && (previous & 0x40))))
      fail();
    if (shift + 7 < 64 && (byte & 0x40))
      value |= ~uint64_t{0} << (shift + 7);
    return bad_ ? 0 : static_cast<int64_t>(value);
  }
  fail();
  return 0;
}

// An item may take a hundred times as much memory as bytes: no list that is made for honest purposes is longer (R52).
constexpr uint32_t max_items = 1u << 20;

uint32_t ByteReader::count(size_t least) {
  uint32_t n = uleb32();
  if (bad_ || n > max_items || n > remaining() / (least ? least : 1)) {
    fail();
    return 0;
  }
  return n;
}

std::string ByteReader::string() {
  auto bytes = raw(uleb32());
  return {bytes.begin(), bytes.end()};
}

} // namespace tal
