// Loop versioning: in front of a loop one test shows that its index stays below the lengths of the arrays that it indexes;
// then a copy of the loop runs that has no checks, else the loop as it was.
//
//   for (i = s; i < n; i++) .. a[i] ..       if (n <= size(a)) for (i = s; i < n (unsigned); i++) .. a[i] unchecked ..
//                                            for (; i < n; i++) .. a[i] ..
//
// Each turn of the copy tests, as a turn of the original does, but unsigned: a negative index fails, too, so nothing has to be known of
// where the index comes from and how it steps. Where the test fails the original goes on from there, and so it is it that ends the loop
// or raises ArrayBounds, after exactly as many turns as before. The limit is n, or n + 1 where the loop tests i <= n; as an array is
// never longer than 2^31 - 1, a limit that is at most its length is not negative, and below it signed and unsigned order agree.
//
// Innermost loops only, that are left at their head only, without handlers, and small. The head may be executed once more than before,
// so nothing in it may have an effect.
#include <algorithm>
#include <optional>

#include "ir/builder.h"
#include "ir/edit.h"
#include "ir/loops.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

constexpr size_t kLargestLoop = 60, kLargestGrowth = 400; // instructions
constexpr size_t kMostArrays = 3;                         // each is a fact at all labels of the loop

class LoopVersioning {
 public:
  LoopVersioning(Module& module, Function& function)
      : module_(module), function_(function), cfg_(function), loops_(function, cfg_, DominatorTree(function, cfg_)), builder_(module, function) {}

  bool run() {
    std::vector<Plan> plans;
    std::vector<bool> has_inner(loops_.all().size());
    for (const Loop& loop : loops_.all())
      if (loop.parent != UINT32_MAX)
        has_inner[loop.parent] = true;
    size_t growth = 0;
    for (uint32_t i = 0; i < has_inner.size(); ++i) {
      if (has_inner[i])
        continue;
      std::optional<Plan> plan = examine(loops_.all()[i], i);
      if (!plan || growth + plan->size > kLargestGrowth)
        continue;
      growth += plan->size;
      plans.push_back(std::move(*plan));
    }
    for (const Plan& plan : plans)
      apply(plan);
    return !plans.empty();
  }

 private:
  struct Plan {
    const Loop* loop;
    size_t size = 0;
    BlockId body;               // where the head goes if the test holds
    InstId compare;
    ValueId index, limit;       // the loop's test
    bool inclusive = false;     // index <= limit
    std::vector<ValueId> arrays;
  };

  bool is_inside(BlockId block, uint32_t loop) const { return loops_.innermost(block) == loop; } // for innermost loops
  bool is_invariant(ValueId v, uint32_t loop) const { return !is_inside(function_.value(v).block, loop); }
  const Inst* constant(ValueId v) const {
    const Inst* def = definition(original(v));
    return def && def->op == Op::IConst ? def : nullptr;
  }
  const Inst* definition(ValueId v) const {
    const InstId def = function_.value(v).def;
    return def.is_valid() ? &function_.inst(def) : nullptr;
  }
  ValueId original(ValueId v) const {
    for (const Inst* def = definition(v); def && def->op == Op::Retype; def = definition(v))
      v = def->operands[0];
    return v;
  }

  // ---- may it be done, and is there anything to gain? ----

  std::optional<Plan> examine(const Loop& loop, uint32_t number) const {
    Plan plan;
    plan.loop = &loop;
    for (BlockId id : loop.blocks) {
      const Block& block = function_.block(id);
      plan.size += block.insts.size();
      if (block.has_unwind() || plan.size > kLargestLoop)
        return std::nullopt;
      for (const Edge& edge : function_.inst(block.insts.back()).targets)
        if (id != loop.header && !is_inside(edge.target, number))
          return std::nullopt;
    }
    if (!match_test(plan, number) || !may_repeat(loop.header) || !has_usual_entry(loop.header))
      return std::nullopt;
    for (BlockId id : loop.blocks)
      for (InstId inst : function_.block(id).insts)
        if (const Inst& check = function_.inst(inst); is_covered(plan, check) && is_kept(check.operands[0], number) &&
            std::find(plan.arrays.begin(), plan.arrays.end(), check.operands[0]) == plan.arrays.end() && plan.arrays.size() < kMostArrays)
          plan.arrays.push_back(check.operands[0]);
    return plan.arrays.empty() ? std::nullopt : std::optional(std::move(plan));
  }

