#include "ir/dominators.h"

namespace ir {

DominatorTree::DominatorTree(const Function& function, const Cfg& cfg)
    : idom_(function.blocks.size()), children_(function.blocks.size()), enter_(function.blocks.size()),
      leave_(function.blocks.size()) {
  compute_idoms(cfg);
  for (BlockId block : cfg.rpo())
    if (idom_[block.value].is_valid())
      children_[idom_[block.value].value].push_back(block);
  number_tree(function.entry());
}

// Works on positions in reverse postorder: a dominator has a smaller position.
void DominatorTree::compute_idoms(const Cfg& cfg) {
  const std::vector<BlockId>& rpo = cfg.rpo();
  constexpr uint32_t kNone = UINT32_MAX;
  std::vector<uint32_t> idom(rpo.size(), kNone);
  idom[0] = 0;
  auto intersect = [&](uint32_t a, uint32_t b) {
    while (a != b) {
      while (a > b)
        a = idom[a];
      while (b > a)
        b = idom[b];
    }
    return a;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 1; i < rpo.size(); ++i) {
      uint32_t best = kNone;
      for (EdgeRef ref : cfg.preds(rpo[i])) {
        uint32_t pred = cfg.rpo_index(ref.from);
        if (idom[pred] != kNone)
          best = best == kNone ? pred : intersect(best, pred);
      }
      changed |= idom[i] != best;
      idom[i] = best;
    }
  }
  for (uint32_t i = 1; i < rpo.size(); ++i)
    idom_[rpo[i].value] = rpo[idom[i]];
}

void DominatorTree::number_tree(BlockId root) {
  struct Frame {
    BlockId block;
    uint32_t next = 0;
  };
  uint32_t clock = 0;
  auto enter = [&](BlockId block) {
    enter_[block.value] = ++clock;
    preorder_.push_back(block);
  };
  std::vector<Frame> stack{{root}};
  enter(root);
  while (!stack.empty()) {
    Frame& top = stack.back();
    const std::vector<BlockId>& children = children_[top.block.value];
    if (top.next < children.size()) {
      BlockId child = children[top.next++];
      stack.push_back({child});
      enter(child);
    } else {
      leave_[top.block.value] = clock;
      stack.pop_back();
    }
  }
}

} // namespace ir
