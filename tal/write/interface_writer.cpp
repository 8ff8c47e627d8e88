// Writes interfaces as tal/interface.cpp, which has the grammar, reads them.
#include "tal/write/byte_writer.h"
#include "tal/write/write.h"

namespace tal {

Bytes serialise(const Interface& i) {
  ByteWriter out;
  out.u32(interface_version);
  out.string(i.module);
  out.string(i.version);
  write_types(i.types, out);
  for (uint32_t size : i.section_size)
    out.u32(size);
  out.uleb(i.symbols.size());
  for (const InterfaceSymbol& s : i.symbols) {
    out.u8(static_cast<uint8_t>(static_cast<unsigned>(s.kind) | static_cast<unsigned>(s.scope) << 4));
    out.u8(static_cast<uint8_t>(s.section));
    out.string(s.name);
    out.uleb(s.offset);
    out.uleb(s.size);
    out.uleb(s.type.value);
  }
  out.uleb(i.sites.size());
  Section section = Section::None;
  uint32_t at = 0;
  for (const Site& s : i.sites) {
    at = s.section == section ? at : 0;
    section = s.section;
    out.u8(static_cast<uint8_t>(static_cast<unsigned>(s.section) | static_cast<unsigned>(s.kind) << 4));
    out.uleb(s.offset - at);
    out.uleb(s.symbol);
    out.sleb(s.addend);
    at = s.offset;
  }
  return out.take();
}

} // namespace tal
