#include "ir/evaluate.h"

#include <gtest/gtest.h>

#include <limits>

#include "frontend/numbers.h"

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

TEST(Evaluate, FollowsIeeeWithZerosInfinitiesAndNans) {
  auto d = [](double x) { return float_bits(x, 64); };
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(evaluate(Op::FAdd, 64, d(-0.0), d(-0.0)), d(-0.0));
  EXPECT_EQ(evaluate(Op::FAdd, 64, d(-0.0), d(0.0)), d(0.0));
  EXPECT_EQ(evaluate(Op::FDiv, 64, d(1), d(-0.0)), d(-inf));
  EXPECT_EQ(evaluate(Op::FNeg, 64, d(0.0), 0), d(-0.0));
  EXPECT_EQ(evaluate(Op::FNeg, 32, 0x3f800000, 0), 0xbf800000u);
  EXPECT_EQ(evaluate(Op::FAdd, 32, 0x4b800000, 0x3f800000), 0x4b800000u); // 2^24 + 1 is not a float
  for (Op op : {Op::FEq, Op::FLt, Op::FLe, Op::FGt, Op::FGe})
    EXPECT_EQ(evaluate(op, 64, d(nan), d(nan)), 0u);
  EXPECT_EQ(evaluate(Op::FNe, 64, d(nan), d(nan)), 1u);
  EXPECT_EQ(evaluate(Op::FEq, 64, d(0.0), d(-0.0)), 1u);
}

TEST(Evaluate, ConvertsFloatingNumbersAsTheHeaderSays) {
  using frontend::float_to_integer;
  EXPECT_EQ(float_to_integer(2.5, false, 32, true), 2u);
  EXPECT_EQ(float_to_integer(3.5, false, 32, true), 4u);
  EXPECT_EQ(float_to_integer(-2.9, true, 32, true), static_cast<uint32_t>(-2));
  EXPECT_EQ(float_to_integer(2147483647.5, false, 32, true), 0x80000000u);
  EXPECT_EQ(float_to_integer(2147483647.5, true, 32, true), 0x7fffffffu);
  EXPECT_EQ(float_to_integer(-1, true, 32, false), 0xffffffffu);
  EXPECT_EQ(float_to_integer(1e30, true, 32, false), 0u);
  EXPECT_EQ(float_to_integer(9223372036854775808.0, true, 64, true), uint64_t{1} << 63);
  EXPECT_EQ(float_to_integer(9223372036854775808.0, true, 64, false), uint64_t{1} << 63);
  EXPECT_EQ(float_to_integer(-9223372036854775808.0, true, 64, false), 0u);
  EXPECT_EQ(float_to_integer(18446744073709551616.0, true, 64, false), 0u);
}

} // namespace
} // namespace ir
