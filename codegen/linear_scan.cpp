#include "codegen/linear_scan.h"

#include <algorithm>
#include <map>
#include <queue>
#include <span>

namespace codegen {

using namespace mir;

namespace {

constexpr uint32_t never = UINT32_MAX;
constexpr uint32_t none = UINT32_MAX;

// Order of preference when nothing else decides: registers that need no REX prefix and no saving first.
constexpr Reg general_preference[] = {rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbx, rbp, r14, r15, r12, r13};
constexpr Reg xmm_preference[] = {xmm(0), xmm(1), xmm(2),  xmm(3),  xmm(4),  xmm(5),  xmm(6),  xmm(7),
                                  xmm(8), xmm(9), xmm(10), xmm(11), xmm(12), xmm(13), xmm(14), xmm(15)};

struct Taken {
  uint32_t to;
  uint32_t piece; // none: fixed
};

class Scan {
public:
  Scan(const Function& function, Intervals& intervals, std::string& problem)
      : function_(function), in_(intervals), problem_(problem), taken_(physical_registers) {
    for (uint32_t r = 0; r < physical_registers; ++r)
      for (Range range : in_.fixed[r]) taken_[r].emplace(range.from, Taken{range.to, none});
    result_.spilled.resize(function.vregs.size());
    assigned_.resize(function.vregs.size());
  }

  Allocation run() {
    for (Interval& interval : in_.of_vreg)
      if (!interval.ranges.empty()) enqueue(std::move(interval));
    while (!queue_.empty() && problem_.empty()) {
      // Of pieces that start together (a block's parameters) those choose first whose wish can be met.
      uint32_t start = queue_.top().first;
      others_.clear();
      while (!queue_.empty() && queue_.top().first == start) {
        uint32_t id = queue_.top().second;
        queue_.pop();
        if (!take_hinted(id)) others_.push_back(id);
      }
      for (uint32_t id : others_)
        if (problem_.empty() && !piece(id).ranges.empty()) allocate(id);
    }
    finish();
    return std::move(result_);
  }

private:
  using QueueEntry = std::pair<uint32_t, uint32_t>; // start, piece

  Interval& piece(uint32_t id) { return result_.pieces[id]; }
  // The registers of the value's class.
  std::span<const Reg> preference(const Interval& interval) const {
    return function_.vregs[interval.vreg].floating ? std::span<const Reg>(xmm_preference) : std::span<const Reg>(general_preference);
  }

  uint32_t enqueue(Interval interval) {
    uint32_t id = uint32_t(result_.pieces.size());
    queue_.emplace(interval.from(), id);
    result_.pieces.push_back(std::move(interval));
    return id;
  }

  // ---- questions ---------------------------------------------------------------------------------------------------

  // First position from `from` on where register r is taken and the piece is live.
  uint32_t first_conflict(uint32_t r, const Interval& interval, uint32_t limit = never) const {
    const std::map<uint32_t, Taken>& taken = taken_[r];
    for (Range range : interval.ranges) {
      if (range.from >= limit) return never;
      auto it = taken.upper_bound(range.from);
      if (it != taken.begin() && std::prev(it)->second.to > range.from) return range.from;
      if (it != taken.end() && it->first < range.to) return it->first;
    }
    return never;
  }

  // Next use at or after pos for which the piece should be in a register again. A single use that memory can serve is not one.
  static uint32_t next_register_use(const Interval& interval, uint32_t pos) {
    uint32_t wanted = never;
    for (const UsePosition& use : interval.uses) {
      if (use.pos < pos) continue;
      if (use.needs_register) return std::min(use.pos, wanted);
      if (!use.wants_register) continue;
      if (wanted != never) return wanted;
      wanted = use.pos;
      if (use.weight > 1) return wanted;
    }
    return never;
  }

  static float weight_from(const Interval& interval, uint32_t pos) {
    float sum = 0;
    for (const UsePosition& use : interval.uses)
      if (use.pos >= pos) sum += use.needs_register || use.wants_register ? use.weight : use.weight / 2;
    return sum;
  }

