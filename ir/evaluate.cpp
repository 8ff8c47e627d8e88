#include "ir/evaluate.h"

#include <bit>

#include "frontend/numbers.h"
#include "ir/builder.h"

namespace ir {
namespace {

std::optional<uint64_t> divide(Op op, unsigned width, uint64_t left, uint64_t right) {
  if (right == 0)
    return std::nullopt;
  if (op == Op::UDiv)
    return left / right;
  if (op == Op::URem)
    return left % right;
  int64_t a = sign_extend(left, width), b = sign_extend(right, width);
  if (b == -1 && left == uint64_t{1} << (width - 1))
    return std::nullopt;
  return static_cast<uint64_t>(op == Op::SDiv ? a / b : a % b);
}

// Of doubles and, exactly the same, of floats: the double result of two floats rounded to float is what float arithmetic gives.
std::optional<uint64_t> evaluate_float(Op op, unsigned width, double a, double b) {
  switch (op) {
  case Op::FAdd: return float_bits(a + b, width);
  case Op::FSub: return float_bits(a - b, width);
  case Op::FMul: return float_bits(a * b, width);
  case Op::FDiv: return float_bits(a / b, width);
  case Op::FEq: return a == b;
  case Op::FNe: return a != b;
  case Op::FLt: return a < b;
  case Op::FLe: return a <= b;
  case Op::FGt: return a > b;
  case Op::FGe: return a >= b;
  default: return std::nullopt;
  }
}

} // namespace

uint64_t float_bits(double value, unsigned width) {
  return width == 32 ? std::bit_cast<uint32_t>(static_cast<float>(value)) : std::bit_cast<uint64_t>(value);
}

double float_value(uint64_t bits, unsigned width) {
  return width == 32 ? std::bit_cast<float>(static_cast<uint32_t>(bits)) : std::bit_cast<double>(bits);
}

uint64_t evaluate_conversion(Op op, const frontend::TypeStore& types, frontend::TypeId from, frontend::TypeId to, uint64_t value) {
  unsigned from_width = bit_width(types, from), to_width = bit_width(types, to);
  if (op == Op::FResize)
    return float_bits(float_value(value, from_width), to_width);
  if (op != Op::IToF)
    return frontend::float_to_integer(float_value(value, from_width), op == Op::FToIZero, to_width, types.is_signed(to));
  bool is_signed = types.is_signed(from);
  uint64_t extended = is_signed ? static_cast<uint64_t>(sign_extend(value, from_width)) : value;
  // Not by way of double: rounding twice could give another float.
  return to_width == 32 ? std::bit_cast<uint32_t>(frontend::integer_to_float(extended, is_signed))
                        : std::bit_cast<uint64_t>(frontend::integer_to_double(extended, is_signed));
}

std::optional<uint64_t> evaluate(Op op, unsigned width, uint64_t left, uint64_t right) {
  auto wrap = [&](uint64_t bits) { return std::optional(zero_extend(bits, width)); };
  auto truth = [](bool value) { return std::optional<uint64_t>(value); };
  int64_t a = sign_extend(left, width), b = sign_extend(right, width);
  unsigned count = static_cast<unsigned>(right % width);
  switch (op) {
  case Op::Add: return wrap(left + right);
  case Op::Sub: return wrap(left - right);
  case Op::Mul: return wrap(left * right);
  case Op::And: return wrap(left & right);
  case Op::Or: return wrap(left | right);
  case Op::Xor: return wrap(left ^ right);
  case Op::Shl: return wrap(left << count);
  case Op::LShr: return wrap(left >> count);
  case Op::AShr: return wrap(static_cast<uint64_t>(a >> count));
  case Op::SDiv:
  case Op::UDiv:
  case Op::SRem:
  case Op::URem: {
    std::optional<uint64_t> result = divide(op, width, left, right);
    return result ? wrap(*result) : result;
  }
  case Op::Eq: return truth(left == right);
  case Op::Ne: return truth(left != right);
  case Op::SLt: return truth(a < b);
  case Op::SLe: return truth(a <= b);
  case Op::SGt: return truth(a > b);
  case Op::SGe: return truth(a >= b);
  case Op::ULt: return truth(left < right);
  case Op::ULe: return truth(left <= right);
  case Op::UGt: return truth(left > right);
  case Op::UGe: return truth(left >= right);
  case Op::FNeg: return left ^ uint64_t{1} << (width - 1);
  default: return evaluate_float(op, width, float_value(left, width), float_value(right, width));
  }
}

} // namespace ir
