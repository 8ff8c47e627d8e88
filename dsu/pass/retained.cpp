#include "dsu/pass/retained.h"

#include <map>

#include "ir/cfg.h"

namespace dsu {
namespace {

constexpr const char* update_point = "Dsu::update_point";

// What code uses, as bits: which type, value .. they stand for says a table that each function has of its own.
class Uses {
public:
  explicit Uses(size_t bits = 0) : words_((bits + 63) / 64) {}
  void add(size_t bit) { words_[bit / 64] |= uint64_t{1} << bit % 64; }
  bool has(size_t bit) const { return (words_[bit / 64] >> bit % 64 & 1) != 0; }
  // True if something is new.
  bool add(const Uses& other) {
    bool is_new = false;
    for (size_t i = 0; i < words_.size(); i++) {
      is_new |= (other.words_[i] & ~words_[i]) != 0;
      words_[i] |= other.words_[i];
    }
    return is_new;
  }

private:
  std::vector<uint64_t> words_;
};

enum class UseKind : uint8_t { Type, Function, Global, Exception };
using Use = std::pair<UseKind, uint32_t>;  // number of the declaration, function ..

class Finder {
public:
  Finder(const ir::Module& module, const std::function<bool(const std::string&)>& is_native) : module_(module), may_suspend_(module.functions.size()) {
    find_suspending(is_native);
  }

  std::vector<Suspension> find() {
    for (size_t f = 0; f < may_suspend_.size(); f++)
      if (may_suspend_[f] && module_.functions[f].has_body())
        visit(module_.functions[f]);
    std::vector<Suspension> list;
    for (auto& [where, suspension] : found_)
      list.push_back(std::move(suspension));
    return list;
  }

private:
  void find_suspending(const std::function<bool(const std::string&)>& is_native) {
    std::vector<std::vector<uint32_t>> callers(may_suspend_.size());
    std::vector<uint32_t> work;
    for (uint32_t f = 0; f < may_suspend_.size(); f++) {
      const ir::Function& function = module_.functions[f];
      bool suspends = !function.has_body() && (function.name == update_point || !is_native(function.name));
      for (const ir::BlockId block : function.order)
        for (const ir::InstId id : function.block(block).insts) {
          const ir::Inst& inst = function.inst(id);
          suspends |= inst.op == ir::Op::CallIndirect;
          if (inst.op == ir::Op::Call)
            callers[inst.func().value].push_back(f);
        }
      may_suspend_[f] = suspends;
      if (suspends)
        work.push_back(f);
    }
    while (!work.empty()) {
      const uint32_t callee = work.back();
      work.pop_back();
      for (const uint32_t caller : callers[callee])
        if (!may_suspend_[caller]) {
          may_suspend_[caller] = true;
          work.push_back(caller);
        }
    }
  }
  bool is_suspending(const ir::Inst& inst) const {
    return inst.op == ir::Op::CallIndirect || (inst.op == ir::Op::Call && may_suspend_[inst.func().value]);
  }

  // Calls visit(Use) for each use of the instruction: a named type whose representation it depends on, a symbol.
  template <class Visit> void for_each_use(const ir::Function& function, const ir::Inst& inst, Visit visit) const {
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
  std::string name_of(const Use& use) const {
    switch (use.first) {
      case UseKind::Type: return module_.types->decl({use.second}).name.str();
      case UseKind::Function: return std::string(ir::base_name(module_.functions[use.second].name));
      case UseKind::Global: return module_.globals[use.second].name;
      case UseKind::Exception: break;
    }
    return module_.exceptions[use.second].name;
  }

  void visit(const ir::Function& function) {
    const ir::Cfg cfg(function);
    std::map<Use, size_t> numbers;
    for (const ir::BlockId block : cfg.rpo())
      for (const ir::InstId id : function.block(block).insts)
        for_each_use(function, function.inst(id), [&](const Use& use) { numbers.emplace(use, numbers.size()); });
    // Of each block and everything behind it: a fixed point, last blocks first.
    std::vector<Uses> behind(function.blocks.size(), Uses(numbers.size()));
    for (const ir::BlockId block : cfg.rpo())
      for (const ir::InstId id : function.block(block).insts)
        for_each_use(function, function.inst(id), [&](const Use& use) { behind[block.value].add(numbers[use]); });
    for (bool changed = true; changed;) {
      changed = false;
      for (auto block = cfg.rpo().rbegin(); block != cfg.rpo().rend(); ++block)
        ir::for_each_edge(function, *block, [&](ir::EdgeRef, const ir::Edge& edge) { changed |= behind[block->value].add(behind[edge.target.value]); });
    }
    for (const ir::BlockId block : cfg.rpo()) {
      Uses after(numbers.size());
      ir::for_each_edge(function, block, [&](ir::EdgeRef, const ir::Edge& edge) { after.add(behind[edge.target.value]); });
      const std::vector<ir::InstId>& insts = function.block(block).insts;
      for (auto id = insts.rbegin(); id != insts.rend(); ++id) {
        const ir::Inst& inst = function.inst(*id);
        if (is_suspending(inst))
          suspend(function, inst, after, numbers);
        for_each_use(function, inst, [&](const Use& use) { after.add(numbers[use]); });
      }
    }
  }

  void suspend(const ir::Function& function, const ir::Inst& call, const Uses& after, const std::map<Use, size_t>& numbers) {
    const std::string name(ir::base_name(function.name));
    const std::string callee = call.op == ir::Op::Call ? name_of({UseKind::Function, call.symbol}) : "";
    Suspension& suspension = found_[{name, callee}];
    suspension.function = name;
    suspension.callee = callee;
    for (const auto& [use, number] : numbers)
      if (after.has(number))
        (use.first == UseKind::Type ? suspension.types : suspension.values).insert(name_of(use));
  }

  const ir::Module& module_;
  std::vector<bool> may_suspend_;  // by function
  std::map<std::pair<std::string, std::string>, Suspension> found_;
};

}  // namespace

std::vector<Suspension> find_suspensions(const ir::Module& module, const std::function<bool(const std::string&)>& is_native) {
  return Finder(module, is_native).find();
}

}  // namespace dsu
