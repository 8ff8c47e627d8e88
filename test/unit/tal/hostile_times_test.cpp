// Inputs made to be slow (R52), compared in time per byte of the file with more or less of the same.
#include "hostile_times.h"
#include "tal/decoder.h"
#include "tal/write/byte_writer.h"

#include <unordered_set>

using namespace tal;
using namespace tal::test;

namespace {

// `units` times the same bytes, then ret.
double cost(const std::vector<int>& unit, uint32_t units, std::vector<TypeId> (*args)(TypeTable&)) {
  ObjectBuilder b;
  Bytes code{0x31, 0xC0}; // xor eax, eax
  for (uint32_t i = 0; i < units; i++)
    for (int byte : unit)
      code.push_back(static_cast<uint8_t>(byte));
  code.push_back(0xC3);
  b.function("f", b.sig(args(b.types())), code);
  return seconds_per_byte(b);
}

std::vector<TypeId> array_and_number(TypeTable& t) { return {t.arr(t.i32()), t.i32()}; }

// A label behind the code to which nothing but itself leads, and jumps to it: jp teaches nothing.
void jump_to_the_end(Bytes& code, std::vector<uint32_t>& jumps) {
  append(code, {0x0F, 0x8A, 0, 0, 0, 0});
  jumps.push_back(static_cast<uint32_t>(code.size()));
}
double with_the_end(ObjectBuilder& b, TypeId signature, Bytes code, const std::vector<uint32_t>& jumps, uint32_t frame) {
  const auto label = static_cast<uint32_t>(code.size());
  for (uint32_t from : jumps)
    for (uint32_t i = 0; i < 4; i++)
      code[from - 4 + i] = static_cast<uint8_t>((label - from) >> 8 * i);
  leave(code, frame);
  LabelRecord record;
  record.depth = frame;
  record.offset = b.function("f", signature, code) + label;
  b.a.labels.push_back(record);
  return seconds_per_byte(b, {"", "O8"});
}

TEST(Time, NamesWithoutEnd) { // add eax, [rdi]: a new name each, which branches copy
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    Bytes code = sub_rsp(0);
    std::vector<uint32_t> jumps;
    append(code, {0x31, 0xC0});
    for (uint32_t i = 0; i < n; i++) {
      append(code, {0x03, 0x07});
      jump_to_the_end(code, jumps);
    }
    return with_the_end(b, b.sig(array_and_number(b.types())), code, jumps, 0);
  };
  expect_linear(run, 2000);
}

TEST(Time, BranchesInALargeFrame) { // eight times as many as it has slots
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    Bytes code = sub_rsp(8 * n);
    std::vector<uint32_t> jumps;
    for (uint32_t i = 0; i < 8 * n; i++)
      jump_to_the_end(code, jumps);
    return with_the_end(b, b.sig({}), code, jumps, 8 * n);
  };
  expect_linear(run, 900);
}

// As many slots of a frame with a name each, then as many new names: add rax, [rdi].
TEST(Time, NamesInALargeFrame) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    Bytes code = sub_rsp(8 * n);
    for (uint32_t i = 0; i < n; i++) {
      append(code, {0x03, 0x07, 0x48, 0x89, 0x84, 0x24}); // add eax, [rdi]; mov [rsp + 8*i], rax
      append32(code, 8 * i);
    }
    code.insert(code.begin(), {0x31, 0xC0});
    for (uint32_t i = 0; i < 4 * n; i++)
      append(code, {0x03, 0x07});
    leave(code, 8 * n);
    b.function("f", b.sig(array_and_number(b.types())), code);
    return seconds_per_byte(b);
  };
  expect_linear(run, 900);
}

TEST(Time, BranchesWithAFullMatrix) {
  // mov ecx, [rdi]; mov eax, esi; and eax, ecx; sub ecx, eax: `and` and `sub` relate what they make to their operands.
  expect_linear([](uint32_t n) { return cost({0x8B, 0x0F, 0x89, 0xF0, 0x21, 0xC8, 0x29, 0xC1}, n, array_and_number); }, 10000);
}

