#include "ir/liveness.h"

#include <algorithm>

namespace ir {
namespace {

// Calls visit(value, block) for each use, uses of one block in a row.
template <typename Visit> void for_each_use(const Function& function, const Cfg& cfg, Visit visit) {
  for (BlockId id : cfg.rpo()) {
    const Block& block = function.block(id);
    for (InstId inst : block.insts)
      for (ValueId v : function.inst(inst).operands)
        visit(v, id);
    for_each_edge(function, id, [&](EdgeRef, const Edge& e) {
      for (ValueId v : e.args)
        visit(v, id);
    });
  }
}

} // namespace

Liveness::Liveness(const Function& function, const Cfg& cfg) : live_in_(function.blocks.size()), live_out_(function.blocks.size()) {
  std::vector<std::vector<BlockId>> uses(function.values.size());
  for_each_use(function, cfg, [&](ValueId v, BlockId block) {
    if (function.value(v).block != block && (uses[v.value].empty() || uses[v.value].back() != block))
      uses[v.value].push_back(block);
  });
  for (uint32_t v = 0; v < uses.size(); ++v)
    if (!uses[v].empty())
      explore(function, cfg, {v}, uses[v]);
}

// Values come in ascending order, so a set contains the value exactly if it ends with it.
void Liveness::explore(const Function& function, const Cfg& cfg, ValueId value, std::span<const BlockId> uses) {
  BlockId definition = function.value(value).block;
  auto add = [&](std::vector<ValueId>& set) {
    if (!set.empty() && set.back() == value)
      return false;
    set.push_back(value);
    return true;
  };
  auto enter = [&](BlockId block) {
    if (block != definition && add(live_in_[block.value]))
      work_.push_back(block);
  };
  for (BlockId use : uses)
    enter(use);
  while (!work_.empty()) {
    BlockId block = work_.back();
    work_.pop_back();
    for (EdgeRef ref : cfg.preds(block)) {
      add(live_out_[ref.from.value]);
      enter(ref.from);
    }
  }
}

bool Liveness::is_live_in(BlockId block, ValueId value) const {
  return std::binary_search(live_in_[block.value].begin(), live_in_[block.value].end(), value);
}
bool Liveness::is_live_out(BlockId block, ValueId value) const {
  return std::binary_search(live_out_[block.value].begin(), live_out_[block.value].end(), value);
}

} // namespace ir
