// The stack frame, calls, returns, and the unwind record of each call site (rules C9..C11, C18..C24, C29, C32).
//
// Frames have a static shape: D is a number at every instruction. The return address is slot 0, which no access reaches
// (memory.cpp), so a return needs D = 0 and nothing else. The entry values of the callee-saved registers are tokens;
// before a return each is back in its register, at a call each place is written into the record that the unwinder reads.
#include "tal/function_checker.h"

#include <algorithm>

namespace tal {

// ---- stack pointer -------------------------------------------------------------------------------------------------

bool FunctionChecker::adjust_stack(int64_t bytes) {
  int64_t depth = int64_t{state_.depth} + bytes;
  if (bytes % 8 != 0 || depth < 0 || depth > max_depth)
    return fail(CheckRule::C10, "a frame of 0 to " + std::to_string(max_depth) + " bytes in steps of 8",
                std::to_string(depth) + " bytes");
  state_.depth = static_cast<uint32_t>(depth);
  state_.slots.resize(state_.depth / 8); // new slots are junk, abandoned ones are gone
  return true;
}

// Instructions with rsp as an operand: constants are added, nothing else (R14).
bool FunctionChecker::stack_form() {
  const Row& row = inst_.row();
  bool adds = (row.rule == Rule::Add || row.rule == Rule::Sub) && row.form == Form::RI && row.size == 8;
  if (adds && inst_.rm == rsp) {
    state_.flags = Flags{};
    return adjust_stack(row.rule == Rule::Sub ? inst_.imm : -inst_.imm);
  }
  if (row.rule == Rule::Lea && row.size == 8 && inst_.reg == rsp && inst_.base == rsp && inst_.index == no_reg)
    return adjust_stack(-int64_t{inst_.disp});
  return fail(CheckRule::C10, "the stack pointer moved by a constant", print(inst_, at_));
}

bool FunctionChecker::step_push() {
  Value v;
  switch (inst_.row().form) {
  case Form::O: v = state_.reg[inst_.rm]; break;
  case Form::I: v = State::constant(inst_.imm); break;
  default:
    if (!load_any(v)) // the address is computed before rsp moves
      return false;
  }
  if (!adjust_stack(8))
    return false;
  state_.slots.back() = v;
  return true;
}

bool FunctionChecker::step_pop() {
  if (state_.depth == 0)
    return fail(CheckRule::C10, "a slot of the frame to pop", "the return address");
  Value v = state_.slots.back();
  if (v.tag == Value::Tag::Word && v.aux == 4)
    v = state_.integer();
  return set(inst_.rm, v) && adjust_stack(-8);
}

// ---- unwind records ------------------------------------------------------------------------------------------------

int16_t FunctionChecker::find_token(uint8_t r) const {
  if (state_.reg[r].is_saved(r))
    return r;
  for (size_t i = 0; i < state_.slots.size(); i++)
    if (state_.slots[i].is_saved(r))
      return static_cast<int16_t>(-static_cast<int>(i) - 1);
  for (uint8_t other : callee_saved) // a callee keeps those for us as well
    if (state_.reg[other].is_saved(r))
      return other;
  return TAL_LOST;
}

bool FunctionChecker::add_record(bool throws, const LabelRecord* pad, unsigned trap) {
  tal_record record{};
  record.return_offset = at_ + inst_.length;
  record.frame = static_cast<uint16_t>(state_.depth);
  record.trap = static_cast<uint16_t>(trap);
  record.pad = pad == nullptr ? TAL_NO_PAD : pad->offset;
  record.function = function_index_;
  for (size_t i = 0; i < std::size(callee_saved); i++) {
    record.saved[i] = find_token(callee_saved[i]);
    if (throws && record.saved[i] == TAL_LOST)
      return fail(CheckRule::C9, "the entry value of " + operand_name(callee_saved[i]) + " kept at a call that may throw",
                  "it is lost");
  }
  m_.records.push_back(record);
  return true;
}

bool FunctionChecker::find_pad(const LabelRecord*& pad) {
  const auto& ranges = m_.annotations.eh;
  while (m_.next_eh < ranges.size() && ranges[m_.next_eh].end <= at_)
    m_.next_eh++;
  pad = nullptr;
  if (m_.next_eh == ranges.size() || ranges[m_.next_eh].start > at_)
    return true;
  const EhRange& range = ranges[m_.next_eh];
  if (range.start < start_ || range.end > end_)
    return fail(CheckRule::C24, "an exception range inside one function",
                std::to_string(range.start) + " to " + std::to_string(range.end));
  if (pad = label_at(range.pad); pad == nullptr)
    return fail(CheckRule::C24, "a landing pad that is a label of this function", "text offset " + std::to_string(range.pad));
  return true;
}

// ---- calls ---------------------------------------------------------------------------------------------------------

// What a polymorphic reference is at the type arguments that .tal.inst has for it, if any (C21).
bool FunctionChecker::instance(TypeId signature, TypeId& result) {
  result = signature;
  if (types_.sig(signature).vars.empty() || !has_inst())
    return true;
  return instance(signature, next_inst().args, result);
}

bool FunctionChecker::instance(TypeId signature, std::span<const TypeId> args, TypeId& result) {
  std::vector<uint32_t> key{signature.value};
  for (TypeId arg : args) {
    if (!types_.is_word(arg) || !in_scope(arg))
      return fail(CheckRule::C21, "word types of this function", types_.print(arg));
    key.push_back(arg.value);
  }
  auto [entry, fresh] = m_.instances.try_emplace(std::move(key));
  if (fresh)
    entry->second = types_.instantiate(signature, args);
  result = entry->second;
  if (!result)
    return fail(CheckRule::C21, "type arguments of the kinds of " + types_.print(signature), "others, or too large a type");
  return true;
}

bool FunctionChecker::callee(TypeId signature, TypeId& result) {
  return instance(signature, result) &&
         (types_.sig(result).vars.empty() || fail(CheckRule::C21, "type arguments for all of " + types_.print(signature), "fewer at this instruction"));
}

bool FunctionChecker::require_alignment() {
  if (state_.depth % 16 == 8)
    return true;
  return fail(CheckRule::C20, "a frame of 16*n + 8 bytes", std::to_string(state_.depth) + " bytes");
}

bool FunctionChecker::require_arguments(const Signature& s, size_t& on_stack) {
  ArgumentPlaces places;
  values_.assign(s.pre.empty() ? 0 : s.args.size(), Value{});
  for (size_t i = 0; i < s.args.size(); i++) {
    bool is_float = types_.kind(s.args[i]) == Kind::None;
    auto place = places.next(is_float);
    if (place == ArgumentPlaces::Place::Xmm)
      continue; // any bits will do
    if (place == ArgumentPlaces::Place::Stack && places.stack > state_.slots.size())
      return fail(CheckRule::C18, "stack arguments in this frame", "a frame of " + std::to_string(state_.depth) + " bytes");
    const Value v = place == ArgumentPlaces::Place::General ? state_.reg[argument_registers[places.general - 1]]
                                                            : state_.slots[state_.slots.size() - places.stack];
    // A float on the stack is eight readable bytes.
    const TypeId type = is_float ? types_.i64() : s.args[i];
    if (!has_type(state_, v, type)) // the text is made for a refusal only
      return require_type(CheckRule::C18, state_, v, type, "argument " + std::to_string(i + 1));
    if (!values_.empty())
      values_[i] = v;
  }
  on_stack = places.stack;
  return facts_hold(s, false, values_, false);
}

// What a call destroys.
static void clobber(State& s) {
  for (uint8_t r : {rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11})
    s.reg[r] = Value{};
  s.flags = Flags{};
}

// C23, C24: a record of this instruction, and the way of an exception that leaves it. `trap`: see tal_record.
bool FunctionChecker::may_raise(bool throws, unsigned trap) {
  const LabelRecord* pad = nullptr;
  if (!charge_frame() || !find_pad(pad) || !add_record(throws, pad, trap))
    return false;
  if (!throws || (pad == nullptr && signature_->throws))
    return true;
  if (pad == nullptr)
    return fail(CheckRule::C23, "a handler for this call, or a function that may throw", "neither");
  State& s = scratch() = state_;
  clobber(s);
  s.reg[rax] = s.word(types_, types_.exn());
  return edge(s, *pad);
}

// C37: an access in the lowest page if the pointer is null faults there, before it changes anything, and the runtime raises
// NullPointer as if the instruction were a call of __tal_raise_null. Where it goes on the pointer is not null.
bool FunctionChecker::trap_site(const Value& base, bool is_near) {
  const Rule rule = inst_.row().rule;
  const TypeTag tag = types_.tag(base.type);
  const LabelRecord* pad = nullptr;
  if (!find_pad(pad))
    return false;
  if (!is_near || (tag != TypeTag::Ptr && tag != TypeTag::Arr) || rule == Rule::CallInd || rule == Rule::Push || rule == Rule::Pop ||
      (pad == nullptr && !signature_->throws))
    return fail(CheckRule::C13, "a pointer known not to be null", describe(state_, base));
  if (!may_raise(true, inst_.length))
    return false;
  state_.facts(base.name).nonnull = true;
  return true;
}

bool FunctionChecker::finish_call(const Value& result, bool noret, bool throws, size_t stack_arguments) {
  for (size_t i = 0; i < stack_arguments; i++) // they belong to the callee
    state_.slots[state_.slots.size() - 1 - i] = Value{};
  if (!may_raise(throws, 0))
    return false;
  clobber(state_);
  state_.reg[rax] = result;
  alive_ = !noret;
  return true;
}

bool FunctionChecker::call(TypeId signature) {
  TypeId id;
  if (!callee(signature, id))
    return false;
  const Signature& s = types_.sig(id);
  size_t on_stack = 0;
  if (!require_alignment() || !require_arguments(s, on_stack))
    return false;
  Value result; // of a float: in xmm0, and rax is junk
  if (s.result && types_.kind(s.result) != Kind::None)
    result = state_.word(types_, s.result);
  return finish_call(result, s.noret, s.throws, on_stack) && facts_hold(s, true, {&result, 1}, true);
}

bool FunctionChecker::step_call() {
  const Reloc* reloc;
  if (!take_reloc(at_ + inst_.field, reloc))
    return false;
  if (reloc == nullptr)
    return fail(CheckRule::C28, "a relocation on the call's field", "none");
  const Symbol& symbol = m_.annotations.symbols[reloc->symbol];
  if (symbol.kind != SymbolKind::Function || reloc->addend != -4)
    return fail(CheckRule::C19, "the start of a function", symbol.name);
  m_.sites.push_back({Section::Text, Site::Kind::Call, reloc->offset, reloc->symbol, -4});
  if (Special special = m_.specials[reloc->symbol]; special != Special::None)
    return call_special(special);
  return call(symbol.type);
}

bool FunctionChecker::step_call_indirect() {
  Value target;
  if (inst_.memory ? !load(8, target) : !read(inst_.rm, 8, target))
    return false;
  if (target.tag != Value::Tag::Word || types_.tag(target.type) != TypeTag::Fn)
    return fail(CheckRule::C19, "a function value", describe(state_, target));
  if (!is_nonnull(state_, target))
    return fail(CheckRule::C13, "a function value known not to be null", describe(state_, target));
  return call(types_.target(target.type));
}

// Runtime entry points with rules of their own (C29; natives.h).
bool FunctionChecker::call_special(Special special) {
  if (!require_alignment())
    return false;
  const Value& first = state_.reg[rdi];
  Value result;
  switch (special) {
  case Special::None: return fail(CheckRule::C19, "a runtime entry point", "none");
  case Special::New: {
    if (first.tag != Value::Tag::Desc || types_.tag(first.type) == TypeTag::Arr)
      return fail(CheckRule::C29, "the descriptor of a struct, a union or exn in rdi", describe(state_, first));
    TypeId type = first.type;
    result = state_.word(types_, type);
    NameFacts& facts = state_.facts(result.name);
    if (types_.tag(type) == TypeTag::Exn) {
      facts.missing = 3; // name and payload
    } else if (types_.tag(type) == TypeTag::Union) {
      TypeId cases = types_.expand_cases(types_.target(type));
      if (!cases || types_.args(cases).empty())
        return fail(CheckRule::C29, "a union with boxed variants", types_.print(type));
      facts.missing = 3; // tag and payload
      facts.lo = max_constants;
    } else {
      unsigned must = 0;
      TypeId layout = types_.expand(types_.target(type));
      if (!layout)
        return fail(CheckRule::C29, "a known layout", types_.print(type));
      for (const Field& f : types_.fields(layout))
        must += must_init(f);
      if (must > 64)
        return fail(CheckRule::O8, "at most 64 fields that must be initialised", std::to_string(must));
      facts.missing = must == 64 ? ~uint64_t{0} : (uint64_t{1} << must) - 1;
    }
    if (facts.missing != 0)
      facts.under_construction = type;
    return finish_call(result, false, true, 0);
  }
  case Special::NewArray: {
    if (first.tag != Value::Tag::Desc || types_.tag(first.type) != TypeTag::Arr)
      return fail(CheckRule::C29, "the descriptor of an array type in rdi", describe(state_, first));
    TypeId type = first.type;
    Value n = state_.reg[rsi];
    if (!require_type(CheckRule::C18, state_, n, types_.i64(), "the array length"))
      return false;
    TypeId element = types_.target(type);
    if (types_.kind(element) != Kind::None && !n.is_constant(0) && // without elements there is no initial one
        !require_type(CheckRule::C18, state_, state_.reg[rdx], element, "the initial element"))
      return false;
    result = state_.word(types_, type);
    if (!finish_call(result, false, true, 0))
      return false;
    // The native raises an exception for n outside [0, 2^31-1], so its length says something of n only where it returns: a
    // handler learns nothing. A length outside that range tells nothing; what follows such a call is checked all the same.
    if (Interval range = n.is_int() ? state_.interval(n) : Interval{}; n.is_int() && range.hi >= 0 && range.lo <= max_length) {
      Value length = state_.length_of(result);
      alive_ = state_.assume(length, n, 0) && state_.assume(n, length, 0);
    }
    return true;
  }
  case Special::Raise:
    if (!require_type(CheckRule::C18, state_, first, types_.exn(), "the exception"))
      return false;
    return finish_call(result, true, true, 0);
  case Special::RaiseNull:
  case Special::RaiseBounds:
  case Special::RaiseDiv:
  case Special::RaiseVariant: return finish_call(result, true, true, 0);
  case Special::Update: return finish_call(result, false, true, 0);
  }
  return false;
}

// ---- leaving the function ------------------------------------------------------------------------------------------

bool FunctionChecker::require_frame_left(const char* when) {
  if (state_.depth != 0)
    return fail(CheckRule::C10, std::string("an empty frame at ") + when, std::to_string(state_.depth) + " bytes");
  for (uint8_t r : callee_saved)
    if (!state_.reg[r].is_saved(r))
      return fail(CheckRule::C9, "the entry value of " + operand_name(r) + " in its register",
                  describe(state_, state_.reg[r]));
  return true;
}

bool FunctionChecker::step_ret() {
  if (!require_frame_left("a return"))
    return false;
  if (signature_->noret)
    return fail(CheckRule::C22, "no return from a function of type noret", "ret");
  bool in_rax = signature_->result && types_.kind(signature_->result) != Kind::None;
  if (in_rax && !require_type(CheckRule::C22, state_, state_.reg[rax], signature_->result, "the result"))
    return false;
  if (!facts_hold(*signature_, true, {&state_.reg[rax], 1}, false))
    return false;
  alive_ = false;
  return true;
}

bool FunctionChecker::tail_call(uint32_t number) {
  const Symbol& symbol = m_.annotations.symbols[number];
  const Reloc& reloc = m_.image.text_relocs[m_.next_reloc - 1];
  if (symbol.kind != SymbolKind::Function || reloc.addend != -4 || m_.specials[number] != Special::None)
    return fail(CheckRule::C19, "the start of a function", symbol.name);
  if (!require_frame_left("a tail call"))
    return false;
  TypeId id;
  if (!callee(symbol.type, id))
    return false;
  const Signature& s = types_.sig(id);
  size_t on_stack = 0;
  if (!require_arguments(s, on_stack))
    return false;
  if (on_stack != 0 || incoming_ != 0)
    return fail(CheckRule::C32, "no stack arguments in a tail call", "some");
  if (s.throws && !signature_->throws)
    return fail(CheckRule::C23, "a target that does not throw", symbol.name);
  bool result_fits = s.noret || (!signature_->noret && (!signature_->result ||
                                                        (s.result && is_subtype(s.result, signature_->result))));
  if (!result_fits)
    return fail(CheckRule::C32, types_.print(signature_->result) + " as the target's result", types_.print(id));
  if (!s.noret && !entails(s.post, signature_->post))
    return fail(CheckRule::C39, "a target that says of its result what " + types_.print(function_->type) + " does", types_.print(id));
  m_.sites.push_back({Section::Text, Site::Kind::Jump, reloc.offset, number, -4});
  alive_ = false;
  return true;
}

} // namespace tal
