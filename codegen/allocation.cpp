#include "codegen/allocation.h"

#include <algorithm>

#include "codegen/intervals.h"
#include "codegen/linear_scan.h"
#include "codegen/parallel_move.h"

namespace codegen {

using namespace mir;

namespace {

class Rewriter {
public:
  Rewriter(Function& function, const Liveness& liveness, const Intervals& intervals, const Allocation& allocation, std::string& problem)
      : function_(function), liveness_(liveness), intervals_(intervals), allocation_(allocation), problem_(problem) {
    slots_ = allocation.slots;
    for (const Interval& piece : allocation.pieces)
      if (!piece.ranges.empty() && piece.place.is_reg()) used_ |= bit(piece.place.as_reg());
    unwind_.resize(function.blocks.size());
    for (BlockId id : function.order) // before the code changes
      if (function.block(id).unwind.is_valid()) unwind_[id.value] = unwind_position(function, intervals, id);
  }

  AllocatedFunction run() {
    result_.entry.resize(function_.blocks.size());
    collect_splits();
    collect_slot_needs();
    for (BlockId id : function_.order) block_entry(id);
    for (BlockId id : function_.order) block(id);
    function_.slots = slots_;
    function_.saved = used_ & callee_saved;
    return std::move(result_);
  }

private:
  struct Split {
    uint32_t pos;
    Move move;
  };

  // Moves between the pieces of one register inside a block. Into memory none is needed: the slot has the value already.
  void collect_splits() {
    for (const std::vector<uint32_t>& list : allocation_.of_vreg)
      for (size_t i = 1; i < list.size(); ++i) {
        const Interval &before = allocation_.pieces[list[i - 1]], &after = allocation_.pieces[list[i]];
        if (before.to() != after.from() || !after.place.is_reg() || before.place == after.place) continue;
        if (std::binary_search(intervals_.boundaries.begin(), intervals_.boundaries.end(), after.from())) continue;
        splits_.push_back({after.from(), {after.place, before.place, narrow(after.vreg)}});
      }
    std::sort(splits_.begin(), splits_.end(), [](const Split& a, const Split& b) { return a.pos < b.pos; });
  }

  // In which blocks the slot of a spilled value is still wanted on entry: some piece from there on lives in it. Elsewhere
  // the value is in its register only, as far as anybody needs to know.
  void collect_slot_needs() {
    slot_needs_.resize(function_.blocks.size());
    std::vector<BlockId> pending;
    for (uint32_t v = 0; v < allocation_.of_vreg.size(); ++v) {
      if (!allocation_.spilled[v]) continue;
      auto need = [&](BlockId id) {
        std::vector<uint32_t>& list = slot_needs_[id.value];
        const std::vector<uint32_t>& live = liveness_.live_in[id.value];
        if ((!list.empty() && list.back() == v) || !std::binary_search(live.begin(), live.end(), v)) return;
        list.push_back(v);
        pending.push_back(id);
      };
      for (uint32_t piece : allocation_.of_vreg[v]) {
        if (allocation_.pieces[piece].place.is_reg()) continue;
        for (Range range : allocation_.pieces[piece].ranges)
          for (size_t i = block_index(range.from); i < function_.order.size() && intervals_.boundaries[i] < range.to; ++i)
            need(intervals_.boundary_blocks[i]);
      }
      while (!pending.empty()) {
        BlockId id = pending.back();
        pending.pop_back();
        for (BlockId pred : function_.block(id).preds) need(pred);
      }
    }
  }
  size_t block_index(uint32_t pos) const {
    return size_t(std::upper_bound(intervals_.boundaries.begin(), intervals_.boundaries.end(), pos) - intervals_.boundaries.begin()) - 1;
  }
  bool slot_needed(uint32_t v, BlockId id) const {
    return std::binary_search(slot_needs_[id.value].begin(), slot_needs_[id.value].end(), v);
  }

