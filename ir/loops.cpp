#include "ir/loops.h"

#include <utility>

namespace ir {

// Headers in reverse postorder: an outer header comes before the headers inside it, so that a later loop overwrites
// `innermost` of its blocks and finds its parent there.
Loops::Loops(const Function& function, const Cfg& cfg, const DominatorTree& dominators) : innermost_(function.blocks.size(), UINT32_MAX) {
  for (BlockId header : cfg.rpo()) {
    std::vector<BlockId> sources;
    for (EdgeRef ref : cfg.preds(header))
      if (dominators.dominates(header, ref.from))
        sources.push_back(ref.from);
    if (sources.empty())
      continue;
    Loop loop;
    loop.header = header;
    loop.parent = innermost_[header.value];
    if (loop.parent != UINT32_MAX)
      loop.depth = loops_[loop.parent].depth + 1;
    loops_.push_back(std::move(loop));
    collect(cfg, static_cast<uint32_t>(loops_.size() - 1), std::move(sources));
  }
}

// Everything from which a back edge is reached without passing the header.
void Loops::collect(const Cfg& cfg, uint32_t index, std::vector<BlockId> work) {
  Loop& loop = loops_[index];
  auto add = [&](BlockId block) {
    if (innermost_[block.value] == index)
      return false;
    innermost_[block.value] = index;
    loop.blocks.push_back(block);
    return true;
  };
  add(loop.header);
  std::vector<BlockId> stack;
  for (BlockId source : work)
    if (add(source))
      stack.push_back(source);
  while (!stack.empty()) {
    BlockId block = stack.back();
    stack.pop_back();
    for (EdgeRef ref : cfg.preds(block))
      if (add(ref.from))
        stack.push_back(ref.from);
  }
}

} // namespace ir
