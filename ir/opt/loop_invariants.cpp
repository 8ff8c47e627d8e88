// Loop-invariant code motion: what a loop computes anew from unchanged operands each time moves in front of it.
//
// Moved are, from inner loops to outer ones:
//   * pure instructions that are defined everywhere (not Guarded), except constants, addresses and comparisons, which cost less
//     than a register (and a comparison in front of its branch teaches the checker something);
//   * loads from a part of memory (fields, elements, global variables) that nothing in the loop may write. Executing them too
//     often is harmless: a reference that exists and is not null can always be read, and an index was checked outside;
//   * null and division checks at the head of the loop, before anything there has an effect: they happen in any case, and first.
// Checks elsewhere stay, because a check that moves could raise an exception that the program would not have.
//
// The target is a block in front of the header, outside the loop and without unwind edge; it is made if there is none. A check inside
// `try` is left alone: its block has an unwind edge.
#include <algorithm>
#include <array>

#include "ir/builder.h"
#include "ir/edit.h"
#include "ir/loops.h"
#include "ir/opt/memory_parts.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

class LoopInvariants {
 public:
  LoopInvariants(Module& module, Function& function)
      : module_(module), function_(function), cfg_(function), loops_(function, cfg_, DominatorTree(function, cfg_)),
        moving_(function.values.size()) {
    for (const Loop& loop : loops_.all())
      blocks_.push_back(loop.blocks);
    for (uint32_t i = 0; i < function.blocks.size(); ++i) {
      innermost_.push_back(loops_.innermost({i}));
      position_.push_back(2 * cfg_.rpo_index({i}) + 1);
    }
  }

  bool run() {
    for (uint32_t i = static_cast<uint32_t>(loops_.all().size()); i-- > 0;) // inner ones have greater numbers
      process(i);
    return changed_;
  }

 private:
  using Written = std::array<bool, kPartCount>;

  void process(uint32_t index) {
    loop_ = index;
    std::vector<BlockId>& blocks = blocks_[index];
    std::sort(blocks.begin(), blocks.end(), [&](BlockId a, BlockId b) { return position_[a.value] < position_[b.value]; });
    written_ = find_writes(blocks);
    std::vector<InstId> moved;
    for (BlockId block : blocks)
      collect(block, block == loops_.all()[index].header, moved);
    if (moved.empty())
      return;
    place_in_front(loops_.all()[index], moved);
    changed_ = true;
  }

  Written find_writes(const std::vector<BlockId>& blocks) const {
    Written written{};
    for (BlockId block : blocks)
      for (InstId id : function_.block(block).insts) {
        const Inst& inst = function_.inst(id);
        if (is_store(inst.op))
          for_each_touched(part_of(module_, function_, inst), [&](Part part) { written[static_cast<size_t>(part)] = true; });
        else if (info(inst.op).flags & flags::Writes)
          written.fill(true);
      }
    return written;
  }

  void collect(BlockId block, bool is_header, std::vector<InstId>& moved) {
    bool at_head = is_header;
    std::erase_if(function_.block(block).insts, [&](InstId id) {
      Inst& inst = function_.inst(id);
      bool move = is_invariant(inst) && (may_move_anywhere(inst) || (at_head && is_movable_check(inst, block)));
      if (move) {
        moved.push_back(id);
        moving_[inst.result.value] = true;
      } else if (info(inst.op).flags & (flags::Writes | flags::Throws | flags::Term)) {
        at_head = false;
      }
      return move;
    });
  }

  bool is_invariant(const Inst& inst) const {
    return std::all_of(inst.operands.begin(), inst.operands.end(), [&](ValueId v) { return is_outside(v); });
  }
  bool is_outside(ValueId v) const {
    return (v.value < moving_.size() && moving_[v.value]) || !is_inside(innermost_[function_.value(v).block.value], loop_);
  }
  bool is_inside(uint32_t inner, uint32_t outer) const {
    while (inner != UINT32_MAX && inner > outer) // a parent has a smaller number
      inner = loops_.all()[inner].parent;
    return inner == outer;
  }

