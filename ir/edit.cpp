#include "ir/edit.h"

#include <algorithm>
#include <utility>

#include "ir/cfg.h"

namespace ir {

void Replacements::replace(ValueId value, ValueId with) {
  to_[value.value] = with;
  empty_ = false;
}

ValueId Replacements::resolve(ValueId value) {
  if (value.value >= to_.size())
    return value;
  ValueId end = value;
  while (end.value < to_.size() && to_[end.value].is_valid())
    end = to_[end.value];
  while (value != end) { // path compression
    ValueId next = to_[value.value];
    to_[value.value] = end;
    value = next;
  }
  return end;
}

void Replacements::apply(Function& function) {
  if (empty_)
    return;
  auto rewrite = [&](std::vector<ValueId>& list) {
    for (ValueId& v : list)
      v = resolve(v);
  };
  for (BlockId id : function.order) {
    for (InstId inst_id : function.block(id).insts) {
      Inst& inst = function.inst(inst_id);
      rewrite(inst.operands);
      for (Edge& e : inst.targets)
        rewrite(e.args);
    }
    rewrite(function.block(id).unwind.args);
  }
}

namespace {

template <typename Element> void remove_flagged(std::vector<Element>& list, const std::vector<bool>& remove, size_t offset) {
  size_t kept = 0;
  for (size_t i = 0; i < list.size(); ++i)
    if (!remove[i + offset])
      list[kept++] = list[i];
  list.resize(kept);
}

} // namespace

void remove_params(Function& function, const std::vector<DeadParams>& dead) {
  std::vector<const std::vector<bool>*> remove(function.blocks.size());
  for (const DeadParams& d : dead) {
    remove[d.block.value] = &d.remove;
    auto& params = function.block(d.block).params;
    remove_flagged(params, d.remove, 0);
    for (uint32_t i = 0; i < params.size(); ++i)
      function.value(params[i]).param_index = i;
  }
  for (BlockId id : function.order) {
    Block& block = function.block(id);
    for (Edge& e : function.terminator(id).targets)
      if (remove[e.target.value])
        remove_flagged(e.args, *remove[e.target.value], 0);
    if (block.has_unwind() && remove[block.unwind.target.value])
      remove_flagged(block.unwind.args, *remove[block.unwind.target.value], 1);
  }
}

bool remove_unreachable_blocks(Function& function) { return remove_unreachable_blocks(function, Cfg(function)); }

bool remove_unreachable_blocks(Function& function, const Cfg& cfg) {
  if (cfg.rpo().size() == function.order.size())
    return false;
  std::erase_if(function.order, [&](BlockId id) { return !cfg.is_reachable(id); });
  return true;
}

namespace {

// Work list algorithm: when a parameter falls to a value, the parameters it is passed to are looked at again.
class TrivialParams {
 public:
  TrivialParams(Function& function, const Cfg& cfg) : function_(function), cfg_(cfg), replaced_(function) {}

  bool run() {
    collect_users();
    for (BlockId block : cfg_.rpo())
      if (block != function_.entry())
        for (ValueId param : function_.block(block).params)
          examine(param);
    while (!work_.empty()) {
      ValueId param = work_.back();
      work_.pop_back();
      examine(param);
    }
    return remove_replaced();
  }

 private:
  void collect_users() {
    users_.resize(function_.values.size());
    for (BlockId from : cfg_.rpo())
      for_each_edge(function_, from, [&](EdgeRef ref, const Edge& e) {
        const std::vector<ValueId>& params = function_.block(e.target).params;
        for (uint32_t i = ref.is_unwind() ? 1 : 0; i < params.size(); ++i)
          if (ValueId arg = edge_arg(function_, ref, i); !function_.value(arg).def.is_valid())
            users_[arg.value].push_back(params[i]);
      });
  }

  // The one value other than itself that the parameter receives; none if there are several.
  ValueId only_value(ValueId param) {
    const Value& value = function_.value(param);
    ValueId only;
    for (EdgeRef ref : cfg_.preds(value.block)) {
      ValueId arg = edge_arg(function_, ref, value.param_index);
      if (!arg.is_valid())
        return {};
      arg = replaced_.resolve(arg);
      if (arg == param || arg == only)
        continue;
      if (only.is_valid())
        return {};
      only = arg;
    }
    return only;
  }

  void examine(ValueId param) {
    if (replaced_.resolve(param) != param)
      return;
    ValueId only = only_value(param);
    if (!only.is_valid())
      return;
    replaced_.replace(param, only);
    work_.insert(work_.end(), users_[param.value].begin(), users_[param.value].end());
    // The users of `param` are from now on users of `only`, too.
    if (!function_.value(only).def.is_valid())
      users_[only.value].insert(users_[only.value].end(), users_[param.value].begin(), users_[param.value].end());
  }

  bool remove_replaced() {
    if (replaced_.empty())
      return false;
    std::vector<DeadParams> dead;
    for (BlockId id : function_.order) {
      DeadParams d{id, {}};
      bool any = false;
      for (ValueId param : function_.block(id).params) {
        d.remove.push_back(replaced_.resolve(param) != param);
        any |= d.remove.back();
      }
      if (any)
        dead.push_back(std::move(d));
    }
    replaced_.apply(function_);
    remove_params(function_, dead);
    return true;
  }

