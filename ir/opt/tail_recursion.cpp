// Recursion at the end of a function becomes a loop: `return f(y)`, and `return f(y) + x`, where what is still to be added is carried along
// as one more value (additions and multiplications of integers may be regrouped: they wrap).
//
//   f(n): if (n == 0) return a; return f(n - 1) + n      f(n): for (sum = 0; ; sum += n, n -= 1) if (n == 0) return sum + a
//
// Endless recursion stays what it is: running out of stack is a better end than none. Only where no call is left afterwards. So the frames that a trace or an update does not find are all of one function, and
// the function can be inlined. Not in an updateable module, where a runaway state transformer is to be stopped by its stack.
#include <algorithm>
#include <optional>

#include "ir/edit.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

class TailRecursion {
 public:
  TailRecursion(Module& module, Function& function) : module_(module), function_(function) {}

  bool run() {
    if (module_.updateable || !find_sites() || sites_.empty() || !has_other_end())
      return false;
    const BlockId head = function_.entry();
    make_entry(head);
    if (combine_)
      finish_returns();
    for (const Site& site : sites_)
      jump_back(site, head);
    return true;
  }

 private:
  // A call of the function itself whose result, combined with `other` if that is a value, is what the block returns.
  struct Site {
    BlockId block;
    size_t call;      // index in the block
    InstId combining; // none: the result itself is returned
    ValueId other;
  };

  // False if a call cannot be removed.
  bool find_sites() {
    for (BlockId block : function_.order) {
      const std::vector<InstId>& insts = function_.block(block).insts;
      for (size_t i = 0; i < insts.size(); ++i) {
        const Inst& inst = function_.inst(insts[i]);
        if (inst.op == Op::CallIndirect)
          return false;
        if (inst.op != Op::Call)
          continue;
        const std::optional<Site> site = &module_.function(inst.func()) == &function_ ? site_at(block, i) : std::nullopt;
        if (!site)
          return false;
        sites_.push_back(*site);
      }
    }
    return true;
  }

  std::optional<Site> site_at(BlockId block, size_t index) {
    const std::vector<InstId>& insts = function_.block(block).insts;
    const Inst& call = function_.inst(insts[index]);
    if (function_.block(block).has_unwind() || !call.type_args.empty())
      return std::nullopt;
    Site site{block, index, {}, {}};
    ValueId result = call.result;
    for (size_t i = index + 1; i + 1 < insts.size(); ++i) {
      const Inst& inst = function_.inst(insts[i]);
      if (!is_pure(inst.op))
        return std::nullopt;
      if (!result.is_valid() || std::find(inst.operands.begin(), inst.operands.end(), result) == inst.operands.end())
        continue;
      if (site.combining.is_valid() || !may_combine(inst))
        return std::nullopt;
      site.combining = insts[i];
      site.other = inst.operands[inst.operands[0] == result ? 1 : 0];
      result = inst.result;
    }
    if (site.combining.is_valid() && site.other == call.result) // twice the result
      return std::nullopt;
    return returns(block, result) ? std::optional(site) : std::nullopt;
  }

  bool may_combine(const Inst& inst) {
    if ((inst.op != Op::Add && inst.op != Op::Mul) || (combine_ && *combine_ != inst.op))
      return false;
    combine_ = inst.op;
    return true;
  }

  // Does the block return this value, by itself or by a jump to a block that returns its parameter?
  bool returns(BlockId block, ValueId value) const {
    const Inst* last = &function_.terminator(block);
    if (last->op == Op::Br && last->targets[0].args.size() <= 1) {
      const Edge& edge = last->targets[0];
      const Block& target = function_.block(edge.target);
      if (target.insts.size() != 1)
        return false;
      last = &function_.inst(target.insts[0]);
      if (last->op != Op::Ret || edge.args.size() != last->operands.size())
        return false;
      return edge.args.empty() ? !value.is_valid() : last->operands[0] == target.params[0] && edge.args[0] == value;
    }
    if (last->op != Op::Ret)
      return false;
    return last->operands.empty() ? !value.is_valid() : last->operands[0] == value;
  }

