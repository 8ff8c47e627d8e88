// Reads annotation records; tal/write/annotations_writer.cpp writes them.
//
//   .tal.note    = version:u32 module:string version:string
//   .tal.types   = see type_codec.cpp
//   .tal.sigs    = count symbol*
//   symbol       = kind:2|scope:2|section:4 type     name, offset and size are those of its ELF symbol (object_reader.cpp)
//   .tal.blocks  = count label*
//   label        = offset-delta flags:u8 [depth/8 unless flag 1] [frame:u8 if flag 32] [live unless flag 128] [same] [facts]
//     live       = registers [slots if flag 4] kept:u8* where*
//     flags        1 depth as before, 2 callee-saved registers not listed are in place, 4 slots, 8 same, 16 facts, 32 frame,
//                  64 frame as before, 128 what is live, and where entry values are, is all as before
//     frame      = set of rbp r15 r14 r13 r12 rbx: their entry values are in slots -1, -2, .. in this order. Without flag 2 the
//                  others are in place unless they are listed
//     slots      = count first:sleb (delta)*
//     registers  = set of registers, the common ones in the low bits
//     kept       = one bit for each location that is live in the record before as well: it has the same type here, and
//                  no `where`
//     where      = 0..5: entry value of rbx rbp r12 r13 r14 r15; 6 + type
//     same       = count (a b)*
//     facts      = count (operand operand c:sleb)*    operand = 0 | 1 + 2*at | 2 + 2*at (length)
//   .tal.eh      = count (start-delta length pad)*
//   .tal.inst    = count (offset-delta count type*)*
//   .tal.lines   = count file:string* count (offset-delta file line:sleb-delta)*
//
// Numbers without a width are LEB128. Offsets are ascending, so deltas are small; the reader refuses anything else.
#include "tal/label_format.h"

#include <algorithm>