  uint32_t from(BlockId id) const { return intervals_.block_from[id.value]; }
  uint32_t to(BlockId id) const { return intervals_.block_to[id.value]; }

  // The edge by which the single predecessor of a block enters it, if its moves stand in this block.
  bool moves_at_start(BlockId id) const {
    const Block& block = function_.block(id);
    return block.preds.size() == 1 && (block.is_pad || function_.block(block.preds[0]).succs.size() > 1);
  }
  const Edge* edge_between(BlockId pred, BlockId succ) const {
    for (const Edge& edge : function_.block(pred).succs)
      if (edge.target == succ) return &edge;
    return nullptr;
  }
  // Position at which the values of an edge are where the predecessor leaves them.
  uint32_t leave_position(BlockId pred, BlockId succ) const {
    return function_.block(succ).is_pad ? unwind_[pred.value] + 1 : to(pred) - 1;
  }

  void block_entry(BlockId id) {
    std::vector<LivePlace>& entry = result_.entry[id.value];
    const Block& block = function_.block(id);
    bool late = moves_at_start(id);
    uint32_t pos = late ? leave_position(block.preds[0], id) : from(id);
    for (uint32_t v : liveness_.live_in[id.value]) {
      Place place = allocation_.place_at(v, pos);
      entry.push_back({v, place});
      if (place.is_reg() && slot_needed(v, id)) entry.push_back({v, Place::slot(allocation_.slot[v])});
    }
    const Edge* edge = late && !block.is_pad ? edge_between(block.preds[0], id) : nullptr;
    for (size_t i = 0; i < block.params.size(); ++i) {
      if (is_dead(block.params[i].index()) || (edge && !edge->args[i].is_reg())) continue;
      uint32_t v = edge ? edge->args[i].as_reg().index() : block.params[i].index();
      Place place = allocation_.place_at(v, pos);
      if (place.kind != Place::Kind::None) entry.push_back({v, place});
    }
  }

  std::vector<Move> edge_moves(BlockId pred, BlockId succ) const {
    std::vector<Move> moves;
    uint32_t leave = leave_position(pred, succ), enter = from(succ);
    for (uint32_t v : liveness_.live_in[succ.value]) {
      Place before = allocation_.place_at(v, leave), after = allocation_.place_at(v, enter);
      if (after.is_reg() && !(before == after)) moves.push_back({after, before, narrow(v)});
    }
    if (const Edge* edge = function_.block(succ).is_pad ? nullptr : edge_between(pred, succ)) {
      const std::vector<Reg>& params = function_.block(succ).params;
      for (size_t i = 0; i < params.size(); ++i) {
        Place after = allocation_.place_at(params[i].index(), enter), before = edge->args[i];
        if (before.is_reg()) before = allocation_.place_at(before.as_reg().index(), leave);
        if (!is_dead(params[i].index()) && !(before == after)) moves.push_back({after, before, narrow(params[i].index())});
      }
    }
    return moves;
  }

  bool narrow(uint32_t v) const { return function_.vregs[v].narrow; }
  bool is_dead(uint32_t v) const { return !intervals_.read[v]; }

  void block(BlockId id) {
    std::vector<Inst> old = std::move(function_.block(id).insts);
    out_ = &function_.block(id).insts;
    out_->clear();
    out_->reserve(old.size() + old.size() / 4 + 2);
    const Block& block = function_.block(id);
    if (moves_at_start(id)) emit(edge_moves(block.preds[0], id), from(id));
    for (Reg param : block.params) store_if_spilled(param, from(id));
    for (uint32_t i = 0; i < old.size(); ++i) {
      uint32_t pos = from(id) + 2 * (i + 1);
      loc_ = old[i].loc;
      emit(splits_at(pos), pos);
      instruction(old[i], pos, i);
    }
    if (block.term == Term::Jump && !moves_at_start(block.succs[0].target)) emit(edge_moves(id, block.succs[0].target), to(id) - 1);
  }

