// Natural loops: a back edge goes to a block that dominates its source; loops with one header are one loop.
// Cycles that no block dominates are not loops here (lowering makes none).
#pragma once

#include "ir/dominators.h"

namespace ir {

struct Loop {
  BlockId header;
  uint32_t parent = UINT32_MAX; // index of the loop around it
  uint32_t depth = 1;
  std::vector<BlockId> blocks;  // the header first; inner loops' blocks included
};

class Loops {
 public:
  Loops(const Function& function, const Cfg& cfg, const DominatorTree& dominators);

  // Outer loops before inner ones.
  const std::vector<Loop>& all() const { return loops_; }
  // The innermost loop of the block: an index into all(), or UINT32_MAX.
  uint32_t innermost(BlockId block) const { return innermost_[block.value]; }
  uint32_t depth(BlockId block) const { return innermost(block) == UINT32_MAX ? 0 : loops_[innermost(block)].depth; }

 private:
  void collect(const Cfg& cfg, uint32_t index, std::vector<BlockId> work);

  std::vector<Loop> loops_;
  std::vector<uint32_t> innermost_;
};

} // namespace ir
