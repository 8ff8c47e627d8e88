// Dominator-based global value numbering.
//
// A walk over the dominator tree with scoped tables: an expression equal to one computed in a dominating block is replaced
// by it. Three kinds of facts are kept:
//   * pure expressions: valid in everything the block dominates;
//   * checks (null, bounds, division): a repeated check of the same values cannot fail. The result of a throwing instruction
//     exists only behind the normal exit of its block, so in a block with an unwind edge it is entered on the way to the one
//     normal successor. A branch on a comparison with null counts as a check on the side where the value is not null;
//     assume_nonnull marks the place where it is first needed. A switch on a union counts as a check of the case.
//   * loads and stored values: valid until something may have written the place. Each part of memory (memory_parts.h) has a
//     version that stores and calls renew. A block with a single predecessor starts with the predecessor's versions, others
//     with fresh ones.
//
// Facts that the machine-code checker has to follow (checks) are not carried over joins: kept to extended basic blocks they
// are implied by straight-line reasoning and cost no annotations.
#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "ir/dominators.h"
#include "ir/edit.h"
#include "ir/opt/memory_parts.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

struct Expression {
  Op op = Op::Undef;
  frontend::TypeId type;
  uint32_t symbol = 0;
  uint64_t number = 0; // immediate, or the memory version
  std::array<ValueId, 3> operands; // none behind the last
  std::vector<frontend::TypeId> type_args;
  friend bool operator==(const Expression&, const Expression&) = default;
};

// What is numbered has no more operands: loads and checks have not, nor has anything pure.
#define OP(name, text, operands, result, attribute, set) static_assert(sizeof operands <= sizeof "abc" || ((set) & flags::Pure) == 0);
using flags::Pure, flags::Reads, flags::Writes, flags::Alloc, flags::Throws, flags::Term, flags::Commutes, flags::Guarded;
#include "ir/ir.def"

struct ExpressionHash {
  static size_t mix(size_t h, uint64_t v) { return (h ^ v) * 0x9e3779b97f4a7c15ull + (h >> 29); }
  size_t operator()(const Expression& e) const {
    size_t h = mix(static_cast<size_t>(e.op), e.type.value);
    h = mix(mix(h, e.symbol), e.number);
    for (ValueId v : e.operands)
      h = mix(h, v.value);
    for (frontend::TypeId t : e.type_args)
      h = mix(h, t.value);
    return h;
  }
};

// By part of memory.
using Versions = std::array<uint64_t, kPartCount>;

// What an expression is known to equal. `region`: the extended basic block in which the entry may be used (checks, loads).
struct Entry {
  ValueId value;
  uint32_t region;
  uint32_t* newest;  // of the entries of the expression, in the table
  uint32_t previous; // one of them, kNoEntry behind the last
};
constexpr uint32_t kNoEntry = UINT32_MAX;
constexpr uint32_t kAnyRegion = UINT32_MAX;

class ValueNumbering {
 public:
  ValueNumbering(Module& module, Function& function)
      : module_(module), types_(*module.types), function_(function), cfg_(function), dominators_(function, cfg_), replaced_(function),
        versions_at_end_(function.blocks.size()), region_(function.blocks.size()) {}

  bool run() {
    walk_tree();
    replaced_.apply(function_);
    drop_stale_unwinds(function_);
    return changed_;
  }

 private:
  using Table = std::unordered_map<Expression, uint32_t, ExpressionHash>; // the newest entry

  // Entries made since a block was entered are taken back when its subtree is done: they are a stack.
  void walk_tree() {
    struct Frame {
      BlockId block;
      size_t next_child;
      size_t entries;
    };
    std::vector<Frame> stack;
    auto enter = [&](BlockId block) {
      stack.push_back({block, 0, entries_.size()});
      visit(block);
    };
    enter(function_.entry());
    while (!stack.empty()) {
      Frame& top = stack.back();
      const std::vector<BlockId>& children = dominators_.children(top.block);
      if (top.next_child < children.size()) {
        enter(children[top.next_child++]);
        continue;
      }
      unwind_to(top.entries);
      stack.pop_back();
    }
  }

  void unwind_to(size_t mark) {
    for (; entries_.size() > mark; entries_.pop_back())
      *entries_.back().newest = entries_.back().previous;
  }

  void enter(Expression expression, ValueId value, uint32_t region) {
    uint32_t& newest = table_.try_emplace(std::move(expression), kNoEntry).first->second; // references into an unordered_map are stable
    entries_.push_back({value, region, &newest, newest});
    newest = static_cast<uint32_t>(entries_.size() - 1);
  }