  // First even position at which the piece may be split, so that it has a final value and a first part.
  uint32_t min_split(const Interval& interval) const {
    uint32_t after_def = in_.last_def[interval.vreg] + 1;
    return std::max((after_def + 1) & ~1u, (interval.from() + 2) & ~1u);
  }

  size_t block_index(uint32_t pos) const {
    return size_t(std::upper_bound(in_.boundaries.begin(), in_.boundaries.end(), pos) - in_.boundaries.begin()) - 1;
  }

  // The best split position in [low, high]: the latest block start of the smallest loop depth, or `high` if no block
  // start is in a shallower loop than `high` itself.
  uint32_t split_position(uint32_t low, uint32_t high) const {
    if (low >= high) return high;
    size_t last = block_index(high), first = block_index(low);
    uint32_t best = high, best_depth = depth(last);
    // Walking further than this would make the scan quadratic on long stretches of straight code.
    for (size_t i = last, steps = 0; i > first && steps < 64; --i, ++steps) {
      // A value that enters block i is in its new place at the end of block i - 1 too: the smaller depth counts.
      uint32_t d = std::min(depth(i), depth(i - 1));
      if (d < best_depth && in_.boundaries[i] >= low) best_depth = d, best = in_.boundaries[i];
    }
    return best;
  }
  uint32_t depth(size_t index) const { return function_.block(in_.boundary_blocks[index]).loop_depth; }

  // ---- actions -----------------------------------------------------------------------------------------------------

  void take(uint32_t id, uint32_t r) {
    piece(id).place = Place::reg({r});
    for (Range range : piece(id).ranges) taken_[r].emplace(range.from, Taken{range.to, id});
    assigned_[piece(id).vreg].push_back(id);
  }

  void release(uint32_t id) {
    uint32_t r = uint32_t(piece(id).place.value);
    for (Range range : piece(id).ranges) taken_[r].erase(range.from);
    piece(id).place = {};
  }

  void spill(uint32_t id) {
    piece(id).place = Place::slot(piece(id).vreg);
    result_.spilled[piece(id).vreg] = true;
  }

  // Cuts the piece at an even position inside it; the rest is returned, not yet queued. Not for pieces in a register.
  Interval cut(uint32_t id, uint32_t pos) {
    Interval& head = piece(id);
    Interval tail;
    tail.vreg = head.vreg;
    std::vector<Range> ranges;
    for (Range range : head.ranges) {
      if (range.to <= pos) ranges.push_back(range);
      else if (range.from >= pos) tail.ranges.push_back(range);
      else ranges.push_back({range.from, pos}), tail.ranges.push_back({pos, range.to});
    }
    head.ranges = std::move(ranges);
    auto first = std::find_if(head.uses.begin(), head.uses.end(), [&](const UsePosition& use) { return use.pos >= pos; });
    tail.uses.assign(first, head.uses.end());
    head.uses.erase(first, head.uses.end());
    return tail;
  }

  // Keeps a piece without a register in memory until its next register use; the rest queues again.
  void spill_until_use(uint32_t id) {
    uint32_t use = next_register_use(piece(id), piece(id).from());
    if (use != never) {
      uint32_t low = std::max(min_split(piece(id)), (piece(id).from() + 2) & ~1u);
      uint32_t pos = split_position(low, use & ~1u);
      if (pos > piece(id).from() && pos < piece(id).to()) {
        Interval tail = cut(id, pos);
        if (!tail.ranges.empty()) enqueue(std::move(tail));
      }
    }
    if (!piece(id).ranges.empty()) spill(id);
  }

  // ---- the algorithm -------------------------------------------------------------------------------------------------

  void allocate(uint32_t id) {
    const Interval& interval = piece(id);
    if (take_hinted(id)) return;
    uint32_t best = none, best_until = interval.from();
    for (Reg reg : preference(interval)) {
      uint32_t until = first_conflict(reg.value, interval);
      bool fresh_saved = (callee_saved & bit(reg)) && !(used_saved_ & bit(reg));
      if (until > best_until || (until == best_until && best == none)) {
        // A callee-saved register not used so far costs a push and a pop: only for what another one cannot hold.
        if (until == never || !fresh_saved || best == none) best = reg.value, best_until = until;
      }
      if (best_until == never) break;
    }
    if (best_until == never) return assign(id, best);
    if (next_register_use(interval, interval.from()) == never && can_start_in_memory(interval)) return spill(id);
    if (evict_cheaper(id)) return;
    if (take_part(id, best, best_until)) return;
    make_room(id);
  }

