// Memory that a patch takes until it is applied or refused, with objects that were made to take much for their size, against what the
// control thread asks for before it looks at one (room_for).
#include "dsu/runtime/server.h"
#include "test/unit/tal/hostile_times.h"
#include "tal/descriptor.h"
#include "tal/function_checker.h"

#include <malloc.h>
#include <new>

using namespace tal;
using namespace tal::test;

namespace {

size_t used = 0, peak = 0;

void count(void* p) {
  if (p == nullptr)
    std::abort();
  used += malloc_usable_size(p) + sizeof(size_t);
  peak = std::max(peak, used);
}

} // namespace

// Not inline: g++ would take the pair for malloc with delete, or new with free.
[[gnu::noinline]] void* operator new(size_t n) {
  void* p = std::malloc(n);
  count(p);
  return p;
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
  used -= p == nullptr ? 0 : malloc_usable_size(p) + sizeof(size_t);
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept { operator delete(p); }

namespace {

// As an update does it: the checker; a copy of the interface, which the program keeps; the link check; descriptors. The request, the
// object in the patch and its copy for rehearsals and regeneration are there besides.
void expect_room(ObjectBuilder& b, const std::string& name) {
  std::string problem, answer = "accepted";
  EXPECT_TRUE(b.a.types.close(&problem)) << problem;
  const Bytes file = write_object(b.image, b.a);
  NativeInterface natives;
  const size_t before = used;
  peak = used;
  VerifyResult result = verify(file, natives);
  if (const auto* error = std::get_if<VerifyError>(&result)) {
    answer = error->rule;
  } else {
    const Interface& interface = std::get<std::unique_ptr<VerifiedObject>>(result)->interface();
    const Interface copy = interface, *const module = &copy;
    (void)link_check({&module, 1}, natives);
    DescriptorTable table;
    (void)make_descriptors(copy, table, problem);
  }
  const size_t needed = peak - before + 4 * file.size(), room = dsu::room_for(file.size());
  if (getenv("TAL_SHOW_TIMES") != nullptr)
    printf("%-24s %8zu bytes, %s: %5.1f times as much, room for %5.1f\n", name.c_str(), file.size(), answer.c_str(),
           static_cast<double>(needed) / static_cast<double>(file.size()), static_cast<double>(room) / static_cast<double>(file.size()));
  EXPECT_LE(needed, room) << name << " of " << file.size() << " bytes, " << answer;
}

TEST(Memory, OfLabels) { // at each instruction, all the same
  for (const uint32_t live : {0, 3, 6, 12})
    for (const uint32_t labels : {5000, 30000, 200000}) {
      ObjectBuilder b;
      TypeTable& t = b.types();
      Bytes code(labels + 3, 0x90);
      code.back() = 0xC3;
      LabelRecord record;
      record.offset = b.function("f", b.sig(std::vector<TypeId>(6, t.i64())), code) + 2;
      record.saved_in_place = live <= 6;
      for (const uint8_t r : {rcx, rdx, rsi, rdi, r8, r9})
        record.live.push_back({r, {LocationType::What::Type, t.i64(), 0}});
      for (const uint8_t r : callee_saved)
        record.live.push_back({r, {LocationType::What::Saved, no_type, r}});
      record.live.resize(live);
      std::sort(record.live.begin(), record.live.end(), [](auto& x, auto& y) { return x.location < y.location; });
      for (uint32_t i = 0; i < labels; i++, record.offset++)
        b.a.labels.push_back(record);
      expect_room(b, std::to_string(live) + " live at labels");
    }
}

// Arguments of imported functions: all types are part of the interface.
void expect_room_for_types(const std::string& name, TypeId (*make)(TypeTable&, uint32_t)) {
  ObjectBuilder b;
  b.function("f", b.sig({}), {0xC3});
  for (uint32_t i = 0; i < 60000; i += 250) {
    std::vector<TypeId> list;
    for (uint32_t k = i; k < i + 250; k++)
      list.push_back(make(b.types(), k));
    b.symbol({"g" + std::to_string(i), SymbolKind::Function, Scope::Import, Section::None, 0, 0, b.sig(list)});
  }
  expect_room(b, name);
}

TEST(Memory, OfTypes) {
  expect_room_for_types("layouts", [](TypeTable& t, uint32_t i) { return t.ptr(t.struct_layout({{i, t.i8()}})); });
  expect_room_for_types("chains", [](TypeTable& t, uint32_t i) {
    TypeId word = t.ptr(t.struct_layout({{i / 40, t.i8()}}));
    for (uint32_t k = 0; k < i % 40; k++)
      word = k % 2 != 0 ? t.rep(word) : t.exn_name(word);
    return word;
  });
  expect_room_for_types("facts", [](TypeTable& t, uint32_t i) {
    Signature s;
    s.args = {t.i64(), t.i64()};
    s.pre = {{SigFact::Of::Value, 0, SigFact::Of::Value, 1, i}};
    return t.fn(t.signature(s));
  });
  expect_room_for_types("names", [](TypeTable& t, uint32_t i) {
    const NamedId id = t.declare("t" + std::to_string(i), {});
    EXPECT_TRUE(t.define(id, t.single(t.i64())));
    return t.ptr(t.named(id));
  });
}

TEST(Memory, OfSymbols) {
  constexpr uint32_t symbols = 30000;
  ObjectBuilder functions, descriptors, representations;
  for (uint32_t i = 0; i < symbols; i++)
    functions.function("f" + std::to_string(i), functions.sig({}), {0xC3});
  expect_room(functions, "functions");

  descriptors.function("f", descriptors.sig({}), {0xC3});
  for (uint32_t i = 0; i < symbols; i++)
    descriptors.symbol({"", SymbolKind::Desc, Scope::Static, Section::None, 0, 0, descriptors.types().string()});
  expect_room(descriptors, "descriptors");

  TypeTable& t = representations.types();
  std::vector<Field> fields;
  for (uint32_t i = 0; i < 300; i++)
    fields.push_back({8 * i, t.ptr(t.struct_layout({{i, t.i8()}}))});
  const TypeId large = t.rep(t.ptr(t.struct_layout(fields)));
  representations.function("f", representations.sig({}), {0xC3});
  for (uint32_t i = 0; i < symbols / 10; i++)
    representations.symbol({"", SymbolKind::Desc, Scope::Static, Section::None, 0, 0, large});
  expect_room(representations, "representations");
}

TEST(Memory, OfLists) {
  constexpr uint32_t items = 200000;
  ObjectBuilder calls, lines, arguments, ranges;
  const uint32_t g = calls.symbol({"g", SymbolKind::Function, Scope::Import, Section::None, 0, 0, calls.sig({})});
  Bytes code{0x48, 0x83, 0xEC, 8};
  for (uint32_t i = 0; i < items / 4; i++)
    append(code, {0xE8, 0, 0, 0, 0});
  append(code, {0x48, 0x83, 0xC4, 8, 0xC3});
  const uint32_t at = calls.function("f", calls.sig({}), code);
  calls.a.files = lines.a.files = {"a"};
  for (uint32_t i = 0; i < items / 4; i++) {
    calls.image.text_relocs.push_back({at + 5 + 5 * i, RelocKind::Pc32, g, -4});
    calls.a.lines.push_back({at + 9 + 5 * i, 0, 1});
  }
  expect_room(calls, "calls and their lines");

  lines.function("f", lines.sig({}), {0xC3});
  arguments.function("f", arguments.sig({}), {0xC3});
  ranges.function("f", ranges.sig({}), {0xC3});
  for (uint32_t i = 0; i < items; i++) {
    lines.a.lines.push_back({i + 1, 0, 1});
    arguments.a.insts.push_back({i + 100, {arguments.types().i64()}});
    ranges.a.eh.push_back({2 * i, 2 * i + 1, 3});
  }
  expect_room(lines, "lines");
  expect_room(arguments, "type arguments");
  expect_room(ranges, "exception ranges");
}

TEST(Memory, OfPendingStates) {
  for (const uint32_t frame : {0, 800, 8000, 61440})
    for (const uint32_t branches : {1, 1000, 20000}) {
      ObjectBuilder b;
      b.function("f", b.sig({}), open_branches(branches, frame));
      expect_room(b, "pending, frame " + std::to_string(frame));
    }
}

} // namespace
