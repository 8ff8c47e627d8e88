// Branches, compares and checks.
#include <algorithm>

#include "codegen/selector.h"

namespace codegen {

using namespace mir;

namespace {

Cond condition_of(ir::Op op) {
  switch (op) {
  case ir::Op::Ne: return Cond::NE;
  case ir::Op::SLt: return Cond::L;
  case ir::Op::SLe: return Cond::LE;
  case ir::Op::SGt: return Cond::G;
  case ir::Op::SGe: return Cond::GE;
  case ir::Op::ULt: return Cond::B;
  case ir::Op::ULe: return Cond::BE;
  case ir::Op::UGt: return Cond::A;
  case ir::Op::UGe: return Cond::AE;
  default: return Cond::E;
  }
}

// The condition that holds for (b, a) exactly when the given one holds for (a, b).
Cond swapped(Cond cond) {
  switch (cond) {
  case Cond::L: return Cond::G;
  case Cond::G: return Cond::L;
  case Cond::LE: return Cond::GE;
  case Cond::GE: return Cond::LE;
  case Cond::B: return Cond::A;
  case Cond::A: return Cond::B;
  case Cond::BE: return Cond::AE;
  case Cond::AE: return Cond::BE;
  default: return cond;
  }
}

bool is_signed(Cond cond) { return cond == Cond::L || cond == Cond::LE || cond == Cond::G || cond == Cond::GE; }
bool test_decides(Cond cond) { return cond == Cond::E || cond == Cond::NE || is_signed(cond); }

// A constant as the sign-extended immediate of a compare of that width, if it has that form.
std::optional<int64_t> immediate(std::optional<int64_t> value, unsigned width) {
  if (!value) return std::nullopt;
  if (width <= 32) return int32_t(*value);
  return *value == int32_t(*value) ? value : std::nullopt;
}

} // namespace

// Emits the compare that decides a condition.
Cond Selector::condition(ir::ValueId value) {
  const ir::Inst* inst = def(value);
  // A deferred load or constant is no compare: its value is tested.
  if (inst && values_[value.value].deferred && (is_compare(inst->op) || inst->op == ir::Op::Xor)) {
    values_[value.value].deferred = false;
    if (inst->op == ir::Op::Xor) return negate(condition(inst->operands[0]));
    return compare(*inst);
  }
  // A compare of this block that is needed as a value too is made again: the branch then teaches something.
  if (is_fused(value)) return compare(*inst);
  if (std::optional<Mem> mem = foldable(value, 8)) {
    Inst& cmp = emit(Op::CMP8mi);
    cmp.mem = *mem;
    return Cond::NE;
  }
  Reg flag = reg(value);
  emit_dd(Op::TEST32rr, flag, flag);
  return Cond::NE;
}

// Does a branch on this condition branch on the compare itself?
bool Selector::is_fused(ir::ValueId value) const {
  const ir::Inst* inst = def(value);
  if (!inst) return false;
  if (inst->op == ir::Op::Xor) return values_[value.value].deferred && is_fused(inst->operands[0]);
  return is_compare(inst->op) && (values_[value.value].deferred || inst->block == source_block_);
}

Cond Selector::compare(const ir::Inst& inst) {
  if (inst.op == ir::Op::ExnMatches || inst.op == ir::Op::ExnIs) {
    Reg name = inst.op == ir::Op::ExnIs ? reg(inst.operands[1]) : exception_name(inst.exception());
    Reg packet = reg(inst.operands[0]);
    Inst& cmp = emit(Op::CMP64rm);
    cmp.d = name;
    cmp.mem.base = packet;
    here().teaches = true;
    return Cond::E;
  }
  if (is_floating(inst.operands[0])) return compare_floats(inst);
  Cond cond = condition_of(inst.op);
  ir::ValueId a = inst.operands[0], b = inst.operands[1];
  unsigned bits = width(a);
  if (constant(a) && !constant(b)) {
    std::swap(a, b);
    cond = swapped(cond);
  }
  bool wide = bits == 64;
  std::optional<int64_t> imm = constant(b);
  if (bits < 32 && is_signed(cond)) { // compare the sign-extended values
    Reg x = fresh(unit_.types().i32()), y = fresh(unit_.types().i32());
    Reg from_a = reg(a), from_b = reg(b);
    emit_dd(bits == 8 ? Op::MOVSX32rr8 : Op::MOVSX32rr16, x, from_a);
    emit_dd(bits == 8 ? Op::MOVSX32rr8 : Op::MOVSX32rr16, y, from_b);
    emit_dd(Op::CMP32rr, x, y);
    return cond;
  }
  imm = immediate(imm, bits);
  if (imm == -1 && values_[a.value].divides) here().teaches = true; // no label record can say that a divisor is not -1
  const ir::Inst* mask = def(a);
  if (imm == 0 && (cond == Cond::E || cond == Cond::NE) && mask && mask->op == ir::Op::And && values_[a.value].deferred) {
    values_[a.value].deferred = false;
    Reg x = reg(mask->operands[0]);
    emit_di(Op::TEST32ri, x, int32_t(*constant(mask->operands[1])));
    return cond;
  }
  if (imm == 0 && test_decides(cond)) {
    Reg x = reg(a);
    emit_dd(wide ? Op::TEST64rr : Op::TEST32rr, x, x);
    return cond;
  }
  if (imm) {
    bool is_byte = *imm == int8_t(*imm);
    if (std::optional<Mem> mem = foldable(a, wide ? 64 : 32)) {
      Inst& cmp = emit(wide ? (is_byte ? Op::CMP64mi8 : Op::CMP64mi32) : is_byte ? Op::CMP32mi8 : Op::CMP32mi);
      cmp.mem = *mem;
      cmp.imm = *imm;
      return cond;
    }
    Reg x = reg(a);
    emit_di(wide ? (is_byte ? Op::CMP64ri8 : Op::CMP64ri32) : is_byte ? Op::CMP32ri8 : Op::CMP32ri, x, *imm);
    return cond;
  }
  Reg x = reg(a);
  if (std::optional<Mem> mem = foldable(b, wide ? 64 : 32)) {
    Inst& cmp = emit(wide ? Op::CMP64rm : Op::CMP32rm);
    cmp.d = x;
    cmp.mem = *mem;
    return cond;
  }
  Reg y = reg(b);
  emit_dd(wide ? Op::CMP64rr : Op::CMP32rr, x, y);
  return cond;
}

void Selector::branch_if(const ir::Inst& inst) {
  ir::ValueId value = inst.operands[0];
  if (std::optional<int64_t> known = constant(value)) return jump(edge(inst.targets[*known ? 0 : 1]));
  // Arguments first: making an address or a constant must not come between compare and branch.
  Edge if_true = edge(inst.targets[0]), if_false = edge(inst.targets[1]);
  bool teaches = is_fused(value);
  Cond cond = condition(value);
  if (teaches) learn_from_branch(value, false, if_true, if_false);
  branch(cond, std::move(if_true), std::move(if_false));
}

// `p == null` tells on one side that p is not null.
void Selector::learn_from_branch(ir::ValueId value, bool negated, const Edge& if_true, const Edge& if_false) {
  const ir::Inst* inst = def(value);
  if (!inst) return;
  if (inst->op == ir::Op::Xor && constant(inst->operands[1]) == 1)
    return learn_from_branch(inst->operands[0], !negated, if_true, if_false);
  if (inst->op != ir::Op::Eq && inst->op != ir::Op::Ne) return;
  ir::ValueId a = inst->operands[0], b = inst->operands[1];
  if (constant(a) == 0) std::swap(a, b);
  if (constant(b) != 0 || constant(a)) return;
  bool on_true = (inst->op == ir::Op::Ne) != negated;
  Place known = Place::reg(values_[a.value].reg);
  if (!values_[a.value].reg.is_valid()) return;
  bool pointer = unit_.types().is_nullable(type_of(a));
  bool integer = unit_.types().is_integer(type_of(a));
  if (!pointer && !integer) return;
  ValueFact fact;
  fact.what = pointer ? ValueFact::What::NonNull : ValueFact::What::NonZero;
  fact.a = known;
  fact.block = on_true ? if_true.target : if_false.target;
  fact.on_entry = true;
  if (entering_[fact.block.value] != 1) return; // others come there who know nothing
  if (pointer) out_.facts.push_back(std::move(fact));
}

namespace {

// Are these keys worth a jump table? Processors guess the branches of a few compares better than one indirect jump
// (docs/performance.md has figures); the time of some passes grows with the square of the targets.
constexpr size_t least_dense = 16;
bool is_dense(size_t keys, uint64_t distance) { return keys >= least_dense && keys <= 2048 && distance < 3 * keys; }

// Where to divide: at a gap that is most of the range, for on one side of it may be a table, else in the middle.
template <typename Keys> size_t middle(const Keys& keys) {
  for (size_t i = 1; keys.size() > least_dense && i < keys.size(); ++i)
    if (keys[i].held - keys[i - 1].held > (keys.back().held - keys.front().held) / 2) return i;
  return keys.size() / 2;
}

} // namespace

// ---- switch ---------------------------------------------------------------------------------------------------------------

void Selector::switch_on(const ir::Inst& inst) {
  if (unit_.module().types->is_union(source_.value(inst.operands[0]).type.id)) return switch_on_union(inst);
  unsigned bits = width(inst.operands[0]);
  uint64_t mask = bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  std::vector<Key> keys;
  for (uint32_t i = 0; i < inst.keys.size(); ++i) keys.push_back({uint64_t(inst.keys[i]) & mask, i});
  auto by_number = [](const Key& a, const Key& b) { return a.held < b.held; };
  std::sort(keys.begin(), keys.end(), by_number);
  Reg value = reg(inst.operands[0]);
  // Keys on both sides of zero lie together in the order with sign: then the switch is on the distance from the least.
  const uint64_t sign = (mask >> 1) + 1;
  auto negative = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.held >= sign; });
  if (bits >= 32 && negative != keys.begin() && negative != keys.end()) {
    const uint64_t least = negative->held;
    if (is_dense(keys.size(), ((negative - 1)->held - least) & mask)) {
      for (Key& key : keys) key.held = (key.held - least) & mask;
      std::sort(keys.begin(), keys.end(), by_number);
      value = minus(value, int64_t(bits == 32 ? int32_t(least) : int64_t(least)), bits);
    }
  }
  switch_range({inst, value, bits, false}, keys, 0, mask);
}

