#include "ir/lower/ssa.h"

#include <utility>

#include "ir/cfg.h"
#include "ir/edit.h"

namespace ir::lowering {
namespace {

uint64_t key(BlockId block, Ssa::Variable variable) { return uint64_t{block.value} << 32 | variable; }

} // namespace

Ssa::Variable Ssa::add_variable(frontend::TypeId type) {
  variables_.push_back(type);
  return static_cast<Variable>(variables_.size() - 1);
}

BlockId Ssa::create_block() {
  preds_.emplace_back();
  sealed_.push_back(false);
  return builder_.create_block();
}

bool Ssa::is_dead() const {
  BlockId block = builder_.block();
  return block != function_.entry() && sealed_[block.value] && preds_[block.value].empty();
}

void Ssa::write_in(BlockId block, Variable variable, ValueId value) { definitions_[key(block, variable)] = value; }

ValueId Ssa::read(Variable variable) {
  ValueId value = read_in(builder_.block(), variable);
  drain();
  return value;
}

// Follows single predecessors up to a definition, a join (which gets a parameter, filled later) or an unsealed block.
ValueId Ssa::read_in(BlockId block, Variable variable) {
  std::vector<BlockId>& path = path_;
  path.clear();
  ValueId value;
  for (BlockId at = block; !value.is_valid();) {
    if (auto found = definitions_.find(key(at, variable)); found != definitions_.end()) {
      value = found->second;
      break;
    }
    path.push_back(at);
    const std::vector<EdgeRef>& preds = preds_[at.value];
    if (sealed_[at.value] && preds.size() == 1) {
      at = preds[0].from;
    } else if (sealed_[at.value] && preds.empty()) {
      value = undef(at, variables_[variable]);
    } else {
      value = builder_.add_param(at, {variables_[variable]});
      (sealed_[at.value] ? work_ : incomplete_[at.value]).push_back({at, variable});
    }
  }
  for (BlockId b : path)
    write_in(b, variable, value);
  return value;
}

// Gives the newest parameter of the block, made for `variable`, its argument on every edge.
void Ssa::fill(Variable variable, BlockId block) {
  for (size_t i = 0; i < preds_[block.value].size(); ++i) {
    EdgeRef ref = preds_[block.value][i];
    ValueId value = read_in(ref.from, variable);
    edge(function_, ref).args.push_back(value);
  }
}

// Each call handles one variable, so a block gets at most one new parameter and arguments stay in parameter order.
void Ssa::drain() {
  for (size_t i = 0; i < work_.size(); ++i) {
    Pending pending = work_[i];
    fill(pending.variable, pending.block);
  }
  work_.clear();
}

void Ssa::seal(BlockId block) {
  sealed_[block.value] = true;
  auto found = incomplete_.find(block.value);
  if (found == incomplete_.end())
    return;
  std::vector<Pending> pending = std::move(found->second);
  incomplete_.erase(found);
  for (const Pending& p : pending) {
    fill(p.variable, block);
    drain();
  }
}

ValueId Ssa::undef(BlockId block, frontend::TypeId type) {
  BlockId current = builder_.block();
  builder_.set_block(block);
  ValueId value = builder_.emit_typed(Op::Undef, {type}, {});
  auto& insts = function_.block(block).insts;
  InstId inst = insts.back();
  insts.pop_back();
  insts.insert(insts.begin(), inst);
  builder_.set_block(current);
  return value;
}

void Ssa::add_edges(BlockId from) {
  const std::vector<Edge>& targets = function_.terminator(from).targets;
  for (uint32_t slot = 0; slot < targets.size(); ++slot)
    preds_[targets[slot].target.value].push_back({from, slot});
}

// A block that is in no layout: what is appended to it disappears with it.
void Ssa::start_dead_block() {
  BlockId block = create_block();
  sealed_[block.value] = true;
  builder_.set_block(block);
}

void Ssa::br(BlockId target, std::vector<ValueId> args) {
  builder_.br(target, std::move(args));
  add_edges(builder_.block());
  start_dead_block();
}

void Ssa::br_if(ValueId condition, BlockId if_true, BlockId if_false) {
  builder_.br_if(condition, {if_true, {}}, {if_false, {}});
  add_edges(builder_.block());
  start_dead_block();
}

void Ssa::switch_on(ValueId subject, std::vector<int64_t> keys, const std::vector<BlockId>& targets) {
  std::vector<Edge> edges;
  for (BlockId target : targets)
    edges.push_back({target, {}});
  builder_.switch_on(subject, std::move(keys), std::move(edges));
  add_edges(builder_.block());
  start_dead_block();
}

void Ssa::ret(ValueId value) {
  builder_.ret(value);
  start_dead_block();
}

void Ssa::raise(ValueId exn) {
  builder_.raise(exn);
  start_dead_block();
}

void Ssa::unreachable() {
  builder_.unreachable();
  start_dead_block();
}

void Ssa::split_with_unwind(BlockId handler) {
  BlockId from = builder_.block();
  BlockId next = create_block();
  function_.block(from).unwind.target = handler;
  builder_.br(next);
  preds_[handler.value].push_back({from, EdgeRef::kUnwind});
  preds_[next.value].push_back({from, 0});
  start_sealed(next);
}

void Ssa::finish() {
  const Cfg cfg(function_);
  remove_unreachable_blocks(function_, cfg);
  remove_trivial_params(function_, cfg);
  merge_blocks(function_, cfg);
  compact(function_);
}

} // namespace ir::lowering
