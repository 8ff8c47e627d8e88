// The walk over one function: labels, edges, padding (rules C1..C8, C31). See function_checker.h.
#include "tal/function_checker.h"

#include <algorithm>

namespace tal {
namespace {

// The entry value of each callee-saved register in that register.
constexpr RegisterFile saved_in_place = [] {
  RegisterFile file{};
  for (uint8_t r : callee_saved)
    file[r] = {Value::Tag::Saved, r, no_type, zero_name, 0};
  return file;
}();

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
  return std::all_of(labels_.begin(), labels_.end(), [&](const LabelRecord& l) { return validate_label(l); });
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
    const TypeId type = live.type.type;
    bool fits = types_.is_integer(type) || (types_.kind(type) != Kind::None && types_.is_word(type) && in_scope(type));
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

Value FunctionChecker::fact_operand(State& s, const LabelRecord& label, const FactOperand& o, bool& ok) {
  if (o.what == FactOperand::What::Zero)
    return State::constant(0);
  return fact_operand(s, *location(s, label.live[o.at].location), o.what == FactOperand::What::Length, ok);
}

Value FunctionChecker::fact_operand(State& s, const Value& v, bool derived, bool& ok) {
  if (!derived && v.is_int())
    return v;
  const bool is_union = v.tag == Value::Tag::Word && types_.tag(v.type) == TypeTag::Union;
  if (!derived) {
    ok = ok && is_union;
    return State::named_int(v.name, 0);
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
FunctionChecker::Mismatch FunctionChecker::mismatch(State& s, const LabelRecord& label) {
  using Part = Mismatch::Part;
  if (s.depth != label.depth)
    return {Part::Depth};
  const std::span<const LiveLocation> all = label.live;
  for (const LiveLocation& live : all) {
    const Value* v = location(s, live.location);
    if (v == nullptr || !(live.type.what == LocationType::What::Type ? fits(s, *v, live.type.type) : v->is_saved(live.type.saved)))
      return {Part::Live, static_cast<size_t>(&live - all.data())};
  }
  auto in_place = [&](uint8_t r) { return s.reg[r].is_saved(r); };
  if (label.saved_in_place && !(in_place(rbx) && in_place(rbp) && in_place(r12) && in_place(r13) && in_place(r14) && in_place(r15)))
    for (uint8_t r : callee_saved)
      if (!in_place(r) && std::none_of(all.begin(), all.end(), [&](const LiveLocation& l) { return l.location == r; }))
        return {Part::Saved, r};
  for (size_t i = 0; i < label.same.size(); i++) {
    auto [a, b] = label.same[i];
    const Value *x = location(s, label.live[a].location), *y = location(s, label.live[b].location);
    if (x->tag != Value::Tag::Word || y->tag != Value::Tag::Word || x->name != y->name || x->c != y->c)
      return {Part::Same, i};
  }
  for (size_t i = 0; i < label.facts.size(); i++) {
    const Fact& f = label.facts[i];
    bool ok = true;
    Value x = fact_operand(s, label, f.x, ok), y = fact_operand(s, label, f.y, ok);
    if (!ok || !s.at_most(x, y, f.c))
      return {Part::Fact, i};
  }
  return {};
}

bool FunctionChecker::edge(State& s, const LabelRecord& label) {
  m_.statistics.edges++;
  if (!charge(label.live.size() + label.facts.size()))
    return false;
  const Mismatch m = mismatch(s, label);
  if (m.part != Mismatch::Part::None)
    refuse_edge(s, label, m);
  return m.part == Mismatch::Part::None;
}

bool FunctionChecker::enter_label(const LabelRecord& label) {
  uint64_t cost = label.depth / 8 + label.live.size();
  if (cost > m_.entry_budget)
    return fail(CheckRule::O8, "a budget of stack slots at labels", "more");
  m_.entry_budget -= cost;
  state_.reset(label.saved_in_place ? saved_in_place : RegisterFile{});
  state_.depth = label.depth;
  state_.slots.resize(label.depth / 8);
  state_.incoming.resize(incoming_);
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
  state_.reset(saved_in_place);
  ArgumentPlaces places;
  values_.clear();
  for (TypeId type : signature_->args) {
    bool is_float = types_.kind(type) == Kind::None;
    values_.push_back(is_float ? state_.integer() : state_.word(types_, type));
    switch (places.next(is_float)) {
    case ArgumentPlaces::Place::General: state_.reg[argument_registers[places.general - 1]] = values_.back(); break;
    case ArgumentPlaces::Place::Stack: state_.incoming.push_back(values_.back()); break;
    case ArgumentPlaces::Place::Xmm: break; // any bits
    }
  }
  incoming_ = state_.incoming.size();
  alive_ = true;
  return facts_hold(*signature_, false, values_, true);
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

bool FunctionChecker::no_instruction_at(uint32_t target, const char* found) {
  return fail(CheckRule::C4, "an instruction at the branch target " + std::to_string(target), found);
}

bool FunctionChecker::no_instruction(CheckRule rule, const char* expected) {
  inst_.length = 0;
  return fail(rule, expected, "byte " + std::to_string(m_.image.text[at_]));
}

// After the end of a path there are nops and int3 up to the next label, pending target, or the end (C2).
bool FunctionChecker::walk() {
  constexpr const char* padding = "padding, or a label that leads here";
  while (at_ < end_) {
    if (at_ >= next_stop_ && !arrive())
      return false;
    const bool read = alive_ || excluded_ || excluded_table_;
    m_.statistics.instructions += read;
    // What is behind the function may be looked at: that is quicker than its end.
    if (!decode(std::span(m_.image.text).subspan(at_), inst_) || inst_.length > end_ - at_)
      return read ? no_instruction(CheckRule::C1, "an instruction of the table") : no_instruction(CheckRule::C2, padding);
    if (alive_ ? !step_here() : read ? !skip_excluded() : inst_.row().rule != Rule::Nop && inst_.row().rule != Rule::Int3 && !no_instruction(CheckRule::C2, padding))
      return false;
    if (!pass())
      return false;
  }
  return true;
}

bool FunctionChecker::step_here() {
  excluded_ = false;
  if (at_ == start_ && inst_.field != 0 && inst_.field <= 1)
    return fail(CheckRule::C3, "no rel32 call or jump as the first instruction", "one");
  if (state_.crowded())
    state_.collect();
  if (m_.observer != nullptr)
    m_.observer->before(at_, state_, types_);
  return step();
}

// Goes on to the next instruction, if what is written about this one has been used (O4, O5).
bool FunctionChecker::pass() {
  if (has_reloc())
    return stray_reloc();
  at_ += inst_.length;
  return inst_at_ >= at_ || fail_at(inst_at_, CheckRule::O5, "type arguments only at a reference to a polymorphic function", "some elsewhere");
}

bool FunctionChecker::stray_reloc() {
  return fail(CheckRule::O4, "a relocation only where an operand names a symbol", "one at " + std::to_string(reloc_at_));
}

void FunctionChecker::look_ahead() {
  const auto& relocs = m_.image.text_relocs;
  const auto& insts = m_.annotations.insts;
  reloc_at_ = m_.next_reloc < relocs.size() ? relocs[m_.next_reloc].offset : UINT32_MAX;
  inst_at_ = m_.next_inst < insts.size() ? insts[m_.next_inst].offset : UINT32_MAX;
}

const Instantiation& FunctionChecker::next_inst() {
  m_.next_inst++;
  look_ahead();
  return m_.annotations.insts[m_.next_inst - 1];
}

bool FunctionChecker::arrive() {
  if (!arrive_here())
    return false;
  next_stop_ = next_label_ == labels_.size() ? end_ : labels_[next_label_].offset;
  if (!pending_.empty())
    next_stop_ = std::min(next_stop_, pending_.begin()->first);
  if (!excluded_targets_.empty())
    next_stop_ = std::min(next_stop_, *excluded_targets_.begin());
  return true;
}

bool FunctionChecker::arrive_here() {
  if (auto first = pending_.begin(); first != pending_.end() && first->first <= at_) {
    if (first->first < at_)
      return no_instruction_at(first->first, "the middle of one");
    if (alive_)
      return fail(CheckRule::C5, "a label record where two ways meet", "none at " + std::to_string(at_));
    m_.pending_budget += size_of(first->second);
    state_.take(first->second);
    pool_.push_back(pending_.extract(first));
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
  if (&s == &state_)
    scratch().take(s);
  return hand_over(target);
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

bool FunctionChecker::hand_over(uint32_t target) {
  const uint64_t cost = size_of(scratch());
  if (cost > m_.pending_budget)
    return fail(CheckRule::O8, "a budget of stack slots at branches without label records", "more");
  m_.pending_budget -= cost;
  scratch_.key() = target;
  auto inserted = pending_.insert(std::move(scratch_));
  scratch_ = inserted.inserted ? new_node() : std::move(inserted.node);
  if (!inserted.inserted)
    return fail(CheckRule::C5, "a label record where two ways meet", "none at " + std::to_string(target));
  next_stop_ = std::min(next_stop_, target);
  return true;
}

FunctionChecker::Pending::node_type FunctionChecker::new_node() {
  if (Pending made; pool_.empty())
    pool_.push_back(made.extract(made.try_emplace(0).first));
  Pending::node_type node = std::move(pool_.back());
  pool_.pop_back();
  return node;
}

// ---- values and types ----------------------------------------------------------------------------------------------

bool FunctionChecker::is_complete(const State& s, const Value& v) const {
  return v.tag != Value::Tag::Word || !s.facts(v.name).under_construction;
}

bool FunctionChecker::is_nonnull(const State& s, const Value& v) const {
  return v.tag == Value::Tag::Word && !v.is_int() && (!types_.is_nullable(v.type) || s.facts(v.name).nonnull || s.facts(v.name).lo > 0);
}

bool FunctionChecker::is_subtype(TypeId a, TypeId b) { return a == b || (charge(types_.tree_size(a)) && types_.is_subtype(a, b)); }

bool FunctionChecker::has_type(const State& s, const Value& v, TypeId type) { return fits(s, v, type); }

bool FunctionChecker::fits(const State& s, const Value& v, TypeId type) {
  if (v.tag != Value::Tag::Word)
    return v.tag == Value::Tag::ExnId && type == types_.i64();
  if (v.aux != 0 || !is_complete(s, v))
    return false;
  if (types_.is_integer(type) && type != types_.i64())
    return v.is_int() && s.within(v, 0, unsigned_range(types_.integer_size(type)).hi);
  return v.type == type || is_lesser(s, v, type);
}

bool FunctionChecker::is_lesser(const State& s, const Value& v, TypeId type) {
  if (is_subtype(v.type, type) || (types_.is_nullable(type) && v.is_constant(0)))
    return true;
  if (v.is_int())
    return types_.is_constant_of(type, s.interval(v).lo, s.interval(v).hi);
  return types_.is_nullable(v.type) && s.facts(v.name).nonnull &&
         is_subtype(types_.with_nullable(v.type, false), type);
}

bool FunctionChecker::require_type(CheckRule rule, State& s, const Value& v, TypeId type, std::string_view what) {
  if (has_type(s, v, type))
    return true;
  if (!is_complete(s, v))
    return fail(CheckRule::C25, "a complete object as " + std::string(what), describe(s, v));
  return fail(rule, types_.print(type) + " as " + std::string(what), describe(s, v));
}

} // namespace tal
