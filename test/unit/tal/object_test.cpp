// The object reader on damaged ELF files, and the encodings of annotations, types and Interfaces.
#include "object_builder.h"
#include "tal/decoder.h"
#include "tal/elf.h"
#include "tal/object_reader.h"
#include "tal/write/write.h"
#include "tal/write/byte_writer.h"

#include <functional>

using namespace tal;
using namespace tal::test;

namespace {

// An object with text, data, relocations and labels.
ObjectBuilder sample() {
  ObjectBuilder b;
  TypeTable& t = b.types();
  TypeId cell = t.ptr(t.single(t.i32()));
  b.image.data.assign(16, 0);
  TypeId holder = t.ptr(t.struct_layout({{0, cell, Mutability::ReadWrite, false}}));
  uint32_t c = b.symbol({"Test::c", SymbolKind::Data, Scope::Public, Section::Data, 0, 8, cell});
  b.symbol({"Test::h", SymbolKind::Data, Scope::Static, Section::Data, 8, 8, holder});
  b.image.data_relocs.push_back({8, RelocKind::Abs64, c, 0});
  // mov eax, [rip+c]; test eax,eax; je L; mov eax, 1; L: ret
  uint32_t at = b.function("Test::f", b.sig({}, t.i32()), {0x8B, 0x05, 0, 0, 0, 0, 0x85, 0xC0, 0x74, 0x05, 0xB8, 1, 0, 0, 0, 0xC3});
  b.image.text_relocs.push_back({at + 2, RelocKind::Pc32, c, -4});
  LabelRecord l;
  l.offset = at + 15;
  l.live.push_back({rax, {LocationType::What::Type, t.i32(), 0}});
  b.a.labels.push_back(l);
  return b;
}

struct File {
  Bytes bytes;
  elf::Header header{};
  explicit File(Bytes b) : bytes(std::move(b)) { std::memcpy(&header, bytes.data(), sizeof header); }
  elf::SectionHeader section(size_t i) const {
    elf::SectionHeader s;
    std::memcpy(&s, bytes.data() + header.shoff + i * sizeof s, sizeof s);
    return s;
  }
  std::string name(size_t i) const {
    return reinterpret_cast<const char*>(bytes.data() + section(header.shstrndx).offset + section(i).name);
  }
  size_t find(const std::string& wanted) const {
    for (size_t i = 1; i < header.shnum; i++)
      if (name(i) == wanted)
        return i;
    ADD_FAILURE() << "no section " << wanted;
    return 0;
  }
  void change(const std::string& wanted, const std::function<void(elf::SectionHeader&)>& f) {
    size_t i = find(wanted);
    elf::SectionHeader s = section(i);
    f(s);
    std::memcpy(bytes.data() + header.shoff + i * sizeof s, &s, sizeof s);
  }
  // Gives a section another name of the same length.
  void rename(const std::string& from, const std::string& to) {
    ASSERT_EQ(from.size(), to.size());
    std::memcpy(bytes.data() + section(header.shstrndx).offset + section(find(from)).name, to.data(), to.size());
  }
  void change_symbol(size_t index, const std::function<void(elf::Symbol&)>& f) {
    elf::Symbol s;
    uint64_t at = section(find(".symtab")).offset + index * sizeof s;
    std::memcpy(&s, bytes.data() + at, sizeof s);
    f(s);
    std::memcpy(bytes.data() + at, &s, sizeof s);
  }
  std::string rule() const {
    NativeInterface natives;
    VerifyResult r = verify(bytes, natives);
    const auto* e = std::get_if<VerifyError>(&r);
    return e ? e->rule : "";
  }
};

class ObjectFileTest : public testing::Test {
protected:
  File file() {
    ObjectBuilder b = sample();
    EXPECT_EQ(b.rule(), "") << b.message;
    return File(b.bytes);
  }
};

// attack F30, F32, F43
TEST_F(ObjectFileTest, SectionsOutsideTheListAreRefused) {
  const std::pair<const char*, const char*> renamed[] = {
      {".data", ".fini"}, {".tal.sigs", ".tal.sigz"}, {".tal.note", ".init_arr"}, {".rela.text", ".rela.init"}};
  for (auto [from, to] : renamed) {
    File f = file();
    f.rename(from, to);
    EXPECT_EQ(f.rule(), "O2") << to;
  }
}

// attack F33, F42
TEST_F(ObjectFileTest, SectionsHaveExactlyTheirTypesAndFlags) {
  for (uint64_t flag : {uint64_t{0x10}, uint64_t{0x20}, uint64_t{0x200}, uint64_t{0x400}, uint64_t{0x800}, uint64_t{4}, uint64_t{0x80000000}}) {
    File f = file();
    f.change(".data", [&](elf::SectionHeader& s) { s.flags |= flag; });
    EXPECT_EQ(f.rule(), "O2") << flag;
  }
  File writable = file();
  writable.change(".text", [](elf::SectionHeader& s) { s.flags |= elf::shf_write; });
  EXPECT_EQ(writable.rule(), "O2");
  File rel = file();
  rel.change(".rela.text", [](elf::SectionHeader& s) { s.type = 9; });
  EXPECT_EQ(rel.rule(), "O2");
  File loose = file();
  loose.change(".text", [](elf::SectionHeader& s) { s.addralign = 8; });
  EXPECT_EQ(loose.rule(), "O2");
  File stack = file();
  stack.change(".note.GNU-stack", [](elf::SectionHeader& s) { s.flags = elf::shf_execinstr; });
  EXPECT_EQ(stack.rule(), "O2");
}

// attack F69
TEST_F(ObjectFileTest, RangesStayInsideTheFileAndApart) {
  File past = file();
  past.change(".tal.sigs", [](elf::SectionHeader& s) { s.offset = UINT64_MAX - 4; });
  EXPECT_EQ(past.rule(), "O1");
  File huge = file();
  huge.change(".data", [](elf::SectionHeader& s) { s.size = uint64_t{1} << 40; });
  EXPECT_EQ(huge.rule(), "O8");
  File overlap = file();
  uint64_t text = overlap.section(overlap.find(".text")).offset;
  overlap.change(".data", [&](elf::SectionHeader& s) { s.offset = text; });
  EXPECT_EQ(overlap.rule(), "O1");
  File twice = file();
  twice.rename(".tal.note", ".tal.sigs");
  EXPECT_EQ(twice.rule(), "O2");
}

TEST_F(ObjectFileTest, HeadersOfOtherFilesAreRefused) {
  for (size_t byte : {0, 4, 5, 6, 7, 16, 18, 20, 52, 56, 58}) {
    File f = file();
    f.bytes[byte] ^= 0x40;
    EXPECT_EQ(f.rule(), "O1") << byte;
  }
}

// attack F34, F39
TEST_F(ObjectFileTest, SymbolsAgreeWithRecords) {
  const std::function<void(elf::Symbol&)> changes[] = {
      [](elf::Symbol& s) { s.value += uint64_t{1} << 32; }, [](elf::Symbol& s) { s.size += uint64_t{1} << 32; },
      [](elf::Symbol& s) { s.name = 0xFFFFFF; },      // outside .strtab
      [](elf::Symbol& s) { s.shndx = 0xFFF1; },       // absolute
      [](elf::Symbol& s) { s.shndx = 0xFFF2; },       // common
      [](elf::Symbol& s) { s.info = 2 << 4 | 1; },    // weak
      [](elf::Symbol& s) { s.info = 10 << 4 | 1; },   // unique
      [](elf::Symbol& s) { s.info = 1 << 4 | 10; },   // indirect function
      [](elf::Symbol& s) { s.info = 1 << 4 | 6; },    // thread-local
      [](elf::Symbol& s) { s.other = 1; },
  };
  for (const auto& change : changes) {
    File f = file();
    f.change_symbol(1, change);
    EXPECT_EQ(f.rule(), "O3");
  }
}

// Offset and size stand in the ELF symbol alone: what they say is checked like any other claim.
// attack F45
TEST_F(ObjectFileTest, PlacesOfSymbolsAreChecked) {
  const std::function<void(elf::Symbol&)> changes[] = {
      [](elf::Symbol& s) { s.value += 8; }, [](elf::Symbol& s) { s.value += 4; }, [](elf::Symbol& s) { s.value = 0xFFFFFFF8; },
      [](elf::Symbol& s) { s.size += 1; },  [](elf::Symbol& s) { s.size = 0; },   [](elf::Symbol& s) { s.size = 0xFFFFFFF8; },
  };
  for (const auto& change : changes)
    for (size_t symbol = 1; symbol <= 3; symbol++) {
      File f = file();
      f.change_symbol(symbol, change);
      EXPECT_NE(f.rule(), "") << symbol;
    }
}

// One long string that every symbol names would take memory that the file does not have.
// attack F39
TEST_F(ObjectFileTest, SymbolsShareNoNames) {
  ObjectBuilder b = sample();
  b.a.symbols[0].name = "Test::" + std::string(1000, 'c');
  EXPECT_EQ(b.rule(), "");
  File f(b.bytes);
  uint32_t first = 0;
  f.change_symbol(1, [&](elf::Symbol& s) { first = s.name; });
  f.change_symbol(2, [&](elf::Symbol& s) { s.name = first; });
  EXPECT_EQ(f.rule(), "O3");
}

// attack A43, F35
TEST_F(ObjectFileTest, EachFieldHasOneRelocation) {
  auto with = [](const std::function<void(ObjectBuilder&)>& change) {
    ObjectBuilder b = sample();
    change(b);
    return b.rule();
  };
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text_relocs.push_back(b.image.text_relocs[0]); }), "O4");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text_relocs[0].offset--; }), "O4");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text_relocs[0].offset++; }), "O4");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text_relocs.clear(); }), "C28");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text[b.image.text_relocs[0].offset] = 1; }), "O4");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text_relocs[0].addend = -8; }), "O4");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text_relocs[0].addend = 0; }), "C14");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text_relocs[0].symbol = 2; }), "C12"); // a function is no memory
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text_relocs[0].offset = 0; }), "O4");  // in padding
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.data_relocs[0].offset = 4; }), "O6");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.data_relocs[0].offset = 0; }), "O6");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.data_relocs[0].addend = 8; }), "O4");
}

