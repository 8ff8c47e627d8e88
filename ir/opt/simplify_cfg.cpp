// Control-flow cleaning: branches whose outcome is known become jumps, jumps to empty blocks go on to where those lead,
// unreachable blocks disappear, straight lines become one block.
//
// An edge out of a block with an unwind edge is left alone: its target is where the result of the throwing instruction
// becomes visible (rule V1 of the verifier).
#include <utility>

#include "ir/cfg.h"
#include "ir/edit.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

class SimplifyCfg {
 public:
  explicit SimplifyCfg(Function& function) : function_(function) {}

  bool run() {
    bool changed = false;
    for (BlockId id : function_.order)
      changed |= fold_branch(id);
    Cfg cfg(function_);
    changed |= remove_unreachable_blocks(function_, cfg);
    if (skip_empty_blocks()) {
      changed = true;
      cfg = Cfg(function_);
      remove_unreachable_blocks(function_, cfg);
    }
    changed |= remove_trivial_params(function_, cfg);
    changed |= merge_blocks(function_, cfg);
    return changed;
  }

 private:
  const Inst* constant(ValueId v) const {
    InstId def = function_.value(v).def;
    return def.is_valid() && function_.inst(def).op == Op::IConst ? &function_.inst(def) : nullptr;
  }

  static bool same_edge(const Edge& a, const Edge& b) { return a.target == b.target && a.args == b.args; }

  bool fold_branch(BlockId id) {
    Inst& inst = function_.terminator(id);
    if (inst.op != Op::BrIf && inst.op != Op::Switch)
      return false;
    size_t taken = inst.targets.size();
    if (const Inst* known = constant(inst.operands[0]))
      taken = taken_target(inst, known->imm);
    else if (all_same(inst))
      taken = 0;
    if (taken == inst.targets.size())
      return false;
    make_jump(inst, taken);
    return true;
  }

  static size_t taken_target(const Inst& inst, int64_t value) {
    if (inst.op == Op::BrIf)
      return value != 0 ? 0 : 1;
    for (size_t i = 0; i < inst.keys.size(); ++i)
      if (inst.keys[i] == value)
        return i;
    return inst.keys.size();
  }
  static bool all_same(const Inst& inst) {
    for (const Edge& e : inst.targets)
      if (!same_edge(e, inst.targets[0]))
        return false;
    return true;
  }

  // A block without parameters that only jumps on.
  bool is_empty_jump(BlockId id) const {
    const Block& block = function_.block(id);
    return id != function_.entry() && block.params.empty() && block.insts.size() == 1 && function_.inst(block.insts[0]).op == Op::Br;
  }

  bool skip_empty_blocks() {
    bool changed = false;
    for (BlockId from : function_.order) {
      if (function_.block(from).has_unwind())
        continue;
      for (Edge& e : function_.terminator(from).targets)
        changed |= skip(e);
    }
    return changed;
  }

  // Bounded, because empty blocks may jump in a circle.
  bool skip(Edge& e) {
    bool changed = false;
    for (int steps = 0; steps < 16 && is_empty_jump(e.target); ++steps) {
      Edge next = function_.terminator(e.target).targets[0];
      if (next.target == e.target)
        break;
      e = std::move(next);
      changed = true;
    }
    return changed;
  }

  Function& function_;
};

} // namespace

bool simplify_cfg(Module&, Function& function) { return SimplifyCfg(function).run(); }

} // namespace ir
