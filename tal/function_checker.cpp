// The walk over one function: labels, edges, padding (rules C1..C8, C31). See function_checker.h.
#include "tal/function_checker.h"

#include <algorithm>

namespace tal {
namespace {

constexpr size_t max_pending = size_t{1} << 16;

} // namespace

bool FunctionChecker::fail(CheckRule rule, std::string expected, std::string found) {
  if (inst_.length != 0 && error_.instruction.empty())
    error_.instruction = print(inst_, at_);
  return fail_at(at_, rule, std::move(expected), std::move(found));
}

bool FunctionChecker::fail_at(uint32_t offset, CheckRule rule, std::string expected, std::string found) {
  if (!error_.rule.empty()) // the first reason counts: a budget that is used up makes its caller say no as well
    return false;
  error_.function = function_ != nullptr ? function_->name : "";
  return refuse(error_, rule, std::move(expected), std::move(found), Section::Text, offset);
}

// ---- labels --------------------------------------------------------------------------------------------------------

const LabelRecord* FunctionChecker::label_at(uint32_t offset) const {
  auto found = std::lower_bound(labels_.begin(), labels_.end(), offset,
                                [](const LabelRecord& l, uint32_t at) { return l.offset < at; });
  return found != labels_.end() && found->offset == offset ? &*found : nullptr;
}

// Records are used by edges before the walk reaches them: what they refer to must exist.
bool FunctionChecker::validate_labels() {
  const auto& all = m_.annotations.labels;
  while (m_.next_label < all.size() && all[m_.next_label].offset < start_)
    m_.next_label++;
  const size_t first = m_.next_label;
  while (m_.next_label < all.size() && all[m_.next_label].offset < end_)
    m_.next_label++;
  labels_ = std::span(all).subspan(first, m_.next_label - first);
  next_label_ = 0;
  m_.statistics.labels += static_cast<uint32_t>(labels_.size());
  for (const LabelRecord& l : labels_)
    if (!validate_label(l))
      return false;
  return true;
}

bool FunctionChecker::validate_label(const LabelRecord& l) {
  if (l.offset <= start_ + 1)
    return fail_at(l.offset, CheckRule::C3, "no label in the first two bytes of a function", "a label record");
  if (l.live.size() > l.max_live || l.same.size() > l.max_live || l.facts.size() > l.max_facts)
    return fail_at(l.offset, CheckRule::O8, "at most 256 live slots and 64 facts", "more");
  if (l.depth > max_depth)
    return fail_at(l.offset, CheckRule::C10, "a frame of at most " + std::to_string(max_depth), std::to_string(l.depth));
  auto granules = static_cast<int32_t>(l.depth / 8);
  auto incoming = static_cast<int32_t>(incoming_);
  for (const LiveLocation& live : l.live) {
    int32_t slot = live.location - slot_base;
    if (is_slot(live.location) ? slot == 0 || slot < -granules || slot > incoming : live.location == rsp)
      return fail_at(l.offset, CheckRule::O5, "a register or a slot of the frame as live location",
                     is_slot(live.location) ? "slot " + std::to_string(slot) : "rsp");
    if (live.type.what == LocationType::What::Saved)
      continue;
    bool fits = types_.is_word(live.type.type) && in_scope(live.type.type) &&
                types_.kind(live.type.type) != Kind::None;
    if (!fits)
      return fail_at(l.offset, CheckRule::O5, "a word type of this function", types_.print(live.type.type));
  }
  for (auto [a, b] : l.same) {
    const LocationType &x = l.live[a].type, &y = l.live[b].type;
    // Of one type but for null: what hangs on the name, a tag or a length, is then meant for both.
    bool comparable = x.what == LocationType::What::Type && y.what == LocationType::What::Type &&
                      (types_.is_integer(x.type) ? types_.is_integer(y.type) : types_.with_nullable(x.type, true) == types_.with_nullable(y.type, true));
    if (!comparable)
      return fail_at(l.offset, CheckRule::O5, "two integers or two values of one type that are the same", "others");
  }
  for (const Fact& f : l.facts)
    for (const FactOperand& o : {f.x, f.y}) {
      if (o.what == FactOperand::What::Zero)
        continue;
      const LocationType& t = l.live[o.at].type;
      TypeTag tag = types_.tag(t.type);
      bool fits = t.what == LocationType::What::Type &&
                  (tag == TypeTag::Union || (o.what == FactOperand::What::Value ? types_.is_integer(t.type) : tag == TypeTag::Arr));
      if (!fits)
        return fail_at(l.offset, CheckRule::O5, "facts about integers, unions, their tags, and lengths of arrays", types_.print(t.type));
    }
  return true;
}

Value* FunctionChecker::location(State& s, int32_t where) {
  if (!is_slot(where))
    return &s.reg[static_cast<size_t>(where)];
  int32_t slot = where - slot_base;
  if (slot < 0 && static_cast<size_t>(-slot) <= s.slots.size())
    return &s.slots[static_cast<size_t>(-slot - 1)];
  if (slot > 0 && static_cast<size_t>(slot) <= s.incoming.size())
    return &s.incoming[static_cast<size_t>(slot - 1)];
  return nullptr;
}

bool FunctionChecker::edge_location(State& s, const LiveLocation& live, const LabelRecord& label) {
  const Value* v = location(s, live.location);
  bool is_type = live.type.what == LocationType::What::Type;
  // The common case first: messages are built only for a refusal.
  if (v != nullptr && (is_type ? has_type(s, *v, live.type.type) : v->is_saved(live.type.saved)))
    return true;
  std::string where = is_slot(live.location) ? "slot " + std::to_string(live.location - slot_base)
                                             : operand_name(static_cast<uint8_t>(live.location));
  where += " at label " + std::to_string(label.offset);
  if (v == nullptr)
    return fail(CheckRule::C7, where, "no such slot");
  if (is_type)
    return require_type(CheckRule::C7, s, *v, live.type.type, where);
  return fail(CheckRule::C9, "the entry value of " + operand_name(live.type.saved) + " in " + where, describe(s, *v));
}

Value FunctionChecker::fact_operand(State& s, const LabelRecord& label, const FactOperand& o, bool& ok) {
  if (o.what == FactOperand::What::Zero)
    return State::constant(0);
  return fact_operand(s, *location(s, label.live[o.at].location), o.what == FactOperand::What::Length, ok);
}

Value FunctionChecker::fact_operand(State& s, const Value v, bool derived, bool& ok) {
  bool is_union = v.tag == Value::Tag::Word && types_.tag(v.type) == TypeTag::Union;
  if (!derived) {
    ok = ok && (v.is_int() || is_union);
    return is_union ? State::named_int(v.name, 0) : v;
  }
  if (TypeId cases = is_union ? types_.expand_cases(types_.target(v.type)) : no_type)
    return s.tag_of(v, types_.args(cases).size());
  ok = ok && v.tag == Value::Tag::Word && types_.tag(v.type) == TypeTag::Arr;
  return ok ? s.length_of(v) : State::constant(0);
}

// C39: what a signature says of these values, the arguments or the result: to be proved, or known from here on.
bool FunctionChecker::facts_hold(const Signature& signature, bool of_result, std::span<const Value> values, bool known) {
  const std::vector<SigFact>& facts = of_result ? signature.post : signature.pre;
  if (!charge(facts.size() * (known ? 64 : 1)))
    return false;
  for (const SigFact& f : facts) {
    bool ok = true;
    auto operand = [&](SigFact::Of of, size_t i) {
      return of == SigFact::Of::Zero ? State::constant(0) : fact_operand(state_, values[i], of == SigFact::Of::Length, ok);
    };
    const Value x = operand(f.x_of, f.x), y = operand(f.y_of, f.y);
    if (!ok || !(known ? state_.assume(x, y, f.c) : state_.at_most(x, y, f.c)))
      return fail(CheckRule::C39, print_fact(f, of_result), known ? "a contradiction" : "no proof");
  }
  return true;
}

// Is the state at most the record (C6, C7, C8, C9)? The map from label names to values of the state is the list of live
// locations itself: each live location has a name of its own unless `same` says otherwise.
bool FunctionChecker::edge(State& s, const LabelRecord& label) {
  m_.statistics.edges++;
  if (!charge(label.live.size() + label.facts.size()))
    return false;
  if (s.depth != label.depth)
    return fail(CheckRule::C6, "a frame of " + std::to_string(label.depth) + " bytes at label " + std::to_string(label.offset),
                std::to_string(s.depth));
  uint32_t listed = 0;
  for (const LiveLocation& live : label.live) {
    if (!is_slot(live.location))
      listed |= 1u << live.location;
    if (!edge_location(s, live, label))
      return false;
  }
  if (label.saved_in_place)
    for (uint8_t r : callee_saved)
      if (!(listed >> r & 1) && !s.reg[r].is_saved(r))
        return fail(CheckRule::C9, "the entry value of " + operand_name(r) + " in its register at label " +
                                       std::to_string(label.offset),
                    describe(s, s.reg[r]));
  for (auto [a, b] : label.same) {
    const Value *x = location(s, label.live[a].location), *y = location(s, label.live[b].location);
    if (x->tag != Value::Tag::Word || y->tag != Value::Tag::Word || x->name != y->name || x->c != y->c)
      return fail(CheckRule::C8, "one value in two locations at label " + std::to_string(label.offset), "two values");
  }
  for (const Fact& f : label.facts) {
    bool ok = true;
    Value x = fact_operand(s, label, f.x, ok), y = fact_operand(s, label, f.y, ok);
    if (!ok || !s.at_most(x, y, f.c)) {
      int64_t known = ok ? s.bound(x, y) : Constraints::none;
      return fail(CheckRule::C8, "x - y <= " + std::to_string(f.c) + " for a fact of label " + std::to_string(label.offset),
                  known == Constraints::none ? "no bound" : "<= " + std::to_string(known));
    }
  }
  return true;
}

bool FunctionChecker::enter_label(const LabelRecord& label) {
  uint64_t cost = label.depth / 8 + label.live.size();
  if (cost > m_.entry_budget)
    return fail(CheckRule::O8, "a budget of stack slots at labels", "more");
  m_.entry_budget -= cost;
  state_.reset();
  state_.depth = label.depth;
  state_.slots.assign(label.depth / 8, Value{});
  state_.incoming.assign(incoming_, Value{});
  if (label.saved_in_place)
    for (uint8_t r : callee_saved)
      state_.reg[r] = {Value::Tag::Saved, r, no_type, zero_name, 0};
  for (const LiveLocation& live : label.live) {
    Value& v = *location(state_, live.location);
    if (live.type.what == LocationType::What::Saved)
      v = {Value::Tag::Saved, live.type.saved, no_type, zero_name, 0};
    else
      v = state_.word(types_, live.type.type);
  }
  bool possible = true;
  for (auto [a, b] : label.same) {
    Value &x = *location(state_, label.live[a].location), &y = *location(state_, label.live[b].location);
    Interval range = state_.interval(y);
    y.name = x.name;
    y.c = x.c;
    // A bound of a type that is not a bound says nothing.
    possible = possible && (range.hi == int64_max || state_.assume(y, State::constant(0), range.hi)) &&
               (range.lo == int64_min || state_.assume(State::constant(0), y, -range.lo));
  }
  for (const Fact& f : label.facts) {
    Value x = fact_operand(state_, label, f.x, possible), y = fact_operand(state_, label, f.y, possible);
    possible = possible && state_.assume(x, y, f.c);
  }
  if (!possible)
    return fail(CheckRule::O5, "facts that can hold together", "a contradiction");
  alive_ = true;
  return true;
}

// ---- the walk ------------------------------------------------------------------------------------------------------

bool FunctionChecker::enter_function() {
  state_.reset();
  for (uint8_t r : callee_saved)
    state_.reg[r] = {Value::Tag::Saved, r, no_type, zero_name, 0};
  ArgumentPlaces places;
  std::vector<Value> values;
  for (TypeId type : signature_->args) {
    bool is_float = types_.kind(type) == Kind::None;
    values.push_back(is_float ? state_.integer() : state_.word(types_, type));
    switch (places.next(is_float)) {
    case ArgumentPlaces::Place::General: state_.reg[argument_registers[places.general - 1]] = values.back(); break;
    case ArgumentPlaces::Place::Stack: state_.incoming.push_back(values.back()); break;
    case ArgumentPlaces::Place::Xmm: break; // any bits
    }
  }
  incoming_ = state_.incoming.size();
  alive_ = true;
  return facts_hold(*signature_, false, values, true);
}

bool FunctionChecker::check(uint32_t symbol, uint32_t index) {
  function_ = &m_.annotations.symbols[symbol];
  function_index_ = index;
  signature_ = &types_.sig(function_->type);
  start_ = at_ = function_->offset;
  end_ = start_ + function_->size;
  inst_ = Inst{};
  pending_.clear();
  excluded_targets_.clear();
  excluded_ = excluded_table_ = false;
  next_stop_ = start_;
  m_.statistics.functions++;
  return enter_function() && validate_labels() && walk() && finish();
}

bool FunctionChecker::decode_here() {
  m_.statistics.instructions++;
  if (decode({m_.image.text.data() + at_, end_ - at_}, inst_))
    return true;
  inst_.length = 0;
  return fail(CheckRule::C1, "an instruction of the table", "byte " + std::to_string(m_.image.text[at_]));
}

bool FunctionChecker::no_instruction_at(uint32_t target, const char* found) {
  return fail(CheckRule::C4, "an instruction at the branch target " + std::to_string(target), found);
}

bool FunctionChecker::walk() {
  while (at_ < end_) {
    if (at_ >= next_stop_ && !arrive())
      return false;
    if (!alive_) {
      if (excluded_ || excluded_table_ ? !skip_excluded() : !skip_padding())
        return false;
      continue;
    }
    excluded_ = false;
    if (!decode_here())
      return false;
    if (at_ == start_ && inst_.field != 0 && inst_.field <= 1)
      return fail(CheckRule::C3, "no rel32 call or jump as the first instruction", "one");
    if (state_.crowded())
      state_.collect();
    if (m_.observer != nullptr)
      m_.observer->before(at_, state_, types_);
    if (!step() || !pass())
      return false;
  }
  return true;
}

// Goes on to the next instruction, if what is written about this one has been used (O4, O5).
bool FunctionChecker::pass() {
  if (has_reloc())
    return fail(CheckRule::O4, "a relocation only where an operand names a symbol",
                "one at " + std::to_string(m_.image.text_relocs[m_.next_reloc].offset));
  at_ += inst_.length;
  const auto& insts = m_.annotations.insts;
  return m_.next_inst == insts.size() || insts[m_.next_inst].offset >= at_ ||
         fail_at(insts[m_.next_inst].offset, CheckRule::O5, "type arguments only at a reference to a polymorphic function", "some elsewhere");
}

// Where the next label record, pending state or excluded target is: before, the walk has nothing to look up.
uint32_t FunctionChecker::next_stop() const {
  uint32_t next = next_label_ == labels_.size() ? end_ : labels_[next_label_].offset;
  if (!pending_.empty())
    next = std::min(next, pending_.begin()->first);
  return excluded_targets_.empty() ? next : std::min(next, *excluded_targets_.begin());
}

bool FunctionChecker::arrive() {
  if (!arrive_here())
    return false;
  next_stop_ = next_stop();
  return true;
}

bool FunctionChecker::arrive_here() {
  if (!pending_.empty() && pending_.begin()->first <= at_) {
    auto first = pending_.begin();
    if (first->first < at_)
      return no_instruction_at(first->first, "the middle of one");
    if (alive_)
      return fail(CheckRule::C5, "a label record where two ways meet", "none at " + std::to_string(at_));
    state_.take(*first->second);
    pool_.push_back(std::move(first->second));
    pending_.erase(first);
    excluded_targets_.erase(at_);
    alive_ = true;
    return true;
  }
  if (next_label_ == labels_.size() || labels_[next_label_].offset > at_)
    return arrive_excluded();
  const LabelRecord& label = labels_[next_label_++];
  if (label.offset < at_)
    return fail_at(label.offset, CheckRule::C4, "a label record at an instruction start", "the middle of one");
  if (alive_ && !edge(state_, label))
    return false;
  return enter_label(label);
}

// After the end of a path: nops and int3 up to the next label, pending target, or the end (C2).
bool FunctionChecker::skip_padding() {
  const Bytes& text = m_.image.text;
  if (!decode({text.data() + at_, end_ - at_}, inst_) || (inst_.row().rule != Rule::Nop && inst_.row().rule != Rule::Int3)) {
    inst_.length = 0;
    return fail(CheckRule::C2, "padding, or a label that leads here", "byte " + std::to_string(text[at_]));
  }
  return pass();
}

bool FunctionChecker::finish() {
  if (alive_)
    return fail(CheckRule::C31, "a jump, return or noret call at the end of the function", "a path that goes on");
  if (!pending_.empty())
    return no_instruction_at(pending_.begin()->first, "none");
  if (!excluded_targets_.empty()) // those at instructions were met there
    return no_instruction_at(*excluded_targets_.begin(), "the middle of one");
  if (next_label_ != labels_.size())
    return fail_at(labels_[next_label_].offset, CheckRule::C4, "a label record at an instruction start", "the middle of one");
  return true;
}

bool FunctionChecker::is_target(uint32_t target) {
  return target > start_ + 1 || fail(CheckRule::C3, "no branch into the first two bytes of a function", "text offset " + std::to_string(target));
}

bool FunctionChecker::branch_to(State& s, uint32_t target) {
  if (!is_target(target))
    return false;
  if (const LabelRecord* label = label_at(target))
    return edge(s, *label);
  if (target <= at_)
    return fail(CheckRule::C5, "a label record at a backward branch target", "none at " + std::to_string(target));
  return hand_over(s, target);
}

// Work that is not in proportion to the code is paid for: a branch copies the state, a call searches it, an edge compares it with
// a record. With the largest frame and little code between, that alone could take minutes (R52).
bool FunctionChecker::charge(uint64_t cost) {
  if (cost > m_.work_budget)
    return fail(CheckRule::O8, "a budget of slots and live locations at branches, labels and calls", "more");
  m_.work_budget -= cost;
  return true;
}

bool FunctionChecker::charge_frame() { return charge(state_.slots.size() + state_.name_count() / 4 + 16); }

bool FunctionChecker::hand_over(State& s, uint32_t target) {
  uint64_t cost = s.slots.size() + s.name_count() / 4 + 16;
  if (cost > m_.entry_budget || pending_.size() >= max_pending)
    return fail(CheckRule::O8, "a budget of stack slots at branches without label records", "more");
  m_.entry_budget -= cost;
  auto [entry, fresh] = pending_.try_emplace(target);
  if (!fresh)
    return fail(CheckRule::C5, "a label record where two ways meet", "none at " + std::to_string(target));
  if (pool_.empty())
    pool_.push_back(std::make_unique<State>());
  entry->second = std::move(pool_.back());
  pool_.pop_back();
  entry->second->take(s);
  next_stop_ = std::min(next_stop_, target);
  return true;
}

} // namespace tal
