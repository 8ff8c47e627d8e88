#include "dsu/pass/update_points.h"

#include <algorithm>
#include <optional>

#include "ir/builder.h"
#include "ir/cfg.h"
#include "ir/dominators.h"
#include "ir/loops.h"

namespace dsu {
namespace {

constexpr const char* update_point = "Dsu::update_point";

// What calls of a function lead to, as far as this module shows.
struct Reach {
  std::string native;           // the blocking native that it may call; empty: none
  bool has_update_point = false;
};

const ir::Inst* call_in(const ir::Function& function, ir::InstId id) {
  const ir::Inst& inst = function.inst(id);
  return inst.op == ir::Op::Call ? &inst : nullptr;
}

class Inserter {
public:
  Inserter(ir::Module& module, const std::function<bool(const std::string&)>& is_blocking) : module_(module) {
    find_reach(is_blocking);
  }
  void visit(ir::FuncId id);
  std::vector<InsertedUpdatePoint> take() { return std::move(inserted_); }

private:
  void find_reach(const std::function<bool(const std::string&)>& is_blocking);
  std::optional<InsertedUpdatePoint> find_wait(const ir::Function& function, const ir::Loop& loop) const;
  void insert(ir::Function& function, const ir::Cfg& cfg, ir::BlockId header);
  ir::FuncId native();

  ir::Module& module_;
  std::vector<Reach> reach_; // by function
  std::vector<InsertedUpdatePoint> inserted_;
};

// A fixed point: each round passes along one more call, and nothing is ever taken back.
void Inserter::find_reach(const std::function<bool(const std::string&)>& is_blocking) {
  reach_.resize(module_.functions.size());
  for (size_t i = 0; i < reach_.size(); ++i) {
    const ir::Function& function = module_.functions[i];
    if (function.linkage == ir::Linkage::Import && is_blocking(function.name))
      reach_[i].native = function.name;
    reach_[i].has_update_point = function.name == update_point;
  }
  std::vector<std::vector<uint32_t>> callers(reach_.size());
  std::vector<uint32_t> work;
  for (uint32_t i = 0; i < reach_.size(); ++i) {
    const ir::Function& function = module_.functions[i];
    for (const ir::BlockId block : function.order)
      for (const ir::InstId id : function.block(block).insts)
        if (const ir::Inst* call = call_in(function, id))
          callers[call->func().value].push_back(i);
    if (!reach_[i].native.empty() || reach_[i].has_update_point)
      work.push_back(i);
  }
  while (!work.empty()) {
    const uint32_t callee = work.back();
    work.pop_back();
    for (const uint32_t caller : callers[callee]) {
      const Reach before = reach_[caller];
      if (before.native.empty())
        reach_[caller].native = reach_[callee].native;
      reach_[caller].has_update_point |= reach_[callee].has_update_point;
      if (reach_[caller].native != before.native || reach_[caller].has_update_point != before.has_update_point)
        work.push_back(caller);
    }
  }
}

std::optional<InsertedUpdatePoint> Inserter::find_wait(const ir::Function& function, const ir::Loop& loop) const {
  std::optional<InsertedUpdatePoint> wait;
  for (const ir::BlockId block : loop.blocks) {
    for (const ir::InstId id : function.block(block).insts) {
      const ir::Inst* call = call_in(function, id);
      if (call == nullptr)
        continue;
      const Reach& reach = reach_[call->func().value];
      if (reach.has_update_point)
        return std::nullopt;
      if (!wait && !reach.native.empty())
        wait = {call->loc, function.name, module_.function(call->func()).name, reach.native};
    }
  }
  return wait;
}

ir::FuncId Inserter::native() {
  for (uint32_t i = 0; i < module_.functions.size(); ++i)
    if (module_.functions[i].name == update_point)
      return {i};
  ir::Function function;
  function.name = update_point;
  function.linkage = ir::Linkage::Import;
  function.return_type = frontend::kVoidType;
  function.type = module_.types->function({}, frontend::kVoidType, 0);
  module_.functions.push_back(std::move(function));
  return {static_cast<uint32_t>(module_.functions.size() - 1)};
}

// A block of its own takes all edges of the header: the header may be inside a `try`, and nothing is thrown here.
void Inserter::insert(ir::Function& function, const ir::Cfg& cfg, ir::BlockId header) {
  const ir::FuncId callee = native();
  ir::Builder builder(module_, function);
  const ir::BlockId head = builder.create_block();
  std::vector<ir::ValueId> params;
  for (const ir::ValueId param : std::vector<ir::ValueId>(function.block(header).params))
    params.push_back(builder.add_param(head, function.value(param).type));
  for (const ir::EdgeRef& ref : cfg.preds(header))
    ir::edge(function, ref).target = head;
  builder.set_block(head);
  builder.set_loc(function.inst(function.block(header).insts.front()).loc);
  builder.call(callee, {}, {}, frontend::kVoidType);
  builder.br(header, std::move(params));
  function.order.insert(std::find(function.order.begin(), function.order.end(), header), head);
}

void Inserter::visit(ir::FuncId id) {
  if (!module_.function(id).has_body() || reach_[id.value].native.empty())
    return;
  const ir::Cfg cfg(module_.function(id));
  const ir::DominatorTree dominators(module_.function(id), cfg);
  const ir::Loops loops(module_.function(id), cfg, dominators);
  for (const ir::Loop& loop : loops.all()) {
    if (loop.depth != 1)
      continue;
    if (auto wait = find_wait(module_.function(id), loop)) {
      inserted_.push_back(std::move(*wait));
      native(); // may add a function: no reference to one is held across it
      insert(module_.function(id), cfg, loop.header);
    }
  }
}

} // namespace

std::vector<InsertedUpdatePoint> insert_update_points(ir::Module& module, const std::function<bool(const std::string&)>& is_blocking) {
  Inserter inserter(module, is_blocking);
  const auto count = static_cast<uint32_t>(module.functions.size());
  for (uint32_t i = 0; i < count; ++i)
    inserter.visit({i});
  return inserter.take();
}

} // namespace dsu
