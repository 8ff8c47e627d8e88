#include "codegen/allocation_checker.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace codegen {

using namespace mir;

namespace {

// What a place may hold. Values are named by the place they are known from: a virtual register, a general register as
// of its last implicit definition, an incoming argument, a constant.
using Value = std::pair<int, int64_t>;
constexpr int constant_kind = 3;
Value value_of(const Place& place) {
  if (place.kind == Place::Kind::Imm) return {constant_kind, place.value};
  return {place.is_reg() ? 0 : 1, place.value};
}
using PlaceKey = std::pair<int, int64_t>;
PlaceKey key(const Place& place) { return {int(place.kind), place.value}; }

class State {
public:
  bool holds(const Place& place, const Value& value) const {
    auto it = places_.find(key(place));
    return it != places_.end() && it->second.count(value);
  }
  void move(const Place& dst, const Place& src) {
    if (src.kind == Place::Kind::Imm) {
      std::set<Value>& values = places_[key(dst)] = {value_of(src)};
      auto names = constants_.find(src.value);
      if (names != constants_.end()) values.insert(names->second.begin(), names->second.end());
      return;
    }
    auto it = places_.find(key(src));
    if (it == places_.end()) places_.erase(key(dst));
    else places_[key(dst)] = std::set<Value>(it->second);
  }
  void exchange(const Place& a, const Place& b) { std::swap(places_[key(a)], places_[key(b)]); }
  void define(const Place& place, const Value& value) {
    forget(value);
    places_[key(place)] = {value};
  }
  void add(const Place& place, const Value& value) { places_[key(place)].insert(value); }
  void forget(const Value& value) {
    for (auto& [place, values] : places_) values.erase(value);
    for (auto& [constant, names] : constants_) names.erase(value);
  }
  // At once: dst is another name for what src names.
  void alias(const std::vector<std::pair<Value, Value>>& names) {
    std::map<PlaceKey, std::set<Value>> result;
    for (auto& [place, values] : places_) {
      std::set<Value> renamed = values;
      for (auto& [dst, src] : names) renamed.erase(dst);
      for (auto& [dst, src] : names)
        if (values.count(src)) renamed.insert(dst);
      result[place] = std::move(renamed);
    }
    places_ = std::move(result);
    // A constant may be moved into the new name's place only after this.
    for (auto& [constant, old] : constants_)
      for (auto& [dst, src] : names) old.erase(dst);
    for (auto& [dst, src] : names)
      if (src.first == constant_kind) constants_[src.second].insert(dst);
  }
  // Keeps what the other state knows too; true if something was lost.
  bool meet(const State& other) {
    bool changed = false;
    for (auto& [place, values] : places_) {
      auto it = other.places_.find(place);
      for (auto v = values.begin(); v != values.end();) {
        if (it != other.places_.end() && it->second.count(*v)) ++v;
        else v = values.erase(v), changed = true;
      }
    }
    for (auto& [constant, names] : constants_) {
      auto it = other.constants_.find(constant);
      for (auto v = names.begin(); v != names.end();) {
        if (it != other.constants_.end() && it->second.count(*v)) ++v;
        else v = names.erase(v), changed = true;
      }
    }
    return changed;
  }

private:
  std::map<PlaceKey, std::set<Value>> places_;
  std::map<int64_t, std::set<Value>> constants_; // names that have just become a constant's
};

class Checker {
public:
  Checker(const Function& before, const Function& after) : before_(before), after_(after), entry_(before.blocks.size()) {}

  std::string run() {
    State start;
    for (Reg reg : argument_registers) start.define(Place::reg(reg), value_of(Place::reg(reg)));
    for (uint32_t i = 0; i < float_argument_registers; ++i) start.define(Place::reg(xmm(i)), value_of(Place::reg(xmm(i))));
    for (uint32_t i = 0; i < before_.in_args; ++i) start.define(Place::in_arg(i), value_of(Place::in_arg(i)));
    arrive(before_.order[0], start);
    while (!pending_.empty()) {
      BlockId id = pending_.front();
      pending_.pop_front();
      block(id, false);
    }
    for (BlockId id : before_.order)
      if (entry_[id.value] && problem_.empty()) block(id, true);
    return problem_;
  }

private:
  void arrive(BlockId id, const State& state) {
    std::optional<State>& entry = entry_[id.value];
    if (!entry) entry = state;
    else if (!entry->meet(state)) return;
    pending_.push_back(id);
  }