  bool is_covered(const Plan& plan, const Inst& inst) const {
    return inst.op == Op::CheckBounds && original(inst.operands[1]) == plan.index && inst.block != plan.loop->header &&
           function_.value(inst.result).type.id == frontend::kUIntType;
  }

  // The head ends in a branch into the loop while a parameter of the head is below something that the loop does not change.
  bool match_test(Plan& plan, uint32_t number) const {
    const Inst& branch = function_.terminator(plan.loop->header);
    if (branch.op != Op::BrIf || is_inside(branch.targets[1].target, number))
      return false;
    plan.body = branch.targets[0].target;
    const Inst* compare = definition(branch.operands[0]);
    if (!compare || plan.body == plan.loop->header || cfg_.preds(plan.body).size() != 1 || compare->block != plan.loop->header)
      return false;
    const Op op = compare->op;
    const bool swapped = op == Op::SGt || op == Op::SGe || op == Op::UGt || op == Op::UGe;
    if (!swapped && op != Op::SLt && op != Op::SLe && op != Op::ULt && op != Op::ULe)
      return false;
    plan.compare = function_.value(branch.operands[0]).def;
    plan.inclusive = op == Op::SLe || op == Op::ULe || op == Op::SGe || op == Op::UGe;
    plan.index = original(compare->operands[swapped ? 1 : 0]);
    plan.limit = compare->operands[swapped ? 0 : 1];
    const Value& index = function_.value(plan.index);
    return bit_width(*module_.types, index.type.id) == 32 && !index.def.is_valid() && index.block == plan.loop->header &&
           is_usable_limit(plan.limit, number);
  }

  // The address of static data is made again at each use, so nothing can be known of it from one to the next.
  bool is_kept(ValueId array, uint32_t number) const {
    const Inst* def = definition(array);
    return is_invariant(array, number) && !(def && def->op == Op::DataAddr);
  }

  // Not a constant for which the copy would never run.
  bool is_usable_limit(ValueId v, uint32_t number) const {
    if (const Inst* limit = constant(v))
      return limit->imm > 0 && limit->imm < INT32_MAX;
    return is_invariant(v, number);
  }

  bool may_repeat(BlockId header) const {
    const std::vector<InstId>& insts = function_.block(header).insts;
    return std::all_of(insts.begin(), insts.end() - 1, [&](InstId id) { return is_pure(function_.inst(id).op) && function_.inst(id).op != Op::Open; });
  }

  bool has_usual_entry(BlockId header) const {
    const std::span<const EdgeRef> preds = cfg_.preds(header);
    return header != function_.entry() && std::none_of(preds.begin(), preds.end(), [](EdgeRef ref) { return ref.is_unwind(); });
  }

  // ---- the change ----

  void apply(const Plan& plan) {
    const BlockId header = plan.loop->header;
    values_.assign(function_.values.size(), {});
    blocks_.assign(function_.blocks.size(), {});
    layout_.clear();
    builder_.set_loc(function_.inst(plan.compare).loc);
    const BlockId front = new_block();
    std::vector<ValueId> params;
    for (ValueId param : std::vector<ValueId>(function_.block(header).params))
      params.push_back(builder_.add_param(front, function_.value(param).type));
    for (EdgeRef ref : cfg_.preds(header))
      if (std::find(plan.loop->blocks.begin(), plan.loop->blocks.end(), ref.from) == plan.loop->blocks.end())
        edge(function_, ref).target = front;
    builder_.set_block(front);
    const ValueId limit = test_lengths(plan, params);
    for (BlockId block : plan.loop->blocks)
      blocks_[block.value] = builder_.create_block();
    builder_.br(blocks_[header.value], params);
    copy_loop(plan, limit);
    const auto position = std::find(function_.order.begin(), function_.order.end(), header);
    function_.order.insert(position, layout_.begin(), layout_.end());
  }

  ValueId as(Type type, ValueId v) { return function_.value(v).type == type ? v : builder_.emit_typed(Op::Retype, type, {v}); }

  BlockId new_block() {
    layout_.push_back(builder_.create_block());
    return layout_.back();
  }

