#include "ir/cfg.h"

#include <algorithm>

namespace ir {
ValueId edge_arg(const Function& function, EdgeRef ref, uint32_t index) {
  if (!ref.is_unwind())
    return edge(function, ref).args[index];
  return index == 0 ? ValueId{} : edge(function, ref).args[index - 1];
}

Cfg::Cfg(const Function& function) {
  compute_order(function);
  compute_preds(function);
}

void Cfg::compute_order(const Function& function) {
  struct Frame {
    BlockId block;
    uint32_t next = 0;
  };
  std::vector<bool> seen(function.blocks.size());
  std::vector<Frame> stack;
  stack.reserve(16);
  stack.push_back({function.entry()});
  rpo_.reserve(function.order.size());
  seen[function.entry().value] = true;
  while (!stack.empty()) {
    Frame& top = stack.back();
    const std::vector<Edge>& targets = function.terminator(top.block).targets;
    const bool is_last = top.next > targets.size(); // the unwind edge comes behind the targets
    const BlockId next = is_last ? BlockId{} : top.next < targets.size() ? targets[top.next].target : function.block(top.block).unwind.target;
    ++top.next;
    if (is_last) {
      rpo_.push_back(top.block);
      stack.pop_back();
    } else if (next.is_valid() && !seen[next.value]) {
      seen[next.value] = true;
      stack.push_back({next});
    }
  }
  std::reverse(rpo_.begin(), rpo_.end());
  rpo_index_.assign(function.blocks.size(), UINT32_MAX);
  for (uint32_t i = 0; i < rpo_.size(); ++i)
    rpo_index_[rpo_[i].value] = i;
}

void Cfg::compute_preds(const Function& function) {
  first_.assign(function.blocks.size() + 1, 0);
  for (BlockId from : rpo_)
    for_each_edge(function, from, [&](EdgeRef, const Edge& e) { ++first_[e.target.value + 1]; });
  for (size_t i = 1; i < first_.size(); ++i)
    first_[i] += first_[i - 1];
  edges_.resize(first_.back());
  std::vector<uint32_t> next(first_.begin(), first_.end() - 1);
  for (BlockId from : rpo_)
    for_each_edge(function, from, [&](EdgeRef ref, const Edge& e) { edges_[next[e.target.value]++] = ref; });
}

} // namespace ir