  ValueId find(const Expression& expression) const {
    const auto found = table_.find(expression);
    for (uint32_t i = found == table_.end() ? kNoEntry : found->second; i != kNoEntry; i = entries_[i].previous)
      if (entries_[i].region == kAnyRegion || entries_[i].region == current_region_)
        return entries_[i].value;
    return {};
  }

  // ---- blocks ----

  void visit(BlockId id) {
    block_ = id;
    std::span<const EdgeRef> preds = cfg_.preds(id);
    if (preds.size() == 1) {
      region_[id.value] = region_[preds[0].from.value];
      versions_ = versions_at_end_[preds[0].from.value];
    } else {
      region_[id.value] = id.value;
      versions_ = fresh_versions();
    }
    current_region_ = region_[id.value];
    if (preds.size() == 1)
      learn_from_edge(preds[0]);
    std::vector<InstId>& insts = function_.block(id).insts;
    std::erase_if(insts, [&](InstId inst) { return visit_inst(inst); });
    insts.insert(insts.begin(), pending_front_.begin(), pending_front_.end());
    pending_front_.clear();
    pending_null_.reset();
    versions_at_end_[id.value] = versions_;
  }

  Versions fresh_versions() {
    Versions v;
    for (uint64_t& version : v)
      version = ++clock_;
    return v;
  }

  // What holds because control came this way.
  void learn_from_edge(EdgeRef ref) {
    const Block& from = function_.block(ref.from);
    if (from.has_unwind()) {
      if (!ref.is_unwind() && from.insts.size() >= 2)
        enter_result(function_.inst(from.insts[from.insts.size() - 2]));
      return;
    }
    const Inst& branch = function_.inst(from.insts.back());
    if (branch.op == Op::BrIf)
      learn_not_null(branch, ref.slot == 0);
    else if (branch.op == Op::Switch && ref.slot < branch.keys.size())
      learn_case(branch, branch.keys[ref.slot]);
  }

  // Where a switch on a union leads for one case, a check for it cannot fail.
  void learn_case(const Inst& branch, int64_t key) {
    ValueId subject = replaced_.resolve(branch.operands[0]);
    if (!types_.is_union(type(subject).id))
      return;
    Inst check;
    check.op = Op::CheckCase;
    check.operands = {subject};
    check.imm = key;
    check.result = subject;
    enter(expression(check), subject, current_region_);
  }

  void learn_not_null(const Inst& branch, bool outcome) {
    InstId def = function_.value(replaced_.resolve(branch.operands[0])).def;
    if (!def.is_valid())
      return;
    const Inst& compare = function_.inst(def);
    if (compare.op != (outcome ? Op::Ne : Op::Eq))
      return;
    for (int side : {0, 1}) {
      ValueId tested = replaced_.resolve(compare.operands[side]);
      if (is_null(replaced_.resolve(compare.operands[1 - side])) && types_.is_nullable(type(tested).id) && !type(tested).nonnull)
        pending_null_ = tested;
    }
  }
  bool is_null(ValueId v) const {
    InstId def = function_.value(v).def;
    return def.is_valid() && function_.inst(def).op == Op::Null;
  }
  Type type(ValueId v) const { return function_.value(v).type; }

  // ---- instructions ----

  // True: the instruction is to be removed.
  bool visit_inst(InstId id) {
    Inst& inst = function_.inst(id);
    for (ValueId& v : inst.operands)
      v = replaced_.resolve(v);
    switch (inst.op) {
    case Op::LoadField:
    case Op::LoadElem:
    case Op::LoadGlobal: return reuse(inst, current_region_);
    case Op::StoreField:
    case Op::StoreElem:
    case Op::StoreGlobal: store(inst); return false;
    case Op::CheckNull:
      if (pending_null_ == inst.operands[0])
        assume_not_null(); // adds an instruction: the reference is stale
      return reuse(function_.inst(id), current_region_);
    case Op::AssumeNonNull:
    case Op::CheckBounds:
    case Op::CheckCase:
    case Op::CheckDiv: return reuse(inst, current_region_);
    default: break;
    }
    if (info(inst.op).flags & flags::Writes)
      versions_ = fresh_versions();
    return is_pure(inst.op) && !is_recomputed(inst.op) && reuse(inst, kAnyRegion);
  }