// attack F35: two that overlap are refused while reading, before anything is typed: a field would get the bytes of both.
TEST_F(ObjectFileTest, RelocationsDoNotOverlap) {
  const auto read = [](std::vector<Reloc> text, std::vector<Reloc> data, std::string& found) {
    ObjectBuilder b = sample();
    EXPECT_EQ(b.rule(), "") << b.message;
    b.image.text_relocs = std::move(text);
    b.image.data_relocs = std::move(data);
    b.rule();
    ObjectFile file;
    VerifyError error;
    bool ok = read_object(b.bytes, file, error);
    found = error.found;
    return ok;
  };
  std::string found;
  const uint32_t at = sample().image.text_relocs[0].offset;
  EXPECT_TRUE(read({{at, RelocKind::Pc32, 0, -4}, {at + 4, RelocKind::Pc32, 0, -4}}, {}, found)); // side by side
  EXPECT_TRUE(read({}, {{0, RelocKind::Abs64, 0, 0}, {8, RelocKind::Abs64, 0, 0}}, found));
  for (uint32_t d : {0u, 1u, 3u}) {
    EXPECT_FALSE(read({{at, RelocKind::Pc32, 0, -4}, {at + d, RelocKind::Pc32, 0, -4}}, {}, found)) << d;
    EXPECT_EQ(found, "two that overlap");
  }
  for (uint32_t d : {0u, 1u, 4u, 7u}) {
    EXPECT_FALSE(read({}, {{1, RelocKind::Abs64, 0, 0}, {1 + d, RelocKind::Abs64, 0, 0}}, found)) << d;
    EXPECT_EQ(found, "two that overlap");
  }
}