  Function& function_;
  const Cfg& cfg_;
  Replacements replaced_;
  std::vector<std::vector<ValueId>> users_; // parameters that receive this parameter
  std::vector<ValueId> work_;
};

} // namespace

bool remove_trivial_params(Function& function) { return remove_trivial_params(function, Cfg(function)); }

bool remove_trivial_params(Function& function, const Cfg& cfg) { return TrivialParams(function, cfg).run(); }

namespace {

bool throws_inside(const Function& function, const Block& block) {
  return std::any_of(block.insts.begin(), block.insts.end(), [&](InstId id) { return may_throw(function.inst(id).op); });
}

// May the contents of `second` follow those of `first`, which ends in a br to it?
bool can_merge(const Function& function, const Cfg& cfg, BlockId first, BlockId second) {
  const Block& a = function.block(first);
  const Block& b = function.block(second);
  if (second == function.entry() || second == first || cfg.preds(second).size() != 1 || a.has_unwind())
    return false;
  return !b.has_unwind() || !throws_inside(function, a);
}

} // namespace

bool merge_blocks(Function& function) { return merge_blocks(function, Cfg(function)); }

bool merge_blocks(Function& function, const Cfg& cfg) {
  Replacements replaced(function);
  std::vector<bool> gone(function.blocks.size());
  bool changed = false;
  for (BlockId first : cfg.rpo()) {
    if (gone[first.value])
      continue;
    while (function.terminator(first).op == Op::Br) {
      Edge& jump = function.terminator(first).targets[0];
      BlockId second = jump.target;
      if (!can_merge(function, cfg, first, second))
        break;
      Block& a = function.block(first);
      Block& b = function.block(second);
      for (size_t i = 0; i < b.params.size(); ++i)
        replaced.replace(b.params[i], jump.args[i]);
      a.insts.pop_back();
      for (InstId id : b.insts) {
        function.inst(id).block = first;
        if (function.inst(id).result.is_valid())
          function.value(function.inst(id).result).block = first;
      }
      a.insts.insert(a.insts.end(), b.insts.begin(), b.insts.end());
      a.unwind = std::move(b.unwind);
      gone[second.value] = changed = true;
    }
  }
  if (!changed)
    return false;
  std::erase_if(function.order, [&](BlockId id) { return gone[id.value]; });
  replaced.apply(function);
  return true;
}

void make_jump(Inst& branch, size_t taken) {
  Edge target = std::move(branch.targets[taken]);
  branch.op = Op::Br;
  branch.operands.clear();
  branch.keys.clear();
  branch.targets.clear();
  branch.targets.push_back(std::move(target));
}

bool drop_stale_unwinds(Function& function) {
  bool changed = false;
  for (BlockId id : function.order) {
    Block& block = function.block(id);
    if (!block.has_unwind() || throws_inside(function, block))
      continue;
    block.unwind = {};
    changed = true;
  }
  if (changed)
    remove_unreachable_blocks(function);
  return changed;
}

namespace {

class Compactor {
 public:
  explicit Compactor(Function& function) : old_(function), block_map_(function.blocks.size()), value_map_(function.values.size()) {}

  void run() {
    number();
    for (BlockId id : old_.order)
      move_block(id);
    old_.blocks = std::move(blocks_);
    old_.insts = std::move(insts_);
    old_.values = std::move(values_);
    for (uint32_t i = 0; i < old_.order.size(); ++i)
      old_.order[i] = {i};
  }

 private:
  void add_value(ValueId id) {
    value_map_[id.value] = {static_cast<uint32_t>(values_.size())};
    values_.push_back(old_.value(id));
  }
  void number() {
    for (uint32_t i = 0; i < old_.order.size(); ++i) {
      BlockId id = old_.order[i];
      block_map_[id.value] = {i};
      for (ValueId param : old_.block(id).params)
        add_value(param);
      for (InstId inst : old_.block(id).insts)
        if (ValueId result = old_.inst(inst).result; result.is_valid())
          add_value(result);
    }
  }
  void map(std::vector<ValueId>& list) {
    for (ValueId& v : list)
      v = value_map_[v.value];
  }
  void map(Edge& e) {
    e.target = block_map_[e.target.value];
    map(e.args);
  }
  void move_block(BlockId id) {
    Block block = std::move(old_.block(id));
    map(block.params);
    for (ValueId param : block.params)
      values_[param.value].block = block_map_[id.value];
    if (block.has_unwind())
      map(block.unwind);
    for (InstId& inst_id : block.insts) {
      Inst inst = std::move(old_.inst(inst_id));
      inst_id = {static_cast<uint32_t>(insts_.size())};
      move_inst(inst, inst_id, block_map_[id.value]);
      insts_.push_back(std::move(inst));
    }
    blocks_.push_back(std::move(block));
  }
  void move_inst(Inst& inst, InstId id, BlockId block) {
    inst.block = block;
    map(inst.operands);
    for (Edge& e : inst.targets)
      map(e);
    if (!inst.result.is_valid())
      return;
    inst.result = value_map_[inst.result.value];
    values_[inst.result.value].def = id;
    values_[inst.result.value].block = block;
  }

  Function& old_;
  std::vector<BlockId> block_map_;
  std::vector<ValueId> value_map_;
  std::vector<Block> blocks_;
  std::vector<Inst> insts_;
  std::vector<Value> values_;
};

} // namespace

void compact(Function& function) { Compactor(function).run(); }

} // namespace ir
