// The walk along the paths of a function, label records and what no path reaches.
#include "judge.h"

#include <algorithm>

namespace second {

using tal::Rule;
using What = Value::What;

namespace {

constexpr uint8_t callee_saved[] = {3, 5, 12, 13, 14, 15};
constexpr uint8_t int3 = 0xCC;
constexpr size_t names_of_the_checker = 24;

} // namespace

Judge::Judge(const tal::ObjectFile& file, const tal::NativeInterface& natives) : file_(file), natives_(natives) {
  for (const tal::LabelRecord& l : file.annotations.labels)
    labels_[l.offset] = &l;
  for (const tal::Reloc& r : file.image.text_relocs)
    relocs_[r.offset] = &r;
  for (const tal::Instantiation& i : file.annotations.insts)
    insts_[i.offset] = &i;
}

bool Judge::refuse(std::string reason) {
  if (verdict_.what == Verdict::What::Accepted) {
    verdict_.what = Verdict::What::Refused;
    verdict_.at = at_;
    verdict_.reason = std::move(reason);
  }
  return false;
}

bool Judge::leftover() {
  verdict_.leftover = true;
  return refuse("type arguments where nothing takes them");
}

bool Judge::no_opinion(std::string reason) {
  refuse(std::move(reason));
  verdict_.what = Verdict::What::NoOpinion;
  return false;
}

Verdict Judge::function(uint32_t symbol) {
  function_ = &file_.annotations.symbols[symbol];
  start_ = function_->offset;
  end_ = start_ + function_->size;
  at_ = start_;
  if (end_ > file_.image.text.size() || end_ <= start_ || !function_->type || file_.annotations.types.tag(function_->type) != tal::TypeTag::Sig) {
    refuse("no function");
    return verdict_;
  }
  signature_ = &file_.annotations.types.sig(function_->type);
  if (read_code() && entry_window())
    enter();
  for (const tal::LabelRecord& label : file_.annotations.labels)
    if (verdict_.what == Verdict::What::Accepted && label.offset >= start_ && label.offset < end_)
      start_at(label);
  if (verdict_.what == Verdict::What::Accepted)
    rest_is_padding();
  if (verdict_.what == Verdict::What::Refused && types_.has_unknown())
    no_opinion("types that only the checker knows");
  return verdict_;
}

// C1: every byte is part of an instruction, one behind the other.
bool Judge::read_code() {
  for (at_ = start_; at_ < end_; at_ += inst_.length) {
    if (!decode({file_.image.text.data() + at_, end_ - at_}, inst_))
      return refuse("no instruction of the table");
    code_[at_] = inst_;
  }
  at_ = start_;
  return true;
}

// C3. The padding before the entry may be that of the function before.
bool Judge::entry_window() {
  for (uint32_t i = 1; i <= 5; i++)
    if (start_ < i || file_.image.text[start_ - i] != int3)
      return refuse("no room before the entry");
  if (reloc_in(start_, start_ + 2) != nullptr)
    return refuse("a relocation in the entry window");
  const tal::Inst& first = code_.at(start_);
  if (first.opcode == tal::Opcode::Call32 || first.opcode == tal::Opcode::Jmp32)
    return refuse("a branch of four bytes at the entry");
  for (uint32_t i = 0; i < 2; i++)
    if (label_at(start_ + i) != nullptr)
      return refuse("a label record in the entry window");
  return true;
}

void Judge::enter() {
  Path p;
  for (uint8_t r : callee_saved) {
    p.registers[r].what = What::Token;
    p.registers[r].token = r;
  }
  p.slots[0].what = What::Return;
  constexpr uint8_t argument_registers[] = {7, 6, 2, 1, 8, 9};
  size_t general = 0, floats = 0;
  int32_t slot = 1;
  std::vector<Value> values;
  for (tal::TypeId id : signature_->args) {
    TypeRef t = types_.of(file_.annotations.types, id);
    const bool is_float = t == 5 || t == 6;
    Value& v = values.emplace_back();
    if (is_float && floats < 8) {
      floats++;
      continue;
    }
    v = is_float ? p.integer(INT64_MIN, INT64_MAX) : of_type(p, t);
    if (!is_float && general < 6)
      p.registers[argument_registers[general++]] = v;
    else
      p.slots[slot++] = v;
  }
  if (conditions(p, signature_->pre, values, true))
    walk(start_, std::move(p));
}

void Judge::start_at(const tal::LabelRecord& label) {
  at_ = label.offset;
  if (code_.count(at_) == 0) {
    refuse("a label record inside an instruction");
    return;
  }
  Path p;
  p.depth = label.depth;
  p.slots[0].what = What::Return;
  if (label.depth % 8 != 0 || label.depth > 61440) {
    refuse("a depth that no frame has");
    return;
  }
  for (uint8_t r : callee_saved)
    if (label.saved_in_place) {
      p.registers[r].what = What::Token;
      p.registers[r].token = r;
    }
  std::vector<Value> values;
  for (const tal::LiveLocation& live : label.live) {
    Value v;
    if (live.type.what == tal::LocationType::What::Saved) {
      v.what = What::Token;
      v.token = live.type.saved;
    } else {
      TypeRef t = types_.of(file_.annotations.types, live.type.type);
      if (types_.kind_of(t) == tal::Kind::None || !is_in_scope(t)) {
        refuse("a live location of no word type of this function");
        return;
      }
      v = of_type(p, t);
    }
    for (auto [a, b] : label.same)
      if (b == values.size() && values[a].is_word() && v.is_word()) {
        // One name for both. Of two integer types the narrower one is the fact.
        if (Interval i = p.interval(v), j = p.interval(values[a]); i.most < j.most || i.least > j.least) {
          p.about(values[a].name).least = std::max(i.least, j.least);
          p.about(values[a].name).most = std::min(i.most, j.most);
        }
        v.name = values[a].name;
      }
    values.push_back(v);
    if (!tal::is_slot(live.location)) {
      if (live.location == tal::rsp || live.location > 15) {
        refuse("the stack pointer as a live location");
        return;
      }
      p.registers[static_cast<size_t>(live.location)] = v;
      continue;
    }
    int32_t slot = live.location - tal::slot_base;
    if (slot == 0 || slot < -static_cast<int32_t>(label.depth / 8)) {
      refuse("a live slot outside the frame");
      return;
    }
    p.slots[slot] = v;
  }
  bool possible = true;
  for (const tal::Fact& f : label.facts) {
    Value operand[2];
    const tal::FactOperand* from[] = {&f.x, &f.y};
    for (int i = 0; i < 2; i++) {
      operand[i] = from[i]->what == tal::FactOperand::What::Zero ? p.constant(0) : values[from[i]->at];
      if (!operand[i].is_word()) {
        refuse("a fact about a saved register");
        return;
      }
      if (from[i]->what == tal::FactOperand::What::Length && !length_or_tag(p, operand[i]))
        return;
    }
    possible = p.assume(operand[0], operand[1], f.c) && possible;
  }
  if (!possible) {
    no_opinion("a label record that contradicts itself");
    return;
  }
  arrived_.insert(at_);
  walk(at_, std::move(p));
}

const tal::LabelRecord* Judge::label_at(uint32_t at) const {
  auto found = labels_.find(at);
  return found == labels_.end() ? nullptr : found->second;
}

const tal::Reloc* Judge::reloc_at(uint32_t field) const {
  auto found = relocs_.find(field);
  return found == relocs_.end() ? nullptr : found->second;
}

// A relocation that covers one of these bytes.
const tal::Reloc* Judge::reloc_in(uint32_t from, uint32_t to) const {
  auto found = relocs_.lower_bound(from < 3 ? 0 : from - 3);
  return found == relocs_.end() || found->first >= to ? nullptr : found->second;
}

const tal::Instantiation* Judge::instantiation() const {
  auto found = insts_.find(at_);
  return found == insts_.end() ? nullptr : found->second;
}

const tal::EhRange* Judge::handler() const {
  for (const tal::EhRange& e : file_.annotations.eh)
    if (at_ >= e.start && at_ < e.end)
      return &e;
  return nullptr;
}

bool Judge::walk(uint32_t at, Path path) {
  for (;;) {
    at_ = at;
    inst_ = code_.at(at);
    walked_.insert(at);
    verdict_.doubtful |= path.related() >= names_of_the_checker;
    bool goes_on = true;
    // O4: a relocation belongs to the field of an operand that names a symbol, and such an operand needs one.
    if (const tal::Reloc* r = reloc_in(at, at + inst_.length); r != nullptr && (inst_.field == 0 || r->offset != at + inst_.field))
      return refuse("a relocation beside the operand");
    if (const tal::Instantiation* i = instantiation(); i != nullptr && inst_.row().rule != Rule::Call && inst_.row().rule != Rule::CallInd && inst_.row().rule != Rule::Lea &&
                                                       !(inst_.row().rule == Rule::Mov && inst_.row().form == tal::Form::RG))
      return leftover();
    if (!step(path, goes_on))
      return false;
    if (!goes_on)
      return true;
    const uint32_t next = at + inst_.length;
    if (next >= end_) {
      at_ = at;
      return refuse("a path past the end");
    }
    const uint32_t from = at;
    if (label_at(next) != nullptr || !arrived_.insert(next).second)
      return arrive(from, next, std::move(path));
    at = next;
  }
}

// The path leads to `to`: another way there makes a label record necessary, and so does one from behind.
bool Judge::arrive(uint32_t from, uint32_t to, Path path) {
  const tal::Inst inst = inst_;
  if (const tal::LabelRecord* label = label_at(to))
    return edge(path, *label);
  if (to <= from || !arrived_.insert(to).second)
    return refuse("a join without label record");
  bool ok = walk(to, std::move(path));
  at_ = from;
  inst_ = inst;
  return ok;
}

// C6, C7, C8.
bool Judge::edge(const Path& path, const tal::LabelRecord& label) {
  Path p = path;
  if (p.depth != label.depth)
    return refuse("another depth than at the label");
  std::vector<Value> values;
  std::set<uint8_t> listed;
  for (const tal::LiveLocation& live : label.live) {
    Value v;
    if (tal::is_slot(live.location)) {
      const int32_t number = live.location - tal::slot_base;
      if (p.narrow.count(number) != 0)
        return refuse("half a slot at a label");
      if (auto slot = p.slots.find(number); slot != p.slots.end())
        v = slot->second;
    } else {
      listed.insert(static_cast<uint8_t>(live.location));
      v = p.registers[static_cast<size_t>(live.location)];
    }
    if (live.type.what == tal::LocationType::What::Saved) {
      if (v.what != What::Token || v.token != live.type.saved)
        return refuse("a saved register is elsewhere");
    } else if (!is_of_type(p, v, types_.of(file_.annotations.types, live.type.type))) {
      return refuse("another type than at the label");
    }
    values.push_back(v);
  }
  for (uint8_t r : callee_saved)
    if (label.saved_in_place && listed.count(r) == 0 && (p.registers[r].what != What::Token || p.registers[r].token != r))
      return refuse("a callee-saved register is not in place at the label");
  for (auto [a, b] : label.same)
    if (values[a].is_word() && !values[a].same(values[b]))
      return refuse("two locations that should hold one value");
  for (const tal::Fact& f : label.facts) {
    Value operand[2];
    const tal::FactOperand* from[] = {&f.x, &f.y};
    for (int i = 0; i < 2; i++) {
      operand[i] = from[i]->what == tal::FactOperand::What::Zero ? p.constant(0) : values[from[i]->at];
      if (!operand[i].is_word())
        return refuse("a fact about a saved register");
      if (from[i]->what == tal::FactOperand::What::Value && !types_.is_integer(operand[i].type) && types_[operand[i].type].sort != talsim::Sort::Union)
        return refuse("a fact about something that is no number");
      if (from[i]->what == tal::FactOperand::What::Length && !length_or_tag(p, operand[i]))
        return false;
    }
    if (!p.at_most(operand[0], operand[1], f.c))
      return refuse("a fact of the label does not follow");
  }
  return true;
}

// jcc, and jmp inside the function. An impossible way leads nowhere.
bool Judge::branch(Path& path, bool& goes_on) {
  const bool conditional = inst_.row().rule == Rule::Jcc;
  goes_on = conditional;
  const uint32_t from = at_;
  const tal::Inst inst = inst_;
  const int64_t place = int64_t{at_} + inst_.length + inst_.imm;
  if (place < int64_t{start_} + 2 || place >= end_)
    return refuse("a branch out of the function or into its entry window");
  const auto to = static_cast<uint32_t>(place);
  const unsigned condition = static_cast<unsigned>(inst_.condition);
  Path taken = path;
  if (conditional && !refine(taken, condition)) {
    if (to > from)
      excluded_targets_.insert(to);
  } else {
    if (code_.count(to) == 0)
      return refuse("a branch to no instruction");
    if (!arrive(from, to, std::move(taken)))
      return false;
    at_ = from;
    inst_ = inst;
  }
  if (conditional && !refine(path, condition ^ 1)) {
    excluded_falls_.insert(from + inst.length);
    goes_on = false;
  }
  return true;
}

// What no path came to is padding, or code behind impossible ways. Of that it matters that branches and relocations are in order.
bool Judge::rest_is_padding() {
  for (uint32_t to : excluded_targets_)
    if (code_.count(to) == 0)
      return refuse("an impossible branch to no instruction");
  bool excluded = false, table = false; // table: behind an impossible jump through one
  for (const auto& [at, inst] : code_) {
    at_ = at;
    inst_ = inst;
    if (walked_.count(at) != 0) {
      excluded = false;
      continue;
    }
    excluded = excluded || table || excluded_targets_.count(at) != 0 || excluded_falls_.count(at) != 0;
    const Rule rule = inst.row().rule;
    table = table || (excluded && rule == Rule::JmpTable);
    if (!excluded) {
      const bool plain_nop = rule == Rule::Nop && !(inst.memory && inst.base == tal::rip);
      if (!plain_nop && rule != Rule::Int3)
        return refuse("code that no path reaches");
      if (reloc_in(at, at + inst.length) != nullptr)
        return refuse("a relocation in padding");
      continue;
    }
    const tal::Reloc* r = reloc_in(at, at + inst.length);
    const bool has_reloc = r != nullptr;
    if (has_reloc) {
      const bool calls = rule == Rule::Call || rule == Rule::Jmp;
      if (r->offset != at + inst.field || inst.field == 0 || (!calls && !(inst.memory && inst.base == tal::rip)))
        return refuse("a relocation beside the operand");
      if (calls && (r->addend != -4 || file_.annotations.symbols[r->symbol].kind != tal::SymbolKind::Function))
        return refuse("a call of something else than a function");
    }
    const bool branch = inst.row().form == tal::Form::T && (rule == Rule::Jcc || (rule == Rule::Jmp && !has_reloc));
    if (branch) {
      const int64_t place = int64_t{at} + inst.length + inst.imm;
      if (place < int64_t{start_} + 2 || place >= end_)
        return refuse("a branch out of the function or into its entry window");
      if (place > at && code_.count(static_cast<uint32_t>(place)) == 0)
        return refuse("an impossible branch to no instruction");
      if (place > at && label_at(static_cast<uint32_t>(place)) == nullptr)
        excluded_targets_.insert(static_cast<uint32_t>(place));
    }
    excluded = rule != Rule::Jmp && rule != Rule::Ret && rule != Rule::Ud2;
    if (rule == Rule::Call && has_reloc) {
      const tal::Symbol& s = file_.annotations.symbols[reloc_at(at + inst.field)->symbol];
      const tal::Special which = s.scope == tal::Scope::Native ? tal::special_entry(s.name) : tal::Special::None;
      if (which == tal::Special::Raise || which == tal::Special::RaiseNull || which == tal::Special::RaiseBounds ||
          which == tal::Special::RaiseDiv || which == tal::Special::RaiseVariant)
        excluded = false;
      else if (which == tal::Special::None && s.scope != tal::Scope::Native && file_.annotations.types.sig(s.type).noret)
        excluded = false;
      else if (which == tal::Special::None && s.scope == tal::Scope::Native) {
        auto native = natives_.natives.find(s.name);
        excluded = native == natives_.natives.end() || !natives_.types.sig(native->second.type).noret;
      }
    }
  }
  return true;
}

} // namespace second