TEST(Time, CallsInALargeFrame) { // eight times as many as it has slots; each call looks for the registers that the caller gave, which are lost
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    Bytes code = sub_rsp(8 * n + 8);
    append(code, {0x31, 0xDB, 0x31, 0xED, 0x45, 0x31, 0xE4, 0x45, 0x31, 0xED, 0x45, 0x31, 0xF6, 0x45, 0x31, 0xFF}); // xor ebx, ebx ...
    std::vector<uint32_t> calls;
    for (uint32_t i = 0; i < 8 * n; i++) {
      calls.push_back(static_cast<uint32_t>(code.size()) + 1);
      append(code, {0xE8, 0, 0, 0, 0});
    }
    append(code, {0x0F, 0x0B}); // ud2
    Signature quiet;
    quiet.throws = false;
    uint32_t g = b.symbol({"g", SymbolKind::Function, Scope::Import, Section::None, 0, 0, b.types().signature(quiet)});
    uint32_t first = b.function("f", b.sig({}), code);
    for (uint32_t c : calls)
      b.image.text_relocs.push_back({first + c, RelocKind::Pc32, g, -4});
    return seconds_per_byte(b, {"", "O8"});
  };
  expect_linear(run, 900); // the budget of O8 ends the large one
}

TEST(Time, PendingBranchesInALargeFrame) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    b.function("f", b.sig({}), open_branches(n, 8 * n));
    return seconds_per_byte(b, {"", "O8"});
  };
  expect_linear(run, 500);
}

TEST(Time, ManyFunctions) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    for (uint32_t i = 0; i < n; i++)
      b.function("f" + std::to_string(i), b.sig({}), {0xC3});
    return seconds_per_byte(b);
  };
  expect_linear(run, 3000);
}

TEST(Time, RelocationsWithoutSite) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    uint32_t g = b.symbol({"g", SymbolKind::Function, Scope::Import, Section::None, 0, 0, b.sig({})});
    uint32_t at = b.function("f", b.sig({}), Bytes(8 * n, 0x90));
    for (uint32_t i = 0; i < n; i++)
      b.image.text_relocs.push_back({at + 8 * i, RelocKind::Pc32, g, -4});
    return seconds_per_byte(b, {"O4"});
  };
  expect_linear(run, 5000);
}

TEST(Time, ManySymbols) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    b.function("f", b.sig({}), {0xC3});
    for (uint32_t i = 0; i < n; i++)
      b.symbol({"imported" + std::to_string(i), SymbolKind::Function, Scope::Import, Section::None, 0, 0, b.sig({})});
    return seconds_per_byte(b);
  };
  expect_linear(run, 5000);
}

TEST(Time, LabelsAtEachInstruction) { // 80,000 of them, with six live registers; each jumps to the next
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    TypeTable& t = b.types();
    Bytes code{0x90, 0x90};
    for (uint32_t i = 0; i < n; i++)
      append(code, {0x7A, 0x00}); // jp
    append(code, {0x90, 0xC3});
    LabelRecord record;
    record.offset = b.function("f", b.sig(std::vector<TypeId>(6, t.i64())), code) + 2;
    for (int32_t r : {1, 2, 6, 7, 8, 9})
      record.live.push_back({r, {LocationType::What::Type, t.i64(), 0}});
    for (uint32_t i = 0; i <= n; i++, record.offset += 2)
      b.a.labels.push_back(record);
    return seconds_per_byte(b, {"", "O8"});
  };
  expect_linear(run, 10000);
}

TEST(Time, ExceptionRanges) { // a range for each of the calls
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    TypeTable& t = b.types();
    Bytes code{0x48, 0x83, 0xEC, 8}; // sub rsp, 8
    for (uint32_t i = 0; i < n; i++)
      append(code, {0xE8, 0, 0, 0, 0});
    append(code, {0x0F, 0x0B}); // ud2; the pad: add rsp, 8; ret
    LabelRecord pad;
    pad.depth = 8;
    pad.live = {{rax, {LocationType::What::Type, t.exn(), 0}}};
    const uint32_t g = b.symbol({"g", SymbolKind::Function, Scope::Import, Section::None, 0, 0, b.sig({})});
    const uint32_t calls = static_cast<uint32_t>(code.size()) - 2 - 5 * n, at = static_cast<uint32_t>(code.size());
    append(code, {0x48, 0x83, 0xC4, 8, 0xC3});
    const uint32_t start = b.function("f", b.sig({}), code);
    pad.offset = start + at;
    b.a.labels.push_back(pad);
    for (uint32_t i = 0; i < n; i++) {
      const uint32_t call = start + calls + 5 * i;
      b.a.eh.push_back({call, call + 5, pad.offset});
      b.image.text_relocs.push_back({call + 1, RelocKind::Pc32, g, -4});
    }
    return seconds_per_byte(b, {"", "O8"});
  };
  expect_linear(run, 3000);
}

