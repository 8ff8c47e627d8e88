// What the pure operations compute, on values as they are held: integers zero-extended. Used by constant folding and the
// interpreter; codegen has to agree, which differential tests check.
#pragma once

#include <optional>

#include "ir/ir.h"

namespace ir {

// The value with all bits above the width cleared.
constexpr uint64_t zero_extend(uint64_t bits, unsigned width) { return width >= 64 ? bits : bits & ((uint64_t{1} << width) - 1); }
constexpr int64_t sign_extend(uint64_t bits, unsigned width) {
  return width >= 64 ? static_cast<int64_t>(bits) : static_cast<int64_t>(bits << (64 - width)) >> (64 - width);
}

// A float or double is held as its bits, those of a float zero-extended.
uint64_t float_bits(double value, unsigned width);
double float_value(uint64_t bits, unsigned width);

// IToF, FToI.. and FResize of a held value.
uint64_t evaluate_conversion(Op op, const frontend::TypeStore& types, frontend::TypeId from, frontend::TypeId to, uint64_t value);

// Two-operand arithmetic and comparisons and FNeg (the right operand is not looked at), operands of the given width. Nothing for other operations, for a zero divisor, and
// for MIN / -1, which are not defined.
std::optional<uint64_t> evaluate(Op op, unsigned width, uint64_t left, uint64_t right);

} // namespace ir
