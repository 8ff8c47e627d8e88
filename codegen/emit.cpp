#include "codegen/emit.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <set>

namespace codegen {

using namespace mir;

namespace {

constexpr uint32_t none = UINT32_MAX;
constexpr Reg push_order[] = {rbp, r15, r14, r13, r12, rbx};

// A place in the code before branch sizes are known: bytes that are fixed, and how many branches come before.
struct Point {
  uint32_t raw = 0, branches = 0;
};

class Emitter {
public:
  Emitter(const Function& function, Encoder& encoder) : function_(function), encoder_(encoder) {}

  EmittedFunction run() {
    plan_frame();
    plan_blocks();
    prologue();
    for (size_t i = 0; i < emitted_.size(); ++i) block(i);
    for (size_t i = 0; i < stubs_.size(); ++i) stub(i);
    relax();
    if (entry_window_hit()) {
      window_nop_ = 2;
      relax();
    }
    assemble();
    return std::move(out_);
  }

private:
  // ---- frame -----------------------------------------------------------------------------------------------------------

  void plan_frame() {
    bool calls = false;
    uint32_t out_args = 0;
    for (BlockId id : function_.order)
      for (const Inst& inst : function_.block(id).insts) {
        if (!is_call(inst)) continue;
        calls = true;
        out_args = std::max(out_args, function_.calls[inst.extra].out_args);
      }
    for (Reg reg : push_order)
      if (function_.saved & bit(reg)) out_.pushed.push_back(reg);
    out_.out_bytes = 8 * out_args;
    uint32_t pushed = 8 * uint32_t(out_.pushed.size());
    locals_ = out_.out_bytes + 8 * function_.slots;
    if (calls && (pushed + locals_ + 8) % 16 != 0) locals_ += 8;
    out_.depth = pushed + locals_;
  }

  Mem resolve(const Mem& mem) const {
    if (mem.frame.kind == Place::Kind::None) return mem;
    Mem result;
    result.base = rsp;
    switch (mem.frame.kind) {
    case Place::Kind::Slot: result.disp = int32_t(out_.out_bytes + 8 * mem.frame.value); break;
    case Place::Kind::InArg: result.disp = int32_t(out_.depth + 8 + 8 * mem.frame.value); break;
    default: result.disp = int32_t(8 * mem.frame.value); break;
    }
    return result;
  }

  void adjust_stack(Op small, Op large, uint32_t bytes) {
    Inst inst;
    inst.op = bytes <= 127 ? small : large;
    inst.d = rsp;
    inst.imm = bytes;
    encoder_.encode(inst, raw_);
  }
  void push_pop(Op op, Reg reg) {
    Inst inst;
    inst.op = op;
    inst.d = reg;
    encoder_.encode(inst, raw_);
  }
  void frame_row(uint32_t depth, uint32_t saved = none) { frame_.push_back({here(), {0, depth, saved}}); }

  void prologue() {
    line(function_.loc);
    uint32_t depth = 0;
    for (Reg reg : out_.pushed) {
      push_pop(Op::PUSH64r, reg);
      frame_row(depth += 8, reg.value);
    }
    if (!locals_) return;
    adjust_stack(Op::SUB64ri8, Op::SUB64ri32, locals_);
    frame_row(out_.depth);
  }

  void epilogue() {
    uint32_t depth = out_.depth;
    if (locals_) {
      adjust_stack(Op::ADD64ri8, Op::ADD64ri32, locals_);
      frame_row(depth -= locals_);
    }
    for (size_t i = out_.pushed.size(); i-- > 0;) {
      push_pop(Op::POP64r, out_.pushed[i]);
      frame_row(depth -= 8);
    }
  }

  // ---- blocks ----------------------------------------------------------------------------------------------------------

  static bool is_empty(const Block& block) {
    return block.term == Term::Jump && std::all_of(block.insts.begin(), block.insts.end(), [](const Inst& i) { return i.op == Op::None; });
  }
  // Where control arrives that goes to this block: empty blocks only lead on. Of empty blocks in a circle one stays.
  BlockId follow(BlockId id) const { return {destination_[id.value]}; }
  void find_destinations() {
    destination_.assign(function_.blocks.size(), none);
    std::vector<uint32_t> path;
    std::vector<bool> on_path(function_.blocks.size());
    for (BlockId start : function_.order) {
      path.clear();
      uint32_t at = start.value;
      while (destination_[at] == none && !on_path[at] && is_empty(function_.blocks[at])) {
        on_path[at] = true;
        path.push_back(at);
        at = function_.blocks[at].succs[0].target.value;
      }
      uint32_t end = destination_[at] == none ? at : destination_[at];
      destination_[end] = end;
      for (uint32_t block : path) destination_[block] = end, on_path[block] = false;
    }
  }