Reg Selector::minus(Reg from, int64_t amount, unsigned bits) {
  Reg d = fresh(bits == 64 ? unit_.types().i64() : unit_.types().i32());
  Inst& lea = emit(bits == 64 ? Op::LEA64r : Op::LEA64_32r);
  lea.d = d;
  lea.mem.base = from;
  lea.mem.disp = -int32_t(amount);
  return d;
}

void Selector::compare_key(const Decision& on, uint64_t held) {
  int64_t key = on.bits <= 32 ? int32_t(held) : int64_t(held);
  here().teaches |= on.teaches;
  if (key != int32_t(key)) {
    Reg constant = load_constant(key, unit_.types().i64());
    emit_dd(Op::CMP64rr, on.value, constant);
  } else if (key == 0) {
    emit_dd(on.bits == 64 ? Op::TEST64rr : Op::TEST32rr, on.value, on.value);
  } else {
    bool is_byte = key == int8_t(key);
    emit_di(on.bits == 64 ? (is_byte ? Op::CMP64ri8 : Op::CMP64ri32) : is_byte ? Op::CMP32ri8 : Op::CMP32ri, on.value, key);
  }
}

// The value is in [low, high]. Few keys one after the other, many by halving. What is the only value left needs no test.
void Selector::switch_range(const Decision& on, std::span<const Key> keys, uint64_t low, uint64_t high) {
  if (switch_table(on, keys, low, high)) return;
  if (keys.size() > 4) {
    size_t half = middle(keys);
    BlockId below = out_.mir.new_block(), rest = out_.mir.new_block();
    compare_key(on, keys[half].held);
    branch(Cond::B, {below, {}}, {rest, {}});
    start(below);
    switch_range(on, keys.first(half), low, keys[half].held - 1);
    start(rest);
    return switch_range(on, keys.subspan(half), keys[half].held, high);
  }
  for (const Key& key : keys) {
    if (low == high) return jump(edge(on.inst.targets[key.target]));
    BlockId next = out_.mir.new_block();
    Edge to = edge(on.inst.targets[key.target]);
    compare_key(on, key.held);
    branch(Cond::E, std::move(to), {next, {}});
    start(next);
    if (key.held == low) ++low;
  }
  jump(edge(on.inst.targets.back()));
}

