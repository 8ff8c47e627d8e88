// What is known about values at the start of blocks, for the label records: which nullable values are not null, which
// indexes are below which length, which divisors are not zero. Selection collects the facts where the code establishes them.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/mir.h"

namespace codegen {

struct ValueFact {
  enum class What : uint8_t {
    NonNull,     // a
    BelowLength, // a < length of b; a and constant: constant < length of b
    AtMostLength, // a <= length of b
    NonZero,     // a
  } what = What::NonNull;
  mir::Place a = {};   // register or constant
  mir::Reg b = {};
  mir::BlockId block = {}; // established in this block: holds on entry to blocks it dominates
  bool on_entry = false; // holds from the start of `block` itself
  // All but NonNull: blocks in which the fact is used. If there are others than `block`, records between carry it.
  std::vector<mir::BlockId> used_in = {};
};

} // namespace codegen