  bool can_start_in_memory(const Interval& interval) const {
    return interval.uses.empty() || interval.uses.front().pos > interval.from() || !interval.uses.front().needs_register;
  }

  void assign(uint32_t id, uint32_t r) {
    used_saved_ |= callee_saved & (1u << r);
    take(id, r);
  }

  bool take_hinted(uint32_t id) {
    const Interval& interval = piece(id);
    for (uint32_t r : hinted_registers(interval)) {
      if (first_conflict(r, interval) != never) continue;
      if ((callee_saved & (1u << r)) && !(used_saved_ & (1u << r))) continue;
      assign(id, r);
      return true;
    }
    return false;
  }

  // Overwritten by the next call.
  const std::vector<uint32_t>& hinted_registers(const Interval& interval) {
    std::vector<uint32_t>& registers = hinted_;
    registers.clear();
    for (const Hint& hint : in_.hints[interval.vreg]) {
      if (registers.size() == 4) break;
      if (hint.other.is_physical()) {
        registers.push_back(hint.other.value);
        continue;
      }
      for (uint32_t other : assigned_[hint.other.index()])
        if (result_.pieces[other].place.is_reg()) registers.push_back(uint32_t(result_.pieces[other].place.value));
    }
    for (uint32_t other : assigned_[interval.vreg])
      if (result_.pieces[other].place.is_reg()) registers.push_back(uint32_t(result_.pieces[other].place.value));
    return registers;
  }

  // The registers are all taken somewhere along the piece. If one is held only by pieces that matter less, they go.
  bool evict_cheaper(uint32_t id) {
    float own = weight_from(piece(id), 0), best_weight = own * 0.75f;
    uint32_t best = none;
    for (Reg reg : preference(piece(id))) {
      float weight = 0;
      for (uint32_t victim : holders(reg.value, piece(id))) {
        weight += victim == none || !evictable(victim, piece(id)) ? 1e30f : weight_from(piece(victim), piece(id).from() & ~1u);
        if (weight >= best_weight) break;
      }
      if (weight < best_weight) best_weight = weight, best = reg.value;
    }
    if (best == none) return false;
    evict(id, best);
    return true;
  }

  // The pieces that hold register r somewhere along the interval; `none` stands for a fixed range.
  std::vector<uint32_t> holders(uint32_t r, const Interval& interval) const {
    std::vector<uint32_t> found;
    for (Range range : interval.ranges) {
      auto it = taken_[r].upper_bound(range.from);
      if (it != taken_[r].begin() && std::prev(it)->second.to > range.from) --it;
      for (; it != taken_[r].end() && it->first < range.to; ++it) {
        if (it->second.piece == none) return {none};
        if (std::find(found.begin(), found.end(), it->second.piece) == found.end()) found.push_back(it->second.piece);
        if (found.size() > 8) return {none};
      }
    }
    return found;
  }

  // May the holder give its register up from where `interval` starts on?
  bool evictable(uint32_t holder, const Interval& interval) const {
    const Interval& victim = result_.pieces[holder];
    uint32_t pos = interval.from() & ~1u;
    if (victim.from() >= pos) // would give it up altogether
      return next_register_use(victim, 0) > interval.from() + 2 && can_start_in_memory(victim) && in_.last_def[victim.vreg] < pos;
    return min_split(victim) <= pos && next_register_use(victim, pos) >= pos + 2;
  }