// Keys that lie close together are looked up in a table of targets. What is known of the value makes tests of its bounds needless.
bool Selector::switch_table(const Decision& on, std::span<const Key> keys, uint64_t low, uint64_t high) {
  if (keys.size() < least_dense) return false;
  uint64_t first = keys.front().held, last = keys.back().held;
  if (on.bits == 64 && !on.teaches) low = 0; // "not below", of 64 bits without sign, is nothing to the checker
  if (first <= 4) first = std::min(first, low); // some entries more, one subtraction less
  if (!is_dense(keys.size(), last - first) || last > INT32_MAX) return false;
  const bool is_below = low < first, is_above = high > last;
  Reg index = on.value;
  if (is_below) index = minus(on.value, int64_t(first), on.bits); // what was below is above now, as a number without sign
  if (is_below || is_above) {
    BlockId inside = out_.mir.new_block();
    Edge otherwise = edge(on.inst.targets.back());
    here().teaches = true; // the table's block stands behind the test, without a label record that would forget the index
    const int64_t bound = int64_t(is_below ? last - first : last);
    const bool is_byte = bound == int8_t(bound);
    emit_di(on.bits == 64 ? (is_byte ? Op::CMP64ri8 : Op::CMP64ri32) : is_byte ? Op::CMP32ri8 : Op::CMP32ri, index, bound);
    branch(Cond::A, std::move(otherwise), {inside, {}});
    start(inside);
  }
  jump_through(on, keys, index, is_below ? 0 : first);
  return true;
}

