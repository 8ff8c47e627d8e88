// Turns moves that happen at once into a sequence.
#pragma once

#include <functional>
#include <vector>

#include "codegen/mir.h"

namespace codegen {

struct MoveStep {
  enum class Kind : uint8_t { Move, Exchange } kind = Kind::Move; // Exchange: both are registers
  mir::Place dst, src;                                            // never both memory
  bool narrow = false;                                            // see mir::Move
};

// Destinations are distinct places. A move between two memory places, or a cycle through one, needs a register for the
// time being: `temporary(n)` gives the n-th one (n = 0, 1), which no move of the set may read or write. Constants come last.
std::vector<MoveStep> sequence_moves(const std::vector<mir::Move>& moves, const std::function<mir::Reg(unsigned)>& temporary);

} // namespace codegen
