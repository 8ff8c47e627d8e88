// Linear scan register allocation on intervals with holes.
//
// Intervals are taken in order of their start. Each general register knows which ranges of it are taken, so "is it free
// for all of this interval, and if not until where" is a look-up. An interval that finds no register for its whole
// length is split: the first part takes a register as far as it is free, or goes to its spill slot until the next use
// that wants a register. Where that is cheaper, it evicts another interval instead. Split positions move outwards to
// the block boundary with the smallest loop depth, where the moves are made on edges.
//
// A spilled register is stored once, right after its definition (it has one value), so going to memory costs nothing later.
#pragma once

#include <string>
#include <vector>

#include "codegen/intervals.h"

namespace codegen {

struct Allocation {
  std::vector<Interval> pieces;                  // every range of every register, each in one place
  std::vector<std::vector<uint32_t>> of_vreg;    // pieces of a virtual register, in order
  std::vector<bool> spilled;                     // by virtual register: has a spill slot
  std::vector<uint32_t> slot;                    // by virtual register: number of the slot, packed
  uint32_t slots = 0;
  // Which ranges of each general register are taken, fixed ones included, in order.
  std::vector<std::vector<Range>> taken;

  // Where a register lives at a position; None if it is not live there. Slots have their packed number.
  mir::Place place_at(uint32_t vreg, uint32_t pos) const;
  // A register that nothing uses at positions [from, to); invalid if there is none.
  mir::Reg free_register(uint32_t from, uint32_t to, mir::RegMask allowed) const;
};

// The intervals of the virtual registers move into the result; the rest of `intervals` stays. `problem` is set if an instruction needs
// more registers than there are (a bug in instruction selection).
Allocation linear_scan(const mir::Function& function, Intervals& intervals, std::string& problem);

} // namespace codegen
