// Loads, stores and allocation.
#include "codegen/selector.h"

namespace codegen {

using namespace mir;

// The memory operand of a load or store of a field, element, global or length. Uses of bounds checks are recorded.
Mem Selector::address(const ir::Inst& inst, FieldPlace& place) {
  Mem mem;
  switch (inst.op) {
  case ir::Op::LoadField: case ir::Op::StoreField: case ir::Op::FieldAddr:
    place = unit_.map().field(source_.value(inst.operands[0]).type.id, uint32_t(inst.imm));
    mem.base = reg(inst.operands[0]);
    mem.disp = int32_t(place.offset);
    break;
  case ir::Op::LoadElem: case ir::Op::StoreElem: case ir::Op::ElemAddr: {
    tal::TypeId element = unit_.types().target(type_of(inst.operands[0]));
    place.type = element;
    place.size = unit_.types().word_size(element);
    mem.base = reg(inst.operands[0]);
    mem.disp = 8;
    std::optional<int64_t> index = constant(inst.operands[1]);
    if (index && *index <= (INT32_MAX - 8) / int64_t(place.size)) mem.disp += int32_t(*index * place.size);
    else mem.index = reg(inst.operands[1]), mem.scale = uint8_t(place.size);
    size_t fact = bounds_fact_[inst.operands[1].value];
    if (fact) out_.facts[fact - 1].used_in.push_back(current_);
    break;
  }
  case ir::Op::LoadGlobal: case ir::Op::StoreGlobal:
    place.type = unit_.map().word(unit_.module().global(inst.global()).type);
    place.size = unit_.types().word_size(place.type);
    mem.symbol = unit_.global(inst.global());
    break;
  default: // array_length: the low half of the length word
    place.type = unit_.types().i32();
    place.size = 4;
    mem.base = reg(inst.operands[0]);
    break;
  }
  return mem;
}

// Of a slot that holds an integer its own bytes are read; all else is read whole.
void Selector::load_from(Reg dst, const Mem& mem, const FieldPlace& place) {
  unsigned size = unit_.types().is_integer(place.type) ? unit_.types().word_size(place.type) : place.slot ? 8 : place.size;
  if (is_floating(place.type)) { // a float in a slot is its low half
    Inst& load = emit(place.type == unit_.types().f32() && !place.slot ? Op::MOVSSrm : Op::MOVSDrm);
    load.d = dst;
    load.mem = mem;
    return;
  }
  Inst& load = emit(size == 1 ? Op::MOVZX32rm8 : size == 2 ? Op::MOVZX32rm16 : size == 4 ? Op::MOV32rm : Op::MOV64rm);
  load.d = dst;
  load.mem = mem;
}

void Selector::load(const ir::Inst& inst) {
  FieldPlace place;
  Mem mem = address(inst, place);
  load_from(result(inst), mem, place);
}

// The memory operand of a load that is put off until its only use, if it reads exactly that many bits.
std::optional<Mem> Selector::foldable(ir::ValueId value, unsigned bits) {
  const ir::Inst* inst = def(value);
  if (!inst || !values_[value.value].deferred) return std::nullopt;
  if (inst->op != ir::Op::LoadField && inst->op != ir::Op::LoadElem && inst->op != ir::Op::LoadGlobal) return std::nullopt;
  if (width(value) != bits) return std::nullopt;
  // Elements of variable type fill a register, but not in memory.
  if (inst->op == ir::Op::LoadElem && 8 * unit_.types().word_size(unit_.types().target(type_of(inst->operands[0]))) != bits) return std::nullopt;
  if (inst->op == ir::Op::LoadField) { // so does the component of a tuple that is all there is
    FieldPlace field = unit_.map().field(source_.value(inst->operands[0]).type.id, uint32_t(inst->imm));
    if (!field.slot && 8 * field.size != bits) return std::nullopt;
  }
  values_[value.value].deferred = false;
  FieldPlace place;
  return address(*inst, place);
}

void Selector::store_to(const Mem& mem, const FieldPlace& place, ir::ValueId value) {
  // A slot is written as a whole: integers are canonical in their register already.
  unsigned size = place.slot ? 8 : place.size;
  std::optional<int64_t> known = constant(value);
  if (std::optional<uint64_t> bits = float_constant(value)) known = int64_t(*bits);
  if (known && (size < 8 || *known == int32_t(*known))) {
    Inst& store = emit(size == 1 ? Op::MOV8mi : size == 2 ? Op::MOV16mi : size == 4 ? Op::MOV32mi : Op::MOV64mi32);
    store.mem = mem;
    store.imm = size == 1 ? int8_t(*known) : size == 2 ? int16_t(*known) : size == 4 ? int32_t(*known) : *known;
    return;
  }
  Reg from = reg(value);
  if (is_floating(place.type)) {
    Inst& store = emit(size == 4 ? Op::MOVSSmr : Op::MOVSDmr);
    store.mem = mem;
    store.b = from;
    return;
  }
  Inst& store = emit(size == 1 ? Op::MOV8mr : size == 2 ? Op::MOV16mr : size == 4 ? Op::MOV32mr : Op::MOV64mr);
  store.mem = mem;
  store.b = from;
}

void Selector::store(const ir::Inst& inst) {
  FieldPlace place;
  Mem mem = address(inst, place);
  store_to(mem, place, inst.operands.back());
}

// ---- allocation -----------------------------------------------------------------------------------------------------------

// Calls an allocator with the descriptor of what `address` points at, then `moves` as further arguments.
Reg Selector::allocate(tal::TypeId address, const char* entry, std::vector<Move> moves, const ir::Inst& inst) {
  Reg descriptor = fresh(unit_.types().i64());
  Inst& lea = emit(Op::LEA64r);
  lea.d = descriptor;
  lea.mem.symbol = unit_.descriptor(address);
  CallInfo info;
  info.symbol = unit_.runtime(entry);
  info.has_result = true;
  info.uses = bit(rdi);
  for (const Move& move : moves) info.uses |= bit(move.dst.as_reg());
  moves.insert(moves.begin(), {Place::reg(rdi), Place::reg(descriptor)});
  Inst call;
  call.op = Op::Call;
  Reg object = values_[inst.result.value].reg = fresh(address);
  emit_call(call, std::move(info), std::move(moves), object);
  return object;
}

void Selector::new_object(const ir::Inst& inst) {
  frontend::TypeId type = source_.value(inst.result).type.id;
  tal::TypeId memory = unit_.map().memory(type);
  if (!memory) return unsupported(unit_.map().problem());
  Mem mem;
  mem.base = allocate(unit_.types().ptr(memory), "__tal_new", {}, inst);
  for (uint32_t i = 0; i < inst.operands.size(); ++i) {
    FieldPlace place = unit_.map().field(type, i);
    if ((constant(inst.operands[i]) == 0 || float_constant(inst.operands[i]) == 0) && !place.read_only) continue; // objects are made of zeros
    mem.disp = int32_t(place.offset);
    store_to(mem, place, inst.operands[i]);
  }
}

Reg Selector::exception_name(ir::ExceptionId id) {
  Reg name = fresh(unit_.types().exn_name(unit_.payload(id)));
  Inst& lea = emit(Op::LEA64r);
  lea.d = name;
  lea.mem.symbol = unit_.exception(id);
  return name;
}

void Selector::new_exn(const ir::Inst& inst) {
  bool is_known = inst.op == ir::Op::NewExn;
  Mem mem;
  mem.base = allocate(unit_.types().exn(), "__tal_new", {}, inst);
  Reg name = is_known ? exception_name(inst.exception()) : reg(inst.operands[0]);
  Inst& store = emit(Op::MOV64mr);
  store.mem = mem;
  store.b = name;
  if (inst.operands.size() == (is_known ? 0 : 1)) return;
  mem.disp = 8;
  FieldPlace place;
  place.offset = 8;
  place.slot = true;
  place.type = type_of(inst.operands.back());
  store_to(mem, place, inst.operands.back());
}

void Selector::new_union(const ir::Inst& inst) {
  frontend::TypeId type = source_.value(inst.result).type.id;
  const frontend::TypeStore& source = *unit_.module().types;
  tal::TypeId memory = unit_.map().memory(type);
  if (!memory) return unsupported(unit_.map().problem());
  Mem mem;
  mem.base = allocate(unit_.types().union_word(memory), "__tal_new", {}, inst);
  Inst& tag = emit(Op::MOV64mi32);
  tag.mem = mem;
  tag.imm = source.case_number(source.decl_of(type), uint32_t(inst.imm)).number;
  FieldPlace place = unit_.map().payload(type, uint32_t(inst.imm));
  mem.disp = int32_t(place.offset);
  store_to(mem, place, inst.operands[0]);
}

void Selector::union_payload(const ir::Inst& inst) {
  FieldPlace place = unit_.map().payload(source_.value(inst.operands[0]).type.id, uint32_t(inst.imm));
  Mem mem;
  mem.base = reg(inst.operands[0]);
  mem.disp = int32_t(place.offset);
  load_from(result(inst), mem, place);
}

void Selector::new_array(const ir::Inst& inst) {
  Place length = operand(inst.operands[0]), init = is_floating(inst.operands[1]) ? float_bits(inst.operands[1]) : operand(inst.operands[1]);
  allocate(type_of(inst.result), "__tal_newarray", {{Place::reg(rsi), length}, {Place::reg(rdx), init}}, inst);
}

void Selector::array_of(const ir::Inst& inst) {
  tal::TypeId array = type_of(inst.result);
  if (inst.operands.empty() && !unit_.types().is_closed(array)) { // static objects have closed types
    allocate(array, "__tal_newarray", {{Place::reg(rsi), Place::imm(0)}, {Place::reg(rdx), Place::imm(0)}}, inst);
    return;
  }
  if (inst.operands.empty()) {
    Inst& lea = emit(Op::LEA64r);
    lea.mem.symbol = unit_.empty_array(array);
    lea.d = values_[inst.result.value].reg = fresh(array);
    return;
  }
  // All elements start as the first one, which is then right already.
  Place init = is_floating(inst.operands[0]) ? float_bits(inst.operands[0]) : operand(inst.operands[0]);
  Place length = Place::imm(int64_t(inst.operands.size()));
  Mem mem;
  mem.base = allocate(array, "__tal_newarray", {{Place::reg(rsi), length}, {Place::reg(rdx), init}}, inst);
  FieldPlace place;
  place.type = unit_.types().target(array);
  place.size = unit_.types().word_size(place.type);
  for (size_t i = 1; i < inst.operands.size(); ++i) {
    mem.disp = int32_t(8 + i * place.size);
    store_to(mem, place, inst.operands[i]);
  }
}

void Selector::exn_payload(const ir::Inst& inst) {
  Mem mem;
  mem.base = reg(inst.operands[0]);
  mem.disp = 8;
  FieldPlace place;
  place.slot = true;
  place.type = type_of(inst.result);
  load_from(result(inst), mem, place);
}

void Selector::place_addr(const ir::Inst& inst) {
  FieldPlace place;
  const Mem mem = address(inst, place);
  const Reg d = result(inst);
  Inst& lea = emit(Op::LEA64r);
  lea.d = d;
  lea.mem = mem;
}

// An address, or undef: made anew at each use.
void Selector::address_of(const ir::Inst& inst) {
  Reg d = result(inst);
  uint32_t symbol = 0, call = UINT32_MAX;
  if (inst.op == ir::Op::DataAddr) symbol = unit_.data(inst.data());
  if (inst.op == ir::Op::GlobalAddr) symbol = unit_.global(inst.global());
  if (inst.op == ir::Op::ExceptionAddr) symbol = unit_.exception(inst.exception());
  if (inst.op == ir::Op::RepAddr) symbol = unit_.representation(inst.type_args[0]);
  if (inst.op == ir::Op::FuncAddr) {
    symbol = unit_.function(inst.func());
    if (!inst.type_args.empty()) { // an instance: the annotation stands at the lea
      CallInfo info;
      for (frontend::TypeId type : inst.type_args) info.type_args.push_back(unit_.map().word(type).value);
      call = out_.mir.new_call(std::move(info));
    }
  }
  Inst& lea = emit(Op::LEA64r);
  lea.d = d;
  lea.mem.symbol = symbol;
  lea.extra = call;
}

} // namespace codegen
