#include "codegen/parallel_move.h"

#include <algorithm>
#include <cstddef>

namespace codegen {

using namespace mir;

namespace {

class Sequencer {
public:
  Sequencer(const std::vector<Move>& moves, const MoveResources& resources) : resources_(resources) {
    for (const Move& move : moves) {
      if (move.dst == move.src) continue;
      (move.src.kind == Place::Kind::Imm ? constants_ : pending_).push_back(move);
    }
  }

  std::vector<MoveStep> run() {
    while (!pending_.empty())
      if (!move_ready()) break_cycle();
    for (const Move& move : constants_) emit(move.dst, move.src, false);
    return std::move(steps_);
  }

private:
  bool is_source(const Place& place) const {
    return std::any_of(pending_.begin(), pending_.end(), [&](const Move& move) { return move.src == place; });
  }

  // Emits every move whose destination nobody reads any more. Sets are small (a call's arguments, a block's parameters).
  bool move_ready() {
    bool progress = false;
    for (size_t i = 0; i < pending_.size();) {
      Move move = pending_[i];
      if (is_source(move.dst)) {
        ++i;
        continue;
      }
      pending_.erase(pending_.begin() + std::ptrdiff_t(i));
      emit(move.dst, move.src, move.narrow);
      progress = true;
    }
    return progress;
  }

  // Only cycles are left. An exchange of registers settles one member; a cycle of memory places is cut at a scratch slot.
  void break_cycle() {
    auto registers = std::find_if(pending_.begin(), pending_.end(), [](const Move& m) { return m.dst.is_reg() && m.src.is_reg(); });
    if (registers != pending_.end()) {
      Move move = *registers;
      pending_.erase(registers);
      steps_.push_back({MoveStep::Kind::Exchange, move.dst, move.src});
      // What was in dst is now in src.
      for (Move& other : pending_)
        if (other.src == move.dst) other.src = move.src;
        else if (other.src == move.src) other.src = move.dst;
      pending_.erase(std::remove_if(pending_.begin(), pending_.end(), [](const Move& m) { return m.dst == m.src; }), pending_.end());
      return;
    }
    Place saved = resources_.scratch(), first = pending_.front().dst;
    emit(saved, first, false);
    for (Move& move : pending_)
      if (move.src == first) move.src = saved;
  }

  void emit(const Place& dst, const Place& src, bool narrow) {
    if (dst.is_memory() && (src.is_memory() || needs_register(src))) {
      Passage passage = resources_.passage();
      Place through = Place::reg(passage.reg);
      bool keep = passage.save.kind != Place::Kind::None;
      if (keep) steps_.push_back({MoveStep::Kind::Move, passage.save, through});
      steps_.push_back({MoveStep::Kind::Move, through, src, narrow});
      steps_.push_back({MoveStep::Kind::Move, dst, through, narrow});
      if (keep) steps_.push_back({MoveStep::Kind::Move, through, passage.save});
      return;
    }
    steps_.push_back({MoveStep::Kind::Move, dst, src, narrow});
  }

  // A 64-bit store of a constant sign-extends 32 bits.
  static bool needs_register(const Place& src) {
    return src.kind == Place::Kind::Imm && src.value != int64_t(int32_t(src.value));
  }

  const MoveResources& resources_;
  std::vector<Move> pending_, constants_;
  std::vector<MoveStep> steps_;
};

} // namespace

std::vector<MoveStep> sequence_moves(const std::vector<Move>& moves, const MoveResources& resources) {
  return Sequencer(moves, resources).run();
}

} // namespace codegen
