// What the pure integer operations compute, on canonical (zero-extended) values. Used by constant folding and the
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

// Two-operand arithmetic and comparisons, operands of the given width. Nothing for other operations, for a zero divisor, and
// for MIN / -1, which are not defined.
std::optional<uint64_t> evaluate(Op op, unsigned width, uint64_t left, uint64_t right);

} // namespace ir
