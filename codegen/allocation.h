// Register allocation of a function: liveness, intervals, linear scan, and the rewriting of the code with its result.
#pragma once

#include <string>
#include <vector>

#include "codegen/mir.h"

namespace codegen {

// A value and where it is, at the start of a block.
struct LivePlace {
  uint32_t vreg;
  mir::Place place; // register, slot or incoming argument
};

struct AllocatedFunction {
  // By block: the live values on entry, before any move that stands at the start of the block. A spilled value
  // that will be read from its slot again has two entries, its register and its slot.
  std::vector<std::vector<LivePlace>> entry;
};

// Replaces virtual registers by general registers and slots; sets `slots` and `saved`. On a bug (never on account of
// the input) `problem` is set and the function is unusable.
AllocatedFunction allocate_registers(mir::Function& function, std::string& problem);

} // namespace codegen