// Jumps through one table, whose entries lead to 64 places before them.
double jumps_through_a_table(uint32_t jumps, uint32_t entries) {
  ObjectBuilder b;
  TypeTable& t = b.types();
  b.image.rodata.assign(8 + 4 * entries, 0);
  std::memcpy(b.image.rodata.data(), &entries, 4);
  for (uint32_t i = 0; i < entries; i++)
    b.image.rodata[8 + 4 * i] = static_cast<uint8_t>(i * 37 % 64);
  const uint32_t table = b.symbol({"", SymbolKind::Data, Scope::Static, Section::RoData, 0, 8 + 4 * entries, t.arr(t.i32(), Mutability::ReadOnly)});
  Bytes code(66, 0xC3); // jmp over 64 times ret
  code[0] = 0xEB;
  code[1] = 64;
  std::vector<uint32_t> fields;
  for (uint32_t i = 0; i < jumps; i++) {
    append(code, {0x89, 0xF7, 0x81, 0xFF}); // mov edi, esi: any number; cmp edi, entries
    append32(code, entries);
    append(code, {0x73, 23});                     // jae behind this jump
    append(code, {0x48, 0x8D, 0x05, 0, 0, 0, 0}); // lea rax, [rip + table]
    fields.push_back(static_cast<uint32_t>(code.size()) - 4);
    append(code, {0x8B, 0x44, 0xB8, 0x08});       // mov eax, [rax + 4*rdi + 8]
    append(code, {0x48, 0x8D, 0x15});             // lea rdx, [rip + the first ret]
    append32(code, uint32_t{2} - static_cast<uint32_t>(code.size()) - 4);
    append(code, {0x48, 0x01, 0xD0, 0xFF, 0xE0}); // add rax, rdx; jmp rax
  }
  code.push_back(0xC3);
  const uint32_t start = b.function("f", b.sig({t.i64(), t.i64()}), code);
  for (uint32_t field : fields)
    b.image.text_relocs.push_back({start + field, RelocKind::Pc32, table, -4});
  for (uint32_t i = 0; i < 64; i++)
    b.a.labels.emplace_back().offset = start + 2 + i;
  return seconds_per_byte(b, {"", "O8"});
}

TEST(Time, EntriesOfAJumpTable) {
  expect_linear([](uint32_t n) { return jumps_through_a_table(1, n); }, 20000);
}

TEST(Time, JumpsThroughALargeTable) { // the budget of O8 ends it: each jump looks at all entries
  expect_linear([](uint32_t n) { return jumps_through_a_table(n, 5 * n); }, 250);
}

// Layouts { 8*i: i64 } whose keys fall into the first bucket of a table of strings as the library hashes them.
TEST(Time, TypesThatWouldCollide) {
  auto run = [](uint32_t n) {
    std::unordered_set<uint32_t> nodes; // a layout and a pointer each
    for (uint32_t i = 0; i < 2 * n + n / 50; i++)
      nodes.insert(i);
    ObjectBuilder b;
    TypeTable& t = b.types();
    std::vector<TypeId> args;
    uint32_t offset = 0;
    std::string key("\0\0\0\0\1\4\0\0\0\0\0\0\0\0\0", 15); // offset; may be written; i64; tag and the rest of the node
    key[9] = static_cast<char>(TypeTag::Struct);
    auto next = [&] {
      for (;; offset += 8) {
        for (uint32_t i = 0; i < 4; i++)
          key[i] = static_cast<char>(offset >> 8 * i);
        if (std::hash<std::string>()(key) % nodes.bucket_count() == 0)
          break;
      }
      offset += 8;
      return t.ptr(t.struct_layout({{offset - 8, t.i64(), Mutability::ReadWrite, false}}));
    };
    for (uint32_t i = 0; i < n; i += 100) {
      std::vector<TypeId> list(100);
      std::generate(list.begin(), list.end(), next);
      b.symbol({"g" + std::to_string(i), SymbolKind::Function, Scope::Import, Section::None, 0, 0, b.sig(list)});
    }
    b.function("f", b.sig({}), {0xC3});
    return seconds_per_byte(b);
  };
  expect_linear(run, 800);
}