namespace tal {

namespace label_format {

bool same_type(const LocationType& a, const LocationType& b) { return a.what == b.what && a.type == b.type && a.saved == b.saved; }

static LiveLocation entry_value(int32_t location, uint8_t r) { return {location, {LocationType::What::Saved, no_type, r}}; }

std::vector<LiveLocation> frame_entries(unsigned frame, bool others_in_place, uint32_t listed) {
  std::vector<LiveLocation> entries;
  entries.reserve(std::size(push_order));
  int32_t slot = -1;
  for (unsigned i = 0; i < std::size(push_order); i++) {
    uint8_t r = push_order[i];
    if (frame >> i & 1)
      entries.push_back(entry_value(slot_location(slot--), r));
    else if (others_in_place && !(listed >> r & 1))
      entries.push_back(entry_value(r, r));
  }
  std::sort(entries.begin(), entries.end(), location_below);
  return entries;
}

bool lives_on(const LabelRecord& l, const LabelRecord* previous) {
  return previous != nullptr && l.live.size() <= 16 && l.saved_in_place == previous->saved_in_place &&
         std::equal(l.live.begin(), l.live.end(), previous->live.begin(), previous->live.end(),
                    [](const LiveLocation& a, const LiveLocation& b) { return a.location == b.location && same_type(a.type, b.type); });
}

} // namespace label_format

using namespace label_format;

namespace {

LocationType where_of(uint32_t code) {
  if (code < std::size(saved_registers))
    return {LocationType::What::Saved, no_type, saved_registers[code]};
  return {LocationType::What::Type, TypeId{code - 6}, 0};
}

// ---- symbols -------------------------------------------------------------------------------------------------------

bool read_symbols(ByteReader& in, std::vector<Symbol>& symbols) {
  symbols.resize(in.count(2));
  for (Symbol& s : symbols) {
    uint8_t code = in.u8();
    unsigned section = code >> 4;
    if (section > static_cast<unsigned>(Section::Bss))
      return false;
    s.kind = static_cast<SymbolKind>(code & 3);
    s.scope = static_cast<Scope>(code >> 2 & 3);
    s.section = static_cast<Section>(section);
    s.type = TypeId{in.uleb32()};
  }
  return !in.bad();
}

// ---- labels --------------------------------------------------------------------------------------------------------

FactOperand operand_of(uint32_t code) {
  if (code == 0)
    return {};
  return {(code & 1) != 0 ? FactOperand::What::Value : FactOperand::What::Length, static_cast<uint16_t>((code - 1) / 2)};
}

uint32_t unpack_registers(uint32_t packed) {
  uint32_t mask = 0;
  for (unsigned i = 0; i < 16; i++)
    mask |= (packed >> i & 1) << mask_order[i];
  return mask;
}

bool read_types_of(ByteReader& in, std::vector<LiveLocation>& live, const LabelRecord* previous) {
  // Each with the type that it has in the record before, or null: both lists are ascending.
  auto each = [&](auto f) {
    size_t at = 0, end = previous == nullptr ? 0 : previous->live.size();
    for (LiveLocation& l : live) {
      while (at < end && previous->live[at].location < l.location)
        at++;
      f(l, at < end && previous->live[at].location == l.location ? &previous->live[at].type : nullptr);
    }
  };
  unsigned shared = 0, bit = 0;
  each([&](LiveLocation&, const LocationType* before) { shared += before != nullptr; });
  auto kept = in.raw((shared + 7) / 8);
  if (in.bad() || (shared % 8 != 0 && kept.back() >> (shared % 8) != 0))
    return false;
  bool shortest = true;
  each([&](LiveLocation& l, const LocationType* before) {
    const bool keep = before != nullptr && (kept[bit / 8] >> bit % 8 & 1);
    bit += before != nullptr;
    l.type = keep ? *before : where_of(in.uleb32());
    shortest = shortest && (keep || before == nullptr || !same_type(*before, l.type));
  });
  return shortest && !in.bad();
}

bool read_slots(ByteReader& in, std::vector<LiveLocation>& live) {
  uint32_t n = in.count(1);
  if (n == 0)
    return false;
  int64_t slot = in.sleb64();
  for (uint32_t i = 0; i < n; i++) {
    if (i != 0) {
      uint32_t delta = in.uleb32();
      if (delta == 0)
        return false;
      slot += delta;
    }
    if (slot < -8192 || slot > 8192)
      return false;
    live.push_back({slot_location(static_cast<int32_t>(slot)), {}});
  }
  return true;
}

bool read_live(ByteReader& in, const LabelRecord* previous, unsigned flags, unsigned frame, LabelRecord& l, std::vector<LiveLocation>& listed) {
  uint32_t packed = in.uleb32(), mask = unpack_registers(packed);
  if (packed > 0xFFFF)
    return false;
  listed.clear();
  for (int32_t r = 0; r < 16; r++)
    if (mask >> r & 1)
      listed.push_back({r, {}});
  if (((flags & has_slots) && !read_slots(in, listed)) || !read_types_of(in, listed, previous))
    return false;
  if (frame != 0) {
    const auto entries = frame_entries(frame, !l.saved_in_place, mask);
    listed.insert(listed.end(), entries.begin(), entries.end());
    std::sort(listed.begin(), listed.end(), location_below);
  }
  l.live = listed;
  return std::adjacent_find(listed.begin(), listed.end(), [](auto& a, auto& b) { return a.location == b.location; }) == listed.end() &&
         !lives_on(l, previous); // has a shorter spelling
}

bool read_label(ByteReader& in, const LabelRecord* previous, unsigned& last_frame, LabelRecord& l, std::vector<LiveLocation>& listed) {
  uint32_t previous_offset = previous ? previous->offset : 0, previous_depth = previous ? previous->depth : 0;
  l.offset = in.beyond(previous_offset);
  uint8_t flags = in.u8();
  if (l.offset == previous_offset && previous != nullptr)
    return false;
  l.saved_in_place = flags & in_place;
  uint32_t granules = flags & same_depth ? previous_depth / 8 : in.uleb32();
  if (granules > (1u << 20))
    return false;
  l.depth = granules * 8;
  if (flags & same_live) {
    if ((flags & (has_slots | has_frame | same_frame)) != 0 || previous == nullptr)
      return false;
    l.live = previous->live;
    if (!lives_on(l, previous))
      return false;
  } else {
    const unsigned frame = flags & has_frame ? in.u8() : flags & same_frame ? last_frame : 0;
    const bool spelt = (flags & has_frame) ? frame != 0 && frame <= 63 && frame != last_frame && !(flags & same_frame) : !(flags & same_frame) || frame != 0;
    if (!spelt || !read_live(in, previous, flags, frame, l, listed))
      return false;
    last_frame = frame;
  }
  if (flags & has_same) {
    l.same.resize(in.count(2));
    if (l.same.empty())
      return false;
    for (auto& [a, b] : l.same) {
      uint32_t x = in.uleb32(), y = in.uleb32();
      if (x >= y || y >= l.live.size())
        return false;
      a = static_cast<uint16_t>(x);
      b = static_cast<uint16_t>(y);
    }
  }
  if (flags & has_facts) {
    l.facts.resize(in.count(3));
    if (l.facts.empty())
      return false;
    for (Fact& f : l.facts) {
      uint32_t x = in.uleb32(), y = in.uleb32();
      if ((x != 0 && (x - 1) / 2 >= l.live.size()) || (y != 0 && (y - 1) / 2 >= l.live.size()))
        return false;
      f.x = operand_of(x);
      f.y = operand_of(y);
      f.c = in.sleb64();
    }
  }
  return !in.bad();
}

bool read_labels(ByteReader& in, std::vector<LabelRecord>& labels) {
  labels.resize(in.count(2));
  unsigned frame = 0;
  std::vector<LiveLocation> listed;
  size_t live = 0; // in all: sixteen locations may be said again in two bytes, but not again and again (compilers: below two a byte)
  const size_t most = std::min(size_t{1} << 22, (size_t{1} << 18) + 4 * in.remaining());
  for (size_t i = 0; i < labels.size(); i++)
    if (!read_label(in, i == 0 ? nullptr : &labels[i - 1], frame, labels[i], listed) || (live += labels[i].live.size()) > most)
      return false;
  return !in.bad();
}

// ---- the short lists -----------------------------------------------------------------------------------------------

bool read_eh(ByteReader& in, std::vector<EhRange>& ranges) {
  ranges.resize(in.count(3));
  uint32_t at = 0;
  for (EhRange& r : ranges) {
    r.start = in.beyond(at);
    r.end = at = in.beyond(r.start);
    r.pad = in.uleb32();
    if (r.end == r.start)
      return false;
  }
  return !in.bad();
}

bool read_insts(ByteReader& in, std::vector<Instantiation>& insts) {
  insts.resize(in.count(3));
  for (size_t i = 0; i < insts.size(); i++) {
    insts[i].offset = in.beyond(i == 0 ? 0 : insts[i - 1].offset);
    insts[i].args.resize(in.count(1));
    for (TypeId& arg : insts[i].args)
      arg = TypeId{in.uleb32()};
    if (insts[i].args.empty() || (i != 0 && insts[i].offset == insts[i - 1].offset))
      return false;
  }
  return !in.bad();
}

} // namespace

std::string_view section_name(Section section) {
  static constexpr std::string_view names[] = {"", ".text", ".rodata", ".data", ".data.rel.ro", ".bss"};
  return names[static_cast<size_t>(section)];
}

// The checker's table grows while it works: what is not there yet is no type of the object (O5).
static bool types_exist(const ObjectAnnotations& a) {
  auto exists = [&](TypeId t) { return t.value < a.types.size(); };
  auto all_exist = [&](const auto& list, auto type) { return std::all_of(list.begin(), list.end(), [&](const auto& x) { return exists(type(x)); }); };
  return all_exist(a.symbols, [](const Symbol& s) { return s.type; }) &&
         std::all_of(a.labels.begin(), a.labels.end(), [&](const LabelRecord& l) { return all_exist(l.live, [](const LiveLocation& x) { return x.type.type; }); }) &&
         std::all_of(a.insts.begin(), a.insts.end(), [&](const Instantiation& i) { return all_exist(i.args, [](TypeId t) { return t; }); });
}

static bool read_note(ByteReader& in, ObjectAnnotations& a, std::string& problem) {
  if (uint32_t version = in.u32(); version != format_version)
    problem = "format version " + std::to_string(version) + ", this checker reads version " + std::to_string(format_version);
  a.module = in.string();
  a.version = in.string();
  return problem.empty();
}

bool decode_annotations(std::span<const NamedBytes> sections, ObjectAnnotations& a, std::string& problem) {
  using Read = bool (*)(ByteReader&, ObjectAnnotations&, std::string& problem);
  static constexpr std::pair<std::string_view, Read> readers[] = {
      {".tal.note", read_note},
      {".tal.types", [](ByteReader& in, ObjectAnnotations& to, std::string& why) { return read_types(in, to.types, why); }},
      {".tal.sigs", [](ByteReader& in, ObjectAnnotations& to, std::string&) { return read_symbols(in, to.symbols); }},
      {".tal.blocks", [](ByteReader& in, ObjectAnnotations& to, std::string&) { return read_labels(in, to.labels); }},
      {".tal.eh", [](ByteReader& in, ObjectAnnotations& to, std::string&) { return read_eh(in, to.eh); }},
      {".tal.inst", [](ByteReader& in, ObjectAnnotations& to, std::string&) { return read_insts(in, to.insts); }},
      {".tal.lines", [](ByteReader& in, ObjectAnnotations& to, std::string&) { return read_lines(in, to); }},
  };
  problem.clear();
  size_t needed = 0; // of the first three each
  for (const NamedBytes& s : sections) {
    if (s.name == ".tal.dsu") {
      a.dsu = s.bytes;
      continue;
    }
    const auto* reader = std::find_if(std::begin(readers), std::end(readers), [&](const auto& r) { return r.first == s.name; });
    ByteReader in(s.bytes);
    if (reader == std::end(readers))
      problem = "unknown section " + s.name;
    else if (!reader->second(in, a, problem) || in.bad() || !in.at_end())
      problem = problem.empty() ? "malformed section " + s.name + " near byte " + std::to_string(in.position()) : problem;
    if (!problem.empty())
      return false;
    needed += reader - readers < 3;
  }
  if (needed != 3)
    problem = "no .tal.note, .tal.types or .tal.sigs section";
  else if (!types_exist(a))
    problem = "a type number beyond the types of .tal.types";
  return problem.empty();
}

} // namespace tal
