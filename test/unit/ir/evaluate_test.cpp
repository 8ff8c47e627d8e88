#include "ir/evaluate.h"

#include <gtest/gtest.h>

namespace ir {
namespace {

constexpr uint64_t kMin32 = 0x80000000u, kMinusOne32 = 0xffffffffu;

TEST(Evaluate, WrapsAtTheWidth) {
  EXPECT_EQ(evaluate(Op::Add, 32, kMinusOne32, 1), 0u);
  EXPECT_EQ(evaluate(Op::Add, 8, 200, 100), 44u);
  EXPECT_EQ(evaluate(Op::Sub, 32, 0, kMin32), kMin32);
  EXPECT_EQ(evaluate(Op::Mul, 16, 0x1234, 0x100), 0x3400u);
  EXPECT_EQ(evaluate(Op::Add, 64, UINT64_MAX, 2), 1u);
}

TEST(Evaluate, TakesShiftCountsModuloTheWidth) {
  EXPECT_EQ(evaluate(Op::Shl, 32, 1, 33), 2u);
  EXPECT_EQ(evaluate(Op::LShr, 8, 0x80, 9), 0x40u);
  EXPECT_EQ(evaluate(Op::AShr, 8, 0x80, 9), 0xc0u);
  EXPECT_EQ(evaluate(Op::AShr, 64, uint64_t{1} << 63, 63), UINT64_MAX);
}

TEST(Evaluate, DividesTowardZero) {
  EXPECT_EQ(evaluate(Op::SDiv, 32, static_cast<uint32_t>(-7), 2), static_cast<uint32_t>(-3));
  EXPECT_EQ(evaluate(Op::SRem, 32, static_cast<uint32_t>(-7), 2), static_cast<uint32_t>(-1));
  EXPECT_EQ(evaluate(Op::UDiv, 32, static_cast<uint32_t>(-7), 2), 0x7ffffffcu);
}

TEST(Evaluate, DoesNotDefineZeroDivisorsAndMinByMinusOne) {
  EXPECT_EQ(evaluate(Op::SDiv, 32, 5, 0), std::nullopt);
  EXPECT_EQ(evaluate(Op::URem, 32, 5, 0), std::nullopt);
  EXPECT_EQ(evaluate(Op::SDiv, 32, kMin32, kMinusOne32), std::nullopt);
  EXPECT_EQ(evaluate(Op::SRem, 8, 0x80, 0xff), std::nullopt);
}

TEST(Evaluate, ComparesBySignedness) {
  EXPECT_EQ(evaluate(Op::SLt, 32, kMinusOne32, 0), 1u);
  EXPECT_EQ(evaluate(Op::ULt, 32, kMinusOne32, 0), 0u);
  EXPECT_EQ(evaluate(Op::SGt, 8, 0x80, 0x7f), 0u);
}

} // namespace
} // namespace ir