TEST_F(ObjectFileTest, FunctionsAreApartWithRoomBeforeEach) {
  auto with = [](const std::function<void(ObjectBuilder&)>& change) {
    ObjectBuilder b = sample();
    change(b);
    return b.rule();
  };
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text[15] = 0x90; }), "C2");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.image.text.push_back(0xC3); }), "C2");
  EXPECT_EQ(with([](ObjectBuilder& b) {
              Symbol again = b.a.symbols[2];
              again.name = "Test::g";
              b.symbol(again);
            }),
            "C2");
  EXPECT_EQ(with([](ObjectBuilder& b) { // directly behind the other: no room for the redirect
              TypeId s = b.sig({}, b.types().i32());
              b.image.text.push_back(0xC3);
              uint32_t at = b.a.symbols[2].offset + 16;
              b.symbol({"Test::g", SymbolKind::Function, Scope::Public, Section::Text, at, 1, s});
            }),
            "C3");
}

// attack F57
TEST_F(ObjectFileTest, AnnotationsThatMeanNothingAreRefused) {
  auto with = [](const std::function<void(ObjectBuilder&)>& change) {
    ObjectBuilder b = sample();
    change(b);
    return b.rule();
  };
  EXPECT_EQ(with([](ObjectBuilder& b) { b.a.labels[0].offset--; }), "C5"); // inside an instruction: none where two ways meet
  EXPECT_EQ(with([](ObjectBuilder& b) { b.a.labels[0].offset += 4096; }), "C5");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.a.insts.push_back({17, {b.types().i32()}}); }), "O5");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.a.labels[0].live[0].location = rsp; }), "O5");
  EXPECT_EQ(with([](ObjectBuilder& b) { b.a.labels[0].facts.push_back({{FactOperand::What::Zero, 0}, {FactOperand::What::Zero, 0}, -1}); }),
            "C8");
}