  // Which blocks get code, where each goes, and which need a label record.
  void plan_blocks() {
    find_destinations();
    std::vector<bool> reached(function_.blocks.size());
    std::vector<BlockId> pending{function_.order[0]};
    reached[function_.order[0].value] = true;
    auto reach = [&](BlockId id) {
      if (!reached[id.value]) reached[id.value] = true, pending.push_back(id);
    };
    while (!pending.empty()) {
      const Block& block = function_.block(pending.back());
      pending.pop_back();
      for (const Edge& edge : block.succs) reach(follow(edge.target));
      if (block.unwind.is_valid()) reach(follow(block.unwind));
    }
    position_.assign(function_.blocks.size(), none);
    for (BlockId id : function_.order)
      if (reached[id.value]) emitted_.push_back(id);
    rotate_loops();
    for (size_t i = 0; i < emitted_.size(); ++i) position_[emitted_[i].value] = uint32_t(i);
    labels_.resize(emitted_.size());
    count_edges();
  }

  // A loop that is tested at its head, `H: test, exit; B; jump H`, is laid out as B, H: one branch a turn instead of two.
  // The way in then jumps to H, once.
  void rotate_loops() {
    for (size_t i = 0; i < emitted_.size(); ++i) position_[emitted_[i].value] = uint32_t(i);
    std::vector<size_t> last(emitted_.size()); // by header: the last block that jumps to it
    for (size_t i = 0; i < emitted_.size(); ++i) {
      const Block& block = function_.block(emitted_[i]);
      // Cold blocks stand behind the others: a jump back from one, as from a pad to its handler, need not be a loop.
      if (block.term == Term::Jump && !block.cold) last[position_[follow(block.succs[0].target).value]] = i;
    }
    std::vector<std::pair<size_t, size_t>> loops;
    for (size_t head = 1; head < emitted_.size(); ++head)
      if (last[head] > head && may_rotate(head, last[head])) loops.push_back({head, last[head]});
    // Inner loops after outer ones: the body of a rotated loop stays together, one place further up.
    for (size_t n = 0; n < loops.size(); ++n) {
      auto [head, end] = loops[n];
      std::rotate(emitted_.begin() + std::ptrdiff_t(head), emitted_.begin() + std::ptrdiff_t(head) + 1, emitted_.begin() + std::ptrdiff_t(end) + 1);
      for (size_t m = n + 1; m < loops.size() && loops[m].second <= end; ++m) --loops[m].first, --loops[m].second;
    }
  }
  bool may_rotate(size_t head, size_t end) const {
    const Block& block = function_.block(emitted_[head]);
    if (block.term != Term::Branch || block.cold || block.teaches) return false;
    auto inside = [&](const Edge& edge) {
      size_t at = position_[follow(edge.target).value];
      return at > head && at <= end;
    };
    if (inside(block.succs[0]) == inside(block.succs[1])) return false;
    for (size_t i = head; i <= end; ++i) // all of it is the loop
      if (function_.block(emitted_[i]).loop_depth < block.loop_depth) return false;
    return true;
  }

  void count_edges() {
    std::vector<uint32_t> in(emitted_.size());
    std::vector<bool> backward(emitted_.size()), jumped(emitted_.size());
    auto edge = [&](size_t from, BlockId target) {
      uint32_t to = position_[follow(target).value];
      ++in[to];
      if (to <= from) backward[to] = true;
      if (to != from + 1) jumped[to] = true;
    };
    for (size_t i = 0; i < emitted_.size(); ++i) {
      const Block& block = function_.block(emitted_[i]);
      std::set<uint32_t> seen;
      BlockId first = block.succs.empty() ? BlockId{} : follow(block.succs[0].target);
      for (const Edge& e : block.succs) {
        if (&e != &block.succs[0] && follow(e.target) == first) continue; // both sides of a branch go there: a jump
        if (block.term == Term::Table && !seen.insert(follow(e.target).value).second) continue;
        edge(i, e.target);
        if (block.term == Term::Table) jumped[position_[follow(e.target).value]] = true;
      }
      if (block.unwind.is_valid()) {
        edge(i, block.unwind);
        jumped[position_[follow(block.unwind).value]] = backward[position_[follow(block.unwind).value]] = true; // always a record
      }
    }
    for (size_t i = 0; i < emitted_.size(); ++i)
      if (in[i] >= 2 || backward[i]) out_.need_record.push_back(emitted_[i]);
    jumped_ = std::move(jumped);
  }

