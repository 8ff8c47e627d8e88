// Names, intervals and difference constraints of the abstract state; see state.h.
#include "tal/state.h"

#include <algorithm>

namespace tal {

int64_t saturating_add(int64_t a, int64_t b) {
  int64_t r;
  return __builtin_add_overflow(a, b, &r) ? (b > 0 ? int64_max : int64_min) : r;
}

int64_t saturating_sub(int64_t a, int64_t b) {
  int64_t r;
  return __builtin_sub_overflow(a, b, &r) ? (b < 0 ? int64_max : int64_min) : r;
}

Interval union_range(const TypeTable& types, TypeId type) {
  TypeId cases = types.generic_cases(types.target(type));
  if (!cases)
    return {};
  int64_t first = types.first_constant(cases), end = types.end_of_constants(cases);
  int64_t least = types.is_nullable(type) ? 0 : first < end ? first : int64_t{max_constants};
  return {least, types.args(cases).empty() ? end - 1 : int64_max};
}

Names& Names::operator=(const Names& other) {
  if (room_.size() < other.size_)
    room_.resize(other.size_); // no more: states wait by the thousand, and what they take is counted by their names
  std::copy_n(other.room_.begin(), other.size_, room_.begin());
  size_ = other.size_;
  return *this;
}

void Names::grow() { room_.resize(2 * room_.size() + 32); }

void State::reset(const RegisterFile& registers) {
  depth = 0;
  reg = registers;
  slots.clear();
  incoming.clear();
  flags = Flags{};
  names_.clear();
  fresh({0, 0});
  constraints_.clear();
  crowd_ = 96;
}

void State::take(State& other) {
  depth = other.depth;
  reg = other.reg;
  flags = other.flags;
  slots.swap(other.slots);
  incoming.swap(other.incoming);
  names_.swap(other.names_);
  constraints_ = other.constraints_;
  node_name_ = other.node_name_;
  crowd_ = other.crowd_;
}

template <typename F> void State::each_value(F f) {
  for (Value& v : reg)
    f(v);
  for (Value& v : slots)
    f(v);
  for (Value& v : incoming)
    f(v);
  f(flags.a);
  f(flags.b);
}

void State::forget_variable(const TypeTable& types, TypeId var) {
  flags = {};
  each_value([&](Value& v) {
    const NameFacts& f = names_[v.name];
    for (TypeId t : {v.type, f.under_construction, f.exception})
      if (t && types.mentions(t, var)) {
        v = Value{};
        return;
      }
  });
}

Interval State::shifted(Interval i, int64_t c) {
  return {i.lo == int64_min ? int64_min : saturating_add(i.lo, c), i.hi == int64_max ? int64_max : saturating_add(i.hi, c)};
}

bool State::reading(const Value& v, unsigned bytes, bool is_signed, Value& number) const {
  number = v;
  if (!v.is_int() || bytes >= 8)
    return v.is_int() && (is_signed || interval(v).lo >= 0);
  const unsigned shift = 64 - 8 * bytes;
  if (v.is_constant()) {
    const uint64_t low = static_cast<uint64_t>(v.c) << shift;
    number.c = is_signed ? static_cast<int64_t>(low) >> shift : static_cast<int64_t>(low >> shift);
    return true;
  }
  return within(v, 0, unsigned_range(bytes).hi >> (is_signed ? 1 : 0));
}

int64_t State::name_bound(NameId x, NameId y) const {
  if (x == y)
    return 0;
  const NameFacts &a = names_[x], &b = names_[y];
  int64_t by_interval = a.hi == int64_max || b.lo == int64_min ? Constraints::none : saturating_sub(a.hi, b.lo);
  if (a.node != 0 && b.node != 0)
    return std::min(by_interval, constraints_.bound(a.node, b.node));
  return by_interval;
}

int64_t State::bound(const Value& a, const Value& b) const {
  int64_t n = name_bound(a.name, b.name);
  if (n == Constraints::none || a.c == b.c)
    return n;
  // Constants are any 64-bit number: add without wrapping, and round up what does not fit.
  Wide exact = static_cast<Wide>(n) + a.c - b.c;
  return exact > int64_max ? Constraints::none : exact < int64_min ? int64_min : static_cast<int64_t>(exact);
}

bool State::assume(const Value& a, const Value& b, int64_t c) {
  // (x + a.c) - (y + b.c) <= c
  const Wide k = a.c == b.c ? c : static_cast<Wide>(c) + b.c - a.c;
  if (k >= int64_max)
    return true;
  return assume_names(a.name, b.name, k < int64_min ? int64_min : static_cast<int64_t>(k));
}

bool State::assume_names(NameId x, NameId y, int64_t c) {
  if (x == y)
    return c >= 0;
  NameFacts &a = names_[x], &b = names_[y];
  if (y == zero_name)
    a.hi = std::min(a.hi, c);
  else if (x == zero_name)
    b.lo = std::max(b.lo, saturating_sub(0, c));
  else {
    if (b.hi != int64_max)
      a.hi = std::min(a.hi, saturating_add(b.hi, c));
    if (a.lo != int64_min)
      b.lo = std::max(b.lo, saturating_sub(a.lo, c));
    // Without room the intervals are all that is kept. Tracking y may have cost x its node, if nothing mentions x.
    if (!track(x) || !track(y) || a.node == 0)
      return a.lo <= a.hi && b.lo <= b.hi;
  }
  bool news = false;
  auto add = [&](unsigned i, unsigned j, int64_t bound) {
    if (constraints_.implies(i, j, bound))
      return true;
    news = true;
    return constraints_.add(i, j, bound);
  };
  for (const NameFacts* f : {&a, &b}) // the facts of zero contradict nothing
    if (f->lo > f->hi || (f->node != 0 && (!add(f->node, 0, f->hi) || (f->lo != int64_min && !add(0, f->node, saturating_sub(0, f->lo))))))
      return false;
  if (x != zero_name && y != zero_name && !add(a.node, b.node, c))
    return false;
  return !news || sync_intervals();
}

// The closed matrix may know tighter intervals than the names: copy them back.
bool State::sync_intervals() {
  for (unsigned i = 1; i < constraints_.size(); i++) {
    NameFacts& f = names_[node_name_[i]];
    if (int64_t hi = constraints_.bound(i, 0); hi != Constraints::none)
      f.hi = std::min(f.hi, hi);
    if (int64_t lo = constraints_.bound(0, i); lo != Constraints::none)
      f.lo = std::max(f.lo, -lo);
    if (f.lo > f.hi)
      return false;
  }
  return true;
}

bool State::track(NameId n) {
  NameFacts& f = names_[n];
  if (f.node != 0)
    return true;
  if (f.lo > f.hi)
    return false;
  if (constraints_.full()) {
    // Make room: nodes of names that no value mentions any more.
    std::array<bool, Constraints::capacity> used{};
    each_value([&](Value& v) { used[names_[v.name].node] = true; used[names_[names_[v.name].derived].node] = true; });
    for (unsigned i = constraints_.size() - 1; i >= 1; i--)
      if (!used[i])
        forget_node(i);
    if (constraints_.full())
      return false;
  }
  unsigned node = constraints_.add_node(f.lo, f.hi);
  f.node = static_cast<uint8_t>(node);
  node_name_[node] = n;
  return true;
}

void State::forget_node(unsigned node) {
  names_[node_name_[node]].node = 0;
  unsigned last = constraints_.size() - 1;
  constraints_.remove_node(node);
  if (node != last) {
    node_name_[node] = node_name_[last];
    names_[node_name_[node]].node = static_cast<uint8_t>(node);
  }
}

void State::collect() {
  constexpr NameId dead = UINT32_MAX;
  std::vector<NameId> renamed(names_.size(), dead);
  renamed[zero_name] = zero_name;
  Names kept;
  kept.add({0, 0});
  auto keep = [&](NameId n) {
    if (renamed[n] != dead)
      return;
    renamed[n] = kept.add({});
    kept[renamed[n]] = names_[n];
  };
  each_value([&](Value& v) { keep(v.name); });
  for (NameId i = 0; i < kept.size(); i++) // lengths of live arrays, tags of live unions
    if (NameId derived = kept[i].derived; derived != 0)
      keep(derived);
  for (NameId i = 0; i < kept.size(); i++)
    kept[i].derived = kept[i].derived == 0 ? 0 : renamed[kept[i].derived];
  for (unsigned i = constraints_.size() - 1; i >= 1; i--)
    if (renamed[node_name_[i]] == dead)
      forget_node(i);
  for (unsigned i = 1; i < constraints_.size(); i++) {
    node_name_[i] = renamed[node_name_[i]];
    kept[node_name_[i]].node = static_cast<uint8_t>(i);
  }
  each_value([&](Value& v) { v.name = renamed[v.name]; });
  names_.swap(kept);
  crowd_ = 96 + 2 * names_.size();
}

} // namespace tal
