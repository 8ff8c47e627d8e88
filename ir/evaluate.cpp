#include "ir/evaluate.h"

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

} // namespace

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
  default: return std::nullopt;
  }
}

} // namespace ir
