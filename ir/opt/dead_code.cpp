// Dead code elimination: marks what is needed, starting from instructions with effects, and sweeps the rest. Block parameters
// are needed only if something needed reads them, so circles of parameters that feed each other disappear.
//
// An allocation nobody looks at is removed although it may raise OutOfMemory; a new_array only if its length is a constant
// that is not negative, because that exception is part of the program's meaning.
#include <utility>

#include "ir/cfg.h"
#include "ir/edit.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

class DeadCode {
 public:
  explicit DeadCode(Function& function) : function_(function), cfg_(function), needed_(function.values.size()) {}

  bool run() {
    for (BlockId id : function_.order)
      for (InstId inst : function_.block(id).insts)
        if (has_effect(function_.inst(inst)))
          need_all(function_.inst(inst).operands);
    for (BlockId id : function_.order) // the exception of an unwind target stays, and so does what jumps pass for it
      if (const Block& block = function_.block(id); block.has_unwind())
        need(function_.block(block.unwind.target).params[0]);
    while (!work_.empty()) {
      ValueId value = work_.back();
      work_.pop_back();
      need_inputs(value);
    }
    bool changed = sweep_params();
    changed |= sweep_insts();
    changed |= drop_stale_unwinds(function_);
    return changed;
  }

 private:
  bool has_effect(const Inst& inst) const {
    uint16_t set = info(inst.op).flags;
    if (set & (flags::Term | flags::Writes))
      return true;
    if (!(set & flags::Throws))
      return false;
    return !(set & flags::Alloc) || (inst.op == Op::NewArray && !has_valid_constant_length(inst));
  }
  bool has_valid_constant_length(const Inst& inst) const {
    InstId def = function_.value(inst.operands[0]).def;
    return def.is_valid() && function_.inst(def).op == Op::IConst && function_.inst(def).imm >= 0;
  }

  void need(ValueId v) {
    if (needed_[v.value])
      return;
    needed_[v.value] = true;
    work_.push_back(v);
  }
  void need_all(const std::vector<ValueId>& list) {
    for (ValueId v : list)
      need(v);
  }
  void need_inputs(ValueId v) {
    const Value& value = function_.value(v);
    if (value.def.is_valid())
      return need_all(function_.inst(value.def).operands);
    if (value.block == function_.entry())
      return;
    for (EdgeRef ref : cfg_.preds(value.block))
      if (ValueId arg = edge_arg(function_, ref, value.param_index); arg.is_valid())
        need(arg);
  }

  bool sweep_params() {
    std::vector<DeadParams> dead;
    for (BlockId id : function_.order) {
      if (id == function_.entry())
        continue;
      DeadParams d{id, {}};
      bool any = false;
      const std::vector<ValueId>& params = function_.block(id).params;
      for (size_t i = 0; i < params.size(); ++i) {
        d.remove.push_back(!needed_[params[i].value]);
        any |= d.remove.back();
      }
      if (any)
        dead.push_back(std::move(d));
    }
    if (!dead.empty())
      remove_params(function_, dead);
    return !dead.empty();
  }

  bool sweep_insts() {
    bool changed = false;
    for (BlockId id : function_.order)
      changed |= std::erase_if(function_.block(id).insts, [&](InstId inst_id) {
        const Inst& inst = function_.inst(inst_id);
        return !has_effect(inst) && (!inst.result.is_valid() || !needed_[inst.result.value]);
      }) != 0;
    return changed;
  }

  Function& function_;
  Cfg cfg_;
  std::vector<bool> needed_;
  std::vector<ValueId> work_;
};

} // namespace

bool eliminate_dead_code(Module&, Function& function) { return DeadCode(function).run(); }

} // namespace ir