  bool may_move_anywhere(const Inst& inst) const {
    switch (inst.op) {
    case Op::IConst:
    case Op::FConst:
    case Op::Null:
    case Op::UnionConst:
    case Op::DataAddr:
    case Op::FuncAddr:
    case Op::GlobalAddr:
    case Op::ExceptionAddr:
    case Op::RepAddr:
    case Op::Undef: return false;
    case Op::LoadField:
    case Op::LoadElem:
    case Op::LoadGlobal: return !written_[static_cast<size_t>(part_of(module_, function_, inst))];
    case Op::ExnMatches:
    case Op::ExnIs: return false;
    default: return is_pure(inst.op) && !is_comparison(inst.op) && !(info(inst.op).flags & flags::Guarded);
    }
  }

  bool is_movable_check(const Inst& inst, BlockId block) const {
    return (inst.op == Op::CheckNull || inst.op == Op::CheckDiv) && !function_.block(block).has_unwind();
  }

  // ---- the block in front ----

  void place_in_front(const Loop& loop, const std::vector<InstId>& moved) {
    BlockId front = block_in_front(loop);
    std::vector<InstId>& insts = function_.block(front).insts;
    insts.insert(insts.end() - 1, moved.begin(), moved.end());
    for (InstId id : moved) {
      function_.inst(id).block = front;
      ValueId result = function_.inst(id).result;
      function_.value(result).block = front;
      moving_[result.value] = false;
    }
  }

  // The only block that enters the loop and does nothing else; made if needed, with the header's parameters passed through.
  BlockId block_in_front(const Loop& loop) {
    std::vector<EdgeRef> entering = entering_edges(loop);
    if (entering.size() == 1 && !entering[0].is_unwind() && !function_.block(entering[0].from).has_unwind() &&
        function_.terminator(entering[0].from).targets.size() == 1)
      return entering[0].from;
    Builder builder(module_, function_);
    BlockId front = builder.create_block();
    std::vector<ValueId> params;
    for (ValueId param : std::vector<ValueId>(function_.block(loop.header).params))
      params.push_back(builder.add_param(front, function_.value(param).type));
    builder.set_block(front);
    builder.set_loc(function_.terminator(entering[0].from).loc);
    builder.br(loop.header, params);
    for (EdgeRef ref : entering)
      edge(function_, ref).target = front;
    auto position = std::find(function_.order.begin(), function_.order.end(), loop.header);
    function_.order.insert(position, front);
    enter_into_outer_loops(front, loop);
    return front;
  }

  void enter_into_outer_loops(BlockId front, const Loop& loop) {
    innermost_.push_back(loop.parent);
    position_.push_back(position_[loop.header.value] - 1);
    for (uint32_t outer = loop.parent; outer != UINT32_MAX; outer = loops_.all()[outer].parent)
      blocks_[outer].push_back(front);
  }

  std::vector<EdgeRef> entering_edges(const Loop& loop) const {
    std::vector<EdgeRef> entering;
    for (EdgeRef ref : cfg_.preds(loop.header))
      if (!is_inside(innermost_[ref.from.value], loop_))
        entering.push_back(ref);
    return entering;
  }

  Module& module_;
  Function& function_;
  Cfg cfg_;
  Loops loops_;
  // Kept up to date with the blocks made here: by loop its blocks, by block its innermost loop and its place in the order.
  std::vector<std::vector<BlockId>> blocks_;
  std::vector<uint32_t> innermost_, position_;
  std::vector<bool> moving_; // by value: collected, but not yet in its new place
  uint32_t loop_ = 0;
  Written written_{};
  bool changed_ = false;
};

} // namespace

bool move_loop_invariants(Module& module, Function& function) { return LoopInvariants(module, function).run(); }

} // namespace ir