// ---- encodings -----------------------------------------------------------------------------------------------------

// attack F69
TEST(Bytes, NumbersHaveOneSpelling) {
  for (int64_t v : {int64_t{0}, int64_t{63}, int64_t{64}, int64_t{-64}, int64_t{-65}, int64_t{1} << 40, INT64_MAX, INT64_MIN}) {
    ByteWriter out;
    out.sleb(v);
    ByteReader in(out.bytes());
    EXPECT_EQ(in.sleb64(), v);
    EXPECT_TRUE(in.at_end() && !in.bad());
  }
  for (uint32_t v : {0u, 127u, 128u, 16384u, UINT32_MAX}) {
    ByteWriter out;
    out.uleb(v);
    ByteReader in(out.bytes());
    EXPECT_EQ(in.uleb32(), v);
    EXPECT_TRUE(in.at_end() && !in.bad());
  }
  for (Bytes bytes : {Bytes{0x80, 0x00}, Bytes{0xFF, 0x80, 0x00}, Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0x1F}, Bytes{0x80}, Bytes{}}) {
    ByteReader in(bytes);
    in.uleb32();
    EXPECT_TRUE(in.bad());
  }
  for (Bytes bytes : {Bytes{0x80, 0x00}, Bytes{0xFF, 0x7F}, Bytes{0xC0, 0x7F}}) {
    ByteReader in(bytes);
    in.sleb64();
    EXPECT_TRUE(in.bad());
  }
}

TEST(Annotations, ComeBackAsTheyWere) {
  ObjectBuilder b = sample();
  TypeTable& t = b.types();
  LabelRecord l;
  l.offset = b.a.labels[0].offset + 20;
  l.depth = 24;
  l.saved_in_place = false;
  TypeId arr = t.arr(t.i32());
  for (int32_t where : {int32_t{rax}, int32_t{rbx}, int32_t{rdi}, slot_location(-3), slot_location(-1), slot_location(2)})
    l.live.push_back({where, {LocationType::What::Type, where == rdi ? arr : t.i32(), 0}});
  l.live[4].type = {LocationType::What::Saved, no_type, r12};
  l.same = {{0, 1}};
  l.facts = {{{FactOperand::What::Value, 0}, {FactOperand::What::Length, 2}, -1}, {{}, {FactOperand::What::Value, 0}, 0}};
  b.a.labels.push_back(l);
  b.a.labels.push_back(l);
  b.a.labels.back().offset += 5;
  b.a.labels.back().live.erase(b.a.labels.back().live.begin() + 1);
  b.a.labels.back().same.clear();
  b.a.labels.back().facts.clear();
  b.a.eh = {{16, 20, 30}, {21, 25, 31}};
  b.a.files = {"a.pop"};
  b.a.lines = {{20, 0, 7}, {25, 0, 3}};
  b.a.version = "2";
  b.a.dsu = {1, 2, 3};
  ASSERT_TRUE(t.close());
  auto sections = encode_annotations(b.a);
  ObjectAnnotations back;
  std::string problem;
  ASSERT_TRUE(decode_annotations(sections, back, problem)) << problem;
  ASSERT_EQ(back.labels.size(), b.a.labels.size());
  for (size_t i = 0; i < back.labels.size(); i++) {
    const LabelRecord &x = b.a.labels[i], &y = back.labels[i];
    EXPECT_EQ(x.offset, y.offset);
    EXPECT_EQ(x.depth, y.depth);
    EXPECT_EQ(x.saved_in_place, y.saved_in_place);
    EXPECT_EQ(x.same, y.same);
    EXPECT_EQ(x.facts.size(), y.facts.size());
    ASSERT_EQ(x.live.size(), y.live.size());
    for (size_t k = 0; k < x.live.size(); k++) {
      EXPECT_EQ(x.live[k].location, y.live[k].location);
      EXPECT_EQ(x.live[k].type.what, y.live[k].type.what);
      if (x.live[k].type.what == LocationType::What::Type) {
        EXPECT_EQ(t.print(x.live[k].type.type), back.types.print(y.live[k].type.type));
      } else {
        EXPECT_EQ(x.live[k].type.saved, y.live[k].type.saved);
      }
    }
  }
  EXPECT_EQ(back.eh[1].pad, 31u);
  EXPECT_EQ(back.lines[1].line, 3u);
  EXPECT_EQ(back.dsu, b.a.dsu);
  EXPECT_EQ(back.symbols.size(), b.a.symbols.size());
  auto again = encode_annotations(back);
  ASSERT_EQ(again.size(), sections.size());
  for (size_t i = 0; i < again.size(); i++)
    EXPECT_EQ(again[i].bytes, sections[i].bytes) << again[i].name;
}

