#include "ir/verifier.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "ir/builder.h"
#include "ir/dominators.h"
#include "ir/printer.h"
#include "ir/verifier_impl.h"

namespace ir {
namespace {

using verifying::Report;

// Group S. Nothing is assumed about the function.
class Structure {
 public:
  Structure(const Module& module, const Function& function, Report& report) : module_(module), function_(function), report_(report) {}

  // False if following ids could leave the arrays or blocks are not closed.
  bool check() {
    if (!layout())
      return false;
    size_t before = report_.count();
    std::vector<bool> placed(function_.insts.size());
    for (BlockId id : function_.order)
      block(id, placed);
    entry();
    return report_.count() == before;
  }

 private:
  bool in_range(ValueId v) const { return v.value < function_.values.size(); }

  bool layout() {
    std::vector<bool> seen(function_.blocks.size());
    for (BlockId id : function_.order) {
      if (id.value >= seen.size() || seen[id.value]) {
        report_.error("S1", "the layout names a block twice or one that does not exist");
        return false;
      }
      seen[id.value] = true;
    }
    in_layout_ = std::move(seen);
    return true;
  }

  void entry() {
    report_.at(function_.entry(), {});
    const std::vector<ValueId>& params = function_.block(function_.entry()).params;
    bool same = params.size() == function_.param_types.size();
    for (size_t i = 0; same && i < params.size(); ++i)
      same = in_range(params[i]) && function_.value(params[i]).type == Type{function_.param_types[i]};
    if (!same)
      report_.error("S6", "the parameters of the entry block are not those of the function");
  }

  void block(BlockId id, std::vector<bool>& placed) {
    const Block& block = function_.block(id);
    report_.at(id, {});
    for (uint32_t i = 0; i < block.params.size(); ++i)
      param(id, block.params[i], i);
    if (block.insts.empty())
      return report_.error("S2", "the block is empty");
    for (InstId inst_id : block.insts) {
      report_.at(id, inst_id);
      if (inst_id.value >= function_.insts.size()) {
        report_.error("S1", "instruction id out of range");
        return;
      }
      if (placed[inst_id.value] || function_.inst(inst_id).block != id)
        report_.error("S3", "the instruction is in two blocks or does not know its block");
      placed[inst_id.value] = true;
      if (is_terminator(function_.inst(inst_id).op) != (inst_id == block.insts.back()))
        report_.error("S2", inst_id == block.insts.back() ? "the last instruction is not a terminator" : "terminator inside a block");
      inst(id, inst_id);
    }
    unwind(id);
  }

  void param(BlockId block, ValueId id, uint32_t index) {
    if (!in_range(id))
      return report_.error("S1", "value id out of range");
    const Value& value = function_.value(id);
    if (value.def.is_valid() || value.block != block || value.param_index != index)
      report_.error("S3", "a block parameter does not know its place");
  }

  void inst(BlockId block, InstId id) {
    const Inst& inst = function_.inst(id);
    if (inst.result.is_valid() && (!in_range(inst.result) || function_.value(inst.result).def != id || function_.value(inst.result).block != block))
      report_.error("S3", "the result does not know its instruction");
    if (!std::all_of(inst.operands.begin(), inst.operands.end(), [&](ValueId v) { return in_range(v); }))
      report_.error("S1", "operand id out of range");
    operand_count(inst);
    result_presence(inst);
    attribute(inst);
    if (info(inst.op).attribute == Attribute::Targets)
      targets(inst);
    else if (!inst.targets.empty())
      report_.error("S4", "only terminators have targets");
  }

  void operand_count(const Inst& inst) {
    std::string_view pattern = info(inst.op).operands;
    bool open = pattern.ends_with('*'), optional = pattern.ends_with('?');
    size_t fixed = pattern.size() - (open || optional ? 1 : 0);
    size_t most = open ? SIZE_MAX : fixed + (optional ? 1 : 0);
    if (inst.operands.size() < fixed || inst.operands.size() > most)
      report_.error("S4", "wrong number of operands");
  }

  void result_presence(const Inst& inst) {
    ResultRule rule = info(inst.op).result;
    if (rule == ResultRule::StatedOrNone)
      return;
    if ((rule != ResultRule::None) != inst.result.is_valid())
      report_.error("S4", rule == ResultRule::None ? "the operation has no result" : "the result is missing");
  }

