// The limits of the checker (rule O8): each has a twin one below it.
#include "hostile_times.h"
#include "tal/decoder.h"
#include "tal/function_checker.h"
#include "tal/write/byte_writer.h"

using namespace tal;
using namespace tal::test;

namespace {

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
  EXPECT_EQ(labels_that_say_the_same(60000), "");
  EXPECT_EQ(labels_that_say_the_same(70000), "O5");
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
  EXPECT_EQ(instances_in_static_data(20000), "O6"); // no type is made any more
  EXPECT_EQ(views_at_edges(1000), "");
  EXPECT_EQ(views_at_edges(20000), "O8");
  EXPECT_EQ(openings_of_a_large_package(500), "");
  EXPECT_EQ(openings_of_a_large_package(5000), "C33");
}

} // namespace
