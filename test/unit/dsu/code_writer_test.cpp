#include "dsu/runtime/arena.h"
#include "dsu/runtime/code_writer.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace dsu {
namespace {

extern "C" char __executable_start;
extern "C" char end;

Arena& arena() {
  static Arena a;
  static bool ready = [] {
    std::string problem;
    return a.reserve(reinterpret_cast<uintptr_t>(&__executable_start), reinterpret_cast<uintptr_t>(&end), size_t{16} << 20,
                     problem);
  }();
  EXPECT_TRUE(ready);
  return a;
}

// The protection of the mapping that holds `address`, as in /proc/self/maps: "r-xp".
std::string protection(uintptr_t address) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    uintptr_t from, to;
    char mode[8];
    if (sscanf(line.c_str(), "%lx-%lx %7s", &from, &to, mode) == 3 && address >= from && address < to)
      return mode;
  }
  return "";
}

// A page of padding with three functions: f returns 1, g returns 2, call_f calls f.
struct Code {
  uint8_t* text;
  uintptr_t f, g, caller, call_field;

  Code() {
    text = arena().take(page_size);
    std::memset(text, 0xCC, page_size);
    f = put(0x20, {0xB8, 1, 0, 0, 0, 0xC3});  // mov eax, 1; ret
    g = put(0x40, {0xB8, 2, 0, 0, 0, 0xC3});  // mov eax, 2; ret
    caller = put(0x60, {0x48, 0x83, 0xEC, 0x08, 0xE8, 0, 0, 0, 0, 0x48, 0x83, 0xC4, 0x08, 0xC3});  // sub rsp, 8; call f; add rsp, 8; ret
    call_field = caller + 5;
    int32_t rel = static_cast<int32_t>(f - (call_field + 4));
    std::memcpy(reinterpret_cast<void*>(call_field), &rel, 4);
    EXPECT_TRUE(arena().seal({text, page_size}, PROT_READ | PROT_EXEC));
  }
  uintptr_t put(size_t at, std::initializer_list<uint8_t> bytes) {
    std::copy(bytes.begin(), bytes.end(), text + at);
    return reinterpret_cast<uintptr_t>(text + at);
  }
};

int run(uintptr_t entry) { return reinterpret_cast<int (*)()>(entry)(); }

TEST(Arena, IsWithinReachOfTheImage) {
  uintptr_t image = reinterpret_cast<uintptr_t>(&__executable_start);
  int64_t distance = static_cast<int64_t>(arena().start()) - static_cast<int64_t>(image);
  EXPECT_LT(std::abs(distance), int64_t{1} << 31);
}

TEST(Arena, RunsOut) {
  EXPECT_EQ(arena().take(size_t{1} << 30), nullptr);
  EXPECT_EQ(arena().take(0), nullptr);
}

TEST(CodeWriter, RewritesADirectCall) {
  Code code;
  ASSERT_EQ(run(code.caller), 1);
  CodeWriter writer;
  ASSERT_TRUE(writer.add_rel32(code.call_field, code.g, -4));
  writer.prepare();
  writer.prefault();
  EXPECT_EQ(run(code.caller), 1);  // prefaulting changes nothing
  ASSERT_TRUE(writer.commit());
  EXPECT_EQ(run(code.caller), 2);
  EXPECT_EQ(run(code.f), 1);
  EXPECT_EQ(protection(code.f), "r-xp");
}

TEST(CodeWriter, RewritesAReadOnlyPointerBesideCode) {
  Code code;
  auto* cell = reinterpret_cast<uint64_t*>(arena().take(page_size)); // the page after the code
  *cell = code.f;
  ASSERT_TRUE(arena().seal({reinterpret_cast<uint8_t*>(cell), page_size}, PROT_READ));
  const auto address = reinterpret_cast<uintptr_t>(cell);
  CodeWriter writer;
  EXPECT_FALSE(writer.add_pointer(address + 4, code.g));  // could not be written at once
  ASSERT_TRUE(writer.add_pointer(address, code.g));
  ASSERT_TRUE(writer.add_rel32(code.call_field, code.g, -4));
  writer.prepare();
  writer.prefault();
  EXPECT_EQ(*cell, code.f);
  ASSERT_TRUE(writer.commit());
  EXPECT_EQ(*cell, code.g);
  EXPECT_EQ(run(code.caller), 2);
  EXPECT_EQ(protection(address), "r--p");
  EXPECT_EQ(protection(code.f), "r-xp");
}

// attack F59
TEST(CodeWriter, RedirectsAnEntryAndThenAgain) {
  Code code;
  int (*volatile stored)() = reinterpret_cast<int (*)()>(code.f);
  ASSERT_TRUE(has_redirect_room(code.f));
  CodeWriter first;
  ASSERT_TRUE(first.add_redirect(code.f, code.g));
  first.prepare();
  ASSERT_TRUE(first.commit());
  EXPECT_EQ(stored(), 2);
  EXPECT_EQ(run(code.caller), 2);
  ASSERT_TRUE(has_redirect_room(code.f));
  Code other;
  CodeWriter second;
  ASSERT_TRUE(second.add_redirect(code.f, other.f));
  second.prepare();
  ASSERT_TRUE(second.commit());
  EXPECT_EQ(stored(), 1);
}

TEST(CodeWriter, RefusesWhatIsOutOfReach) {
  Code code;
  CodeWriter writer;
  EXPECT_FALSE(writer.add_rel32(code.call_field, code.f + (uintptr_t{1} << 32), -4));
  EXPECT_FALSE(writer.add_redirect(code.f, code.f + (uintptr_t{1} << 32)));
}

// attack F65
TEST(CodeWriter, AnUnmappedPageLeavesAllAsItWas) {
  Code code;
  CodeWriter writer;
  ASSERT_TRUE(writer.add_rel32(code.call_field, code.g, -4));
  void* gone = ::mmap(nullptr, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ::munmap(gone, page_size);
  ASSERT_TRUE(writer.add_rel32(reinterpret_cast<uintptr_t>(gone), reinterpret_cast<uintptr_t>(gone), -4));
  writer.prepare();
  EXPECT_FALSE(writer.commit());
  EXPECT_EQ(run(code.caller), 1);
  EXPECT_EQ(protection(code.f), "r-xp");
}

TEST(CodeWriter, NoRoomWithoutPadding) {
  Code code;
  EXPECT_FALSE(has_redirect_room(code.f + 8));
}

}  // namespace
}  // namespace dsu
