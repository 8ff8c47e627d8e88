// Inlining: copies the bodies of small functions of the module to where they are called.
//
// Only leaves are copied, functions that call nothing: then the frames that are missing from the trace of an uncaught exception are
// those of one-line helpers, code grows little, and recursion needs no thought. One that raises an exception by itself is copied only
// to where a handler catches it, which turns the raise into a jump. What is left of the call is a block behind it whose parameter is
// the result; simplify-cfg merges what can be merged.
//
// In an updateable module a frame that is on the stack during an update goes on in its old version, but what it calls from then on is
// new. So calls are replaced only where no update can have come since the function was entered: before any call of what is not a leaf.
#include <utility>

#include "ir/cfg.h"
#include "ir/edit.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

constexpr size_t kLargestCallee = 30; // instructions that are more than a constant or a jump
constexpr size_t kLargestGrowth = 400;

struct Callee {
  bool fits = false;
  bool raises = false;
  size_t cost = 0;
};

Callee examine(const Function& function) {
  Callee result;
  if (!function.has_body() || !function.type_params.empty())
    return result;
  for (BlockId block : function.order)
    for (InstId id : function.block(block).insts) {
      switch (function.inst(id).op) {
      case Op::Call:
      case Op::CallIndirect:
      case Op::Open: return result; // type variables of a package are numbered by function
      case Op::IConst:
      case Op::Null:
      case Op::Br:
      case Op::Ret: continue;
      case Op::Raise: result.raises = true; break;
      default: break;
      }
      if (++result.cost > kLargestCallee)
        return result;
    }
  result.fits = true;
  return result;
}

// Copies one callee's body to one call.
class Copier {
 public:
  Copier(Function& function, const Function& callee, const Inst& call, BlockId next, Edge handler)
      : function_(function), callee_(callee), call_(call), next_(next), handler_(std::move(handler)), values_(callee.values.size()), blocks_(callee.blocks.size()) {}

  // The copied blocks in layout order, the entry first.
  std::vector<BlockId> run() {
    for (BlockId id : callee_.order)
      blocks_[id.value] = new_block();
    for (BlockId id : callee_.order)
      number(id);
    for (BlockId id : callee_.order)
      copy(id);
    return std::move(layout_);
  }

 private:
  BlockId new_block() {
    function_.blocks.emplace_back();
    return {static_cast<uint32_t>(function_.blocks.size() - 1)};
  }
  ValueId new_value(const Type& type, BlockId block) {
    function_.values.push_back({type, {}, block, 0});
    return {static_cast<uint32_t>(function_.values.size() - 1)};
  }

  void number(BlockId id) {
    const BlockId to = blocks_[id.value];
    const std::vector<ValueId>& params = callee_.block(id).params;
    for (uint32_t i = 0; i < params.size(); ++i) {
      if (id == callee_.entry()) {
        values_[params[i].value] = call_.operands[i];
        continue;
      }
      const ValueId param = new_value(callee_.value(params[i]).type, to);
      function_.value(param).param_index = i;
      function_.block(to).params.push_back(param);
      values_[params[i].value] = param;
    }
    for (InstId inst : callee_.block(id).insts)
      if (const ValueId result = callee_.inst(inst).result; result.is_valid())
        values_[result.value] = new_value(callee_.value(result).type, to);
  }

  void copy(BlockId id) {
    BlockId to = blocks_[id.value];
    layout_.push_back(to);
    const Block& source = callee_.block(id);
    if (source.has_unwind())
      function_.block(to).unwind = map(source.unwind);
    for (InstId inst : source.insts) {
      append(to, mapped(callee_.inst(inst), source.has_unwind()));
      if (handler_.target.is_valid() && !source.has_unwind() && may_throw(callee_.inst(inst).op) && !is_terminator(callee_.inst(inst).op))
        to = end_at_throw(to);
    }
  }

  // Where the call was inside `try`, a block ends behind each instruction that may raise.
  BlockId end_at_throw(BlockId block) {
    const BlockId rest = new_block();
    function_.block(block).unwind = handler_;
    append(block, jump({rest, {}}));
    layout_.push_back(rest);
    return rest;
  }

  Inst mapped(const Inst& inst, bool has_own_handler) {
    if (inst.op == Op::Ret)
      return jump({next_, inst.operands.empty() ? std::vector<ValueId>{} : std::vector{values_[inst.operands[0].value]}});
    if (inst.op == Op::Raise && handler_.target.is_valid() && !has_own_handler) {
      Edge edge{handler_.target, {values_[inst.operands[0].value]}};
      edge.args.insert(edge.args.end(), handler_.args.begin(), handler_.args.end());
      return jump(std::move(edge));
    }
    Inst copy = inst;
    for (ValueId& v : copy.operands)
      v = values_[v.value];
    for (Edge& target : copy.targets)
      target = map(target);
    if (copy.result.is_valid())
      copy.result = values_[copy.result.value];
    return copy;
  }

  Edge map(const Edge& edge) const {
    Edge result{blocks_[edge.target.value], edge.args};
    for (ValueId& v : result.args)
      v = values_[v.value];
    return result;
  }

  Inst jump(Edge edge) const {
    Inst inst;
    inst.op = Op::Br;
    inst.loc = call_.loc;
    inst.targets.push_back(std::move(edge));
    return inst;
  }