  std::vector<Move> splits_at(uint32_t pos) {
    std::vector<Move> moves;
    auto it = std::lower_bound(splits_.begin(), splits_.end(), pos, [](const Split& s, uint32_t p) { return s.pos < p; });
    for (; it != splits_.end() && it->pos == pos; ++it) moves.push_back(it->move);
    return moves;
  }

  void instruction(Inst inst, uint32_t pos, uint32_t origin) {
    if (inst.op == Op::Pcopy) return copy(inst, pos, origin);
    inst.origin = origin;
    std::vector<Reg> defined;
    for_each_operand(inst, [&](Reg reg, Role role, bool) {
      if (role != Role::Use && reg.is_virtual() && intervals_.last_def[reg.index()] == pos + 1) defined.push_back(reg);
    });
    place_operands(inst, pos);
    bool redundant = is_plain_copy(inst) && inst.d == inst.b;
    if (redundant) inst.op = Op::None; // stays for the allocation checker, encodes to nothing
    out_->push_back(inst);
    for (Reg reg : defined) store_if_spilled(reg, pos + 1);
  }

  void place_operands(Inst& inst, uint32_t pos) {
    Op folded = info(inst.op).folded;
    for_each_operand(inst, [&](Reg& reg, Role role, bool may_be_memory) {
      if (!reg.is_virtual()) return;
      Place place = allocation_.place_at(reg.index(), role == Role::Def ? pos + 1 : pos);
      if (place.is_reg()) {
        reg = place.as_reg();
      } else if (may_be_memory && place.is_memory()) {
        inst.op = folded;
        inst.mem.frame = place;
        reg = {};
      } else if (problem_.empty()) {
        problem_ = "register allocation: v" + std::to_string(reg.index()) + " of " + function_.name + " is not in a register";
      }
    });
  }

  void copy(const Inst& inst, uint32_t pos, uint32_t origin) {
    std::vector<Move> moves;
    std::vector<Reg> defined;
    for (Move move : function_.copies[inst.extra]) {
      for (const Place& place : {move.dst, move.src})
        move.narrow = move.narrow || (place.is_reg() && place.as_reg().is_virtual() && narrow(place.as_reg().index()));
      if (move.src.is_reg() && move.src.as_reg().is_virtual()) move.src = allocation_.place_at(move.src.as_reg().index(), pos);
      if (move.dst.is_reg() && move.dst.as_reg().is_virtual()) {
        Reg reg = move.dst.as_reg();
        if (is_dead(reg.index())) continue;
        move.dst = allocation_.place_at(reg.index(), pos + 1);
        defined.push_back(reg);
      }
      moves.push_back(move);
    }
    emit(moves, pos);
    Inst marker; // where the copy took effect, for the checker
    marker.origin = origin;
    marker.loc = inst.loc;
    out_->push_back(marker);
    for (Reg reg : defined) store_if_spilled(reg, pos + 1);
  }

  void store_if_spilled(Reg reg, uint32_t pos) {
    uint32_t v = reg.index();
    if (!allocation_.spilled[v]) return;
    Place place = allocation_.place_at(v, pos);
    if (place.is_reg()) push_move(Place::slot(allocation_.slot[v]), place);
  }

  // Emits parallel moves that take effect at pos. What passes from memory to memory goes through a register that is free
  // there, or through one that gets its value back at once.
  void emit(const std::vector<Move>& moves, uint32_t pos) {
    if (moves.empty()) return;
    RegMask involved = 0;
    for (const Move& move : moves)
      for (const Place& place : {move.dst, move.src})
        if (place.is_reg()) involved |= bit(place.as_reg());
    Passage passage;
    auto find_passage = [&] {
      if (passage.reg.is_valid()) return passage;
      passage.reg = free_register(pos, (caller_saved | used_) & general_registers & ~involved);
      if (!passage.reg.is_valid()) passage = {rax, Place::slot(slots_++)};
      return passage;
    };
    auto scratch = [&](bool xmm) {
      Reg reg = xmm ? free_register(pos, xmm_registers & ~involved) : Reg{};
      if (!reg.is_valid()) return Place::slot(slots_++);
      involved |= bit(reg);
      return Place::reg(reg);
    };
    for (const MoveStep& step : sequence_moves(moves, {find_passage, scratch})) {
      if (step.kind == MoveStep::Kind::Move) push_move(step.dst, step.src, step.narrow);
      else push_exchange(step.dst.as_reg(), step.src.as_reg());
    }
  }