// A layout that is too large at its type argument if that has so many fields, asked for by each lea.
double layouts_at(uint32_t fields_of_argument) {
  ObjectBuilder b;
  TypeTable& t = b.types();
  std::vector<Field> fields, large;
  for (uint32_t i = 0; i < 1500; i++)
    fields.push_back({8 * i, t.ptr(t.struct_layout({{8 * i, t.var(0, Kind::P), Mutability::ReadWrite, true}})), Mutability::ReadWrite, false});
  const NamedId wide = t.declare("wide", {Kind::P});
  EXPECT_TRUE(t.define(wide, t.struct_layout(fields)));
  for (uint32_t i = 0; i < fields_of_argument; i++)
    large.push_back({8 * i, t.i64(), Mutability::ReadWrite, false});
  const TypeId arg = t.ptr(t.struct_layout(large));
  Bytes code;
  for (uint32_t i = 0; i < 80000; i++)
    append(code, {0x48, 0x8D, 0x47, 0x08}); // lea rax, [rdi + 8]
  code.push_back(0xC3);
  b.function("f", b.sig({t.ptr(t.named(wide, std::span(&arg, 1)))}), code);
  return seconds_per_byte(b);
}

TEST(Time, ALayoutThatDoesNotFit) { expect_near(layouts_at(60), layouts_at(1), "one that does not fit"); }

// Seconds per byte to read a type table, and to import it as the interface of an object is made. A compiler's writer leaves out what is
// not used; an attacker's does not.
double seconds_per_byte(const TypeTable& table, std::span<const TypeId> used, const std::set<std::string>& expected = {""}) {
  ByteWriter bytes;
  write_types(table, bytes);
  double best = 1e9;
  for (int i = 0; i < 3; i++) {
    const std::clock_t start = std::clock();
    ByteReader in(bytes.bytes());
    TypeTable read, target;
    std::string problem;
    if (read_types(in, read, problem)) {
      TypeImporter importer(read, target);
      for (TypeId id : used)
        EXPECT_TRUE(importer.import(id));
    }
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    EXPECT_TRUE(expected.contains(problem)) << problem;
  }
  if (getenv("TAL_SHOW_TIMES") != nullptr)
    printf("%g ms for %zu bytes\n", 1e3 * best, bytes.bytes().size());
  return best / static_cast<double>(bytes.bytes().size());
}

// So many types on top of each of `bottoms`, whose numbers are multiples of `distance`.
std::vector<TypeId> towers(TypeTable& t, std::initializer_list<TypeId> bottoms, int height, uint32_t distance) {
  uint32_t filler = 0;
  std::vector<TypeId> types;
  for (TypeId top : bottoms)
    for (int i = 0; i < height; i++) {
      while (t.size() % distance != 0)
        t.struct_layout({{filler++, t.i8()}});
      types.push_back(top = t.exn_name(top));
    }
  return types;
}

// `names` of one layout, whose parts have numbers that are multiples of `distance`. Of a prime that is the number of buckets that the
// library's tables have for so many, which leave numbers as they are: all in one bucket.
double names_of_parts(uint32_t names, uint32_t distance) {
  TypeTable t;
  const std::vector<TypeId> parts = towers(t, {t.i8(), t.i16(), t.i32(), t.i64()}, 60, distance);
  std::vector<TypeId> used;
  std::vector<Field> fields;
  for (uint32_t i = 0; i < 1000; i++)
    fields.push_back({8 * i, parts[i % parts.size()]});
  const TypeId body = t.struct_layout(fields);
  for (uint32_t i = 0; i < names; i++) {
    const NamedId id = t.declare("t" + std::to_string(i), {});
    EXPECT_TRUE(t.define(id, body));
    used.push_back(t.ptr(t.named(id)));
  }
  return seconds_per_byte(t, used);
}

TEST(Time, NumbersThatWouldCollide) { expect_near(names_of_parts(400, 257), names_of_parts(400, 256), "multiples of 257"); }