  // Leaves the builder where all lengths are known to be enough.
  ValueId test_lengths(const Plan& plan, const std::vector<ValueId>& params) {
    const Type type = function_.value(plan.index).type;
    ValueId limit = plan.limit;
    if (const Inst* known = constant(limit))
      limit = builder_.iconst(type.id, known->imm + (plan.inclusive ? 1 : 0));
    else {
      limit = as(type, limit);
      if (plan.inclusive)
        limit = builder_.emit(Op::Add, {limit, builder_.iconst(type.id, 1)});
    }
    for (ValueId array : plan.arrays) {
      const ValueId length = as(type, builder_.emit_typed(Op::ArrayLength, {frontend::kIntType}, {array}));
      const ValueId exceeds = builder_.emit(Op::UGt, {limit, length});
      const BlockId next = new_block();
      builder_.br_if(exceeds, {plan.loop->header, params}, {next, {}});
      builder_.set_block(next);
      limit = builder_.emit_typed(Op::AssumeLimit, type, {array, limit});
    }
    return limit;
  }

  void copy_loop(const Plan& plan, ValueId limit) {
    std::vector<BlockId> order = plan.loop->blocks;
    std::sort(order.begin(), order.end(), [&](BlockId a, BlockId b) { return cfg_.rpo_index(a) < cfg_.rpo_index(b); });
    for (BlockId id : order) { // dominators first, so that operands are there
      layout_.push_back(blocks_[id.value]);
      for (ValueId param : std::vector<ValueId>(function_.block(id).params))
        values_[param.value] = builder_.add_param(blocks_[id.value], function_.value(param).type);
    }
    for (BlockId id : order) {
      builder_.set_block(blocks_[id.value]);
      if (id == plan.body)
        assume_bounds(plan, limit);
      const std::vector<InstId> insts = function_.block(id).insts;
      for (InstId inst : insts)
        copy(inst, plan);
      if (id == plan.loop->header)
        test_unsigned(plan, limit);
    }
  }

  void assume_bounds(const Plan& plan, ValueId limit) {
    const Type type{frontend::kUIntType};
    const ValueId index = as(type, values_[plan.index.value]);
    proven_.clear();
    for (ValueId array : plan.arrays)
      proven_.push_back(builder_.emit_typed(Op::AssumeBounds, type, {array, index, limit}));
  }

  void copy(InstId id, const Plan& plan) {
    Inst inst = function_.inst(id);
    if (is_covered(plan, inst))
      if (const auto array = std::find(plan.arrays.begin(), plan.arrays.end(), inst.operands[0]); array != plan.arrays.end()) {
        values_[inst.result.value] = proven_[static_cast<size_t>(array - plan.arrays.begin())];
        return;
      }
    for (ValueId& v : inst.operands)
      v = mapped(v);
    for (Edge& target : inst.targets) {
      for (ValueId& v : target.args)
        v = mapped(v);
      if (blocks_[target.target.value].is_valid())
        target.target = blocks_[target.target.value];
    }
    inst.block = builder_.block();
    const InstId copied{static_cast<uint32_t>(function_.insts.size())};
    if (inst.result.is_valid()) {
      const ValueId result{static_cast<uint32_t>(function_.values.size())};
      function_.values.push_back({function_.value(inst.result).type, copied, inst.block, 0});
      values_[inst.result.value] = result;
      inst.result = result;
    }
    function_.block(inst.block).insts.push_back(copied);
    function_.insts.push_back(std::move(inst));
  }

  ValueId mapped(ValueId v) const { return v.value < values_.size() && values_[v.value].is_valid() ? values_[v.value] : v; }

  // The copied head goes on in the copy while the index is below the limit, else to the original.
  void test_unsigned(const Plan& plan, ValueId limit) {
    const BlockId header = blocks_[plan.loop->header.value];
    Edge into = function_.terminator(header).targets[0];
    function_.block(header).insts.pop_back();
    const ValueId below = builder_.emit(Op::ULt, {values_[plan.index.value], limit});
    Edge rest{plan.loop->header, function_.block(header).params};
    builder_.br_if(below, std::move(into), std::move(rest));
  }

  Module& module_;
  Function& function_;
  Cfg cfg_;
  Loops loops_;
  Builder builder_;
  // Of the loop that is being copied: what stands for its values and blocks in the copy, the new blocks in layout order, and the
  // index as one of each array.
  std::vector<ValueId> values_;
  std::vector<BlockId> blocks_, layout_;
  std::vector<ValueId> proven_;
};

} // namespace

bool version_loops(Module& module, Function& function) {
  const auto checks = [&](BlockId block) {
    const std::vector<InstId>& insts = function.block(block).insts;
    return std::any_of(insts.begin(), insts.end(), [&](InstId id) { return function.inst(id).op == Op::CheckBounds; });
  };
  return std::any_of(function.order.begin(), function.order.end(), checks) && LoopVersioning(module, function).run();
}

} // namespace ir