  // Cheaper to do again than to keep: addresses are one instruction, and a comparison in front of the branch that uses it
  // costs no more than a test of its kept result. Besides, it is the comparison that teaches the checker something.
  static bool is_recomputed(Op op) {
    return op == Op::DataAddr || op == Op::FuncAddr || op == Op::GlobalAddr || op == Op::ExceptionAddr || op == Op::RepAddr || op == Op::Undef ||
           op == Op::ExnMatches || op == Op::ExnIs || is_comparison(op);
  }

  // The fact of the edge into this block becomes an instruction when it is first needed: at the block's start.
  void assume_not_null() {
    Inst assume;
    assume.op = Op::AssumeNonNull;
    assume.block = block_;
    assume.loc = function_.terminator(cfg_.preds(block_)[0].from).loc;
    assume.operands = {*pending_null_};
    ValueId value{static_cast<uint32_t>(function_.values.size())};
    assume.result = value;
    InstId id{static_cast<uint32_t>(function_.insts.size())};
    function_.values.push_back({{type(*pending_null_).id, true}, id, block_, 0});
    Expression key = expression(assume);
    function_.insts.push_back(std::move(assume));
    pending_front_.push_back(id);
    enter(std::move(key), value, current_region_);
    pending_null_.reset();
  }

  bool reuse(Inst& inst, uint32_t region) {
    Expression key = expression(inst);
    if (ValueId known = find(key); known.is_valid()) {
      replaced_.replace(inst.result, known);
      changed_ = true;
      return true;
    }
    if (!in_unwind_position(inst))
      enter(std::move(key), inst.result, region);
    return false;
  }

  bool in_unwind_position(const Inst& inst) const { return may_throw(inst.op) && function_.block(inst.block).has_unwind(); }

  void enter_result(const Inst& inst) {
    if (inst.op == Op::CheckNull || inst.op == Op::CheckBounds || inst.op == Op::CheckDiv || inst.op == Op::CheckCase)
      if (replaced_.resolve(inst.result) == inst.result)
        enter(expression(inst), inst.result, current_region_);
  }

  // assume_nonnull is the same fact as check_null; the result type need not distinguish checks.
  Expression expression(const Inst& inst) const {
    Expression e;
    e.op = inst.op == Op::AssumeNonNull ? Op::CheckNull : inst.op;
    e.type = type(inst.result).id;
    e.symbol = inst.symbol;
    e.number = static_cast<uint64_t>(inst.imm);
    std::copy(inst.operands.begin(), inst.operands.end(), e.operands.begin());
    e.type_args = inst.type_args;
    if (is_load(inst.op))
      set_place(e, inst);
    if (info(inst.op).flags & flags::Commutes && e.operands[1] < e.operands[0])
      std::swap(e.operands[0], e.operands[1]);
    return e;
  }
  // Loads are told apart by place and by version; a field's index moves to `symbol`, which loads of fields do not use.
  void set_place(Expression& e, const Inst& inst) const {
    if (e.op == Op::LoadField)
      e.symbol = static_cast<uint32_t>(inst.imm);
    e.number = versions_[static_cast<size_t>(part_of(module_, function_, inst))];
  }

  // After a store the place holds the value, and every other place of that part may have changed.
  void store(const Inst& inst) {
    for_each_touched(part_of(module_, function_, inst), [&](Part part) { versions_[static_cast<size_t>(part)] = ++clock_; });
    Expression e;
    ValueId value = inst.operands.back();
    e.op = inst.op == Op::StoreField ? Op::LoadField : inst.op == Op::StoreElem ? Op::LoadElem : Op::LoadGlobal;
    e.type = type(value).id;
    e.symbol = inst.symbol;
    std::copy(inst.operands.begin(), inst.operands.end() - 1, e.operands.begin());
    set_place(e, inst);
    enter(std::move(e), value, current_region_);
  }

  const Module& module_;
  const frontend::TypeStore& types_;
  Function& function_;
  Cfg cfg_;
  DominatorTree dominators_;
  Replacements replaced_;
  Table table_;
  std::vector<Entry> entries_;
  std::vector<Versions> versions_at_end_;
  std::vector<uint32_t> region_; // by block: the head of its extended basic block
  Versions versions_{};
  uint64_t clock_ = 0;
  BlockId block_;
  uint32_t current_region_ = 0;
  std::optional<ValueId> pending_null_;
  std::vector<InstId> pending_front_;
  bool changed_ = false;
};

} // namespace

bool number_values(Module& module, Function& function) { return ValueNumbering(module, function).run(); }

} // namespace ir