  void block(BlockId id, bool report) {
    report_ = report;
    block_ = id;
    State state = *entry_[id.value];
    const Block &old = before_.block(id), &now = after_.block(id);
    std::optional<State> at_call;
    for (const Inst& inst : now.insts) {
      if (inst.origin == UINT32_MAX) inserted(state, inst);
      else original(state, old.insts[inst.origin], inst);
      if (is_call(inst)) at_call = state;
    }
    if (report) return;
    for (const Edge& edge : old.succs) {
      State next = state;
      std::vector<std::pair<Value, Value>> names;
      const std::vector<Reg>& params = before_.block(edge.target).params;
      for (size_t i = 0; i < params.size(); ++i) names.push_back({value_of(Place::reg(params[i])), value_of(edge.args[i])});
      next.alias(names);
      arrive(edge.target, next);
    }
    if (old.unwind.is_valid() && at_call) arrive(old.unwind, *at_call);
  }

  // A move that allocation made.
  void inserted(State& state, const Inst& inst) {
    switch (inst.op) {
    case Op::MOV32rr: case Op::MOV64rr: case Op::MOVAPSrr: return state.move(Place::reg(inst.d), Place::reg(inst.b));
    case Op::MOV32rm: case Op::MOV64rm: case Op::MOVSDrm: return state.move(Place::reg(inst.d), inst.mem.frame);
    case Op::MOV64mr: case Op::MOVSDmr: return state.move(inst.mem.frame, Place::reg(inst.b));
    case Op::MOV64mi32: return state.move(inst.mem.frame, Place::imm(inst.imm));
    case Op::MOV32ri: case Op::MOV64ri32: case Op::MOV64ri: return state.move(Place::reg(inst.d), Place::imm(inst.imm));
    case Op::XOR32zero: return state.move(Place::reg(inst.d), Place::imm(0));
    case Op::XCHG64rr: return state.exchange(Place::reg(inst.d), Place::reg(inst.b));
    default: return fail(inst, "is not a move");
    }
  }

  void require(const State& state, const Inst& inst, Reg virt, const Place& place) {
    if (virt.is_valid() && virt.is_virtual() && !state.holds(place, value_of(Place::reg(virt))))
      fail(inst, "does not read v" + std::to_string(virt.index()));
  }

  void original(State& state, const Inst& old, const Inst& now) {
    if (old.op == Op::Pcopy) return copy(state, old);
    if (is_row(old.op)) {
      bool reads_d = false, writes_d = false;
      for_each_operand(old, [&](const Reg& reg, Role role, bool) {
        if (&reg != &old.d) return;
        reads_d = role != Role::Def;
        writes_d = role != Role::Use;
      });
      if (reads_d) require(state, now, old.d, Place::reg(now.d));
      require(state, now, old.b, now.b.is_valid() ? Place::reg(now.b) : now.mem.frame);
      require(state, now, old.mem.base, Place::reg(now.mem.base));
      require(state, now, old.mem.index, Place::reg(now.mem.index));
      if (writes_d && is_plain_copy(old)) {
        state.forget(value_of(Place::reg(old.d)));
        state.move(Place::reg(now.d), now.b.is_valid() ? Place::reg(now.b) : now.mem.frame);
        state.add(Place::reg(now.d), value_of(Place::reg(old.d)));
      } else if (writes_d && old.d.is_virtual()) {
        state.define(Place::reg(now.d), value_of(Place::reg(old.d)));
      }
    }
    RegMask clobbered = implicit_defs(before_, old);
    for (uint32_t r = 0; r < physical_registers; ++r)
      if (clobbered >> r & 1) state.define(Place::reg({r}), value_of(Place::reg({r})));
  }

  // The moves before this point have carried the copy out.
  void copy(State& state, const Inst& old) {
    std::vector<std::pair<Value, Value>> names;
    for (const Move& move : before_.copies[old.extra]) {
      bool to_virtual = move.dst.is_reg() && move.dst.as_reg().is_virtual();
      if (!to_virtual && !state.holds(move.dst, value_of(move.src))) fail(old, "does not set its destination");
      names.push_back({value_of(move.dst), value_of(move.src)});
    }
    state.alias(names);
  }

  void fail(const Inst& inst, const std::string& what) {
    if (!report_ || !problem_.empty()) return;
    problem_ = "allocation of " + before_.name + ": `" + print(after_, inst, {}) + "` in b" + std::to_string(block_.value) + " " + what;
  }

  const Function &before_, &after_;
  std::vector<std::optional<State>> entry_;
  std::deque<BlockId> pending_;
  std::string problem_;
  BlockId block_;
  bool report_ = false;
};

} // namespace

std::string check_allocation(const Function& before, const Function& after) { return Checker(before, after).run(); }

} // namespace codegen
