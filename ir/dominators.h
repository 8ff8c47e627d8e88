// The dominator tree: Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
//
// Blocks that are not reachable have no immediate dominator and are dominated by nothing.
#pragma once

#include "ir/cfg.h"

namespace ir {

class DominatorTree {
 public:
  DominatorTree(const Function& function, const Cfg& cfg);

  // None for the entry and for unreachable blocks.
  BlockId immediate_dominator(BlockId block) const { return idom_[block.value]; }
  const std::vector<BlockId>& children(BlockId block) const { return children_[block.value]; }
  // Reflexive; constant time.
  bool dominates(BlockId above, BlockId below) const {
    return enter_[above.value] != 0 && enter_[above.value] <= enter_[below.value] && leave_[below.value] <= leave_[above.value];
  }
  // Blocks in a preorder of the tree: each after its immediate dominator.
  const std::vector<BlockId>& preorder() const { return preorder_; }

 private:
  void compute_idoms(const Cfg& cfg);
  void number_tree(BlockId root);

  std::vector<BlockId> idom_;
  std::vector<std::vector<BlockId>> children_;
  std::vector<uint32_t> enter_, leave_; // depth-first numbers from 1; 0: unreachable
  std::vector<BlockId> preorder_;
};

} // namespace ir
