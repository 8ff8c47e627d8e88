// Objects that no assembler text can express: relocations in odd places, and inputs that are small to write and large to check.
// Each refusal has an accepted twin.
#include "object_builder.h"
#include "tal/natives/type_parser.h"

using namespace tal;
using namespace tal::test;

namespace {

// f(ptr {i8}, i64): a branch that is never taken leads over a stretch that is only decoded; `dead` stands in it, at offset 9.
// Behind it, at a label, rax is the pointer and two bytes of checked code start: add [rax], al.
uint32_t function_with_dead_stretch(ObjectBuilder& b, Bytes dead) {
  TypeTable& t = b.types();
  TypeId cell = t.ptr(t.struct_layout({{0, t.i8(), Mutability::ReadWrite, false}}));
  Bytes code = {0x48, 0x89, 0xF8,        // mov rax, rdi
                0x31, 0xC9,              // xor ecx, ecx
                0x85, 0xC9,              // test ecx, ecx
                0x74, 0x00};             // je live: always
  code[8] = static_cast<uint8_t>(dead.size());
  code.insert(code.end(), dead.begin(), dead.end());
  auto live = static_cast<uint32_t>(code.size());
  for (uint8_t byte : {0x00, 0x00, 0xC3}) // add [rax], al; ret
    code.push_back(byte);
  uint32_t at = b.function("f", b.sig({cell}), code);
  LabelRecord label;
  label.offset = at + live;
  label.live = {{0, {LocationType::What::Type, cell, 0}}};
  b.a.labels.push_back(label);
  return at + 9;
}

// attack F35
TEST(Hostile, RelocationOverOpcodesOfAnExcludedStretch) {
  ObjectBuilder twin;
  function_with_dead_stretch(twin, {0x00, 0x00});
  EXPECT_EQ(twin.rule(), "") << twin.message;

  ObjectBuilder b;
  uint32_t dead = function_with_dead_stretch(b, {0x00, 0x00});
  b.image.text_relocs.push_back({dead, RelocKind::Pc32, 0, -4}); // its last two bytes are the checked instruction
  EXPECT_EQ(b.rule(), "O4") << b.message;
}

TEST(Hostile, RelocationOnABranchOfAnExcludedStretch) {
  ObjectBuilder twin;
  uint32_t dead = function_with_dead_stretch(twin, {0xE8, 0, 0, 0, 0, 0xC3}); // call f; ret
  twin.image.text_relocs.push_back({dead + 1, RelocKind::Pc32, 0, -4});
  EXPECT_EQ(twin.rule(), "") << twin.message;

  ObjectBuilder b;
  dead = function_with_dead_stretch(b, {0x0F, 0x84, 0, 0, 0, 0}); // je f
  b.image.text_relocs.push_back({dead + 2, RelocKind::Pc32, 0, -4});
  EXPECT_EQ(b.rule(), "O4") << b.message;
}

// ---- names ---------------------------------------------------------------------------------------------------------

TEST(Hostile, NamesOfTypesAndModulesAreVisibleText) {
  auto rule_of = [](const std::string& module, const std::string& type) {
    ObjectBuilder b;
    b.a.module = module;
    NamedId id = b.types().declare(type, {});
    EXPECT_TRUE(b.types().define(id, b.types().struct_layout({{0, b.types().i64(), Mutability::ReadWrite, false}})));
    b.symbol({"s", SymbolKind::Data, Scope::Import, Section::None, 0, 0, b.types().ptr(b.types().named(id))});
    return b.rule();
  };
  EXPECT_EQ(rule_of("M", "List::t"), "");
  EXPECT_EQ(rule_of(std::string("M\0N", 3), "List::t"), "O7"); // the runtime would know it as M
  EXPECT_EQ(rule_of("M", "List::\x1b[2Jt"), "O7");
}

// ---- resources (R52) -----------------------------------------------------------------------------------------------

TEST(Hostile, TypesInstantiatedToManyLargeLayouts) {
  // N<a> has 4000 fields; each N<t> unrolls to as many. 2^20 nodes alone would allow a table of a hundred gigabytes.
  TypeTable t;
  NamedId n = t.declare("N", {Kind::W});
  TypeId a = t.var(0, Kind::W);
  std::vector<TypeId> components(4000, a);
  ASSERT_TRUE(t.define(n, tuple(t, components)));
  ASSERT_TRUE(t.close());
  TypeId last = t.i64();
  size_t wide = 0;
  for (uint32_t i = 0; i < 2000 && last; i++, wide++) {
    TypeId field = t.ptr(t.struct_layout({{8 * i, t.i64(), Mutability::ReadWrite, false}}));
    last = t.expand(t.named(n, std::span(&field, 1)));
  }
  EXPECT_GE(wide, 900u);
  EXPECT_LE(wide, max_type_parts / 4000);
}

TEST(Hostile, SymbolsThatShareALargeType) {
  // Without a memory of what was searched the checker would look at 20000 times 8000 nodes.
  ObjectBuilder b;
  TypeTable& t = b.types();
  std::vector<TypeId> components;
  for (uint32_t i = 0; i < 4000; i++)
    components.push_back(t.ptr(t.struct_layout({{8 * i, t.i64(), Mutability::ReadWrite, false}})));
  TypeId large = t.ptr(tuple(t, components));
  for (uint32_t i = 0; i < 20000; i++)
    b.symbol({"s" + std::to_string(i), SymbolKind::Data, Scope::Import, Section::None, 0, 0, large});
  EXPECT_EQ(b.rule(), "") << b.message;
}

// attack F66
TEST(Hostile, TheCallersBytesAreNotKept) {
  ObjectBuilder b;
  b.function("f", b.sig({}, b.types().i32()), {0x31, 0xC0, 0xC3}); // xor eax, eax; ret
  VerifyResult r = b.check();
  auto* object = std::get_if<std::unique_ptr<VerifiedObject>>(&r);
  ASSERT_NE(object, nullptr);
  Bytes text((*object)->text().begin(), (*object)->text().end());
  std::fill(b.bytes.begin(), b.bytes.end(), uint8_t{0x0F}); // the file changes after it was verified
  EXPECT_TRUE(std::equal(text.begin(), text.end(), (*object)->text().begin(), (*object)->text().end()));
}

} // namespace
