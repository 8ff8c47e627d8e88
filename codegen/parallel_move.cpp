#include "codegen/parallel_move.h"

#include <map>

namespace codegen {

using namespace mir;

namespace {

class Sequencer {
public:
  Sequencer(const std::vector<Move>& moves, const MoveResources& resources) : resources_(resources) {
    for (const Move& move : moves) {
      if (move.dst == move.src) continue;
      if (move.src.kind == Place::Kind::Imm) {
        constants_.push_back(move);
        continue;
      }
      by_target_.emplace(key(move.dst), move);
      ++readers_[key(move.src)];
    }
  }

  std::vector<MoveStep> run() {
    std::vector<Key> ready;
    for (auto& [target, move] : by_target_)
      if (!readers_.count(target)) ready.push_back(target);
    drain(ready);
    while (!by_target_.empty()) {
      break_cycle(ready);
      drain(ready);
    }
    for (const Move& move : constants_) emit(move.dst, move.src, false);
    return std::move(steps_);
  }

private:
  using Key = std::pair<int, int64_t>;
  static Key key(const Place& place) { return {int(place.kind), place.value}; }

  // Emits moves whose target nobody reads any more; each may make the place it read such a target.
  void drain(std::vector<Key>& ready) {
    while (!ready.empty()) {
      auto it = by_target_.find(ready.back());
      ready.pop_back();
      Move move = it->second;
      by_target_.erase(it);
      emit(move.dst, move.src, move.narrow);
      read_done(move.src, ready);
    }
  }
  void read_done(const Place& place, std::vector<Key>& ready) {
    auto it = readers_.find(key(place));
    if (--it->second > 0) return;
    readers_.erase(it);
    if (by_target_.count(key(place))) ready.push_back(key(place));
  }

  // Only cycles are left, in which each place is read once. An exchange of registers settles one member; a cycle without
  // two registers in a row is cut at a scratch slot.
  void break_cycle(std::vector<Key>& ready) {
    Move move = by_target_.begin()->second;
    Place start = move.dst;
    for (Move at = move; !(at.dst.is_reg() && at.src.is_reg());) { // look round the cycle
      at = by_target_.find(key(at.src))->second;
      move = at;
      if (at.dst == start) break;
    }
    bool xmm = start.is_reg() && start.as_reg().is_xmm(); // for which there is no exchange
    if (move.dst.is_reg() && move.src.is_reg() && !move.dst.as_reg().is_xmm()) return exchange(move);
    Place saved = resources_.scratch(xmm);
    emit(saved, start, false);
    for (auto& [target, other] : by_target_)
      if (other.src == start) {
        other.src = saved;
        readers_.erase(key(start));
        readers_[key(saved)] = 1;
        break;
      }
    ready.push_back(key(start));
  }
  // dst and src change places: dst is right, and whoever was to read dst reads src now.
  void exchange(const Move& move) {
    steps_.push_back({MoveStep::Kind::Exchange, move.dst, move.src});
    by_target_.erase(key(move.dst));
    readers_.erase(key(move.dst));
    for (auto& [target, other] : by_target_)
      if (other.src == move.dst) {
        other.src = move.src;
        if (other.dst == other.src) { // the cycle is done
          readers_.erase(key(move.src));
          by_target_.erase(target);
        }
        break;
      }
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
  std::map<Key, Move> by_target_;
  std::map<Key, int> readers_; // how many moves read a place
  std::vector<Move> constants_;
  std::vector<MoveStep> steps_;
};

} // namespace

std::vector<MoveStep> sequence_moves(const std::vector<Move>& moves, const MoveResources& resources) {
  // Most often there is one, from a register or into one.
  if (moves.size() == 1 && (moves[0].dst.is_reg() || moves[0].src.is_reg())) {
    if (moves[0].dst == moves[0].src) return {};
    return {{MoveStep::Kind::Move, moves[0].dst, moves[0].src, moves[0].src.kind != Place::Kind::Imm && moves[0].narrow}};
  }
  return Sequencer(moves, resources).run();
}

} // namespace codegen