// `index` is `first` for the first entry of the table, which is that of the first key or, for lack of one, of none.
void Selector::jump_through(const Decision& on, std::span<const Key> keys, Reg index, uint64_t first) {
  const uint64_t origin = index == on.value ? first : keys.front().held; // the value that the first entry is for
  std::vector<Edge> ways;
  JumpTable table;
  std::vector<std::pair<uint32_t, uint32_t>> known; // target of the switch, way
  auto way = [&](uint32_t target) {
    for (auto [seen, number] : known)
      if (seen == target) return number;
    Edge to = edge(on.inst.targets[target]);
    uint32_t number = 0;
    while (number < ways.size() && !(ways[number].target == to.target && ways[number].args == to.args)) ++number;
    if (number == ways.size()) ways.push_back(std::move(to));
    known.push_back({target, number});
    return number;
  };
  for (const Key& key : keys) {
    while (origin + table.entries.size() < key.held) table.entries.push_back(way(uint32_t(on.inst.targets.size() - 1)));
    table.entries.push_back(way(key.target));
  }
  here().teaches |= on.teaches;
  if (ways.size() == 1) return jump(std::move(ways[0]));
  table.symbol = unit_.jump_table(uint32_t(table.entries.size()));
  const tal::TypeId word = unit_.types().i64();
  Reg array = fresh(word), entry = fresh(word), base = fresh(word), target = fresh(word);
  auto address = [&](Reg d, uint32_t symbol) {
    Inst& lea = emit(Op::LEA64r);
    lea.d = d;
    lea.mem.symbol = symbol;
  };
  address(array, table.symbol);
  Inst& load = emit(Op::MOV32rm);
  load.d = entry;
  load.mem = {array, index, 4, int32_t(8 - 4 * int64_t(first)), no_symbol, {}};
  address(base, this_function);
  emit_dd(Op::MOV64rr, target, entry);
  emit_dd(Op::ADD64rr, target, base);
  emit(Op::JMP64r).d = target;
  Block& block = here();
  block.term = Term::Table;
  block.table = uint32_t(out_.mir.tables.size());
  block.succs = std::move(ways);
  out_.mir.tables.push_back(std::move(table));
}

// ---- unions -----------------------------------------------------------------------------------------------------------------
//
// The checker follows these tests: compares of the whole word with a number tell constants from addresses, compares of the tag tell
// variants apart. What they establish holds up to the next label record, so a payload is loaded right behind its test.

Selector::UnionShape Selector::shape(ir::ValueId value) {
  const ir::Type& type = source_.value(value).type;
  const frontend::TypeDecl& decl = unit_.module().types->decl_of(type.id);
  UnionShape shape;
  for (const frontend::Field& field : decl.fields) (field.type == frontend::kVoidType ? shape.end : shape.boxed) += 1;
  if (decl.nullable) shape.end += 1;
  if (decl.nullable && type.nonnull) shape.first = 1;
  return shape;
}

