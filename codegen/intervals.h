// Live intervals: where each virtual register is live, as ranges of positions, and where it is used.
//
// Positions: the blocks of the layout order follow each other; a block starts with an even position for its label,
// then every instruction has two: `p` (even) where it reads and `p + 1` where it writes. Ranges are half open. An
// operand that dies at an instruction ends at p + 1, its result starts at p + 1: they may share a register.
//
// Splitting and moves happen at even positions only, before the instruction there (or on the edges into a block).
#pragma once

#include <vector>

#include "codegen/liveness.h"
#include "codegen/mir.h"

namespace codegen {

struct Range {
  uint32_t from, to;
};

struct UsePosition {
  uint32_t pos;
  bool needs_register; // false: a memory operand or a move serves as well
  bool wants_register; // false: moves, block arguments
  float weight;        // by loop depth
};

// A piece of a virtual register's lifetime that lives in one place.
struct Interval {
  uint32_t vreg = 0;
  std::vector<Range> ranges;     // in order, disjoint, not adjacent
  std::vector<UsePosition> uses; // in order
  mir::Place place;              // Reg or Slot (number: the virtual register's index until slots are packed)
  uint32_t from() const { return ranges.front().from; }
  uint32_t to() const { return ranges.back().to; }
};

// A wish to be in the same register as another virtual register, or in a general one.
struct Hint {
  mir::Reg other;
  float weight;
};

struct Intervals {
  std::vector<uint32_t> block_from, block_to;    // by block
  std::vector<uint32_t> boundaries;              // block_from in layout order
  std::vector<mir::BlockId> boundary_blocks;     // the same, as blocks
  std::vector<Interval> of_vreg;                 // by virtual register; no ranges: not in use
  std::vector<uint32_t> last_def;                // by virtual register: position of its last definition
  std::vector<bool> read;                        // by virtual register: its value is used somewhere
  std::vector<std::vector<Range>> fixed;         // by general register: where it may not be handed out
  std::vector<std::vector<Hint>> hints;          // by virtual register, best first
};

Intervals build_intervals(const mir::Function& function, const Liveness& liveness);

// Position of the last call of a block that has an unwind edge.
uint32_t unwind_position(const mir::Function& function, const Intervals& intervals, mir::BlockId block);

} // namespace codegen