  void attribute(const Inst& inst) {
    size_t limit = SIZE_MAX;
    switch (info(inst.op).attribute) {
    case Attribute::NoAttr:
    case Attribute::Int:
    case Attribute::Real:
    case Attribute::TypeArgs:
    case Attribute::Targets: return;
    case Attribute::Field:
      if (inst.imm < 0)
        report_.error("S4", "negative field index");
      return;
    case Attribute::Func:
    case Attribute::FuncTypeArgs: limit = module_.functions.size(); break;
    case Attribute::Global: limit = module_.globals.size(); break;
    case Attribute::Data: limit = module_.data.size(); break;
    case Attribute::Exception: limit = module_.exceptions.size(); break;
    }
    if (inst.symbol >= limit)
      report_.error("S4", "symbol out of range");
  }

  void targets(const Inst& inst) {
    size_t expected = inst.op == Op::Br ? 1 : inst.op == Op::BrIf ? 2 : inst.keys.size() + 1;
    if (inst.targets.size() != expected)
      return report_.error("S4", "wrong number of targets");
    for (const Edge& e : inst.targets)
      edge(e, 0);
    if (inst.op == Op::Switch && !inst.operands.empty() && in_range(inst.operands[0]))
      keys(inst, function_.value(inst.operands[0]).type.id);
  }

  void keys(const Inst& inst, frontend::TypeId type) {
    std::unordered_set<int64_t> seen;
    for (int64_t key : inst.keys) {
      if (!seen.insert(key).second)
        report_.error("S8", "switch key " + std::to_string(key) + " occurs twice");
      if (module_.types->is_union(type) ? static_cast<uint64_t>(key) >= module_.types->decl_of(type).fields.size()
                                        : normalize_integer(*module_.types, type, static_cast<uint64_t>(key)) != key)
        report_.error("S8", "switch key " + std::to_string(key) + " is not a value of the subject's type");
    }
  }

  void edge(const Edge& e, size_t implicit) {
    if (e.target.value >= function_.blocks.size() || !in_layout_[e.target.value])
      return report_.error("S1", "edge to a block that is not in the layout");
    if (e.target == function_.entry())
      report_.error("S5", "edge to the entry block");
    if (e.args.size() + implicit != function_.block(e.target).params.size())
      report_.error("S5", "the edge's arguments do not match the target's parameters");
    if (!std::all_of(e.args.begin(), e.args.end(), [&](ValueId v) { return in_range(v); }))
      report_.error("S1", "argument id out of range");
  }

  void unwind(BlockId id) {
    const Block& block = function_.block(id);
    if (!block.has_unwind())
      return;
    report_.at(id, {});
    edge(block.unwind, 1);
    if (block.unwind.target.value >= function_.blocks.size())
      return;
    const std::vector<ValueId>& params = function_.block(block.unwind.target).params;
    if (params.empty() || !in_range(params[0]) || function_.value(params[0]).type != Type{frontend::kExnType})
      report_.error("S7", "the first parameter of an unwind target is not an exn");
    if (block.insts.size() < 2 || !may_throw(function_.inst(block.insts[block.insts.size() - 2]).op))
      report_.error("S7", "nothing in a block with an unwind edge throws before its terminator");
    for (size_t i = 0; i + 2 < block.insts.size(); ++i) {
      report_.at(id, block.insts[i]);
      if (may_throw(function_.inst(block.insts[i]).op))
        report_.error("S7", "only the last instruction before the terminator may throw in a block with an unwind edge");
    }
    report_.at(id, block.insts.back());
    if (may_throw(function_.inst(block.insts.back()).op))
      report_.error("S7", "raise in a block with an unwind edge");
  }

  const Module& module_;
  const Function& function_;
  Report& report_;
  std::vector<bool> in_layout_;
};

// Group V. The structure is sound.
class Values {
 public:
  Values(const Function& function, Report& report)
      : function_(function), report_(report), cfg_(function), dominators_(function, cfg_), position_(function.insts.size()) {
    for (BlockId id : function.order)
      for (uint32_t i = 0; i < function.block(id).insts.size(); ++i)
        position_[function.block(id).insts[i].value] = i;
  }

  void check() {
    for (BlockId id : function_.order) {
      report_.at(id, {});
      if (!cfg_.is_reachable(id)) {
        report_.error("V3", "the block is not reachable");
        continue;
      }
      block(id);
    }
  }