  Point here() const { return {uint32_t(raw_.size()), uint32_t(branches_.size())}; }

  void line(support::SourceLoc loc) {
    if (!loc.is_valid() || (!lines_.empty() && lines_.back().second == loc)) return;
    lines_.push_back({here(), loc});
  }

  void block(size_t i) {
    const Block& block = function_.block(emitted_[i]);
    labels_[i] = here();
    for (const Inst& inst : block.insts) instruction(inst, block);
    if (block.term == Term::Jump) jump_to(block.succs[0].target, i);
    if (block.term != Term::Branch) return;
    BlockId yes = follow(block.succs[0].target), no = follow(block.succs[1].target);
    if (yes == no) return jump_to(yes, i);
    if (is_next(yes, i)) return branch(uint8_t(negate(block.cond)), position_[no.value]);
    branch(uint8_t(block.cond), position_[yes.value]);
    jump_to(no, i);
  }
  bool is_next(BlockId id, size_t i) const { return position_[id.value] == i + 1; }
  void jump_to(BlockId target, size_t i) {
    if (!is_next(follow(target), i)) branch(jump, position_[follow(target).value]);
  }

  void instruction(Inst inst, const Block& block) {
    if (inst.op == Op::None) return;
    line(inst.loc);
    if (inst.op == Op::Raise) {
      stubs_.push_back({inst, {}});
      branch(uint8_t(inst.cond), none - uint32_t(stubs_.size())); // stub n is target none - 1 - n
      return;
    }
    Point start = here();
    if (inst.op == Op::Call) {
      direct_call(function_.calls[inst.extra].symbol);
    } else {
      if (inst.op == Op::RET64) epilogue();
      inst.mem = resolve(inst.mem);
      start = here();
      int64_t field = encoder_.encode(inst, raw_);
      if (inst.mem.symbol == this_function) places_.push_back({here(), uint32_t(raw_.size()) - uint32_t(field)});
      else if (field >= 0) relocs_.push_back({{uint32_t(field), start.branches}, inst.mem.symbol, int32_t(field - int64_t(raw_.size())) + inst.mem.disp});
      if ((inst.op == Op::LEA64r || inst.op == Op::MOV64rr) && inst.extra != none) instantiations_.push_back({start, inst.extra});
      if (inst.op == Op::RET64) frame_row(out_.depth); // for what comes after
    }
    if (inst.traps) traps_.push_back({here(), inst.loc});
    if (is_call(inst)) calls_.push_back({start, here(), {0, 0, inst.extra, block.unwind, inst.loc}});
  }

  void direct_call(uint32_t symbol) {
    raw_.push_back(0xE8);
    relocs_.push_back({here(), symbol, -4});
    raw_.insert(raw_.end(), 4, 0);
  }

  void stub(size_t i) {
    auto& [inst, point] = stubs_[i];
    point = here();
    line(inst.loc);
    uint32_t depth = out_.depth;
    bool align = (depth + 8) % 16 != 0;
    if (align) {
      adjust_stack(Op::SUB64ri8, Op::SUB64ri32, 8);
      frame_row(depth + 8);
    }
    Point start = here();
    direct_call(inst.extra);
    calls_.push_back({start, here(), {0, 0, none, {}, inst.loc}});
    if (align) frame_row(depth);
  }

  // ---- branches --------------------------------------------------------------------------------------------------------

  static constexpr uint8_t jump = 16;
  struct Branch {
    uint32_t raw;
    uint8_t cond; // or `jump`
    uint32_t target;
    bool is_long = false;
  };
  void branch(uint8_t cond, uint32_t target) { branches_.push_back({uint32_t(raw_.size()), cond, target}); }
  static uint32_t size_of(const Branch& b) { return !b.is_long ? 2 : b.cond == jump ? 5 : 6; }

  Point target_point(const Branch& b) const { return b.target >= none - uint32_t(stubs_.size()) ? stubs_[none - 1 - b.target].second : labels_[b.target]; }
  uint32_t offset(Point point) const { return window_nop_ + point.raw + before_[point.branches]; }

  // All branches start short; those that do not reach grow, which may push others out of reach, until nothing changes.
  void relax() {
    for (bool changed = true; changed;) {
      changed = false;
      before_.assign(branches_.size() + 1, 0);
      for (size_t i = 0; i < branches_.size(); ++i) before_[i + 1] = before_[i] + size_of(branches_[i]);
      for (size_t i = 0; i < branches_.size(); ++i) {
        Branch& b = branches_[i];
        if (b.is_long) continue;
        int64_t distance = displacement(i);
        if (distance < -128 || distance > 127) b.is_long = changed = true;
      }
    }
  }
  int64_t displacement(size_t i) const {
    int64_t end = int64_t(offset({branches_[i].raw, uint32_t(i + 1)}));
    return int64_t(offset(target_point(branches_[i]))) - end;
  }

