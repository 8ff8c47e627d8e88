// Floating point: SSE2 on the low element of xmm registers. What is above it never matters.
#include "codegen/selector.h"
#include "ir/builder.h"
#include "ir/evaluate.h"

namespace codegen {

using namespace mir;

namespace {

struct FloatRows {
  Op rr, rm;
};
FloatRows rows_of(ir::Op op, bool is_float) {
  switch (op) {
  case ir::Op::FSub: return is_float ? FloatRows{Op::SUBSSrr, Op::SUBSSrm} : FloatRows{Op::SUBSDrr, Op::SUBSDrm};
  case ir::Op::FMul: return is_float ? FloatRows{Op::MULSSrr, Op::MULSSrm} : FloatRows{Op::MULSDrr, Op::MULSDrm};
  case ir::Op::FDiv: return is_float ? FloatRows{Op::DIVSSrr, Op::DIVSSrm} : FloatRows{Op::DIVSDrr, Op::DIVSDrm};
  default: return is_float ? FloatRows{Op::ADDSSrr, Op::ADDSSrm} : FloatRows{Op::ADDSDrr, Op::ADDSDrm};
  }
}

uint64_t sign_bit(bool is_float) { return is_float ? uint64_t(1) << 31 : uint64_t(1) << 63; }
uint64_t two_to_63(bool is_float) { return is_float ? 0x5F000000 : 0x43E0000000000000; }

} // namespace

// ---- operands -----------------------------------------------------------------------------------------------------------

std::optional<uint64_t> Selector::float_constant(ir::ValueId value) const {
  const ir::Inst* inst = def(value);
  if (!inst || !is_floating(value)) return std::nullopt;
  if (inst->op == ir::Op::Undef) return 0;
  if (inst->op != ir::Op::FConst) return std::nullopt;
  return ir::float_bits(ir::real_value(inst->imm), is_float(value) ? 32 : 64);
}

Reg Selector::load_float_constant(uint64_t bits, bool is_float) {
  Reg reg = fresh(is_float ? unit_.types().f32() : unit_.types().f64());
  if (bits == 0) {
    emit(Op::XORPSzero).d = reg;
    return reg;
  }
  Unit::FloatConstant constant = unit_.float_constant(bits, is_float ? 4 : 8);
  Inst& load = emit(is_float ? Op::MOVSSrm : Op::MOVSDrm);
  load.d = reg;
  load.mem.symbol = constant.symbol;
  load.mem.disp = constant.offset;
  return reg;
}

// The memory operand of a constant or of a load that is put off until its only use. A float in a slot is read in eight
// bytes, which only a load does.
std::optional<Mem> Selector::foldable_float(ir::ValueId value) {
  if (std::optional<uint64_t> bits = float_constant(value); bits && *bits != 0) {
    Unit::FloatConstant constant = unit_.float_constant(*bits, is_float(value) ? 4 : 8);
    Mem mem;
    mem.symbol = constant.symbol;
    mem.disp = constant.offset;
    return mem;
  }
  const ir::Inst* inst = def(value);
  if (!inst || !values_[value.value].deferred) return std::nullopt;
  bool is_field = inst->op == ir::Op::LoadField;
  if (!is_field && inst->op != ir::Op::LoadElem && inst->op != ir::Op::LoadGlobal) return std::nullopt;
  bool in_slot = inst->op == ir::Op::LoadGlobal ||
                 (is_field && unit_.map().field(source_.value(inst->operands[0]).type.id, uint32_t(inst->imm)).slot);
  if (in_slot && is_float(value)) return std::nullopt;
  values_[value.value].deferred = false;
  FieldPlace place;
  return address(*inst, place);
}

// The bits of a float in a general register or as a constant: what the allocator of arrays takes.
Place Selector::float_bits(ir::ValueId value) {
  if (std::optional<uint64_t> bits = float_constant(value)) return Place::imm(int64_t(*bits));
  Reg from = reg(value), d = fresh(is_float(value) ? unit_.types().i32() : unit_.types().i64());
  emit_dd(is_float(value) ? Op::MOVPDI2DIrr : Op::MOVPQIto64rr, d, from);
  return Place::reg(d);
}

// ---- arithmetic and compares ------------------------------------------------------------------------------------------------

// The operands stay in their order: of two NaNs the left one is the result.
void Selector::float_arithmetic(const ir::Inst& inst) {
  FloatRows rows = rows_of(inst.op, is_float(inst.result));
  tal::TypeId type = type_of(inst.result);
  Reg from = reg(inst.operands[0]);
  if (std::optional<Mem> mem = foldable_float(inst.operands[1])) {
    Reg d = result(inst);
    emit_copy(d, from, type);
    Inst& op = emit(rows.rm);
    op.d = d;
    op.mem = *mem;
    return;
  }
  Reg other = reg(inst.operands[1]), d = result(inst);
  emit_copy(d, from, type);
  emit_dd(rows.rr, d, other);
}

Reg Selector::float_operation(Op op, Reg a, Reg b, tal::TypeId type) {
  Reg d = fresh(type);
  emit_copy(d, a, type);
  emit_dd(op, d, b);
  return d;
}

void Selector::negate_float(const ir::Inst& inst) {
  bool is_single = is_float(inst.result);
  Reg from = reg(inst.operands[0]), sign = load_float_constant(sign_bit(is_single), is_single), d = result(inst);
  emit_copy(d, from, type_of(inst.result));
  emit_dd(Op::XORPSrr, d, sign);
}

// After ucomis the condition `above` and `not below` are false of unordered operands, so less is greater of the operands
// exchanged. Their negations are right too: true of unordered ones.
Cond Selector::compare_floats(const ir::Inst& inst) {
  if (inst.op == ir::Op::FEq || inst.op == ir::Op::FNe) {
    Reg flag = float_equality(inst);
    emit_dd(Op::TEST32rr, flag, flag);
    return Cond::NE;
  }
  bool is_single = is_float(inst.operands[0]);
  bool exchange = inst.op == ir::Op::FLt || inst.op == ir::Op::FLe;
  ir::ValueId a = inst.operands[exchange ? 1 : 0], b = inst.operands[exchange ? 0 : 1];
  Cond cond = inst.op == ir::Op::FLt || inst.op == ir::Op::FGt ? Cond::A : Cond::AE;
  Reg x = reg(a);
  if (std::optional<Mem> mem = foldable_float(b)) {
    Inst& compare = emit(is_single ? Op::UCOMISSrm : Op::UCOMISDrm);
    compare.d = x;
    compare.mem = *mem;
    return cond;
  }
  Reg y = reg(b);
  emit_dd(is_single ? Op::UCOMISSrr : Op::UCOMISDrr, x, y);
  return cond;
}

// Equal is zero flag and not parity, which is set for unordered operands.
Reg Selector::float_equality(const ir::Inst& inst) {
  bool equal = inst.op == ir::Op::FEq, is_single = is_float(inst.operands[0]);
  Reg x = reg(inst.operands[0]), y = reg(inst.operands[1]);
  Reg ordered = fresh(unit_.types().i8()), flag = fresh(unit_.types().i8()), d = fresh(unit_.types().i8());
  // Conditions of their own registers: both are zeroed before the compare, which sets the flags.
  auto set = [&](Reg target, Cond cond) {
    emit(Op::XOR32zero).d = target;
    emit_dd(is_single ? Op::UCOMISSrr : Op::UCOMISDrr, x, y);
    Inst& setcc = emit(Op::SETCCr);
    setcc.cond = cond;
    setcc.d = target;
  };
  set(ordered, equal ? Cond::NP : Cond::P);
  set(flag, equal ? Cond::E : Cond::NE);
  emit_copy(d, ordered, unit_.types().i8());
  emit_dd(equal ? Op::AND32rr : Op::OR32rr, d, flag);
  return d;
}

// ---- conversions ------------------------------------------------------------------------------------------------------------

// These instructions keep the upper part of their destination; zeroing it first spares the wait for what was there.
void Selector::convert_into(Op op, Reg d, Reg from) {
  emit(Op::XORPSzero).d = d;
  emit_dd(op, d, from);
}

void Selector::integer_to_float(const ir::Inst& inst) {
  bool is_single = is_float(inst.result);
  frontend::TypeId from = source_.value(inst.operands[0]).type.id;
  Reg value = reg(inst.operands[0]);
  if (from == frontend::kULongType) {
    Reg converted = unsigned_long_to_float(value, is_single);
    values_[inst.result.value].reg = converted;
    return;
  }
  // An unsigned int is a long that is not negative, exactly.
  bool wide = from != frontend::kIntType;
  Reg d = result(inst);
  convert_into(is_single ? (wide ? Op::CVTSI642SSrr : Op::CVTSI2SSrr) : wide ? Op::CVTSI642SDrr : Op::CVTSI2SDrr, d, value);
}

// With s the top bit of x: (x >> s | x & s) is a long that is not negative, and rounds as x / (1 + s) does, since the lowest bit,
// far below what is rounded off, is kept. Multiplying by 1 or 2 is exact.
Reg Selector::unsigned_long_to_float(Reg x, bool is_float) {
  tal::TypeId i64 = unit_.types().i64(), type = is_float ? unit_.types().f32() : unit_.types().f64();
  Op convert = is_float ? Op::CVTSI642SSrr : Op::CVTSI642SDrr;
  Reg s = fresh(i64), low = fresh(i64), half = fresh(i64), scale = fresh(i64);
  emit_copy(s, x, i64);
  emit_di(Op::SHR64ri, s, 63);
  emit_copy(low, x, i64);
  emit_dd(Op::AND64rr, low, s);
  emit_moves({{Place::reg(rcx), Place::reg(s)}});
  emit_copy(half, x, i64);
  emit(Op::SHR64rCL).d = half;
  emit_dd(Op::OR64rr, half, low);
  emit_copy(scale, s, i64);
  emit_di(Op::ADD64ri8, scale, 1);
  Reg rounded = fresh(type), factor = fresh(type);
  convert_into(convert, rounded, half);
  convert_into(convert, factor, scale);
  return float_operation(is_float ? Op::MULSSrr : Op::MULSDrr, rounded, factor, type);
}

void Selector::float_to_integer(const ir::Inst& inst) {
  bool is_single = is_float(inst.operands[0]), truncate = inst.op == ir::Op::FToIZero;
  frontend::TypeId to = source_.value(inst.result).type.id;
  Reg from = reg(inst.operands[0]);
  if (to == frontend::kULongType) {
    Reg converted = float_to_unsigned_long(from, is_single, truncate);
    values_[inst.result.value].reg = converted;
    return;
  }
  if (to == frontend::kIntType) {
    Reg d = result(inst);
    emit_dd(is_single ? (truncate ? Op::CVTTSS2SIrr : Op::CVTSS2SIrr) : truncate ? Op::CVTTSD2SIrr : Op::CVTSD2SIrr, d, from);
    return;
  }
  Reg wide = fresh(unit_.types().i64());
  emit_dd(is_single ? (truncate ? Op::CVTTSS2SI64rr : Op::CVTSS2SI64rr) : truncate ? Op::CVTTSD2SI64rr : Op::CVTSD2SI64rr, wide, from);
  if (to == frontend::kLongType) {
    values_[inst.result.value].reg = wide;
    return;
  }
  emit_dd(Op::MOV32rr, result(inst), wide);
  here().insts.back().imm = 1; // cuts the upper half off
}

// The conversion to long says "minimum" of what does not fit; then x - 2^63 is tried, which fits from 2^63 up to 2^64.
Reg Selector::float_to_unsigned_long(Reg x, bool is_float, bool truncate) {
  tal::TypeId i64 = unit_.types().i64(), type = is_float ? unit_.types().f32() : unit_.types().f64();
  Op convert = is_float ? (truncate ? Op::CVTTSS2SI64rr : Op::CVTSS2SI64rr) : truncate ? Op::CVTTSD2SI64rr : Op::CVTSD2SI64rr;
  Reg limit = load_float_constant(two_to_63(is_float), is_float);
  Reg reduced = float_operation(is_float ? Op::SUBSSrr : Op::SUBSDrr, x, limit, type);
  Reg low = fresh(i64), high = fresh(i64), minimum = load_constant(INT64_MIN, i64), other = fresh(i64), d = fresh(i64);
  emit_dd(convert, low, x);
  emit_dd(convert, high, reduced);
  emit_copy(other, high, i64);
  emit_dd(Op::XOR64rr, other, minimum);
  emit_dd(Op::CMP64rr, low, minimum);
  emit_copy(d, low, i64);
  emit_dd(Op::CMOV64rr, d, other);
  here().insts.back().cond = Cond::E;
  return d;
}

void Selector::resize_float(const ir::Inst& inst) {
  Reg from = reg(inst.operands[0]), d = result(inst);
  convert_into(is_float(inst.result) ? Op::CVTSD2SSrr : Op::CVTSS2SDrr, d, from);
}

} // namespace codegen