 private:
  void block(BlockId id) {
    const Block& block = function_.block(id);
    for (InstId inst_id : block.insts) {
      report_.at(id, inst_id);
      const Inst& inst = function_.inst(inst_id);
      uses(inst.operands, id, position_[inst_id.value]);
      for (const Edge& e : inst.targets)
        uses(e.args, id, position_[inst_id.value]);
      if (inst.op == Op::Undef)
        report_.error("V2", "undef in a reachable block");
    }
    if (!block.has_unwind())
      return;
    report_.at(id, {});
    uses(block.unwind.args, id, static_cast<uint32_t>(block.insts.size() - 2));
  }

  void uses(const std::vector<ValueId>& list, BlockId block, uint32_t position) {
    for (ValueId v : list)
      if (!is_available(v, block, position))
        report_.error("V1", "use of a value whose definition does not dominate it");
  }

  // Is the value defined before instruction number `position` of the block?
  bool is_available(ValueId v, BlockId block, uint32_t position) const {
    const Value& value = function_.value(v);
    if (!value.block.is_valid() || !is_placed(v, value))
      return false;
    if (value.block != block)
      return is_behind_unwind(value) ? passed_normally(value.block, block) : dominators_.dominates(value.block, block);
    return !value.def.is_valid() || position_[value.def.value] < position;
  }

  // The result of an instruction that may have left its block by the unwind edge.
  bool is_behind_unwind(const Value& value) const {
    return value.def.is_valid() && may_throw(function_.inst(value.def).op) && function_.block(value.block).has_unwind();
  }

  // Has every path to `block` left `from` by a normal edge? Yes if a successor that is entered only this way dominates it.
  bool passed_normally(BlockId from, BlockId block) const {
    for (const Edge& e : function_.terminator(from).targets) {
      std::span<const EdgeRef> preds = cfg_.preds(e.target);
      bool only = std::all_of(preds.begin(), preds.end(), [&](EdgeRef ref) { return ref.from == from && !ref.is_unwind(); });
      if (only && dominators_.dominates(e.target, block))
        return true;
    }
    return false;
  }

  // A value whose instruction was removed is not available anywhere.
  bool is_placed(ValueId v, const Value& value) const {
    const Block& block = function_.block(value.block);
    if (!value.def.is_valid())
      return value.param_index < block.params.size() && block.params[value.param_index] == v;
    uint32_t i = position_[value.def.value];
    return i < block.insts.size() && block.insts[i] == value.def;
  }

  const Function& function_;
  Report& report_;
  Cfg cfg_;
  DominatorTree dominators_;
  std::vector<uint32_t> position_;
};

void verify_into(const Module& module, FuncId id, std::vector<VerifyError>& errors) {
  const Function& function = module.function(id);
  if (!function.has_body())
    return;
  Report report(errors, id);
  if (!Structure(module, function, report).check())
    return;
  Values(function, report).check();
  verifying::verify_types(module, function, report);
}

template <typename Entry> void unique_names(const std::vector<Entry>& table, const char* what, std::vector<VerifyError>& errors) {
  std::set<std::string_view> seen;
  for (const Entry& entry : table)
    if (entry.name.empty() || !seen.insert(entry.name).second)
      errors.push_back({"M1", {}, {}, {}, std::string(what) + " `" + entry.name + "` has no name or one in use"});
}

} // namespace

std::vector<VerifyError> verify_function(const Module& module, FuncId function) {
  std::vector<VerifyError> errors;
  verify_into(module, function, errors);
  return errors;
}

std::vector<VerifyError> verify(const Module& module) {
  std::vector<VerifyError> errors;
  unique_names(module.functions, "function", errors);
  unique_names(module.globals, "global", errors);
  unique_names(module.exceptions, "exception", errors);
  verifying::verify_constants(module, errors);
  for (uint32_t i = 0; i < module.functions.size(); ++i)
    verify_into(module, {i}, errors);
  return errors;
}

std::string render(const Module& module, const std::vector<VerifyError>& errors) {
  std::string out;
  FuncId last;
  for (const VerifyError& error : errors) {
    if (!error.function.is_valid()) {
      out += "; ^ " + std::string(error.rule) + ": " + error.text + "\n";
      continue;
    }
    if (error.function == last)
      continue;
    last = error.function;
    PrintOptions options;
    options.annotate = [&](BlockId block, InstId inst) {
      std::string notes;
      for (const VerifyError& e : errors)
        if (e.function == last && e.inst == inst && (e.block == block || (!e.block.is_valid() && !inst.is_valid() && block == module.function(last).entry())))
          notes += "; ^ " + std::string(e.rule) + ": " + e.text + "\n";
      return notes;
    };
    out += print_function(module, module.function(last), options);
  }
  return out;
}

} // namespace ir
