// Interface as bytes: what an updateable executable carries, one for each module.
//
//   interface = version:u32 module:string version:string types sections:u32*6
//               count symbol* count site*
//   symbol    = kind:4|scope:4 section:u8 name:string offset size type
//   site      = section:4|kind:4 offset-delta symbol addend:sleb       deltas within one section
#include "tal/interface.h"

namespace tal {
namespace {

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
  uint32_t at = 0;
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
    s.offset = at = in.beyond(at);
    s.symbol = in.uleb32();
    int64_t addend = in.sleb64();
    if (s.symbol >= i.symbols.size() || addend < INT32_MIN || addend > INT32_MAX)
      return false;
    s.addend = static_cast<int32_t>(addend);
  }
  return !in.bad();
}

} // namespace

tal_unwind_table Interface::unwind_table() const {
  auto count = [](const auto& list) { return static_cast<uint32_t>(list.size()); };
  return {records.data(), functions.data(), lines.data(), strings.data(), count(records), count(functions), count(lines), count(strings)};
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
  ok = ok && read_sites(in, i) && in.at_end();
  if (!ok || in.bad())
    problem = "malformed interface near byte " + std::to_string(in.position());
  return ok && !in.bad();
}

} // namespace tal
