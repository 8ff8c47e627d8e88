// Writes annotation records as tal/object_annotations.cpp, which has the grammar, reads them.
#include "tal/label_format.h"
#include "tal/write/byte_writer.h"
#include "tal/write/write.h"

#include <algorithm>

namespace tal {

using namespace label_format;

namespace {

uint32_t where_code(const LocationType& t) {
  if (t.what == LocationType::What::Type)
    return 6 + t.type.value;
  for (uint32_t i = 0; i < 6; i++)
    if (saved_registers[i] == t.saved)
      return i;
  return 6; // no register: becomes the type "none", which the reader refuses
}

void write_symbols(const std::vector<Symbol>& symbols, ByteWriter& out) {
  out.uleb(symbols.size());
  for (const Symbol& s : symbols) {
    auto section = static_cast<unsigned>(s.section);
    out.u8(static_cast<uint8_t>(static_cast<unsigned>(s.kind) | static_cast<unsigned>(s.scope) << 2 | section << 4));
    out.uleb(s.type.value);
  }
}

uint32_t operand_code(const FactOperand& o) {
  if (o.what == FactOperand::What::Zero)
    return 0;
  return 1u + 2u * o.at + (o.what == FactOperand::What::Length ? 1u : 0u);
}

uint32_t pack_registers(uint32_t mask) {
  uint32_t packed = 0;
  for (unsigned i = 0; i < 16; i++)
    packed |= (mask >> mask_order[i] & 1) << i;
  return packed;
}

// For each location of `live` the type that it has in the record before, or null.
std::vector<const LocationType*> shared_types(const std::vector<LiveLocation>& live, const LabelRecord* previous) {
  std::vector<const LocationType*> types(live.size());
  if (previous == nullptr)
    return types;
  size_t at = 0;
  for (size_t i = 0; i < live.size(); i++) { // both lists are ascending
    while (at < previous->live.size() && previous->live[at].location < live[i].location)
      at++;
    if (at < previous->live.size() && previous->live[at].location == live[i].location)
      types[i] = &previous->live[at].type;
  }
  return types;
}

void write_types_of(const std::vector<LiveLocation>& live, const LabelRecord* previous, ByteWriter& out) {
  auto before = shared_types(live, previous);
  unsigned bits = 0, byte = 0;
  for (size_t i = 0; i < live.size(); i++) {
    if (before[i] == nullptr)
      continue;
    byte |= (same_type(*before[i], live[i].type) ? 1u : 0u) << bits;
    if (++bits == 8) {
      out.u8(static_cast<uint8_t>(byte));
      bits = byte = 0;
    }
  }
  if (bits != 0)
    out.u8(static_cast<uint8_t>(byte));
  for (size_t i = 0; i < live.size(); i++)
    if (before[i] == nullptr || !same_type(*before[i], live[i].type))
      out.uleb(where_code(live[i].type));
}

// The largest set whose entries stand in slots -1, -2, ..
unsigned pushed_registers(const std::vector<LiveLocation>& live) {
  unsigned frame = 0, next = 0;
  auto at = std::lower_bound(live.begin(), live.end(), LiveLocation{slot_location(0), {}}, location_below);
  for (int32_t slot = -1; at != live.begin() && (at - 1)->location == slot_location(slot); slot--, --at) {
    const LocationType& t = (at - 1)->type;
    while (next < std::size(push_order) && (t.what != LocationType::What::Saved || push_order[next] != t.saved))
      next++;
    if (next == std::size(push_order))
      break;
    frame |= 1u << next++;
  }
  return frame;
}

// What has to be written of `l.live` beside the set `frame`, which becomes 0 where it cannot say what the record says.
std::vector<LiveLocation> beside_frame(const LabelRecord& l, unsigned& frame) {
  uint32_t listed = 0;
  for (const LiveLocation& live : l.live)
    if (!is_slot(live.location) && live.type.what == LocationType::What::Type)
      listed |= 1u << live.location;
  std::vector<LiveLocation> rest, implied = frame_entries(frame, !l.saved_in_place, listed);
  size_t met = 0;
  for (const LiveLocation& live : l.live) {
    if (met < implied.size() && implied[met].location == live.location && same_type(implied[met].type, live.type))
      met++;
    else
      rest.push_back(live);
  }
  if (frame != 0 && met == implied.size())
    return rest;
  frame = 0;
  return l.live;
}

void write_label(const LabelRecord& l, const LabelRecord* previous, unsigned& last_frame, ByteWriter& out) {
  uint32_t previous_offset = previous ? previous->offset : 0, previous_depth = previous ? previous->depth : 0;
  unsigned frame = pushed_registers(l.live);
  const std::vector<LiveLocation> rest = beside_frame(l, frame);
  uint16_t mask = 0;
  std::vector<int32_t> slots;
  for (const LiveLocation& live : rest) {
    if (is_slot(live.location))
      slots.push_back(live.location - slot_base);
    else
      mask |= static_cast<uint16_t>(1u << live.location);
  }
  const bool is_same = lives_on(l, previous);
  const int live_flags = is_same ? same_live : (!slots.empty() ? has_slots : 0) | (frame == 0 ? 0 : frame == last_frame ? same_frame : has_frame);
  uint8_t flags = static_cast<uint8_t>((l.depth == previous_depth ? same_depth : 0) | (l.saved_in_place ? in_place : 0) |
                                       (!l.same.empty() ? has_same : 0) | (!l.facts.empty() ? has_facts : 0) | live_flags);
  out.uleb(l.offset - previous_offset);
  out.u8(flags);
  if (!(flags & same_depth))
    out.uleb(l.depth / 8);
  if (flags & has_frame)
    out.u8(static_cast<uint8_t>(frame));
  if (!is_same) {
    last_frame = frame;
    out.uleb(pack_registers(mask));
    if (flags & has_slots) {
      out.uleb(slots.size());
      out.sleb(slots[0]);
      for (size_t i = 1; i < slots.size(); i++)
        out.uleb(static_cast<uint32_t>(slots[i] - slots[i - 1]));
    }
    write_types_of(rest, previous, out);
  }
  if (flags & has_same) {
    out.uleb(l.same.size());
    for (auto [a, b] : l.same) {
      out.uleb(a);
      out.uleb(b);
    }
  }
  if (flags & has_facts) {
    out.uleb(l.facts.size());
    for (const Fact& f : l.facts) {
      out.uleb(operand_code(f.x));
      out.uleb(operand_code(f.y));
      out.sleb(f.c);
    }
  }
}

void write_eh(const std::vector<EhRange>& ranges, ByteWriter& out) {
  out.uleb(ranges.size());
  uint32_t at = 0;
  for (const EhRange& r : ranges) {
    out.uleb(r.start - at);
    out.uleb(r.end - r.start);
    out.uleb(r.pad);
    at = r.end;
  }
}

void write_insts(const std::vector<Instantiation>& insts, ByteWriter& out) {
  out.uleb(insts.size());
  uint32_t at = 0;
  for (const Instantiation& i : insts) {
    out.uleb(i.offset - at);
    out.uleb(i.args.size());
    for (TypeId arg : i.args)
      out.uleb(arg.value);
    at = i.offset;
  }
}

void write_lines(const ObjectAnnotations& a, ByteWriter& out) {
  out.uleb(a.files.size());
  for (const std::string& f : a.files)
    out.string(f);
  out.uleb(a.lines.size());
  LineEntry previous;
  for (const LineEntry& l : a.lines) {
    out.uleb(l.offset - previous.offset);
    out.uleb(l.file);
    out.sleb(static_cast<int64_t>(l.line) - previous.line);
    previous = l;
  }
}

// ---- types that are used, and only those ----

class Compactor {
public:
  explicit Compactor(const TypeTable& from) : importer_(from, table_) {}
  void map(TypeId& type) { type = importer_.import(type); }
  const TypeTable& table() const { return table_; }

private:
  TypeTable table_;
  TypeImporter importer_;
};

} // namespace

std::vector<NamedBytes> encode_annotations(const ObjectAnnotations& a) {
  // A compiler's table holds more than the object mentions (headers, unrolled layouts): write what is used. Types of
  // labels come first: they are the most frequent, and ids below 122 take one byte there.
  Compactor compact(a.types);
  auto labels = a.labels;
  for (LabelRecord& l : labels)
    for (LiveLocation& live : l.live)
      if (live.type.what == LocationType::What::Type)
        compact.map(live.type.type);
  auto insts = a.insts;
  for (Instantiation& i : insts)
    for (TypeId& arg : i.args)
      compact.map(arg);
  auto symbols = a.symbols;
  for (Symbol& s : symbols)
    compact.map(s.type);

  std::vector<NamedBytes> sections;
  auto add = [&](const char* name, ByteWriter& out) { sections.push_back({name, out.take()}); };
  ByteWriter note, types, sigs, blocks, eh, inst, lines;
  note.u32(format_version);
  note.string(a.module);
  note.string(a.version);
  add(".tal.note", note);
  write_types(compact.table(), types);
  add(".tal.types", types);
  write_symbols(symbols, sigs);
  add(".tal.sigs", sigs);
  if (!labels.empty()) {
    blocks.uleb(labels.size());
    unsigned frame = 0;
    for (size_t i = 0; i < labels.size(); i++)
      write_label(labels[i], i == 0 ? nullptr : &labels[i - 1], frame, blocks);
    add(".tal.blocks", blocks);
  }
  if (!a.eh.empty()) {
    write_eh(a.eh, eh);
    add(".tal.eh", eh);
  }
  if (!insts.empty()) {
    write_insts(insts, inst);
    add(".tal.inst", inst);
  }
  if (!a.lines.empty()) {
    write_lines(a, lines);
    add(".tal.lines", lines);
  }
  if (!a.dsu.empty())
    sections.push_back({".tal.dsu", a.dsu});
  return sections;
}

} // namespace tal
