// Interface as bytes: what an updateable executable carries, one for each module.
//
//   interface = version:u32 module:string version:string types sections:u32*6
//               count symbol* count site* count function* count record* count line* strings
//   symbol    = kind:4|scope:4 section:u8 name:string offset size type
//   site      = section:4|kind:4 offset-delta symbol addend:sleb       deltas within one section
//   function  = start-delta size name
//   record    = return-delta 16*(frame/8)+trap pad+1 function 6*saved:sleb
//   line      = return-delta file line
#include "tal/interface.h"

#include <algorithm>

namespace tal {
namespace {

constexpr uint32_t interface_version = 2;

void write_tables(const Interface& i, ByteWriter& out) {
  out.uleb(i.functions.size());
  uint32_t at = 0;
  for (const tal_function& f : i.functions) {
    out.uleb(f.start - at);
    out.uleb(f.size);
    out.uleb(f.name);
    at = f.start;
  }
  out.uleb(i.records.size());
  at = 0;
  for (const tal_record& r : i.records) {
    out.uleb(r.return_offset - at);
    out.uleb(uint32_t{r.frame} * 2 + r.trap);
    out.uleb(r.pad == TAL_NO_PAD ? 0 : uint64_t{r.pad} + 1);
    out.uleb(r.function);
    for (int16_t s : r.saved)
      out.sleb(s);
    at = r.return_offset;
  }
  out.uleb(i.lines.size());
  at = 0;
  for (const tal_line& l : i.lines) {
    out.uleb(l.return_offset - at);
    out.uleb(l.file);
    out.uleb(l.line);
    at = l.return_offset;
  }
  out.string(i.strings);
}

bool read_tables(ByteReader& in, Interface& i) {
  uint64_t at = 0;
  i.functions.resize(in.count(3));
  for (tal_function& f : i.functions) {
    at += in.uleb32();
    if (at > UINT32_MAX) // the tables ascend: the unwinder searches them
      in.fail();
    f = {static_cast<uint32_t>(at), in.uleb32(), in.uleb32()};
  }
  at = 0;
  i.records.resize(in.count(10));
  for (tal_record& r : i.records) {
    at += in.uleb32();
    r.return_offset = static_cast<uint32_t>(at);
    uint32_t frame = in.uleb32(), pad = in.uleb32();
    r.frame = static_cast<uint16_t>(frame / 16 * 8);
    r.trap = frame % 16;
    r.pad = pad == 0 ? TAL_NO_PAD : pad - 1;
    r.function = in.uleb32();
    if (at > UINT32_MAX || r.function >= i.functions.size() || frame / 16 > 8191)
      in.fail();
    for (int16_t& s : r.saved) {
      int64_t v = in.sleb64();
      if (v < INT16_MIN || v > INT16_MAX)
        in.fail();
      s = static_cast<int16_t>(v);
    }
  }
  at = 0;
  i.lines.resize(in.count(3));
  for (tal_line& l : i.lines) {
    at += in.uleb32();
    if (at > UINT32_MAX)
      in.fail();
    l = {static_cast<uint32_t>(at), in.uleb32(), in.uleb32()};
  }
  i.strings = in.string();
  auto inside = [&](uint32_t offset) { return offset < i.strings.size(); };
  bool terminated = i.strings.empty() || i.strings.back() == '\0';
  for (const tal_function& f : i.functions)
    terminated = terminated && inside(f.name);
  for (const tal_line& l : i.lines)
    terminated = terminated && inside(l.file);
  return terminated && !in.bad();
}

bool read_symbol(ByteReader& in, const TypeTable& types, InterfaceSymbol& s) {
  uint8_t kind = in.u8(), section = in.u8();
  if ((kind & 15) > 3 || kind >> 4 > 3 || section > static_cast<uint8_t>(Section::Bss))
    return false;
  s.kind = static_cast<SymbolKind>(kind & 15);
  s.scope = static_cast<Scope>(kind >> 4);
  s.section = static_cast<Section>(section);
  s.name = in.string();
  s.offset = in.uleb32();
  s.size = in.uleb32();
  s.type = TypeId{in.uleb32()};
  return s.type.value < types.size();
}

bool read_sites(ByteReader& in, Interface& i) {
  i.sites.resize(in.count(4));
  uint64_t at = 0;
  Section section = Section::None;
  for (Site& s : i.sites) {
    uint8_t code = in.u8();
    if ((code & 15) > static_cast<uint8_t>(Section::Bss) || code >> 4 > static_cast<uint8_t>(Site::Kind::Pointer))
      return false;
    s.section = static_cast<Section>(code & 15);
    s.kind = static_cast<Site::Kind>(code >> 4);
    if (s.section != section)
      at = 0;
    section = s.section;
    at += in.uleb32();
    s.offset = static_cast<uint32_t>(at);
    s.symbol = in.uleb32();
    int64_t addend = in.sleb64();
    if (at > UINT32_MAX || s.symbol >= i.symbols.size() || addend < INT32_MIN || addend > INT32_MAX)
      return false;
    s.addend = static_cast<int32_t>(addend);
  }
  return !in.bad();
}

} // namespace

tal_unwind_table Interface::unwind_table() const {
  return {records.data(),
          functions.data(),
          lines.data(),
          strings.data(),
          static_cast<uint32_t>(records.size()),
          static_cast<uint32_t>(functions.size()),
          static_cast<uint32_t>(lines.size()),
          static_cast<uint32_t>(strings.size())};
}

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
  write_tables(i, out);
  return out.take();
}

bool parse_interface(std::span<const uint8_t> bytes, Interface& i, std::string& problem) {
  ByteReader in(bytes);
  if (uint32_t version = in.u32(); version != interface_version) {
    problem = "interface version " + std::to_string(version);
    return false;
  }
  i.module = in.string();
  i.version = in.string();
  if (!read_types(in, i.types, problem))
    return false;
  for (uint32_t& size : i.section_size)
    size = in.u32();
  i.symbols.resize(in.count(7));
  bool ok = true;
  for (InterfaceSymbol& s : i.symbols)
    ok = ok && read_symbol(in, i.types, s);
  ok = ok && read_sites(in, i) && read_tables(in, i) && in.at_end();
  if (!ok || in.bad())
    problem = "malformed interface near byte " + std::to_string(in.position());
  return ok && !in.bad();
}

} // namespace tal
