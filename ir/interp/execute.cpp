// The meaning of each instruction.
#include <utility>

#include "ir/builder.h"
#include "ir/evaluate.h"
#include "ir/interp/machine.h"

namespace ir::interp {

void Machine::execute(Frame& frame, const Inst& inst) {
  switch (inst.op) {
  case Op::IConst: return set(frame, inst, zero_extend(static_cast<uint64_t>(inst.imm), width(frame, inst.result)));
  case Op::FConst: return set(frame, inst, float_bits(real_value(inst.imm), width(frame, inst.result)));
  case Op::Null: return set(frame, inst, 0);
  case Op::UnionConst: return set(frame, inst, case_word(frame, inst.result, inst.imm));
  case Op::DataAddr: return set(frame, inst, word(linked(frame).data[inst.symbol]));
  case Op::FuncAddr: return set(frame, inst, reinterpret_cast<Word>(linked(frame).functions[inst.symbol]));
  case Op::ExceptionAddr: return set(frame, inst, reinterpret_cast<Word>(linked(frame).exceptions[inst.symbol]));
  case Op::RepAddr: return set(frame, inst, representation(*frame.callable->module, inst.type_args[0]));
  case Op::GlobalAddr: return set(frame, inst, address_of(*linked(frame).globals[inst.symbol]));
  case Op::Rdtsc: return set(frame, inst, steps_);
  case Op::Undef: return fail(std::string(info(inst.op).text) + " cannot be interpreted");
  case Op::Add: case Op::Sub: case Op::Mul: case Op::And: case Op::Or: case Op::Xor:
  case Op::Shl: case Op::LShr: case Op::AShr:
  case Op::SDiv: case Op::UDiv: case Op::SRem: case Op::URem:
  case Op::Eq: case Op::Ne:
  case Op::SLt: case Op::SLe: case Op::SGt: case Op::SGe:
  case Op::ULt: case Op::ULe: case Op::UGt: case Op::UGe:
  case Op::FAdd: case Op::FSub: case Op::FMul: case Op::FDiv: case Op::FNeg:
  case Op::FEq: case Op::FNe: case Op::FLt: case Op::FLe: case Op::FGt: case Op::FGe: return arithmetic(frame, inst);
  case Op::IToF: case Op::FToINear: case Op::FToIZero: case Op::FResize:
    return set(frame, inst, evaluate_conversion(inst.op, *frame.callable->module->types, type_of(frame, inst.operands[0]), type_of(frame, inst.result), get(frame, inst.operands[0])));
  case Op::Trunc: case Op::ZExt: case Op::SExt: case Op::Retype: return convert(frame, inst);
  case Op::Pack: case Op::Open: case Op::Instantiate: return set(frame, inst, get(frame, inst.operands[0]));
  case Op::CheckNull: case Op::AssumeNonNull: case Op::CheckBounds: case Op::CheckDiv: case Op::CheckCase: return check(frame, inst);
  case Op::AssumeLimit: case Op::AssumeBounds: return assume(frame, inst);
  case Op::LoadField: case Op::StoreField: case Op::FieldAddr: case Op::LoadElem: case Op::StoreElem: case Op::ElemAddr: case Op::ArrayLength:
  case Op::LoadGlobal: case Op::StoreGlobal: return memory(frame, inst);
  case Op::NewObject: case Op::NewExn: case Op::NewExnOf: case Op::NewUnion: case Op::NewArray: case Op::ArrayOf: return allocate(frame, inst);
  case Op::ExnMatches: case Op::ExnPayload: case Op::ExnIs: case Op::ExnValue: return exceptions(frame, inst);
  case Op::UnionPayload: {
    Word value = get(frame, inst.operands[0]);
    if (case_of(value) != inst.imm)
      return fail("payload of another case");
    return set(frame, inst, object(value)->words[1]);
  }
  case Op::Call: case Op::CallIndirect: return call(frame, inst);
  case Op::Br: case Op::BrIf: case Op::Switch: case Op::Ret: case Op::Raise: case Op::Unreachable: return terminate(frame, inst);
  }
}

void Machine::arithmetic(Frame& frame, const Inst& inst) {
  auto result = evaluate(inst.op, width(frame, inst.operands[0]), get(frame, inst.operands[0]), get(frame, inst.operands.back()));
  if (!result)
    return fail(std::string("undefined ") + info(inst.op).text);
  set(frame, inst, *result);
}

void Machine::convert(Frame& frame, const Inst& inst) {
  Word value = get(frame, inst.operands[0]);
  unsigned to = width(frame, inst.result);
  if (inst.op == Op::SExt)
    value = static_cast<Word>(sign_extend(value, width(frame, inst.operands[0])));
  set(frame, inst, zero_extend(value, to));
}

// A case without payload is a small number, as in compiled code; others are objects { number of the case, payload }.
Word Machine::case_word(const Frame& frame, ValueId v, int64_t index) const {
  const frontend::TypeStore& types = *frame.callable->module->types;
  return types.case_number(types.decl_of(frame.callable->function->value(v).type.id), static_cast<uint32_t>(index)).number;
}

int64_t Machine::case_of(Word value) { return value < 4096 ? -1 : static_cast<int64_t>(object(value)->words[0]); }

void Machine::check(Frame& frame, const Inst& inst) {
  Word value = get(frame, inst.operands.back());
  if (inst.op == Op::CheckBounds && value >= object(get(frame, inst.operands[0]))->words.size())
    return void(raise("ArrayBounds"));
  if (inst.op == Op::CheckCase && case_of(value) != inst.imm)
    return void(raise(case_of(value) < 0 ? "NullPointer" : "UnionVariant"));
  if (inst.op == Op::CheckNull && value == 0)
    return void(raise("NullPointer"));
  if (inst.op == Op::CheckDiv && value == 0)
    return void(raise("DivideByZero"));
  if (inst.op == Op::AssumeNonNull && value == 0)
    return fail("assume_nonnull of null");
  set(frame, inst, value);
}

void Machine::assume(Frame& frame, const Inst& inst) {
  const Word value = get(frame, inst.operands[1]), length = object(get(frame, inst.operands[0]))->words.size();
  if (inst.op == Op::AssumeLimit ? value > length : value >= length)
    return fail("what is assumed of an index does not hold");
  set(frame, inst, value);
}

void Machine::memory(Frame& frame, const Inst& inst) {
  if (inst.op == Op::LoadGlobal)
    return set(frame, inst, *linked(frame).globals[inst.symbol]);
  if (inst.op == Op::StoreGlobal) {
    *linked(frame).globals[inst.symbol] = get(frame, inst.operands[0]);
    return;
  }
  Object* o = object(get(frame, inst.operands[0]));
  if (!o)
    return fail("access through null");
  if (inst.op == Op::ArrayLength)
    return set(frame, inst, o->words.size());
  bool is_element = inst.op == Op::LoadElem || inst.op == Op::StoreElem || inst.op == Op::ElemAddr;
  Word index = is_element ? get(frame, inst.operands[1]) : static_cast<Word>(inst.imm);
  if (index >= (o->cell ? 1 : o->words.size()))
    return fail("access out of bounds");
  Word& place = o->cell ? *o->cell : o->words[index];
  if (inst.op == Op::ElemAddr)
    set(frame, inst, address_of(place));
  else if (inst.op == Op::FieldAddr)
    set(frame, inst, o->words.size() == 1 || o->cell ? word(o) : address_of(place)); // an object of one field is that field
  else if (inst.result.is_valid())
    set(frame, inst, place);
  else
    place = get(frame, inst.operands.back());
}

void Machine::allocate(Frame& frame, const Inst& inst) {
  if (inst.op == Op::NewArray) {
    int64_t length = sign_extend(get(frame, inst.operands[0]), 32);
    if (length < 0)
      return void(raise("Core::InvalidArg", make_string("new_array")));
    return set(frame, inst, word(make(static_cast<size_t>(length), get(frame, inst.operands[1]))));
  }
  Object* o = make(0);
  if (inst.op == Op::NewExn)
    o->words.push_back(reinterpret_cast<Word>(linked(frame).exceptions[inst.symbol]));
  if (inst.op == Op::NewUnion)
    o->words.push_back(static_cast<Word>(inst.imm));
  for (ValueId v : inst.operands)
    o->words.push_back(get(frame, v));
  set(frame, inst, word(o));
}

void Machine::exceptions(Frame& frame, const Inst& inst) {
  Object* packet = object(get(frame, inst.operands[0]));
  bool is_named = inst.op == Op::ExnMatches || inst.op == Op::ExnPayload;
  bool matches = packet->words[0] == (is_named ? reinterpret_cast<Word>(linked(frame).exceptions[inst.symbol]) : get(frame, inst.operands[1]));
  if (inst.op == Op::ExnMatches || inst.op == Op::ExnIs)
    return set(frame, inst, matches);
  if (!matches)
    return fail("payload of another exception");
  set(frame, inst, packet->words[1]);
}

void Machine::call(Frame& frame, const Inst& inst) {
  bool direct = inst.op == Op::Call;
  const Callable* target = direct ? linked(frame).functions[inst.symbol] : reinterpret_cast<Callable*>(get(frame, inst.operands[0]));
  std::vector<Word> args;
  for (size_t i = direct ? 0 : 1; i < inst.operands.size(); ++i)
    args.push_back(get(frame, inst.operands[i]));
  if (target->function)
    return enter(target, std::move(args));
  if (!target->native)
    return fail("function `" + target->name + "` is not known to the interpreter");
  Word result = 0;
  if (target->native(*this, args, result) && !done_)
    set(frame, inst, result);
}

void Machine::terminate(Frame& frame, const Inst& inst) {
  switch (inst.op) {
  case Op::Br: return follow(frame, inst.targets[0], nullptr);
  case Op::BrIf: return follow(frame, inst.targets[get(frame, inst.operands[0]) != 0 ? 0 : 1], nullptr);
  case Op::Switch: {
    Word value = get(frame, inst.operands[0]);
    unsigned bits = width(frame, inst.operands[0]);
    size_t taken = inst.keys.size();
    const frontend::TypeStore& types = *frame.callable->module->types;
    if (const frontend::TypeId type = frame.callable->function->value(inst.operands[0]).type.id; types.is_union(type)) {
      for (size_t i = 0; i < inst.keys.size(); ++i) {
        bool is_constant = types.case_number(types.decl_of(type), static_cast<uint32_t>(inst.keys[i])).is_constant;
        if (is_constant ? case_word(frame, inst.operands[0], inst.keys[i]) == value : case_of(value) == inst.keys[i])
          taken = i;
      }
      return follow(frame, inst.targets[taken], nullptr);
    }
    for (size_t i = 0; i < inst.keys.size(); ++i)
      if (zero_extend(static_cast<uint64_t>(inst.keys[i]), bits) == value)
        taken = i;
    return follow(frame, inst.targets[taken], nullptr);
  }
  case Op::Ret: return leave(inst.operands.empty() ? 0 : get(frame, inst.operands[0]));
  case Op::Raise: return unwind(get(frame, inst.operands[0]));
  default: return fail("unreachable code was reached");
  }
}

} // namespace ir::interp
