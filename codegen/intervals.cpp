#include "codegen/intervals.h"

#include <algorithm>
#include <bit>

namespace codegen {

using namespace mir;

namespace {

float depth_weight(uint32_t depth) {
  float weight = 1;
  for (uint32_t i = 0; i < std::min(depth, 6u); ++i) weight *= 8;
  return weight;
}

// Walks the blocks from the last to the first, instructions backwards. Ranges and uses are collected in decreasing
// order and turned round at the end.
class Builder {
public:
  Builder(const Function& function, const Liveness& liveness) : function_(function), liveness_(liveness) {
    size_t blocks = function.blocks.size(), vregs = function.vregs.size();
    result_.block_from.resize(blocks);
    result_.block_to.resize(blocks);
    result_.of_vreg.resize(vregs);
    result_.last_def.resize(vregs);
    result_.read.resize(vregs);
    result_.fixed.resize(physical_registers);
    result_.hints.resize(vregs);
    seen_.resize(vregs, UINT32_MAX);
    for (uint32_t v = 0; v < vregs; ++v) result_.of_vreg[v].vreg = v;
  }

  Intervals run() {
    number();
    for (size_t i = function_.order.size(); i-- > 0;) block(function_.order[i]);
    finish();
    return std::move(result_);
  }

private:
  void number() {
    uint32_t pos = 0;
    for (BlockId id : function_.order) {
      result_.block_from[id.value] = pos;
      result_.boundaries.push_back(pos);
      result_.boundary_blocks.push_back(id);
      pos += 2 * uint32_t(function_.block(id).insts.size() + 1);
      result_.block_to[id.value] = pos;
    }
  }

  void block(BlockId id) {
    const Block& block = function_.block(id);
    from_ = result_.block_from[id.value];
    weight_ = block.cold ? 0.01f : depth_weight(block.loop_depth);
    uint32_t to = result_.block_to[id.value];
    live_out(block, to);
    std::fill(std::begin(physical_end_), std::end(physical_end_), 0);
    for (size_t i = block.insts.size(); i-- > 0;) instruction(block.insts[i], from_ + 2 * uint32_t(i + 1));
    for (Reg param : block.params) define(param, from_, false);
    for (uint32_t r = 0; r < physical_registers; ++r) // arguments on entry, the exception on entry to a pad
      if (physical_end_[r]) add_fixed(r, from_);
  }

  void live_out(const Block& block, uint32_t to) {
    ++stamp_;
    auto out = [&](uint32_t v) {
      if (seen_[v] == stamp_) return;
      seen_[v] = stamp_;
      result_.read[v] = true;
      add_range(v, from_, to);
    };
    for (const Edge& edge : block.succs) {
      for (uint32_t v : liveness_.live_in[edge.target.value]) out(v);
      const std::vector<Reg>& params = function_.block(edge.target).params;
      for (size_t i = 0; i < edge.args.size(); ++i) {
        if (!edge.args[i].is_reg()) continue;
        Reg arg = edge.args[i].as_reg();
        out(arg.index());
        result_.of_vreg[arg.index()].uses.push_back({to - 1, false, false, weight_});
        hint(params[i], arg);
        hint(arg, params[i]);
      }
    }
    if (block.unwind.is_valid())
      for (uint32_t v : liveness_.live_in[block.unwind.value]) out(v);
  }

  void instruction(const Inst& inst, uint32_t pos) {
    RegMask defs = implicit_defs(function_, inst), uses = implicit_uses(function_, inst);
    for (; defs != 0; defs &= defs - 1) define({uint32_t(std::countr_zero(defs))}, pos + 1, true);
    if (inst.op == Op::Pcopy) return copy(function_.copies[inst.extra], pos);
    for_each_operand(inst, [&](Reg reg, Role role, bool) {
      if (role != Role::Use) define(reg, pos + 1, true);
    });
    for_each_operand(inst, [&](Reg reg, Role role, bool may_be_memory) {
      if (role == Role::Use) use(reg, pos, !may_be_memory, true);
      if (role == Role::Modify) use(reg, pos, true, true);
    });
    for (; uses != 0; uses &= uses - 1) use({uint32_t(std::countr_zero(uses))}, pos, true, true);
    if (inst.op == Op::MOV32rr || inst.op == Op::MOV64rr || inst.op == Op::MOVAPSrr) {
      hint(inst.d, inst.b);
      hint(inst.b, inst.d);
    }
  }