// Records whose entry values stand where a prologue pushes them, and neighbours of such records, come back as they were.
TEST(Annotations, FramesOfEveryShapeComeBack) {
  constexpr uint8_t pushed[] = {5, 15, 14, 13, 12, 3};
  ObjectAnnotations a;
  a.module = "m";
  std::vector<LabelRecord> records;
  auto add = [&](LabelRecord l) {
    std::sort(l.live.begin(), l.live.end(), [](const auto& x, const auto& y) { return x.location < y.location; });
    l.offset = static_cast<uint32_t>(records.size() + 1) * 4;
    records.push_back(std::move(l));
  };
  for (unsigned frame = 0; frame < 64; frame++)
    for (unsigned variant = 0; variant < 8; variant++) {
      LabelRecord l;
      l.depth = 64;
      l.saved_in_place = variant & 1;
      int32_t slot = -1;
      for (unsigned i = 0; i < 6; i++) {
        if (frame >> i & 1)
          l.live.push_back({slot_location(slot--), {LocationType::What::Saved, no_type, pushed[i]}});
        else if (variant & 2) // in place, said in full
          l.live.push_back({pushed[i], {LocationType::What::Saved, no_type, pushed[i]}});
        else if (i % 2 == 0) // another value; the odd ones are junk unless the flag says more
          l.live.push_back({pushed[i], {LocationType::What::Type, a.types.i32(), 0}});
      }
      if (variant & 4) // a further slot, with the token of a register that is not among those
        l.live.push_back({slot_location(-8), {LocationType::What::Saved, no_type, 12}});
      l.live.push_back({slot_location(1), {LocationType::What::Type, a.types.i64(), 0}});
      l.live.push_back({0, {LocationType::What::Type, a.types.i8(), 0}});
      add(l);
    }
  a.labels = records;
  auto sections = encode_annotations(a);
  ObjectAnnotations back;
  std::string problem;
  ASSERT_TRUE(decode_annotations(sections, back, problem)) << problem;
  ASSERT_EQ(back.labels.size(), records.size());
  for (size_t i = 0; i < records.size(); i++) {
    const LabelRecord &x = records[i], &y = back.labels[i];
    EXPECT_EQ(x.saved_in_place, y.saved_in_place);
    ASSERT_EQ(x.live.size(), y.live.size()) << i;
    for (size_t k = 0; k < x.live.size(); k++) {
      EXPECT_EQ(x.live[k].location, y.live[k].location) << i;
      EXPECT_EQ(x.live[k].type.what, y.live[k].type.what) << i;
      EXPECT_EQ(x.live[k].type.saved, y.live[k].type.saved) << i;
      EXPECT_EQ(a.types.print(x.live[k].type.type), back.types.print(y.live[k].type.type)) << i;
    }
  }
}

// A set that names a location which the record lists too is refused.
TEST(Annotations, AFrameThatRepeatsALocationIsRefused) {
  auto decode = [](Bytes blocks) {
    ObjectAnnotations a, back;
    a.module = "m";
    auto sections = encode_annotations(a);
    sections.push_back({".tal.blocks", std::move(blocks)});
    std::string problem;
    return decode_annotations(sections, back, problem);
  };
  // one label: offset 4, flags, depth 8, frame, registers, slots, types
  EXPECT_TRUE(decode({1, 4, 2 | 32, 1, 1, 0}));                   // rbp saved in slot -1
  EXPECT_TRUE(decode({1, 4, 2 | 4 | 32, 1, 1, 0, 1, 0x7E, 0}));   // and rbx in slot -2
  EXPECT_FALSE(decode({1, 4, 2 | 4 | 32, 1, 1, 0, 1, 0x7F, 0}));  // rbx in slot -1 too
  EXPECT_FALSE(decode({1, 4, 2 | 32, 1, 0, 0}));                  // the empty set has a shorter spelling
  EXPECT_FALSE(decode({1, 4, 2 | 32, 1, 64, 0}));                 // there are six registers
}

