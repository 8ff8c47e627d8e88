// Uses what branches and constants say where the checker of machine code would use it, too:
//   * a block ends behind a check that cannot succeed: what follows becomes `unreachable`;
//   * a branch whose outcome is known becomes a jump;
//   * what is computed from constants becomes a constant: a label says of a register what its declared type says, so the
//     checker forgets there what it knew of a computed value, but a constant is made again where it is used.
//
// Not an optimisation: the checker follows constants, comparisons with constants and null tests, and knows that code behind
// such a check or on such a way never runs; the facts that the check or branch would have established do not exist there, so
// code that relies on them (a load, a division) is refused. This pass knows about constants what the checker knows: values
// defined as such, values that a dominating branch or switch has found equal to one, and what is computed from them.
#include <algorithm>
#include <optional>

#include "ir/builder.h"
#include "ir/dominators.h"
#include "ir/edit.h"
#include "ir/evaluate.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

class KnownFacts {
 public:
  KnownFacts(Module& module, Function& function)
      : module_(module), types_(*module.types), function_(function), cfg_(function), dominators_(function, cfg_),
        learned_(function.values.size()) {}

  bool run() {
    for (BlockId block : dominators_.preorder())
      learn(block);
    bool changed = false;
    for (BlockId block : cfg_.rpo())
      changed |= make_constants(block);
    for (BlockId block : cfg_.rpo())
      changed |= end_behind_failure(block) || decide_branch(block);
    if (changed) {
      drop_stale_unwinds(function_);
      remove_unreachable_blocks(function_);
    }
    return changed;
  }

 private:
  // In the blocks dominated by `from` the value has these bits (null: 0).
  struct Fact {
    BlockId from;
    uint64_t bits;
  };

  // ---- what branches say ----

  void learn(BlockId block) {
    std::span<const EdgeRef> preds = cfg_.preds(block);
    if (preds.size() != 1 || preds[0].is_unwind())
      return;
    const Inst& branch = function_.terminator(preds[0].from);
    if (branch.op == Op::BrIf)
      learn_condition(branch.operands[0], preds[0].slot == 0, block);
    else if (branch.op == Op::Switch && preds[0].slot < branch.keys.size() &&
             !types_.is_union(function_.value(branch.operands[0]).type.id)) // there a key is the number of a case, which is not the value
      add(branch.operands[0], {block, zero_extend(static_cast<uint64_t>(branch.keys[preds[0].slot]), width(branch.operands[0]))});
  }

  void learn_condition(ValueId condition, bool outcome, BlockId block) {
    const Inst* compare = definition(condition);
    if (!compare || compare->op != (outcome ? Op::Eq : Op::Ne))
      return;
    for (int side : {0, 1})
      if (std::optional<uint64_t> bits = defined_constant(compare->operands[1 - side]))
        add(compare->operands[side], {block, *bits});
  }

  void add(ValueId v, Fact fact) { learned_[v.value].push_back(fact); }

  // ---- what is known of a value in a block ----

  const Inst* definition(ValueId v) const {
    InstId def = function_.value(v).def;
    return def.is_valid() ? &function_.inst(def) : nullptr;
  }
  unsigned width(ValueId v) const { return bit_width(types_, function_.value(v).type.id); }

  std::optional<uint64_t> defined_constant(ValueId v) const {
    const Inst* def = definition(v);
    if (def && def->op == Op::IConst)
      return zero_extend(static_cast<uint64_t>(def->imm), width(v));
    return def && def->op == Op::Null ? std::optional<uint64_t>(0) : std::nullopt;
  }

  // Conversions, checks and arithmetic carry on what is known of their operands; the chain is followed a few steps.
  std::optional<uint64_t> known(ValueId v, BlockId block, int steps = 4) const {
    if (std::optional<uint64_t> bits = defined_constant(v))
      return bits;
    for (const Fact& fact : learned_[v.value])
      if (dominators_.dominates(fact.from, block))
        return fact.bits;
    const Inst* def = definition(v);
    if (!def || steps == 0)
      return std::nullopt;
    switch (def->op) {
    case Op::Retype:
    case Op::ZExt:
    case Op::CheckDiv:
    case Op::CheckNull:
    case Op::AssumeNonNull: return known(def->operands[0], block, steps - 1);
    case Op::CheckBounds: return known(def->operands[1], block, steps - 1);
    case Op::Trunc:
    case Op::SExt: {
      std::optional<uint64_t> from = known(def->operands[0], block, steps - 1);
      if (from && def->op == Op::SExt)
        from = static_cast<uint64_t>(sign_extend(*from, width(def->operands[0])));
      return from ? std::optional(zero_extend(*from, width(v))) : from;
    }
    default: return def->operands.size() == 2 && is_pure(def->op) ? known_arithmetic(*def, block, steps - 1) : std::nullopt;
    }
  }