  void append(BlockId block, Inst inst) {
    const InstId id{static_cast<uint32_t>(function_.insts.size())};
    inst.block = block;
    if (inst.result.is_valid()) {
      function_.value(inst.result).def = id;
      function_.value(inst.result).block = block;
    }
    function_.block(block).insts.push_back(id);
    function_.insts.push_back(std::move(inst));
  }

  Function& function_;
  const Function& callee_;
  const Inst& call_;
  const BlockId next_;
  const Edge handler_; // of the block with the call
  std::vector<ValueId> values_;
  std::vector<BlockId> blocks_;
  std::vector<BlockId> layout_;
};

class Inliner {
 public:
  Inliner(Module& module, Function& function) : module_(module), function_(function), replaced_(function) {}

  bool run() {
    choose();
    if (sites_.empty())
      return false;
    std::vector<BlockId> order;
    size_t site = 0;
    for (BlockId block : std::exchange(function_.order, {})) {
      size_t end = site;
      while (end < sites_.size() && sites_[end].block == block)
        ++end;
      std::vector<BlockId> behind;
      for (size_t i = end; i > site; --i) { // from the last call on, so that positions in the block stay right
        std::vector<BlockId> copied = inline_call(sites_[i - 1]);
        behind.insert(behind.begin(), copied.begin(), copied.end());
      }
      site = end;
      order.push_back(block);
      order.insert(order.end(), behind.begin(), behind.end());
    }
    function_.order = std::move(order);
    replaced_.apply(function_);
    remove_unreachable_blocks(function_);
    return true;
  }

 private:
  struct Site {
    BlockId block;
    size_t index;
  };

  // May a call of this instruction last while an update is made?
  bool may_wait(const Inst& inst) const {
    return inst.op == Op::CallIndirect || (inst.op == Op::Call && !examine(module_.function(inst.func())).fits);
  }

  // By block: may an update have come before it, since the function was entered? Unwind edges count like others.
  std::vector<bool> late_blocks() const {
    std::vector<bool> late(function_.blocks.size());
    std::vector<BlockId> work;
    const auto leave = [&](BlockId block) {
      for_each_edge(function_, block, [&](EdgeRef, const Edge& edge) {
        if (late[edge.target.value])
          return;
        late[edge.target.value] = true;
        work.push_back(edge.target);
      });
    };
    for (BlockId block : function_.order)
      for (InstId id : function_.block(block).insts)
        if (may_wait(function_.inst(id))) {
          leave(block);
          break;
        }
    while (!work.empty()) {
      const BlockId block = work.back();
      work.pop_back();
      leave(block);
    }
    return late;
  }

  // Fills in the calls to replace, in layout order.
  void choose() {
    const std::vector<bool> late = module_.updateable ? late_blocks() : std::vector<bool>(function_.blocks.size());
    size_t growth = 0;
    for (BlockId block : function_.order) {
      const std::vector<InstId>& insts = function_.block(block).insts;
      for (size_t i = 0; i < insts.size() && !late[block.value]; ++i) {
        const Inst& inst = function_.inst(insts[i]);
        if (module_.updateable && may_wait(inst))
          break;
        if (inst.op != Op::Call || &module_.function(inst.func()) == &function_)
          continue;
        const Callee callee = examine(module_.function(inst.func()));
        if (!callee.fits || (callee.raises && !function_.block(block).has_unwind()) || growth + callee.cost > kLargestGrowth)
          continue;
        growth += callee.cost;
        sites_.push_back({block, i});
      }
    }
  }

  // Returns the blocks that stand behind the site's block now.
  std::vector<BlockId> inline_call(const Site& site) {
    const Inst call = function_.inst(function_.block(site.block).insts[site.index]);
    const BlockId next{static_cast<uint32_t>(function_.blocks.size())};
    function_.blocks.emplace_back();
    const Edge handler = std::exchange(function_.block(site.block).unwind, {}); // only the call may throw there
    move_rest(site, next);
    if (call.result.is_valid()) {
      const ValueId result{static_cast<uint32_t>(function_.values.size())};
      function_.values.push_back({function_.value(call.result).type, {}, next, 0});
      function_.block(next).params.push_back(result);
      replaced_.replace(call.result, result);
    }
    std::vector<BlockId> blocks = Copier(function_, module_.function(call.func()), call, next, handler).run();
    enter(site.block, blocks.front(), call.loc);
    blocks.push_back(next);
    return blocks;
  }

  void move_rest(const Site& site, BlockId next) {
    std::vector<InstId>& from = function_.block(site.block).insts;
    std::vector<InstId>& to = function_.block(next).insts;
    to.assign(from.begin() + static_cast<std::ptrdiff_t>(site.index) + 1, from.end());
    from.resize(site.index);
    for (InstId id : to) {
      function_.inst(id).block = next;
      if (const ValueId result = function_.inst(id).result; result.is_valid())
        function_.value(result).block = next;
    }
  }

  void enter(BlockId from, BlockId entry, SourceLoc loc) {
    Inst inst;
    inst.op = Op::Br;
    inst.block = from;
    inst.loc = loc;
    inst.targets.push_back({entry, {}});
    function_.block(from).insts.push_back({static_cast<uint32_t>(function_.insts.size())});
    function_.insts.push_back(std::move(inst));
  }

  Module& module_;
  Function& function_;
  Replacements replaced_;
  std::vector<Site> sites_;
};

} // namespace

bool may_be_inlined(const Function& function) { return examine(function).fits; }

bool inline_calls(Module& module, Function& function) { return Inliner(module, function).run(); }

} // namespace ir