Cond Selector::compare_with_constants(const UnionShape& shape, Reg value) {
  here().teaches = true;
  if (shape.end == 1) {
    emit_dd(Op::TEST64rr, value, value);
    return Cond::E;
  }
  emit_di(shape.end <= INT8_MAX ? Op::CMP64ri8 : Op::CMP64ri32, value, shape.end);
  return Cond::B;
}

void Selector::switch_on_union(const ir::Inst& inst) {
  const frontend::TypeStore& types = *unit_.module().types;
  const frontend::TypeDecl& decl = types.decl_of(source_.value(inst.operands[0]).type.id);
  const UnionShape known = shape(inst.operands[0]);
  std::vector<Key> constants, boxed;
  for (uint32_t i = 0; i < inst.keys.size(); ++i) {
    auto [is_constant, number] = types.case_number(decl, uint32_t(inst.keys[i]));
    (is_constant ? constants : boxed).push_back({number, i});
  }
  for (std::vector<Key>* keys : {&constants, &boxed})
    std::sort(keys->begin(), keys->end(), [](const Key& a, const Key& b) { return a.held < b.held; });
  Reg value = reg(inst.operands[0]);
  bool has_constants = known.first < known.end;
  if (has_constants && known.boxed != 0) {
    BlockId low = out_.mir.new_block(), high = out_.mir.new_block();
    branch(compare_with_constants(known, value), {low, {}}, {high, {}});
    start(low);
    switch_range({inst, value, 64, true}, constants, known.first, known.end - 1);
    start(high);
  } else if (has_constants) {
    return switch_range({inst, value, 64, true}, constants, known.first, known.end - 1);
  }
  if (boxed.empty()) return jump(edge(inst.targets.back()));
  Reg tag = fresh(unit_.types().i32());
  if (known.boxed > 1) {
    Inst& load = emit(Op::MOV32rm);
    load.d = tag;
    load.mem.base = value;
  }
  switch_range({inst, tag, 32, true}, boxed, 0, known.boxed - 1);
}

void Selector::check_case(const ir::Inst& inst) {
  const frontend::TypeStore& types = *unit_.module().types;
  if (constant(inst.operands[0])) return fail_always("__tal_raise_null");
  UnionShape known = shape(inst.operands[0]);
  Reg value = reg(inst.operands[0]);
  values_[inst.result.value].reg = value;
  if (known.first < known.end) {
    Cond is_constant = compare_with_constants(known, value);
    check(is_constant, "__tal_raise_null");
  }
  if (known.boxed == 1) return;
  Inst& cmp = emit(Op::CMP32mi);
  cmp.mem.base = value;
  cmp.imm = types.case_number(types.decl_of(source_.value(inst.operands[0]).type.id), uint32_t(inst.imm)).number;
  if (cmp.imm == int8_t(cmp.imm)) cmp.op = Op::CMP32mi8;
  here().teaches = true;
  check(Cond::NE, "__tal_raise_variant");
}

void Selector::returns(const ir::Inst& inst) {
  bool has_result = !inst.operands.empty();
  bool in_xmm = has_result && is_floating(inst.operands[0]);
  if (has_result) emit_moves({{Place::reg(in_xmm ? xmm(0) : rax), operand(inst.operands[0])}});
  emit(Op::RET64).imm = in_xmm ? 2 : has_result;
  here().term = Term::Return;
}

// ---- checks ---------------------------------------------------------------------------------------------------------------

// Leaves by the runtime's raise function if the condition holds. With a handler here the call is in a block of its own,
// whose unwind edge leads to the pad; otherwise it becomes a stub behind the function.
void Selector::check(Cond failing, const char* raise) {
  if (!unwind_) return raise_if(failing, raise);
  BlockId stub = out_.mir.new_block(), next = out_.mir.new_block();
  branch(failing, {stub, {}}, {next, {}});
  start(stub);
  fail_always(raise);
  ended_ = false;
  start(next);
}

// Without a handler in this function.
void Selector::raise_if(Cond failing, const char* raise) {
  uint32_t symbol = unit_.runtime(raise);
  Inst& inst = emit(Op::Raise);
  inst.cond = failing;
  inst.extra = symbol;
}

void Selector::fail_always(const char* raise) {
  CallInfo info;
  info.symbol = unit_.runtime(raise);
  info.returns = false;
  info.cold = true;
  Inst call;
  call.op = Op::Call;
  here().cold = true;
  emit_call(call, std::move(info), {}, {});
}