// Many names of one layout.
double names_of_a_layout(uint32_t names, uint32_t parts) {
  TypeTable t;
  std::vector<Field> fields;
  for (uint32_t i = 0; i < parts; i++)
    fields.push_back({8 * i, t.i64()});
  const TypeId body = t.struct_layout(fields);
  for (uint32_t i = 0; i < names; i++)
    EXPECT_TRUE(t.define(t.declare("t" + std::to_string(i), {}), body));
  return seconds_per_byte(t, {}, {"", "the type table is too large"});
}

TEST(Time, NamesOfOneLayout) { expect_near(names_of_a_layout(50000, 4000), names_of_a_layout(50000, 1), "4000 parts"); }

// The same parts with a variable in them, replaced again and again.
double substitutions_in_parts(uint32_t distance) {
  TypeTable t;
  const TypeId a = t.var(0, Kind::P);
  const std::vector<TypeId> parts = towers(t, {a, t.rep(a), t.rep(t.rep(a)), t.rep(t.rep(t.rep(a)))}, 55, distance);
  std::vector<Field> fields;
  for (uint32_t i = 0; i < 2000; i++)
    fields.push_back({8 * i, parts[i % parts.size()]});
  const TypeId large = t.struct_layout(fields), text = t.string();
  double best = 1e9;
  for (int i = 0; i < 5; i++) {
    const std::clock_t start = std::clock();
    for (int k = 0; k < 50; k++)
      EXPECT_TRUE(t.substitute(large, {&text, 1}));
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best / 100000;
}

TEST(Time, SubstitutionsThatWouldCollide) { expect_near(substitutions_in_parts(257), substitutions_in_parts(256), "multiples of 257"); }

// Instances of a signature that has a large type in it, which is the same at all of them: f(ptr {.. a ..}, b) at [i64, i].
TEST(Time, InstancesWithALargePart) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    TypeTable& t = b.types();
    std::vector<Field> fields;
    for (uint32_t i = 0; i < n; i++)
      fields.push_back({8 * i, t.var(0, Kind::P), Mutability::ReadWrite, true});
    Signature s;
    s.vars = {Kind::P, Kind::P};
    s.args = {t.ptr(t.struct_layout(fields)), t.var(1, Kind::P)};
    const TypeId function = t.fn(t.signature(s));
    Bytes code;
    for (uint32_t i = 0; i < n; i++)
      append(code, {0x48, 0x89, 0xF8}); // mov rax, rdi
    append(code, {0x31, 0xC0, 0xC3});
    const uint32_t start = b.function("f", b.sig({function}), code);
    for (uint32_t i = 0; i < n; i++)
      b.a.insts.push_back({start + 3 * i, {function, t.string(), t.ptr(t.struct_layout({{i, t.i8()}}))}});
    return seconds_per_byte(b, {"", "O8", "C21"});
  };
  expect_linear(run, 500);
}

// Layouts of a type at many arguments, each as large as the type; some do not fit any more.
TEST(Time, ExpansionsOfALargeType) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    TypeTable& t = b.types();
    std::vector<Field> fields;
    for (uint32_t i = 0; i < n; i++)
      fields.push_back({8 * i, t.var(0, Kind::P), Mutability::ReadWrite, true});
    const NamedId wide = t.declare("wide", {Kind::P});
    EXPECT_TRUE(t.define(wide, t.struct_layout(fields)));
    std::vector<TypeId> args;
    Bytes code;
    for (uint8_t modrm : {0x47, 0x46, 0x42, 0x41}) { // of rdi rsi rdx rcx
      fields.clear();
      for (uint32_t i = 0; i < n; i++) { // fewer than max_fields
        const TypeId arg = t.ptr(t.struct_layout({{modrm * 4096u + i, t.i8()}}));
        fields.push_back({8 * i, t.ptr(t.named(wide, std::span(&arg, 1)))});
        append(code, {0x48, 0x8B, modrm + 0x40}); // mov rax, [rdi + 8*i]
        append32(code, 8 * i);
        append(code, {0x48, 0x8D, 0x40, 0x08}); // lea rax, [rax + 8]
      }
      args.push_back(t.ptr(t.struct_layout(fields)));
    }
    code.push_back(0xC3);
    b.function("f", b.sig(args), code);
    return seconds_per_byte(b);
  };
  expect_linear(run, 400);
}

} // namespace