  Reg free_register(uint32_t pos, RegMask allowed) const { return allocation_.free_register(pos & ~1u, (pos & ~1u) + 2, allowed); }

  void push_exchange(Reg a, Reg b) {
    Inst inst;
    inst.op = Op::XCHG64rr;
    inst.d = a;
    inst.b = b;
    inst.loc = loc_;
    out_->push_back(inst);
  }

  // Slots are always written whole.
  void push_move(const Place& dst, const Place& src, bool narrow = false) {
    Inst inst;
    inst.loc = loc_;
    bool xmm = (dst.is_reg() && dst.as_reg().is_xmm()) || (src.is_reg() && src.as_reg().is_xmm());
    if (xmm) {
      inst.op = !dst.is_reg() ? Op::MOVSDmr : src.is_reg() ? Op::MOVAPSrr : Op::MOVSDrm;
      if (dst.is_reg()) inst.d = dst.as_reg();
      if (src.is_reg()) inst.b = src.as_reg();
      if (!dst.is_reg() || !src.is_reg()) inst.mem.frame = dst.is_reg() ? src : dst;
    } else if (dst.is_reg()) {
      inst.d = dst.as_reg();
      if (src.is_reg()) inst.op = narrow ? Op::MOV32rr : Op::MOV64rr, inst.b = src.as_reg();
      else if (src.is_memory()) inst.op = narrow ? Op::MOV32rm : Op::MOV64rm, inst.mem.frame = src;
      else set_constant(inst, src.value);
    } else {
      inst.mem.frame = dst;
      if (src.is_reg()) inst.op = Op::MOV64mr, inst.b = src.as_reg();
      else inst.op = Op::MOV64mi32, inst.imm = src.value;
    }
    out_->push_back(inst);
  }

  // Wherever moves of constants stand (edges, before calls), the flags are dead.
  static void set_constant(Inst& inst, int64_t value) {
    if (value == 0) {
      inst.op = Op::XOR32zero;
      return;
    }
    inst.imm = value;
    inst.op = value == int64_t(uint32_t(value)) ? Op::MOV32ri : value == int64_t(int32_t(value)) ? Op::MOV64ri32 : Op::MOV64ri;
  }

  Function& function_;
  const Liveness& liveness_;
  const Intervals& intervals_;
  const Allocation& allocation_;
  std::string& problem_;
  AllocatedFunction result_;
  std::vector<std::vector<uint32_t>> slot_needs_; // by block: spilled values, in order
  std::vector<uint32_t> unwind_; // by block: position of the call that may unwind
  std::vector<Split> splits_;
  std::vector<Inst>* out_ = nullptr;
  SourceLoc loc_;
  uint32_t slots_ = 0;
  RegMask used_ = 0;
};

} // namespace

AllocatedFunction allocate_registers(Function& function, std::string& problem) {
  Liveness liveness = compute_liveness(function);
  if (!liveness.live_in[function.order[0].value].empty()) {
    problem = "register allocation: a register of " + function.name + " is used before it is defined";
    return {};
  }
  Intervals intervals = build_intervals(function, liveness);
  Allocation allocation = linear_scan(function, intervals, problem);
  if (!problem.empty()) return {};
  return Rewriter(function, liveness, intervals, allocation, problem).run();
}

} // namespace codegen
