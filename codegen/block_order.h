// Dominators, loops and the layout order of a function's blocks.
#pragma once

#include <vector>

#include "codegen/mir.h"

namespace codegen {

struct Dominators {
  std::vector<uint32_t> idom;     // by block; the entry: itself; unreachable: UINT32_MAX
  std::vector<uint32_t> in, out;  // interval of a walk of the dominator tree
  bool dominates(mir::BlockId a, mir::BlockId b) const { return in[a.value] <= in[b.value] && out[b.value] <= out[a.value]; }
};

// Sets `order`, `preds`, `loop_depth` and `cold` of the blocks (block 0 is the entry): reverse postorder with the blocks of a loop together, those
// that are left by raising and their handlers at the end.
Dominators order_blocks(mir::Function& function);

} // namespace codegen
