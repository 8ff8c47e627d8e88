// Conditional counting without a branch: `if (c) n++` is `n += c`, because `bool` is 0 or 1. A processor mispredicts a branch on data
// now and then, which costs as much as fifteen additions.
//
//     br_if c, b1, b2(n)                    v: char = retype c
//   b1:                                     w: int = zext v
//     m = add n, 1                   ->     m = add n, w
//     br b2(m)                              br b2(m)
//
// Only this pattern (also with -1, subtraction, and the condition negated), and nothing else in b1: both ways are cheap, and the
// addition depends on nothing that b1 knows.
#include <algorithm>
#include <optional>

#include "ir/builder.h"
#include "ir/cfg.h"
#include "ir/edit.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

class IfConversion {
 public:
  IfConversion(Module& module, Function& function) : module_(module), function_(function) {}

  bool run() {
    const Cfg cfg(function_);
    for (BlockId id : cfg.rpo())
      if (const std::optional<Counting> found = match(cfg, id)) {
        convert(id, *found);
        changed_ = true;
      }
    return changed_ && (remove_unreachable_blocks(function_), true);
  }

 private:
  struct Counting {
    bool if_true = true; // counts if the condition holds
    size_t argument = 0; // of the edges to the join that differs
    ValueId old_value;
    Op op = Op::Add;     // applied to the old value and the condition
    InstId counting;
  };

  std::optional<int64_t> constant(ValueId v) const {
    const InstId def = function_.value(v).def;
    if (!def.is_valid() || function_.inst(def).op != Op::IConst)
      return std::nullopt;
    return function_.inst(def).imm;
  }

  std::optional<Counting> match(const Cfg& cfg, BlockId id) const {
    const Inst& branch = function_.terminator(id);
    if (branch.op != Op::BrIf || function_.block(id).has_unwind())
      return std::nullopt;
    for (const bool if_true : {true, false}) {
      const Edge &arm = branch.targets[if_true ? 0 : 1], &other = branch.targets[if_true ? 1 : 0];
      if (arm.target == other.target || cfg.preds(arm.target).size() != 1 || !arm.args.empty())
        continue;
      if (std::optional<Counting> found = match_arm(arm.target, other)) {
        found->if_true = if_true;
        return found;
      }
    }
    return std::nullopt;
  }

  // The arm counts one value up or down and goes where the other edge goes.
  std::optional<Counting> match_arm(BlockId arm, const Edge& other) const {
    const Block& block = function_.block(arm);
    const Inst& jump = function_.terminator(arm);
    if (block.has_unwind() || jump.op != Op::Br || jump.targets[0].target != other.target)
      return std::nullopt;
    InstId counting;
    for (InstId inst : block.insts)
      if (function_.inst(inst).op != Op::IConst && !is_terminator(function_.inst(inst).op)) {
        if (counting.is_valid())
          return std::nullopt;
        counting = inst;
      }
    if (!counting.is_valid())
      return std::nullopt;
    std::optional<Counting> found = match_counting(function_.inst(counting));
    const std::vector<ValueId> &counted = jump.targets[0].args, &kept = other.args;
    for (size_t i = 0; found && i < kept.size(); ++i) {
      if (counted[i] == kept[i])
        continue;
      if (counted[i] != function_.inst(counting).result || kept[i] != found->old_value || found->counting.is_valid())
        return std::nullopt;
      found->argument = i;
      found->counting = counting;
    }
    return found && found->counting.is_valid() ? found : std::nullopt;
  }

  std::optional<Counting> match_counting(const Inst& inst) const {
    if ((inst.op != Op::Add && inst.op != Op::Sub) || bit_width(*module_.types, function_.value(inst.result).type.id) < 32)
      return std::nullopt;
    const std::optional<int64_t> step = constant(inst.operands[1]);
    if (!step || (*step != 1 && *step != -1))
      return std::nullopt;
    Counting found;
    found.old_value = inst.operands[0];
    found.op = (inst.op == Op::Add) == (*step == 1) ? Op::Add : Op::Sub;
    return found;
  }

  void convert(BlockId id, const Counting& found) {
    const InstId branch_id = function_.block(id).insts.back();
    function_.block(id).insts.pop_back();
    const Inst branch = function_.inst(branch_id);
    Builder builder(module_, function_);
    builder.set_block(id);
    builder.set_loc(function_.inst(found.counting).loc);
    ValueId condition = branch.operands[0];
    if (!found.if_true)
      condition = builder.emit(Op::Xor, {condition, builder.iconst(frontend::kBoolType, 1)});
    const ValueId byte = builder.emit_typed(Op::Retype, {frontend::kCharType}, {condition});
    const ValueId wide = builder.emit_typed(Op::ZExt, function_.value(found.old_value).type, {byte});
    const ValueId counted = builder.emit(found.op, {found.old_value, wide});
    Edge edge = branch.targets[found.if_true ? 1 : 0];
    edge.args[found.argument] = counted;
    builder.set_loc(branch.loc);
    builder.br(edge.target, std::move(edge.args));
  }

  Module& module_;
  Function& function_;
  bool changed_ = false;
};

} // namespace

bool convert_ifs(Module& module, Function& function) { return IfConversion(module, function).run(); }

} // namespace ir
