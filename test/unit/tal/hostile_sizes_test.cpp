// The limits of the checker (rule O8) and what it costs to reach them: each limit has a twin one below it, and inputs made to be slow
// are compared, in time per byte of the file, with a plain function of the same size.
#include "object_builder.h"
#include "tal/decoder.h"
#include "tal/function_checker.h"
#include "tal/write/byte_writer.h"
#include "tal/write/write.h"

#include <algorithm>
#include <ctime>
#include <set>
#include <unordered_set>

using namespace tal;
using namespace tal::test;

namespace {

void append(Bytes& code, std::initializer_list<int> bytes) {
  for (int b : bytes)
    code.push_back(static_cast<uint8_t>(b));
}
void append32(Bytes& code, uint32_t v) {
  for (int i = 0; i < 4; i++)
    code.push_back(static_cast<uint8_t>(v >> (8 * i)));
}

Bytes sub_rsp(uint32_t bytes) {
  Bytes code;
  append(code, {0x48, 0x81, 0xEC});
  append32(code, bytes);
  return code;
}
void leave(Bytes& code, uint32_t frame) { // add rsp, frame; ret
  append(code, {0x48, 0x81, 0xC4});
  append32(code, frame);
  code.push_back(0xC3);
}

std::string rule_of(const Bytes& code) {
  ObjectBuilder b;
  b.function("f", b.sig({}), code);
  return b.rule();
}

TEST(Limits, SizeOfAFunction) {
  const uint32_t limit = 4u << 20;
  EXPECT_EQ(rule_of([&] { Bytes c(limit, 0x90); c.back() = 0xC3; return c; }()), "");
  EXPECT_EQ(rule_of([&] { Bytes c(limit + 1, 0x90); c.back() = 0xC3; return c; }()), "C2");
}

TEST(Limits, SizeOfAFrame) {
  auto frame = [](uint32_t bytes) {
    Bytes code = sub_rsp(bytes);
    leave(code, bytes);
    return code;
  };
  EXPECT_EQ(rule_of(frame(61440)), "");
  EXPECT_EQ(rule_of(frame(61448)), "C10");
}

// A label with `slots` live slots and `facts` facts, reached once: mov [rsp+8i], edi...
std::string label_rule(uint32_t slots, uint32_t facts) {
  ObjectBuilder b;
  TypeTable& t = b.types();
  uint32_t frame = 8 * slots + 8;
  Bytes code = sub_rsp(frame);
  for (uint32_t i = 0; i < slots; i++) {
    append(code, {0x48, 0x89, 0xBC, 0x24}); // mov [rsp + 8i], rdi
    append32(code, 8 * i);
  }
  auto at = static_cast<uint32_t>(code.size());
  leave(code, frame);
  LabelRecord label;
  label.offset = b.function("f", b.sig({t.i32()}), code) + at;
  label.depth = frame;
  label.saved_in_place = true;
  for (uint32_t i = 0; i < slots; i++)
    label.live.push_back({slot_location(-2 - static_cast<int32_t>(i)), {LocationType::What::Type, t.i32(), 0}});
  std::reverse(label.live.begin(), label.live.end());
  if (facts != 0)
    label.live.insert(label.live.begin(), {rdi, {LocationType::What::Type, t.i32(), 0}});
  for (uint32_t i = 0; i < facts; i++) // 0 - rdi <= i
    label.facts.push_back({{}, {FactOperand::What::Value, 0}, static_cast<int64_t>(i)});
  b.a.labels.push_back(label);
  return b.rule();
}

TEST(Limits, LiveSlotsAndFactsOfALabel) {
  EXPECT_EQ(label_rule(LabelRecord::max_live, 0), "");
  EXPECT_NE(label_rule(LabelRecord::max_live + 1, 0), "");
  EXPECT_EQ(label_rule(2, LabelRecord::max_facts), "");
  EXPECT_NE(label_rule(2, LabelRecord::max_facts + 1), "");
}

// Forward branches without records: each keeps a state until its target. jp teaches nothing; `n` of them are open at once.
Bytes open_branches(uint32_t n, uint32_t frame) {
  Bytes code;
  if (frame != 0)
    code = sub_rsp(frame);
  auto start = static_cast<uint32_t>(code.size());
  uint32_t targets = start + 6 * n + 1 + (frame != 0 ? 7 : 0); // behind the ret
  const uint32_t each = frame != 0 ? 8 : 1;
  for (uint32_t i = 0; i < n; i++) {
    append(code, {0x0F, 0x8A}); // jp
    append32(code, targets + each * i - (start + 6 * (i + 1)));
  }
  if (frame != 0)
    leave(code, frame);
  else
    code.push_back(0xC3);
  for (uint32_t i = 0; i < n; i++) {
    if (frame != 0)
      leave(code, frame);
    else
      code.push_back(0xC3);
  }
  return code;
}

// attack F67
TEST(Limits, PendingStates) {
  EXPECT_EQ(rule_of(open_branches(3000, 0)), "");
  EXPECT_EQ(rule_of(open_branches((1u << 16) + 1, 0)), "O8");
}

// attack F67
TEST(Limits, PendingStatesOfLargeFrames) {
  EXPECT_EQ(rule_of(open_branches(10, 61440)), "");
  EXPECT_EQ(rule_of(open_branches(3000, 61440)), "O8");
}

TEST(Limits, FieldsOfAStructure) {
  auto fields = [](uint32_t n) {
    TypeTable t;
    std::vector<Field> list;
    for (uint32_t i = 0; i < n; i++)
      list.push_back({8 * i, t.i64(), Mutability::ReadWrite, false});
    return static_cast<bool>(t.struct_layout(list));
  };
  EXPECT_TRUE(fields(max_fields));
  EXPECT_FALSE(fields(max_fields + 1));
}

TEST(Limits, TypeNodes) {
  TypeTable t;
  uint32_t n = 0;
  for (TypeId id = t.i64(); id && n < max_type_nodes + 10; n++) {
    id = t.struct_layout({{8 * n, t.i64(), Mutability::ReadWrite, false}}); // each another type
    if (!id)
      break;
  }
  EXPECT_GT(n, max_type_nodes - 64);
  EXPECT_LT(n, max_type_nodes);
  EXPECT_TRUE(t.ptr(t.struct_layout({{0, t.i64(), Mutability::ReadWrite, false}})) == no_type || n < max_type_nodes);
}

TEST(Limits, BytesOfAGroupOfTypes) {
  auto closes = [](uint32_t members, uint32_t fields) {
    TypeTable t;
    std::vector<NamedId> ids;
    for (uint32_t i = 0; i < members; i++)
      ids.push_back(t.declare("ring" + std::to_string(i), {}));
    for (uint32_t i = 0; i < members; i++) {
      std::vector<Field> list{{0, t.ptr(t.named(ids[(i + 1) % members])), Mutability::ReadWrite, false}};
      for (uint32_t f = 1; f < fields; f++)
        list.push_back({8 * f, t.i64(), Mutability::ReadWrite, false});
      if (!t.define(ids[i], t.struct_layout(list)))
        return false;
    }
    return t.close();
  };
  EXPECT_TRUE(closes(8, 100));
  EXPECT_FALSE(closes(40, 4000)); // more than 64 KiB of canonical bytes
  EXPECT_TRUE(closes(500, 1));
  EXPECT_FALSE(closes(5000, 1)); // more than 4096 members
}

// Each name costs a few bytes of the file, and 40,000 canonical ones.
TEST(Limits, BytesOfNamesOfOneLargeLayout) {
  auto closes = [](uint32_t names) {
    TypeTable t;
    std::vector<Field> list;
    for (uint32_t f = 0; f < 4000; f++)
      list.push_back({8 * f, t.i64(), Mutability::ReadWrite, false});
    const TypeId body = t.struct_layout(list);
    for (uint32_t i = 0; i < names; i++)
      if (!t.define(t.declare("T" + std::to_string(i), {}), body))
        return false;
    return t.close();
  };
  EXPECT_TRUE(closes(400));
  EXPECT_FALSE(closes(450));
}

TEST(Limits, FieldsToBeInitialised) {
  auto rule = [](uint32_t n) {
    ObjectBuilder b;
    TypeTable& t = b.types();
    std::vector<Field> list;
    for (uint32_t i = 0; i < n; i++)
      list.push_back({4 * i, t.i32(), Mutability::ReadOnly, false});
    TypeId object = t.ptr(t.struct_layout(list));
    uint32_t desc = b.symbol({"", SymbolKind::Desc, Scope::Static, Section::None, 0, 0, object});
    uint32_t make = b.symbol({"__tal_new", SymbolKind::Function, Scope::Native, Section::None, 0, 0, no_type});
    Bytes code;
    append(code, {0x48, 0x83, 0xEC, 8});             // sub rsp, 8
    append(code, {0x48, 0x8D, 0x3D, 0, 0, 0, 0});    // lea rdi, [rip + desc]
    append(code, {0xE8, 0, 0, 0, 0});                // call __tal_new
    append(code, {0x48, 0x83, 0xC4, 8, 0xC3});       // add rsp, 8; ret
    uint32_t at = b.function("f", b.sig({}), code);
    b.image.text_relocs = {{at + 7, RelocKind::Pc32, desc, -4}, {at + 12, RelocKind::Pc32, make, -4}};
    return b.rule();
  };
  EXPECT_EQ(rule(64), "");
  EXPECT_EQ(rule(65), "O8");
}

TEST(Limits, TypeVariablesAndArguments) {
  TypeTable t;
  EXPECT_TRUE(t.var(max_type_vars - 1, Kind::W));
  EXPECT_FALSE(t.var(max_type_vars, Kind::W));
  Signature s;
  s.args.assign(255, t.i64());
  EXPECT_TRUE(t.signature(s));
  s.args.push_back(t.i64());
  EXPECT_FALSE(t.signature(s));
}

// Branches to a label at which the fields of the argument may only be read: each compares the two layouts field by field.
std::string views_at_edges(uint32_t edges) {
  ObjectBuilder b;
  TypeTable& t = b.types();
  auto view = [&](Mutability mutability) {
    std::vector<Field> fields;
    for (uint32_t i = 0; i < 4000; i++)
      fields.push_back({8 * i, t.i64(), mutability});
    return t.ptr(t.struct_layout(std::move(fields)));
  };
  Bytes code{0x31, 0xC0, 0x83, 0xFE, 0x05}; // xor eax, eax; cmp esi, 5
  for (uint32_t i = 0; i < edges; i++) {    // je to the ret
    append(code, {0x0F, 0x84});
    append32(code, 6 * (edges - 1 - i));
  }
  const auto label = static_cast<uint32_t>(code.size());
  code.push_back(0xC3);
  LabelRecord record;
  record.offset = b.function("f", b.sig({view(Mutability::ReadWrite), t.i32()}), code) + label;
  record.live = {{7, {LocationType::What::Type, view(Mutability::ReadOnly), 0}}}; // rdi
  b.a.labels.push_back(std::move(record));
  return b.rule();
}

// A package with a large layout in it, opened again and again: mov rax, rdi.
std::string openings_of_a_large_package(uint32_t openings) {
  ObjectBuilder b;
  TypeTable& t = b.types();
  std::vector<Field> fields;
  for (uint32_t i = 0; i < 4000; i++)
    fields.push_back({8 * i, t.var(0, Kind::P), Mutability::ReadWrite, true});
  const NamedId package = t.declare("Q", {}, NamedSort::Package, Kind::P, {Kind::P});
  EXPECT_TRUE(t.define(package, t.ptr(t.struct_layout(std::move(fields)))));
  Bytes code;
  for (uint32_t i = 0; i < openings; i++)
    append(code, {0x48, 0x89, 0xF8});
  append(code, {0x31, 0xC0, 0xC3});
  const uint32_t start = b.function("f", b.sig({t.named(package)}), code);
  for (uint32_t i = 0; i < openings; i++)
    b.a.insts.push_back({start + 3 * i, {t.named(package), t.var(1, Kind::P)}});
  return b.rule();
}

// An array of pointers to one polymorphic function, each at the same large type: an instance is made and compared for each.
std::string instances_in_static_data(uint32_t pointers) {
  ObjectBuilder b;
  TypeTable& t = b.types();
  std::vector<Field> fields;
  for (uint32_t i = 0; i < 4000; i++)
    fields.push_back({8 * i, t.var(0, Kind::P)});
  Signature polymorphic, instance;
  polymorphic.vars = {Kind::P};
  polymorphic.args = {t.ptr(t.struct_layout(std::move(fields))), t.var(0, Kind::P)};
  const TypeId text = t.string();
  for (TypeId arg : polymorphic.args)
    instance.args.push_back(t.substitute(arg, std::span(&text, 1)));
  b.function("f", t.signature(polymorphic), {0x31, 0xC0, 0xC3});
  b.image.data.assign(8 + 8 * pointers, 0);
  std::memcpy(b.image.data.data(), &pointers, 4);
  b.symbol({"table", SymbolKind::Data, Scope::Public, Section::Data, 0, 8 + 8 * pointers, t.arr(t.fn(t.signature(instance)))});
  for (uint32_t i = 0; i < pointers; i++)
    b.image.data_relocs.push_back({8 + 8 * i, RelocKind::Abs64, 0, 0});
  return b.rule();
}

// Labels at which all is as before take two bytes each.
std::string labels_that_say_the_same(uint32_t labels) {
  ObjectBuilder b;
  TypeTable& t = b.types();
  Bytes code(labels + 3, 0x90);
  code.back() = 0xC3;
  const uint32_t at = b.function("f", b.sig(std::vector<TypeId>(6, t.i64())), code);
  LabelRecord record;
  record.saved_in_place = false;
  for (int32_t r : {1, 2, 3, 5, 6, 7, 8, 9, 12, 13, 14, 15}) {
    const bool is_saved = std::find(std::begin(callee_saved), std::end(callee_saved), r) != std::end(callee_saved);
    record.live.push_back({r, {is_saved ? LocationType::What::Saved : LocationType::What::Type, is_saved ? no_type : t.i64(), static_cast<uint8_t>(r)}});
  }
  for (uint32_t i = 0; i < labels; i++) {
    record.offset = at + 2 + i;
    b.a.labels.push_back(record);
  }
  return b.rule();
}

// lea rax, [rdi + 8*rsi + 8]: no address of an element, because rsi is a pointer, of a type that is long when printed.
std::string addresses_with_a_large_index(uint32_t addresses) {
  ObjectBuilder b;
  TypeTable& t = b.types();
  TypeId index = t.i64();
  for (unsigned depth = 0; depth < 30; depth++) {
    std::vector<Field> fields{{0, index}};
    for (uint32_t i = 1; i < 2000; i++)
      fields.push_back({8 * i, t.i64()});
    index = t.ptr(t.struct_layout(std::move(fields)));
  }
  Bytes code;
  for (uint32_t i = 0; i < addresses; i++)
    append(code, {0x48, 0x8D, 0x44, 0xF7, 0x08});
  append(code, {0x31, 0xC0, 0xC3});
  b.function("f", b.sig({t.arr(t.i64()), index}), code);
  return b.rule();
}

TEST(Limits, MemoryInProportionToTheFile) {
  EXPECT_EQ(labels_that_say_the_same(300000), "");
  EXPECT_EQ(labels_that_say_the_same(400000), "O5");
  const uint32_t most = 1u << 20;
  for (const uint32_t items : {most, most + 1}) {
    ByteWriter list;
    list.uleb(items);
    list.raw(Bytes(items, 0));
    ByteReader in(list.bytes());
    EXPECT_EQ(in.count(1), items == most ? items : 0);
  }
  for (const uint32_t nodes : {most / 4, most / 4 + 1}) { // of type "none", which may not be written
    ByteWriter types;
    types.uleb(0);
    types.uleb(nodes);
    types.raw(Bytes(nodes, 0));
    ByteReader in(types.bytes());
    TypeTable table;
    std::string problem;
    EXPECT_FALSE(read_types(in, table, problem));
    EXPECT_EQ(problem, nodes == most / 4 ? "type 8 is ill-formed" : "more than 262144 types");
  }
}

TEST(Limits, WorkOnLargeTypes) {
  EXPECT_EQ(addresses_with_a_large_index(20000), ""); // no text is made of it
  EXPECT_EQ(instances_in_static_data(1000), "");
  EXPECT_EQ(instances_in_static_data(20000), "O8");
  EXPECT_EQ(views_at_edges(1000), "");
  EXPECT_EQ(views_at_edges(20000), "O8");
  EXPECT_EQ(openings_of_a_large_package(500), "");
  EXPECT_EQ(openings_of_a_large_package(5000), "O8");
}

// ---- time ----------------------------------------------------------------------------------------------------------

// Seconds that the checker takes per byte of the file; what it answers must be what the caller expects.
double seconds_per_byte(ObjectBuilder& b, std::set<std::string> expected = {""}) {
  std::string problem;
  EXPECT_TRUE(b.a.types.close(&problem)) << problem;
  Bytes file = write_object(b.image, b.a);
  NativeInterface natives;
  double best = 1e9;
  for (int i = 0; i < 3; i++) { // the least of three: other processes make it slower, nothing makes it faster
    std::clock_t start = std::clock(); // of the processor, not of the wall
    VerifyResult r = verify(file, natives);
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    const auto* error = std::get_if<VerifyError>(&r);
    EXPECT_TRUE(expected.contains(error == nullptr ? "" : error->rule)) << (error == nullptr ? "accepted" : to_string(*error, "test.o"));
  }
  return best / static_cast<double>(file.size());
}

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

// Eight times the input: a byte of it costs at most four times as much.
template <typename F> void expect_linear(F&& cost_of, uint32_t units) {
  double small = cost_of(units), large = cost_of(8 * units);
  if (getenv("TAL_SHOW_TIMES") != nullptr)
    printf("%g ns per byte for %u, %g for %u\n", 1e9 * small, units, 1e9 * large, 8 * units);
  EXPECT_LE(large, 4 * small) << "per byte: " << small << " s for " << units << ", " << large << " s for " << 8 * units;
}

TEST(Time, NamesWithoutEnd) { // add eax, [rdi]: a new name each
  expect_linear([](uint32_t n) { return cost({0x03, 0x07}, n, array_and_number); }, 20000);
}

TEST(Time, BranchesWithAFullMatrix) {
  // mov ecx, [rdi]; mov eax, esi; and eax, ecx; sub ecx, eax: `and` and `sub` relate what they make to their operands.
  expect_linear([](uint32_t n) { return cost({0x8B, 0x0F, 0x89, 0xF0, 0x21, 0xC8, 0x29, 0xC1}, n, array_and_number); }, 10000);
}

TEST(Time, CallsInTheLargestFrame) { // each call looks for the registers that the caller gave, which are lost
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    Bytes code = sub_rsp(61432);
    append(code, {0x31, 0xDB, 0x31, 0xED, 0x45, 0x31, 0xE4, 0x45, 0x31, 0xED, 0x45, 0x31, 0xF6, 0x45, 0x31, 0xFF}); // xor ebx, ebx ...
    std::vector<uint32_t> calls;
    for (uint32_t i = 0; i < n; i++) {
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
  expect_linear(run, 2000); // the budget of O8 ends the large one
}

TEST(Time, PendingBranchesInTheLargestFrame) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    b.function("f", b.sig({}), open_branches(n, 61440));
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

TEST(Time, LabelsAtEachInstruction) { // 80,000 of them, with six live registers
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    TypeTable& t = b.types();
    Bytes code(n + 3, 0x90);
    code.back() = 0xC3;
    LabelRecord record;
    record.offset = b.function("f", b.sig(std::vector<TypeId>(6, t.i64())), code) + 2;
    for (int32_t r : {1, 2, 6, 7, 8, 9})
      record.live.push_back({r, {LocationType::What::Type, t.i64(), 0}});
    for (uint32_t i = 0; i < n; i++, record.offset++)
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
    append(code, {0x81, 0xFF}); // cmp edi, entries
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
  const uint32_t start = b.function("f", b.sig({t.i32()}), code);
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
  expect_linear([](uint32_t n) { return jumps_through_a_table(n, 5000); }, 1000);
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

// A layout that is too large at its type arguments, asked for by each lea.
TEST(Time, ALayoutThatDoesNotFit) {
  auto run = [](uint32_t n) {
    ObjectBuilder b;
    TypeTable& t = b.types();
    std::vector<Field> fields, large;
    for (uint32_t i = 0; i < 1500; i++)
      fields.push_back({8 * i, t.ptr(t.struct_layout({{8 * i, t.var(0, Kind::P), Mutability::ReadWrite, true}})), Mutability::ReadWrite, false});
    const NamedId wide = t.declare("wide", {Kind::P});
    EXPECT_TRUE(t.define(wide, t.struct_layout(fields)));
    for (uint32_t i = 0; i < 60; i++)
      large.push_back({8 * i, t.i64(), Mutability::ReadWrite, false});
    const TypeId arg = t.ptr(t.struct_layout(large));
    Bytes code;
    for (uint32_t i = 0; i < n; i++)
      append(code, {0x48, 0x8D, 0x47, 0x08}); // lea rax, [rdi + 8]
    code.push_back(0xC3);
    b.function("f", b.sig({t.ptr(t.named(wide, std::span(&arg, 1)))}), code);
    return seconds_per_byte(b);
  };
  expect_linear(run, 10000);
}

} // namespace
