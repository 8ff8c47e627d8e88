// Control-flow edges of a function in both directions, and its blocks in reverse postorder.
//
// A Cfg is a snapshot: any change of blocks or edges makes it stale. Unwind edges are edges like the others.
#pragma once

#include <span>

#include "ir/ir.h"

namespace ir {

// The edge of block `from` in position `slot` of its terminator's targets, or its unwind edge.
struct EdgeRef {
  static constexpr uint32_t kUnwind = UINT32_MAX;
  BlockId from;
  uint32_t slot;
  bool is_unwind() const { return slot == kUnwind; }
};

inline Edge& edge(Function& function, EdgeRef ref) {
  return ref.is_unwind() ? function.block(ref.from).unwind : function.terminator(ref.from).targets[ref.slot];
}
inline const Edge& edge(const Function& function, EdgeRef ref) {
  return ref.is_unwind() ? function.block(ref.from).unwind : function.terminator(ref.from).targets[ref.slot];
}
// The argument that the edge passes to parameter `index` of its target; none for the exception of an unwind edge.
ValueId edge_arg(const Function& function, EdgeRef ref, uint32_t index);

// Calls visit(EdgeRef, const Edge&) for each edge leaving the block: the terminator's targets in order, then the unwind edge.
template <typename Visit> void for_each_edge(const Function& function, BlockId from, Visit visit) {
  const Block& block = function.block(from);
  if (!block.insts.empty()) {
    const std::vector<Edge>& targets = function.inst(block.insts.back()).targets;
    for (uint32_t slot = 0; slot < targets.size(); ++slot)
      visit(EdgeRef{from, slot}, targets[slot]);
  }
  if (block.has_unwind())
    visit(EdgeRef{from, EdgeRef::kUnwind}, block.unwind);
}

class Cfg {
 public:
  explicit Cfg(const Function& function);

  // Edges that enter the block, from reachable blocks only.
  std::span<const EdgeRef> preds(BlockId block) const {
    return std::span(edges_).subspan(first_[block.value], first_[block.value + 1] - first_[block.value]);
  }
  // Reachable blocks, the entry first; every block comes before its successors but for back edges.
  const std::vector<BlockId>& rpo() const { return rpo_; }
  // Position in rpo(); UINT32_MAX for unreachable blocks.
  uint32_t rpo_index(BlockId block) const { return rpo_index_[block.value]; }
  bool is_reachable(BlockId block) const { return rpo_index(block) != UINT32_MAX; }

 private:
  void compute_order(const Function& function);
  void compute_preds(const Function& function);

  std::vector<BlockId> rpo_;
  std::vector<uint32_t> rpo_index_;
  std::vector<uint32_t> first_; // preds of block b: edges_[first_[b] .. first_[b + 1])
  std::vector<EdgeRef> edges_;
};

} // namespace ir
