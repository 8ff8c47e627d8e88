#include "tal/write/byte_writer.h"

namespace tal {

void ByteWriter::uleb(uint64_t v) {
  while (v >= 0x80) {
    u8(static_cast<uint8_t>(v | 0x80));
    v >>= 7;
  }
  u8(static_cast<uint8_t>(v));
}

void ByteWriter::sleb(int64_t v) {
  for (;;) {
    uint8_t byte = v & 0x7F;
    v >>= 7;
    if ((v == 0 && !(byte & 0x40)) || (v == -1 && (byte & 0x40))) {
      u8(byte);
      return;
    }
    u8(byte | 0x80);
  }
}

void ByteWriter::string(std::string_view text) {
  uleb(text.size());
  bytes_.insert(bytes_.end(), text.begin(), text.end());
}

} // namespace tal
