// Which values are live at the borders of blocks.
//
// Live-in does not include the block's own parameters; a value passed on an edge is used at the end of the block the edge
// leaves, not in its target. Computed per use by walking predecessors up to the definition (Boissinot et al., "Computing
// Liveness Sets for SSA-Form Programs", 2011, path exploration), which costs time in proportion to the size of the answer.
#pragma once

#include <span>

#include "ir/cfg.h"

namespace ir {

class Liveness {
 public:
  Liveness(const Function& function, const Cfg& cfg);

  std::span<const ValueId> live_in(BlockId block) const { return live_in_[block.value]; }   // ascending
  std::span<const ValueId> live_out(BlockId block) const { return live_out_[block.value]; } // ascending
  bool is_live_in(BlockId block, ValueId value) const;
  bool is_live_out(BlockId block, ValueId value) const;

 private:
  void explore(const Function& function, const Cfg& cfg, ValueId value, std::span<const BlockId> uses);

  std::vector<std::vector<ValueId>> live_in_, live_out_;
  std::vector<BlockId> work_;
};

} // namespace ir
