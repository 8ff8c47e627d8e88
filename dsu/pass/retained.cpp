#include "dsu/pass/retained.h"

#include "ir/cfg.h"

namespace dsu {
namespace {

constexpr const char* update_point = "Dsu::update_point";

void set(std::vector<uint64_t>& bits, size_t bit) { bits[bit / 64] |= uint64_t{1} << bit % 64; }
bool has(const std::vector<uint64_t>& bits, size_t bit) { return (bits[bit / 64] >> bit % 64 & 1) != 0; }
// True if something is new.
bool unite(std::vector<uint64_t>& bits, const std::vector<uint64_t>& other) {
  bool is_new = false;
  for (size_t i = 0; i < bits.size(); i++) {
    is_new |= (other[i] & ~bits[i]) != 0;
    bits[i] |= other[i];
  }
  return is_new;
}

}  // namespace

// Calls visit(Use) for each use of the instruction: a named type whose representation it depends on, a symbol.
template <class Visit> void SuspensionFinder::for_each_use(const ir::Function& function, const ir::Inst& inst, Visit visit) const {
  auto type = [&](ir::ValueId value) {
    const frontend::Type& t = module_.types->get(function.value(value).type.id);
    if (t.kind == frontend::TypeKind::Named)
      visit(Use{UseKind::Type, t.decl.value});
  };
  switch (inst.op) {
    case ir::Op::LoadField:
    case ir::Op::StoreField:
    case ir::Op::FieldAddr:
    case ir::Op::CheckCase:
    case ir::Op::UnionPayload:
    case ir::Op::Switch:
    case ir::Op::Open: type(inst.operands[0]); break;
    case ir::Op::NewObject:
    case ir::Op::NewUnion:
    case ir::Op::UnionConst:
    case ir::Op::Pack: type(inst.result); break;
    default: break;
  }
  switch (ir::info(inst.op).attribute) {
    case ir::Attribute::Func:
    case ir::Attribute::FuncTypeArgs: visit(Use{UseKind::Function, inst.symbol}); break;
    case ir::Attribute::Global: visit(Use{UseKind::Global, inst.symbol}); break;
    case ir::Attribute::Exception: visit(Use{UseKind::Exception, inst.symbol}); break;
    default: break;
  }
}

void SuspensionFinder::add(ir::FuncId id) {
  const ir::Function& function = module_.function(id);
  const ir::Cfg cfg(function);
  Body& body = bodies_.emplace_back();
  body.function = id.value;
  for (const ir::BlockId block : cfg.rpo())
    for (const ir::InstId inst : function.block(block).insts)
      for_each_use(function, function.inst(inst), [&](const Use& use) { body.uses.emplace(use, body.uses.size()); });
  const Bits nothing((body.uses.size() + 63) / 64);
  // Of each block and everything behind it: a fixed point, last blocks first.
  std::vector<Bits> behind(function.blocks.size(), nothing);
  for (const ir::BlockId block : cfg.rpo())
    for (const ir::InstId inst : function.block(block).insts)
      for_each_use(function, function.inst(inst), [&](const Use& use) { set(behind[block.value], body.uses[use]); });
  for (bool changed = true; changed;) {
    changed = false;
    for (auto block = cfg.rpo().rbegin(); block != cfg.rpo().rend(); ++block)
      ir::for_each_edge(function, *block, [&](ir::EdgeRef, const ir::Edge& edge) { changed |= unite(behind[block->value], behind[edge.target.value]); });
  }
  for (const ir::BlockId block : cfg.rpo()) {
    Bits after = nothing;
    ir::for_each_edge(function, block, [&](ir::EdgeRef, const ir::Edge& edge) { unite(after, behind[edge.target.value]); });
    const std::vector<ir::InstId>& insts = function.block(block).insts;
    for (auto it = insts.rbegin(); it != insts.rend(); ++it) {
      const ir::Inst& inst = function.inst(*it);
      if (inst.op == ir::Op::Call || inst.op == ir::Op::CallIndirect)
        unite(body.after.try_emplace(inst.op == ir::Op::Call ? inst.symbol : function_value, nothing).first->second, after);
      for_each_use(function, inst, [&](const Use& use) { set(after, body.uses[use]); });
    }
  }
}

// By function: may it, or what it calls, lead to an update point?
std::vector<bool> SuspensionFinder::find_suspending(const std::function<bool(const std::string&)>& is_native) const {
  std::vector<bool> result(module_.functions.size());
  std::vector<std::vector<uint32_t>> callers(result.size());
  std::vector<uint32_t> work;
  const auto add = [&](uint32_t function) {
    if (!result[function])
      work.push_back(function);
    result[function] = true;
  };
  for (uint32_t f = 0; f < result.size(); f++) {
    const ir::Function& function = module_.functions[f];
    if (function.linkage == ir::Linkage::Import && (function.name == update_point || !is_native(function.name)))
      add(f);
  }
  for (const Body& body : bodies_)
    for (const auto& [callee, after] : body.after) {
      if (callee == function_value)
        add(body.function);
      else
        callers[callee].push_back(body.function);
    }
  while (!work.empty()) {
    const uint32_t callee = work.back();
    work.pop_back();
    for (const uint32_t caller : callers[callee])
      add(caller);
  }
  return result;
}

std::string SuspensionFinder::name_of(const Use& use) const {
  switch (use.first) {
    case UseKind::Type: return module_.types->decl({use.second}).name.str();
    case UseKind::Function: return std::string(ir::base_name(module_.functions[use.second].name));
    case UseKind::Global: return module_.globals[use.second].name;
    case UseKind::Exception: break;
  }
  return module_.exceptions[use.second].name;
}

std::vector<Suspension> SuspensionFinder::find(const std::function<bool(const std::string&)>& is_native) const {
  const std::vector<bool> suspending = find_suspending(is_native);
  std::map<std::pair<std::string, std::string>, Suspension> found;
  for (const Body& body : bodies_)
    for (const auto& [callee, after] : body.after) {
      if (callee != function_value && !suspending[callee])
        continue;
      const std::string name = name_of({UseKind::Function, body.function});
      const std::string called = callee == function_value ? "" : name_of({UseKind::Function, callee});
      Suspension& suspension = found[{name, called}];
      suspension.function = name;
      suspension.callee = called;
      for (const auto& [use, number] : body.uses)
        if (has(after, number))
          (use.first == UseKind::Type ? suspension.types : suspension.values).insert(name_of(use));
    }
  std::vector<Suspension> list;
  for (auto& [where, suspension] : found)
    list.push_back(std::move(suspension));
  return list;
}

std::vector<Suspension> find_suspensions(const ir::Module& module, const std::function<bool(const std::string&)>& is_native) {
  SuspensionFinder finder(module);
  for (uint32_t f = 0; f < module.functions.size(); f++)
    if (module.functions[f].has_body())
      finder.add({f});
  return finder.find(is_native);
}

}  // namespace dsu
