// Which virtual registers are live on entry to each block.
//
// Method: for every use, walk backwards over predecessors until the defining block (each register has one). The cost
// is the size of the result, which is what any consumer has to read anyway.
#pragma once

#include <vector>

#include "codegen/mir.h"

namespace codegen {

struct Liveness {
  // By block: indexes of virtual registers in increasing order. Parameters of the block are not in its own list.
  std::vector<std::vector<uint32_t>> live_in;
};

// Needs `preds`. A register used but never defined would be live into the entry block.
Liveness compute_liveness(const mir::Function& function);

} // namespace codegen