  void copy(const std::vector<Move>& moves, uint32_t pos) {
    for (const Move& move : moves)
      if (move.dst.is_reg()) define(move.dst.as_reg(), pos + 1, false);
    for (const Move& move : moves) {
      if (!move.src.is_reg()) continue;
      use(move.src.as_reg(), pos, false, false);
      if (!move.dst.is_reg()) continue;
      hint(move.dst.as_reg(), move.src.as_reg());
      hint(move.src.as_reg(), move.dst.as_reg());
    }
  }

  void hint(Reg reg, Reg other) {
    if (!reg.is_virtual()) return;
    std::vector<Hint>& hints = result_.hints[reg.index()];
    if (hints.empty()) hints.reserve(4);
    hints.push_back({other, weight_});
  }

  void use(Reg reg, uint32_t pos, bool needs, bool wants) {
    if (reg.is_physical()) {
      if (!physical_end_[reg.value]) physical_end_[reg.value] = pos + 1;
      return;
    }
    Interval& interval = result_.of_vreg[reg.index()];
    add_range(reg.index(), from_, pos + 1);
    result_.read[reg.index()] = true;
    add_use(interval, {pos, needs, wants, weight_});
  }

  void define(Reg reg, uint32_t pos, bool needs) {
    if (reg.is_physical()) {
      if (!physical_end_[reg.value]) physical_end_[reg.value] = pos + 1;
      add_fixed(reg.value, pos);
      return;
    }
    Interval& interval = result_.of_vreg[reg.index()];
    result_.last_def[reg.index()] = std::max(result_.last_def[reg.index()], pos);
    if (interval.ranges.empty() || interval.ranges.back().from > pos) interval.ranges.push_back({pos, pos + 1}); // never used
    else interval.ranges.back().from = pos;
    add_use(interval, {pos, needs, needs, weight_});
  }

  static void add_use(Interval& interval, UsePosition use) {
    if (interval.uses.empty()) interval.uses.reserve(4); // most have a definition and one to three uses
    interval.uses.push_back(use);
  }

  void add_fixed(uint32_t r, uint32_t from) {
    std::vector<Range>& fixed = result_.fixed[r];
    if (!fixed.empty() && fixed.back().from <= physical_end_[r]) fixed.back().from = from;
    else fixed.push_back({from, physical_end_[r]});
    physical_end_[r] = 0;
  }

  // Ranges arrive with decreasing `from`, or inside the last one.
  void add_range(uint32_t v, uint32_t from, uint32_t to) {
    std::vector<Range>& ranges = result_.of_vreg[v].ranges;
    if (!ranges.empty() && ranges.back().from <= to) {
      ranges.back().from = std::min(ranges.back().from, from);
      return;
    }
    ranges.push_back({from, to});
  }

  void finish() {
    for (Interval& interval : result_.of_vreg) {
      std::reverse(interval.ranges.begin(), interval.ranges.end());
      std::reverse(interval.uses.begin(), interval.uses.end());
      const auto earlier = [](const UsePosition& a, const UsePosition& b) { return a.pos < b.pos; };
      // Only the operands of one instruction can be out of order.
      if (!std::is_sorted(interval.uses.begin(), interval.uses.end(), earlier)) std::sort(interval.uses.begin(), interval.uses.end(), earlier);
    }
    for (std::vector<Range>& fixed : result_.fixed) std::reverse(fixed.begin(), fixed.end());
    for (std::vector<Hint>& hints : result_.hints)
      std::sort(hints.begin(), hints.end(), [](const Hint& a, const Hint& b) {
        return a.weight != b.weight ? a.weight > b.weight : a.other.value < b.other.value;
      });
  }

  const Function& function_;
  const Liveness& liveness_;
  Intervals result_;
  std::vector<uint32_t> seen_;
  uint32_t stamp_ = 0, from_ = 0;
  uint32_t physical_end_[physical_registers] = {}; // 0: not live
  float weight_ = 1;
};

} // namespace

Intervals build_intervals(const Function& function, const Liveness& liveness) { return Builder(function, liveness).run(); }

uint32_t unwind_position(const Function& function, const Intervals& intervals, BlockId id) {
  const std::vector<Inst>& insts = function.block(id).insts;
  size_t i = insts.size();
  while (i > 0 && !is_call(insts[i - 1])) --i;
  return intervals.block_from[id.value] + 2 * uint32_t(i);
}

} // namespace codegen