  void evict(uint32_t id, uint32_t r) {
    for (uint32_t victim : holders(r, piece(id))) {
      release(victim);
      forget(victim);
      uint32_t pos = piece(id).from() & ~1u;
      if (piece(victim).from() >= pos) {
        spill_until_use(victim);
        continue;
      }
      uint32_t low = min_split(piece(victim));
      for (const UsePosition& use : piece(victim).uses)
        if (use.pos < pos) low = std::max(low, (use.pos + 2) & ~1u);
      Interval tail = cut(victim, split_position(low, pos));
      take(victim, r);
      if (tail.ranges.empty()) continue;
      uint32_t rest = uint32_t(result_.pieces.size());
      result_.pieces.push_back(std::move(tail));
      spill_until_use(rest);
    }
    assign(id, r);
  }

  void forget(uint32_t id) {
    std::vector<uint32_t>& list = assigned_[piece(id).vreg];
    list.erase(std::remove(list.begin(), list.end(), id), list.end());
  }

  // Takes a register for the first part of the piece, as far as it is free and that serves a use.
  bool take_part(uint32_t id, uint32_t r, uint32_t until) {
    const Interval& interval = piece(id);
    uint32_t high = until & ~1u, low = min_split(interval);
    if (r == none || high < low || high <= interval.from()) return false;
    uint32_t first_use = next_register_use(interval, interval.from());
    if (first_use >= until) return false;
    for (const UsePosition& use : interval.uses)
      if (use.pos < high) low = std::max(low, (use.pos + 2) & ~1u);
    uint32_t pos = split_position(std::min(low, high), high);
    if (pos >= interval.to()) return false;
    Interval tail = cut(id, pos);
    if (first_conflict(r, piece(id)) != never) { // cannot happen: `until` was the first conflict
      problem_ = "register allocation: inconsistent free range";
      return true;
    }
    assign(id, r);
    if (!tail.ranges.empty()) enqueue(std::move(tail));
    return true;
  }

  // No register is free where the piece starts: it waits in memory, or whoever has the most distant next use does.
  void make_room(uint32_t id) {
    uint32_t own_use = next_register_use(piece(id), piece(id).from());
    uint32_t best = none, best_use = 0;
    bool in_memory = can_start_in_memory(piece(id));
    if (in_memory && (own_use & ~1u) >= ((piece(id).from() + 2) & ~1u)) best_use = own_use;
    for (Reg reg : preference(piece(id))) {
      uint32_t use = room_until(reg.value, piece(id));
      if (use > best_use) best_use = use, best = reg.value;
    }
    if (best == none) {
      if (in_memory && best_use) return spill_until_use(id);
      problem_ = "register allocation: no register for v" + std::to_string(piece(id).vreg) + " of " + function_.name;
      return;
    }
    shorten_to_room(id, best);
    evict(id, best);
  }

  // The piece becomes so short that no fixed range of r and no piece that may not be evicted is in its way.
  void shorten_to_room(uint32_t id, uint32_t r) {
    uint32_t limit = fixed_conflict(r, piece(id));
    if (limit == never) return;
    uint32_t pos = limit & ~1u;
    if (pos <= piece(id).from()) return;
    Interval tail = cut(id, pos);
    if (!tail.ranges.empty()) enqueue(std::move(tail));
  }

  // First conflict with something that cannot be evicted.
  uint32_t fixed_conflict(uint32_t r, const Interval& interval) const {
    for (Range range : interval.ranges) {
      auto it = taken_[r].upper_bound(range.from);
      if (it != taken_[r].begin() && std::prev(it)->second.to > range.from) --it;
      for (; it != taken_[r].end() && it->first < range.to; ++it)
        if (it->second.piece == none || !evictable(it->second.piece, interval)) return std::max(it->first, range.from);
    }
    return never;
  }

  // How far away the next use of the register's present holders is; 0 if they cannot go.
  uint32_t room_until(uint32_t r, const Interval& interval) const {
    uint32_t conflict = fixed_conflict(r, interval);
    uint32_t low = min_split(interval);
    if (conflict != never && ((conflict & ~1u) < low || (conflict & ~1u) <= interval.from())) return 0;
    uint32_t until = conflict;
    for (Range range : interval.ranges) {
      if (range.from >= conflict) break;
      auto it = taken_[r].upper_bound(range.from);
      if (it != taken_[r].begin() && std::prev(it)->second.to > range.from) --it;
      for (; it != taken_[r].end() && it->first < std::min(range.to, conflict); ++it)
        if (it->second.piece != none)
          until = std::min(until, next_register_use(result_.pieces[it->second.piece], interval.from() & ~1u));
    }
    return until;
  }

