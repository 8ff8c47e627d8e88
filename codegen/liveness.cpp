#include "codegen/liveness.h"

#include <algorithm>

namespace codegen {

using namespace mir;

namespace {

struct UseSite {
  uint32_t vreg;
  uint32_t block; // where it is live at the start, unless defined there
};

class Walker {
public:
  explicit Walker(const Function& function)
      : function_(function), def_block_(function.vregs.size(), UINT32_MAX) {
    result_.live_in.resize(function.blocks.size());
  }

  Liveness run() {
    for (BlockId id : function_.order) collect(id);
    // By register, so that each live-in list grows in order and its last entry tells whether we were here before.
    std::sort(uses_.begin(), uses_.end(), [](const UseSite& a, const UseSite& b) { return a.vreg < b.vreg; });
    for (const UseSite& use : uses_) walk(use);
    return std::move(result_);
  }

private:
  void define(Reg reg, BlockId block) {
    if (reg.is_virtual()) def_block_[reg.index()] = block.value;
  }
  void use(Reg reg, BlockId block) {
    if (reg.is_virtual()) uses_.push_back({reg.index(), block.value});
  }
  void use(const Place& place, BlockId block) {
    if (place.is_reg()) use(place.as_reg(), block);
  }

  void collect(BlockId id) {
    const Block& block = function_.block(id);
    for (Reg param : block.params) define(param, id);
    for (const Inst& inst : block.insts) {
      if (inst.op == Op::Pcopy) {
        for (const Move& move : function_.copies[inst.extra]) {
          use(move.src, id);
          if (move.dst.is_reg()) define(move.dst.as_reg(), id);
        }
        continue;
      }
      for_each_operand(inst, [&](Reg reg, Role role, bool) { role == Role::Use ? use(reg, id) : define(reg, id); });
    }
    for (const Edge& edge : block.succs)
      for (const Place& arg : edge.args) use(arg, id);
  }

  void walk(const UseSite& use) {
    if (def_block_[use.vreg] == use.block) return;
    pending_.assign(1, use.block);
    while (!pending_.empty()) {
      uint32_t block = pending_.back();
      pending_.pop_back();
      std::vector<uint32_t>& list = result_.live_in[block];
      if (!list.empty() && list.back() == use.vreg) continue;
      list.push_back(use.vreg);
      for (BlockId pred : function_.blocks[block].preds)
        if (def_block_[use.vreg] != pred.value) pending_.push_back(pred.value);
    }
  }

  const Function& function_;
  Liveness result_;
  std::vector<uint32_t> def_block_;
  std::vector<UseSite> uses_;
  std::vector<uint32_t> pending_;
};

} // namespace

Liveness compute_liveness(const Function& function) { return Walker(function).run(); }

} // namespace codegen