  std::optional<uint64_t> known_arithmetic(const Inst& inst, BlockId block, int steps) const {
    std::optional<uint64_t> right = known(inst.operands[1], block, steps);
    std::optional<uint64_t> left = right ? known(inst.operands[0], block, steps) : right;
    unsigned bits = width(inst.operands[0]); // 0 for references, of which only null is ever known
    return left ? evaluate(inst.op, bits == 0 ? 64 : bits, *left, *right) : left;
  }

  std::optional<uint64_t> known_length(ValueId array, BlockId block) const {
    const Inst* def = definition(array);
    if (def && def->op == Op::ArrayOf)
      return def->operands.size();
    return def && def->op == Op::NewArray ? known(def->operands[0], block) : std::nullopt;
  }

  bool fails(const Inst& inst, BlockId block) const {
    switch (inst.op) {
    case Op::CheckNull:
    case Op::CheckDiv: return known(inst.operands[0], block) == 0;
    case Op::CheckCase: return is_of_another_case(inst);
    case Op::CheckBounds: {
      std::optional<uint64_t> length = known_length(inst.operands[0], block), index = known(inst.operands[1], block);
      return length && index && *index >= *length;
    }
    default: return false;
    }
  }

  // A union made here, of a case without payload or of another one. What a switch found is not asked: a decided switch would leave
  // the payload without the test that codegen needs.
  bool is_of_another_case(const Inst& check) const {
    const Inst* def = definition(check.operands[0]);
    return def && (def->op == Op::UnionConst || def->op == Op::NewUnion) && def->imm != check.imm;
  }

  // ---- the change ----

  bool make_constants(BlockId id) {
    bool changed = false;
    for (InstId i : function_.block(id).insts) {
      Inst& inst = function_.inst(i);
      if (inst.op == Op::IConst || inst.operands.empty() || !(is_pure(inst.op) || inst.op == Op::CheckDiv) ||
          !types_.is_integer(function_.value(inst.result).type.id))
        continue;
      std::optional<uint64_t> bits = known(inst.result, id);
      if (!bits || (inst.op == Op::CheckDiv && *bits == 0))
        continue;
      inst.op = Op::IConst;
      inst.operands.clear();
      inst.imm = normalize_integer(types_, function_.value(inst.result).type.id, *bits);
      changed = true;
    }
    return changed;
  }

  bool end_behind_failure(BlockId id) {
    std::vector<InstId>& insts = function_.block(id).insts;
    for (size_t i = 0; i + 1 < insts.size(); ++i) {
      const Inst& inst = function_.inst(insts[i]);
      if (!fails(inst, id))
        continue;
      if (function_.inst(insts[i + 1]).op == Op::Unreachable)
        return false;
      SourceLoc loc = inst.loc;
      insts.resize(i + 1);
      Builder builder(module_, function_);
      builder.set_block(id);
      builder.set_loc(loc);
      builder.unreachable();
      return true;
    }
    return false;
  }

  bool decide_branch(BlockId id) {
    Inst& inst = function_.terminator(id);
    if (inst.op != Op::BrIf && inst.op != Op::Switch)
      return false;
    if (types_.is_union(function_.value(inst.operands[0]).type.id))
      return decide_case(inst);
    std::optional<uint64_t> bits = known(inst.operands[0], id);
    if (!bits)
      return false;
    size_t taken = inst.op == Op::BrIf ? (*bits != 0 ? 0 : 1) : inst.keys.size();
    for (size_t i = 0; i < inst.keys.size(); ++i)
      if (zero_extend(static_cast<uint64_t>(inst.keys[i]), width(inst.operands[0])) == *bits)
        taken = i;
    make_jump(inst, taken);
    return true;
  }

  bool decide_case(Inst& inst) {
    const Inst* def = definition(inst.operands[0]);
    if (!def || def->op != Op::UnionConst)
      return false;
    auto key = std::find(inst.keys.begin(), inst.keys.end(), def->imm);
    make_jump(inst, static_cast<size_t>(key - inst.keys.begin()));
    return true;
  }

  Module& module_;
  const frontend::TypeStore& types_;
  Function& function_;
  Cfg cfg_;
  DominatorTree dominators_;
  std::vector<std::vector<Fact>> learned_; // by value
};

} // namespace

bool use_known_facts(Module& module, Function& function) { return KnownFacts(module, function).run(); }

} // namespace ir