  // Can the function end without calling itself again?
  bool has_other_end() const {
    std::vector<bool> recurs(function_.blocks.size());
    for (const Site& site : sites_)
      recurs[site.block.value] = true;
    for (BlockId block : function_.order) {
      if (recurs[block.value])
        continue;
      const Inst& last = function_.terminator(block);
      const auto returns_by = [&](const Edge& edge) { return function_.terminator(edge.target).op == Op::Ret; };
      if (last.op == Op::Raise || (last.op == Op::Ret && block == function_.entry()) || std::any_of(last.targets.begin(), last.targets.end(), returns_by))
        return true;
    }
    return false;
  }

  // A new entry in front of the old one, which becomes the head of the loop.
  void make_entry(BlockId head) {
    const BlockId entry{static_cast<uint32_t>(function_.blocks.size())};
    function_.blocks.emplace_back();
    Edge edge{head, {}};
    for (size_t i = 0; i < function_.block(head).params.size(); ++i)
      edge.args.push_back(add_param(entry, function_.value(function_.block(head).params[i]).type));
    if (combine_) {
      Inst neutral;
      neutral.op = Op::IConst;
      neutral.imm = *combine_ == Op::Mul ? 1 : 0;
      edge.args.push_back(append(entry, std::move(neutral), Type{function_.return_type}));
      sum_ = add_param(head, {function_.return_type});
    }
    Inst jump;
    jump.op = Op::Br;
    jump.loc = function_.loc;
    jump.targets.push_back(std::move(edge));
    append(entry, std::move(jump), std::nullopt);
    function_.order.insert(function_.order.begin(), entry);
  }

  // What is returned is combined with what was left to do; blocks that will not return any more are changed, too, and then overwritten.
  void finish_returns() {
    for (BlockId block : function_.order) {
      if (function_.terminator(block).op != Op::Ret)
        continue;
      const InstId ret = function_.block(block).insts.back();
      function_.block(block).insts.pop_back();
      Inst combine;
      combine.op = *combine_;
      combine.loc = function_.inst(ret).loc;
      combine.operands = {sum_, function_.inst(ret).operands[0]};
      const ValueId total = append(block, std::move(combine), Type{function_.return_type});
      function_.inst(ret).operands[0] = total;
      function_.block(block).insts.push_back(ret);
    }
  }

  void jump_back(const Site& site, BlockId head) {
    std::vector<InstId>& insts = function_.block(site.block).insts;
    const Inst call = function_.inst(insts[site.call]);
    const InstId last = insts.back();
    insts.pop_back();
    if (combine_ && function_.inst(last).op == Op::Ret)
      insts.pop_back(); // what finish_returns added
    std::erase(insts, site.combining);
    insts.erase(insts.begin() + static_cast<std::ptrdiff_t>(site.call));
    Edge edge{head, call.operands};
    if (combine_ && site.combining.is_valid()) {
      Inst combine = function_.inst(site.combining);
      combine.operands = {sum_, site.other};
      edge.args.push_back(append(site.block, std::move(combine), Type{function_.return_type}));
    } else if (combine_) {
      edge.args.push_back(sum_);
    }
    Inst jump;
    jump.op = Op::Br;
    jump.loc = call.loc;
    jump.targets.push_back(std::move(edge));
    append(site.block, std::move(jump), std::nullopt);
  }

  ValueId add_param(BlockId block, Type type) {
    std::vector<ValueId>& params = function_.block(block).params;
    const ValueId param{static_cast<uint32_t>(function_.values.size())};
    function_.values.push_back({type, {}, block, static_cast<uint32_t>(params.size())});
    params.push_back(param);
    return param;
  }

  ValueId append(BlockId block, Inst inst, std::optional<Type> type) {
    const InstId id{static_cast<uint32_t>(function_.insts.size())};
    inst.block = block;
    inst.result = {};
    if (type) {
      inst.result = {static_cast<uint32_t>(function_.values.size())};
      function_.values.push_back({*type, id, block, 0});
    }
    const ValueId result = inst.result;
    function_.insts.push_back(std::move(inst));
    function_.block(block).insts.push_back(id);
    return result;
  }

  Module& module_;
  Function& function_;
  std::vector<Site> sites_;
  std::optional<Op> combine_;
  ValueId sum_;
};

} // namespace

bool make_loops_of_recursion(Module& module, Function& function) {
  const bool changed = TailRecursion(module, function).run();
  if (changed)
    remove_unreachable_blocks(function); // the common return, perhaps
  return changed;
}

} // namespace ir
