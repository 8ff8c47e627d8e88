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

// Where a move between two memory places may pass.
struct Passage {
  mir::Reg reg;
  mir::Place save; // the register's own value goes here meanwhile; None: it has none that matters
};
struct MoveResources {
  std::function<Passage()> passage;
  std::function<mir::Place(bool xmm)> scratch; // a slot to break a cycle; an xmm register serves a cycle of those
};

// Destinations are distinct places. Resources are asked for only where needed. Constants come last.
std::vector<MoveStep> sequence_moves(const std::vector<mir::Move>& moves, const MoveResources& resources);

} // namespace codegen