  bool entry_window_hit() const {
    for (size_t i = 0; i < emitted_.size(); ++i)
      if (jumped_[i] && offset(labels_[i]) <= 1) return true;
    return !branches_.empty() && branches_[0].raw == 0;
  }

  // ---- result ----------------------------------------------------------------------------------------------------------

  void assemble() {
    std::vector<uint8_t>& code = out_.code;
    if (window_nop_) code = {0x66, 0x90};
    uint32_t copied = 0;
    for (size_t i = 0; i < branches_.size(); ++i) {
      const Branch& b = branches_[i];
      code.insert(code.end(), raw_.begin() + copied, raw_.begin() + b.raw);
      copied = b.raw;
      if (b.cond == jump) code.push_back(b.is_long ? 0xE9 : 0xEB);
      else if (b.is_long) code.push_back(0x0F), code.push_back(uint8_t(0x80 + b.cond));
      else code.push_back(uint8_t(0x70 + b.cond));
      uint32_t distance = uint32_t(displacement(i));
      for (uint32_t n = 0; n < (b.is_long ? 4u : 1u); ++n) code.push_back(uint8_t(distance >> (8 * n)));
    }
    code.insert(code.end(), raw_.begin() + copied, raw_.end());
    for (auto& [point, symbol, addend] : relocs_) out_.relocs.push_back({offset(point), symbol, addend});
    for (auto& [start, end, site] : calls_) {
      site.start = offset(start), site.end = offset(end);
      if (site.pad.is_valid()) site.pad = follow(site.pad);
      out_.calls.push_back(site);
    }
    for (auto& [point, loc] : traps_) out_.traps.push_back({offset(point), loc});
    for (auto& [point, call] : instantiations_) out_.instantiations.push_back({offset(point), call});
    for (auto& [point, loc] : lines_) out_.lines.push_back({offset(point), loc});
    for (auto& [point, row] : frame_) row.offset = offset(point), out_.frame.push_back(row);
    out_.block_offset.assign(function_.blocks.size(), none);
    for (size_t i = 0; i < emitted_.size(); ++i) out_.block_offset[emitted_[i].value] = offset(labels_[i]);
    for (auto& [end, back] : places_) { // the distance from the instruction's end to the start of the function
      const uint32_t distance = 0 - offset(end);
      std::memcpy(code.data() + offset(end) - back, &distance, 4);
    }
    for (BlockId id : emitted_) {
      const Block& block = function_.block(id);
      if (block.term != Term::Table) continue;
      JumpTable& table = out_.tables.emplace_back(function_.tables[block.table]);
      for (uint32_t& entry : table.entries) entry = out_.block_offset[follow(block.succs[entry].target).value];
    }
  }

  struct RawReloc { Point point; uint32_t symbol; int32_t addend; };
  struct RawPlace { Point end; uint32_t back; }; // of an instruction with the address of the function: `back` bytes before its end
  struct RawCall { Point start, end; CallSite site; };

  const Function& function_;
  Encoder& encoder_;
  EmittedFunction out_;
  uint32_t locals_ = 0, window_nop_ = 0;
  std::vector<uint8_t> raw_;
  std::vector<Branch> branches_;
  std::vector<uint32_t> before_;             // bytes of the first n branches
  std::vector<uint32_t> destination_;        // by block: see follow()
  std::vector<BlockId> emitted_;
  std::vector<uint32_t> position_;           // by block: index in emitted_
  std::vector<Point> labels_;                // of emitted_
  std::vector<bool> jumped_;                 // reached other than by falling through
  std::vector<std::pair<Inst, Point>> stubs_;
  std::vector<RawReloc> relocs_;
  std::vector<RawPlace> places_;
  std::vector<RawCall> calls_;
  std::vector<std::pair<Point, support::SourceLoc>> traps_;
  std::vector<std::pair<Point, uint32_t>> instantiations_;
  std::vector<std::pair<Point, support::SourceLoc>> lines_;
  std::vector<std::pair<Point, FrameRow>> frame_;
};

} // namespace

int32_t EmittedFunction::slot_of(const Place& place) const {
  if (place.kind == Place::Kind::InArg) return int32_t(1 + place.value);
  return (int32_t(out_bytes + 8 * place.value) - int32_t(depth)) / 8;
}

EmittedFunction emit_function(const Function& function, Encoder& encoder) { return Emitter(function, encoder).run(); }

} // namespace codegen
