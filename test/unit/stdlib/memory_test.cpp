// Allocation: zeroed, kept alive by interior pointers, limits raised as exceptions.
#include "stdlib/runtime/memory.h"

#include <gtest/gtest.h>

#include <cstring>

#include "stdlib/runtime/exceptions.h"
#include "stdlib/runtime/raise.h"

extern "C" {
void* poprt_new(const tal_descriptor* descriptor);
void* poprt_new_array(const tal_descriptor* descriptor, int64_t count, uint64_t init);
}

namespace {

using namespace poprt;

class Memory : public testing::Test {
protected:
  void SetUp() override {
    start_collector();
    poprt_pending = nullptr;
  }
};

constexpr tal_descriptor pair_of_pointers = {16, 0, 1, 0};
constexpr tal_descriptor pair_of_words = {16, 0, 0, 0};
constexpr tal_descriptor bytes = {1, 1, 0, 0};
constexpr tal_descriptor halves = {2, 1, 0, 0};
constexpr tal_descriptor words = {4, 1, 0, 0};
constexpr tal_descriptor pointers = {8, 1, 1, 0};

// attack F53
TEST_F(Memory, ObjectsAreZeroedAlsoWhenReused) {
  for (const tal_descriptor* descriptor : {&pair_of_pointers, &pair_of_words}) {
    for (int i = 0; i < 3'000'000; i++) {
      auto* object = static_cast<uint64_t*>(poprt_new(descriptor));
      ASSERT_EQ(object[0], 0u);
      ASSERT_EQ(object[1], 0u);
      object[0] = object[1] = descriptor->has_pointers ? reinterpret_cast<uint64_t>(object) : ~uint64_t{0};
    }
  }
}

TEST_F(Memory, ArraysAreFilledDensely) {
  auto* b = static_cast<uint8_t*>(poprt_new_array(&bytes, 3, 0xab));
  EXPECT_EQ(*reinterpret_cast<int64_t*>(b), 3);
  EXPECT_EQ(b[8], 0xab);
  EXPECT_EQ(b[10], 0xab);
  auto* h = static_cast<uint8_t*>(poprt_new_array(&halves, 2, 0x1234));
  EXPECT_EQ(*reinterpret_cast<uint32_t*>(h + 8), 0x12341234u);
  auto* w = static_cast<uint8_t*>(poprt_new_array(&words, 1, 0xffffffff));
  EXPECT_EQ(*reinterpret_cast<uint32_t*>(w + 8), 0xffffffffu);
  EXPECT_EQ(*reinterpret_cast<int64_t*>(poprt_new_array(&pointers, 0, 0)), 0);
  EXPECT_EQ(poprt_pending, nullptr);
}

// attack F49
TEST_F(Memory, BadLengthsRaiseInvalidArg) {
  for (const int64_t count : {int64_t{-1}, int64_t{0x80000000}, INT64_MAX, INT64_MIN}) {
    poprt_pending = nullptr;
    EXPECT_EQ(poprt_new_array(&words, count, 0), nullptr);
    ASSERT_NE(poprt_pending, nullptr);
    EXPECT_EQ(poprt_pending->name, &poprt_Core__InvalidArg);
    const auto* text = reinterpret_cast<const String*>(poprt_pending->payload);
    EXPECT_EQ(std::string(text->bytes, static_cast<size_t>(text->length)), "new_array");
  }
}

// Every word of an object is scanned, whatever its size: the chain goes through the last one.
TEST_F(Memory, TheLastWordKeepsObjectsAlive) {
  static uint64_t* chains[16];
  for (uint32_t count = 1; count <= 16; count++) {
    const tal_descriptor descriptor = {8 * count, 0, 1, 0};
    for (int i = 0; i < 1000; i++) {
      auto* cell = static_cast<uint64_t*>(poprt_new(&descriptor));
      cell[count - 1] = reinterpret_cast<uint64_t>(chains[count - 1]);
      chains[count - 1] = cell;
    }
  }
  for (int round = 0; round < 3; round++) {
    collect();
    for (uint32_t count = 1; count <= 16; count++) {
      const tal_descriptor descriptor = {8 * count, 0, 1, 0};
      for (int i = 0; i < 20000; i++)
        std::memset(poprt_new(&descriptor), 0x11, 8 * count);
    }
  }
  for (uint32_t count = 1; count <= 16; count++) {
    int length = 0;
    for (auto* cell = chains[count - 1]; cell != nullptr; cell = reinterpret_cast<uint64_t*>(cell[count - 1])) {
      ASSERT_NE(reinterpret_cast<uint64_t>(cell), 0x1111111111111111u) << "a cell of " << count << " words was freed";
      length++;
    }
    EXPECT_EQ(length, 1000);
  }
}

// The lists of free pointer-free objects are not followed by the collector: none of them may be handed out twice.
TEST_F(Memory, StringsOfManyCollectionsAreDistinct) {
  static String* kept[3000];
  for (uint32_t i = 0; i < 3000; i++) {
    kept[i] = poprt::new_string(8);
    std::memcpy(kept[i]->bytes, &i, sizeof i);
    if (i % 100 == 0)
      collect();
  }
  for (uint32_t i = 0; i < 3000; i++)
    EXPECT_EQ(std::memcmp(kept[i]->bytes, &i, sizeof i), 0);
}

TEST_F(Memory, InteriorPointersKeepObjectsAlive) {
  static uint64_t* inner[1000];  // static data is scanned
  for (auto& place : inner) {
    auto* object = static_cast<uint64_t*>(poprt_new_array(&pointers, 4, 0));
    object[3] = 0x5a5a;
    place = object + 2;
  }
  for (int i = 0; i < 1'000'000; i++)
    static_cast<uint64_t*>(poprt_new_array(&pointers, 4, 0))[3] = 1;
  collect();
  for (auto* place : inner)
    EXPECT_EQ(place[1], 0x5a5au);
}

}  // namespace