  // ---- result --------------------------------------------------------------------------------------------------------

  void finish() {
    result_.of_vreg.resize(function_.vregs.size());
    for (uint32_t id = 0; id < result_.pieces.size(); ++id)
      if (!piece(id).ranges.empty()) result_.of_vreg[piece(id).vreg].push_back(id);
    for (std::vector<uint32_t>& list : result_.of_vreg)
      std::sort(list.begin(), list.end(), [&](uint32_t a, uint32_t b) { return piece(a).from() < piece(b).from(); });
    result_.taken.resize(physical_registers);
    for (uint32_t r = 0; r < physical_registers; ++r) {
      result_.taken[r].reserve(taken_[r].size());
      for (const auto& [from, taken] : taken_[r]) result_.taken[r].push_back({from, taken.to});
    }
    pack_slots();
  }

  // Registers whose whole lifetimes do not overlap share a slot.
  void pack_slots() {
    struct Life { uint32_t from, to, vreg; };
    std::vector<Life> lives;
    for (uint32_t v = 0; v < function_.vregs.size(); ++v) {
      if (!result_.spilled[v] || result_.of_vreg[v].empty()) continue;
      lives.push_back({piece(result_.of_vreg[v].front()).from(), piece(result_.of_vreg[v].back()).to(), v});
    }
    std::sort(lives.begin(), lives.end(), [](const Life& a, const Life& b) { return a.from < b.from; });
    result_.slot.assign(function_.vregs.size(), none);
    using Busy = std::pair<uint32_t, uint32_t>; // end, slot
    std::priority_queue<Busy, std::vector<Busy>, std::greater<>> busy;
    std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> free;
    for (const Life& life : lives) {
      while (!busy.empty() && busy.top().first <= life.from) free.push(busy.top().second), busy.pop();
      uint32_t slot = free.empty() ? result_.slots++ : free.top();
      if (!free.empty()) free.pop();
      result_.slot[life.vreg] = slot;
      busy.emplace(life.to, slot);
    }
    for (Interval& interval : result_.pieces)
      if (interval.place.kind == Place::Kind::Slot) interval.place.value = result_.slot[interval.vreg];
  }

  const Function& function_;
  Intervals& in_;
  std::string& problem_;
  Allocation result_;
  std::vector<std::map<uint32_t, Taken>> taken_;
  std::vector<uint32_t> others_, hinted_; // of one step; kept for their memory
  std::vector<std::vector<uint32_t>> assigned_; // by virtual register: its pieces that have a register
  std::priority_queue<QueueEntry, std::vector<QueueEntry>, std::greater<>> queue_;
  RegMask used_saved_ = 0;
};

} // namespace

Allocation linear_scan(const Function& function, Intervals& intervals, std::string& problem) {
  return Scan(function, intervals, problem).run();
}

Place Allocation::place_at(uint32_t vreg, uint32_t pos) const {
  const std::vector<uint32_t>& list = of_vreg[vreg];
  auto after = std::upper_bound(list.begin(), list.end(), pos, [&](uint32_t p, uint32_t id) { return p < pieces[id].from(); });
  return after == list.begin() ? Place{} : pieces[*std::prev(after)].place;
}

Reg Allocation::free_register(uint32_t from, uint32_t to, RegMask allowed) const {
  for (std::span<const Reg> list : {std::span<const Reg>(general_preference), std::span<const Reg>(xmm_preference)})
    for (Reg reg : list) {
      if (!(allowed & bit(reg))) continue;
      const std::vector<Range>& ranges = taken[reg.value];
      const auto it = std::lower_bound(ranges.begin(), ranges.end(), to, [](const Range& range, uint32_t pos) { return range.from < pos; });
      if (it == ranges.begin() || std::prev(it)->to <= from) return reg;
    }
  return {};
}

} // namespace codegen