void Selector::check_null(const ir::Inst& inst) {
  if (constant(inst.operands[0]) == 0) return fail_always("__tal_raise_null");
  Reg pointer = reg(inst.operands[0]);
  values_[inst.result.value].reg = pointer;
  if (!tested_by_access_[inst.result.value]) {
    emit_dd(Op::TEST64rr, pointer, pointer);
    check(Cond::E, "__tal_raise_null");
  }
  learn({.what = ValueFact::What::NonNull, .a = Place::reg(pointer)});
}

// After a check: the fact holds from here on, which is a new block if the failing side has a handler.
void Selector::learn(ValueFact fact) {
  fact.block = current_;
  fact.on_entry = unwind_ != nullptr;
  out_.facts.push_back(std::move(fact));
}

void Selector::check_bounds(const ir::Inst& inst) {
  Reg array = reg(inst.operands[0]);
  Place index = operand(inst.operands[1]);
  // No array has such an element.
  if (index.kind == Place::Kind::Imm && uint64_t(index.value) >= INT32_MAX) return fail_always("__tal_raise_bounds");
  bool wide = is_wide(inst.operands[1]);
  if (index.kind == Place::Kind::Imm) {
    bool is_byte = index.value == int8_t(index.value);
    Inst& cmp = emit(is_byte ? Op::CMP64mi8 : Op::CMP64mi32);
    cmp.mem.base = array;
    cmp.imm = index.value;
    check(Cond::BE, "__tal_raise_bounds");
    learn({.what = ValueFact::What::BelowLength, .a = index, .b = array});
  } else {
    Reg reg = index.as_reg();
    Inst& cmp = emit(wide ? Op::CMP64rm : Op::CMP32rm);
    cmp.d = reg;
    cmp.mem.base = array;
    check(Cond::AE, "__tal_raise_bounds");
    learn({.what = ValueFact::What::BelowLength, .a = Place::reg(reg), .b = array});
    values_[inst.result.value].reg = reg;
  }
  bounds_fact_[inst.result.value] = out_.facts.size();
}

// What is assumed follows from the branch into this block, and holds at its start, where its record has to say so: control may come
// from below.
void Selector::carry(ValueFact::What what, Place a, Reg b) {
  out_.facts.push_back({.what = what, .a = a, .b = b, .block = current_, .on_entry = true, .used_in = {BlockId{}}});
}

void Selector::assume_limit(const ir::Inst& inst) {
  const Reg array = reg(inst.operands[0]);
  if (const std::optional<int64_t> limit = constant(inst.operands[1])) {
    if (*limit > 0) carry(ValueFact::What::BelowLength, Place::imm(*limit - 1), array);
    return;
  }
  const Reg limit = values_[inst.result.value].reg = reg(inst.operands[1]);
  carry(ValueFact::What::AtMostLength, Place::reg(limit), array);
}

void Selector::assume_bounds(const ir::Inst& inst) {
  const Reg array = reg(inst.operands[0]), index = values_[inst.result.value].reg = reg(inst.operands[1]);
  carry(ValueFact::What::BelowLength, Place::reg(index), array);
  bounds_fact_[inst.result.value] = out_.facts.size();
}

void Selector::check_div(const ir::Inst& inst) {
  if (constant(inst.operands[0]) == 0) return fail_always("__tal_raise_div");
  Reg divisor = reg(inst.operands[0]);
  const bool wide = is_wide(inst.operands[0]);
  const ir::Inst* sum = def(inst.operands[0]);
  if (wide && sum && (sum->op == ir::Op::Add || sum->op == ir::Op::Sub)) {
    // To the checker this may be another number plus a constant, of which it cannot know that it is not zero or not -1 (R9); what
    // `or` makes of it is a number of its own.
    const Reg own = fresh(unit_.types().i64());
    emit_copy(own, divisor, type_of(inst.operands[0]));
    emit_dd(Op::OR64rr, own, own);
    divisor = own;
  } else {
    emit_dd(wide ? Op::TEST64rr : Op::TEST32rr, divisor, divisor);
  }
  values_[inst.result.value].reg = divisor;
  check(Cond::E, "__tal_raise_div");
  learn({.what = ValueFact::What::NonZero, .a = Place::reg(divisor)});
  nonzero_fact_[inst.result.value] = out_.facts.size();
}

} // namespace codegen