TEST(Interfaces, ComeBackAsTheyWere) {
  ObjectBuilder b = sample();
  VerifyResult r = b.check();
  ASSERT_TRUE(std::holds_alternative<std::unique_ptr<VerifiedObject>>(r)) << b.rule();
  const Interface& i = std::get<std::unique_ptr<VerifiedObject>>(r)->interface();
  Bytes bytes = serialise(i);
  Interface back;
  std::string problem;
  ASSERT_TRUE(parse_interface(bytes, back, problem)) << problem;
  EXPECT_EQ(serialise(back), bytes);
  EXPECT_EQ(back.sites.size(), 2u);
  for (size_t n = 0; n < bytes.size(); n++) { // never past the end
    Interface cut;
    EXPECT_FALSE(parse_interface(std::span(bytes).first(n), cut, problem));
  }
}

// The checker's table grows by the types of natives: a number beyond the object's own types would become one of those.
TEST(Annotations, TypeNumbersBeyondTheTableAreRefused) {
  ObjectAnnotations a, read;
  a.module = "M";
  a.symbols.push_back({"M::f", SymbolKind::Function, Scope::Import, Section::None, 0, 0, a.types.signature({})});
  std::string problem;
  ASSERT_TRUE(a.types.close(&problem));
  auto sections = encode_annotations(a);
  EXPECT_TRUE(decode_annotations(sections, read, problem)) << problem;
  for (NamedBytes& s : sections)
    if (s.name == ".tal.sigs")
      s.bytes.back()++;
  ObjectAnnotations again;
  EXPECT_FALSE(decode_annotations(sections, again, problem));
  EXPECT_EQ(problem, "a type number beyond the types of .tal.types");
}

// What a record has in common with the one before is left out, always.
TEST(Annotations, LabelRecordsHaveOneSpelling) {
  ObjectAnnotations a;
  a.module = "M";
  std::string problem;
  ASSERT_TRUE(a.types.close(&problem));
  const LiveLocation number{0, {LocationType::What::Type, a.types.i32(), 0}}, pushed{slot_location(-1), {LocationType::What::Saved, no_type, 3}};
  auto label = [&](uint32_t offset, std::vector<LiveLocation> live) {
    LabelRecord l;
    l.offset = offset;
    l.depth = 8;
    l.live = std::move(live);
    a.labels.push_back(l);
  };
  label(16, {number, pushed});
  label(20, {number, pushed}); // as before
  label(24, {pushed});         // the same frame
  auto sections = encode_annotations(a);
  auto blocks = std::find_if(sections.begin(), sections.end(), [](const NamedBytes& s) { return s.name == ".tal.blocks"; });
  ASSERT_NE(blocks, sections.end());
  // Registers: rax is bit 4. The frame has rbx, bit 5. A type t is 6 + t.
  const Bytes first{3, 16, 2 + 32, 1, 1 << 5, 1 << 4, 9}, second{4, 1 + 2 + 128}, third{4, 1 + 2 + 64, 0};
  auto together = [](std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts)
      all.insert(all.end(), part.begin(), part.end());
    return all;
  };
  EXPECT_EQ(blocks->bytes, together({first, second, third}));
  auto reads = [&](const Bytes& bytes) {
    ObjectAnnotations read;
    blocks->bytes = bytes;
    return decode_annotations(sections, read, problem);
  };
  EXPECT_TRUE(reads(together({first, second, third})));
  EXPECT_FALSE(reads(together({first, {4, 1 + 2 + 64, 1 << 4, 1}, third}))) << "what is live is written again";
  EXPECT_FALSE(reads(together({first, second, {4, 1 + 2 + 32, 1 << 5, 0}}))) << "the frame is written again";
  EXPECT_FALSE(reads(together({first, second, {4, 1 + 2 + 64 + 32, 1 << 5, 0}}))) << "two frames";
  EXPECT_FALSE(reads(together({first, {4, 1 + 2 + 128 + 64}, third}))) << "a frame where all is as before";
  EXPECT_FALSE(reads({1, 16, 2 + 128})) << "as before, but nothing is";
  EXPECT_FALSE(reads({1, 16, 2 + 64, 0})) << "the frame as before, but there is none";
  EXPECT_FALSE(reads(together({{2, 16, 2 + 1, 1 << 4, 9}, {4, 1 + 128}}))) << "as before, with other registers in place";
}

} // namespace
