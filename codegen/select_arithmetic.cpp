// Integer arithmetic and conversions. Values are zero-extended to their register, so 32-bit operations need no more, and
// narrower ones a zero extension of the result where the operation can leave its width.
#include <bit>

#include "codegen/selector.h"

namespace codegen {

using namespace mir;

namespace {

// The rows of one two-address operation.
struct AluRows {
  Op rr32, rr64, rm32, rm64, ri8_32, ri8_64, ri32, ri64;
};
#define ALU_ROWS(NAME)                                                                                                  \
  {Op::NAME##32rr, Op::NAME##64rr, Op::NAME##32rm, Op::NAME##64rm, Op::NAME##32ri8, Op::NAME##64ri8, Op::NAME##32ri, Op::NAME##64ri32}

AluRows rows_of(ir::Op op) {
  switch (op) {
  case ir::Op::Sub: return ALU_ROWS(SUB);
  case ir::Op::And: return ALU_ROWS(AND);
  case ir::Op::Or: return ALU_ROWS(OR);
  case ir::Op::Xor: return ALU_ROWS(XOR);
  default: return ALU_ROWS(ADD);
  }
}
#undef ALU_ROWS

__extension__ typedef unsigned __int128 Wide;

bool commutes(ir::Op op) { return ir::info(op).flags & ir::flags::Commutes; }
bool is_remainder(ir::Op op) { return op == ir::Op::SRem || op == ir::Op::URem; }
bool is_signed_division(ir::Op op) { return op == ir::Op::SDiv || op == ir::Op::SRem; }

} // namespace

void Selector::arithmetic(const ir::Inst& inst) {
  switch (inst.op) {
  case ir::Op::Mul: return multiply(inst);
  case ir::Op::Shl: case ir::Op::LShr: case ir::Op::AShr: return shift(inst);
  case ir::Op::SDiv: case ir::Op::UDiv: case ir::Op::SRem: case ir::Op::URem: return divide(inst);
  default: return add_or_sub(inst);
  }
}

std::optional<Selector::Rotation> Selector::rotation_of(const ir::Inst& inst) {
  if (inst.op != ir::Op::Or && inst.op != ir::Op::Add && inst.op != ir::Op::Xor) return std::nullopt;
  const ir::Inst *left = def(inst.operands[0]), *right = def(inst.operands[1]);
  if (left && right && left->op == ir::Op::LShr) std::swap(left, right);
  if (!left || !right || left->op != ir::Op::Shl || right->op != ir::Op::LShr) return std::nullopt;
  // The right shift may be of another type of the same width (an int seen as unsigned).
  auto bits_of = [&](ir::ValueId value) {
    while (def(value) && def(value)->op == ir::Op::Retype) value = def(value)->operands[0];
    return value;
  };
  unsigned bits = width(inst.result);
  bool only_here = values_[left->result.value].uses == 1 && values_[right->result.value].uses == 1 && left->block == inst.block &&
                   right->block == inst.block;
  if (bits < 32 || !only_here || !(bits_of(left->operands[0]) == bits_of(right->operands[0]))) return std::nullopt;
  ir::ValueId n = left->operands[1], m = right->operands[1];
  std::optional<int64_t> n_known = constant(n), m_known = constant(m);
  if (n_known && m_known) {
    if (*n_known <= 0 || *m_known <= 0 || *n_known + *m_known != bits) return std::nullopt;
    return Rotation{left->operands[0], left->result, right->result, n, *n_known};
  }
  // Counts are taken modulo the width, so a count of 0 gives x | x: only `or` is a rotation then.
  auto is_complement = [&](ir::ValueId a, ir::ValueId b) { // a = width - b
    const ir::Inst* sub = def(bits_of(a));
    return sub && sub->op == ir::Op::Sub && constant(sub->operands[0]) == int64_t(bits) && bits_of(sub->operands[1]) == bits_of(b);
  };
  if (inst.op != ir::Op::Or) return std::nullopt;
  if (is_complement(m, n)) return Rotation{left->operands[0], left->result, right->result, n};
  if (is_complement(n, m)) return Rotation{left->operands[0], left->result, right->result, m, 0, false};
  return std::nullopt;
}

bool Selector::rotate(const ir::Inst& inst) {
  std::optional<Rotation> rotation = rotation_of(inst);
  if (!rotation) return false;
  bool wide = is_wide(inst.result);
  Reg from = reg(rotation->of), count = rotation->amount ? Reg{} : reg(rotation->count), d = result(inst);
  if (!rotation->amount) emit_moves({{Place::reg(rcx), Place::reg(count)}});
  emit_copy(d, from, type_of(inst.result));
  if (rotation->amount) emit_di(wide ? Op::ROL64ri : Op::ROL32ri, d, rotation->amount);
  else if (rotation->to_the_left) emit(wide ? Op::ROL64rCL : Op::ROL32rCL).d = d;
  else emit(wide ? Op::ROR64rCL : Op::ROR32rCL).d = d;
  return true;
}

// Add, sub and the bitwise operations.
void Selector::add_or_sub(const ir::Inst& inst) {
  ir::ValueId a = inst.operands[0], b = inst.operands[1];
  unsigned bits = width(a);
  bool wide = bits == 64;
  if (rotate(inst)) return;
  if (commutes(inst.op) && constant(a) && !constant(b)) std::swap(a, b);
  tal::TypeId type = type_of(inst.result);
  AluRows rows = rows_of(inst.op);
  if (inst.op == ir::Op::Sub && constant(a) == 0) { // negation
    Reg from = reg(b), d = result(inst);
    emit_copy(d, from, type);
    emit(wide ? Op::NEG64r : Op::NEG32r).d = d;
    return narrow(inst, d);
  }
  if (std::optional<int64_t> imm = constant(b); imm && (!wide || *imm == int32_t(*imm))) {
    int64_t value = wide ? *imm : int32_t(*imm);
    if (bits < 32 && inst.op != ir::Op::Xor) value = *imm;
    Reg from = reg(a), d = result(inst);
    emit_copy(d, from, type);
    bool all_ones = inst.op == ir::Op::Xor && bits >= 32 && value == -1;
    if (all_ones) emit(wide ? Op::NOT64r : Op::NOT32r).d = d;
    else if (value == int8_t(value)) emit_di(wide ? rows.ri8_64 : rows.ri8_32, d, value);
    else emit_di(wide ? rows.ri64 : rows.ri32, d, value);
    return narrow(inst, d);
  }
  Reg from = reg(a);
  if (std::optional<Mem> mem = foldable(b, wide ? 64 : 32)) {
    Reg d = result(inst);
    emit_copy(d, from, type);
    Inst& op = emit(wide ? rows.rm64 : rows.rm32);
    op.d = d;
    op.mem = *mem;
    return narrow(inst, d);
  }
  Reg other = reg(b), d = result(inst);
  emit_copy(d, from, type);
  emit_dd(wide ? rows.rr64 : rows.rr32, d, other);
  narrow(inst, d);
}

// Zero-extends a result that may have left a width below 32.
void Selector::narrow(const ir::Inst& inst, Reg d) {
  unsigned bits = width(inst.result);
  bool stays = inst.op == ir::Op::And || inst.op == ir::Op::Or || inst.op == ir::Op::LShr || inst.op == ir::Op::UDiv ||
               inst.op == ir::Op::URem || (inst.op == ir::Op::Xor && bits == 8 && source_.value(inst.result).type.id == frontend::kBoolType);
  if (bits >= 32 || stays) return;
  emit_dd(bits == 8 ? Op::MOVZX32rr8 : Op::MOVZX32rr16, d, d);
}

void Selector::multiply(const ir::Inst& inst) {
  ir::ValueId a = inst.operands[0], b = inst.operands[1];
  if (constant(a)) std::swap(a, b);
  bool wide = is_wide(a);
  tal::TypeId type = type_of(inst.result);
  std::optional<int64_t> imm = constant(b);
  if (imm && std::has_single_bit(uint64_t(*imm))) {
    Reg from = reg(a), d = result(inst);
    emit_copy(d, from, type);
    if (*imm != 1) emit_di(wide ? Op::SHL64ri : Op::SHL32ri, d, std::countr_zero(uint64_t(*imm)));
    return narrow(inst, d);
  }
  if (imm && (!wide || *imm == int32_t(*imm))) {
    int64_t value = wide ? *imm : int32_t(*imm);
    Reg from = reg(a), d = result(inst);
    bool is_byte = value == int8_t(value);
    emit_di(wide ? (is_byte ? Op::IMUL64rri8 : Op::IMUL64rri32) : is_byte ? Op::IMUL32rri8 : Op::IMUL32rri, d, value);
    here().insts.back().b = from;
    return narrow(inst, d);
  }
  Reg from = reg(a);
  if (std::optional<Mem> mem = foldable(b, wide ? 64 : 32)) {
    Reg d = result(inst);
    emit_copy(d, from, type);
    Inst& op = emit(wide ? Op::IMUL64rm : Op::IMUL32rm);
    op.d = d;
    op.mem = *mem;
    return narrow(inst, d);
  }
  Reg other = reg(b), d = result(inst);
  emit_copy(d, from, type);
  emit_dd(wide ? Op::IMUL64rr : Op::IMUL32rr, d, other);
  narrow(inst, d);
}

void Selector::shift(const ir::Inst& inst) {
  unsigned bits = width(inst.operands[0]);
  bool wide = bits == 64;
  tal::TypeId type = type_of(inst.result);
  Reg from = reg(inst.operands[0]);
  if (inst.op == ir::Op::AShr && bits < 32) { // the sign comes from the narrow width
    Reg extended = fresh(unit_.types().i32());
    emit_dd(bits == 8 ? Op::MOVSX32rr8 : Op::MOVSX32rr16, extended, from);
    from = extended;
  }
  std::optional<int64_t> count = constant(inst.operands[1]);
  if (count) {
    Reg d = result(inst);
    emit_copy(d, from, type);
    int64_t n = *count & (bits - 1);
    Op op = inst.op == ir::Op::Shl    ? (wide ? Op::SHL64ri : Op::SHL32ri)
            : inst.op == ir::Op::LShr ? (wide ? Op::SHR64ri : Op::SHR32ri)
                                      : (wide ? Op::SAR64ri : Op::SAR32ri);
    if (n != 0) emit_di(op, d, n);
    return narrow(inst, d);
  }
  Reg by = reg(inst.operands[1]);
  if (bits < 32) { // the hardware masks to 32
    Reg masked = fresh(unit_.types().i32());
    emit_copy(masked, by, unit_.types().i32());
    emit_di(Op::AND32ri8, masked, bits - 1);
    by = masked;
  }
  Reg d = result(inst);
  emit_moves({{Place::reg(rcx), Place::reg(by)}});
  emit_copy(d, from, type);
  emit(inst.op == ir::Op::Shl    ? (wide ? Op::SHL64rCL : Op::SHL32rCL)
       : inst.op == ir::Op::LShr ? (wide ? Op::SHR64rCL : Op::SHR32rCL)
                                 : (wide ? Op::SAR64rCL : Op::SAR32rCL))
      .d = d;
  narrow(inst, d);
}

void Selector::divide(const ir::Inst& inst) {
  if (divide_by_power(inst) || divide_by_constant(inst)) return;
  unsigned bits = width(inst.operands[0]);
  bool wide = bits == 64, is_signed = is_signed_division(inst.op);
  Reg dividend = reg(inst.operands[0]), divisor = reg(inst.operands[1]);
  if (bits < 32 && is_signed) {
    Reg a = fresh(unit_.types().i32()), b = fresh(unit_.types().i32());
    emit_dd(bits == 8 ? Op::MOVSX32rr8 : Op::MOVSX32rr16, a, dividend);
    emit_dd(bits == 8 ? Op::MOVSX32rr8 : Op::MOVSX32rr16, b, divisor);
    dividend = a, divisor = b;
  }
  size_t fact = nonzero_fact_[inst.operands[1].value];
  if (fact) out_.facts[fact - 1].used_in.push_back(current_);
  // A label record can say of 32 bits that they are not zero, not of 64: the checker has to see the test. It never fails here.
  bool tested_here = fact && out_.facts[fact - 1].block == current_ && !out_.facts[fact - 1].on_entry;
  if (wide && !tested_here && !constant(inst.operands[1])) {
    emit_dd(Op::TEST64rr, divisor, divisor);
    raise_if(Cond::E, "__tal_raise_div");
  }
  if (is_signed) {
    emit_moves({{Place::reg(rax), Place::reg(dividend)}});
    emit(wide ? Op::CQO : Op::CDQ);
  } else {
    emit_moves({{Place::reg(rax), Place::reg(dividend)}, {Place::reg(rdx), Place::imm(0)}});
  }
  emit(is_signed ? (wide ? Op::IDIV64r : Op::IDIV32r) : wide ? Op::DIV64r : Op::DIV32r).d = divisor;
  Reg d = result(inst);
  emit_moves({{Place::reg(d), Place::reg(is_remainder(inst.op) ? rdx : rax)}});
  narrow(inst, d);
}

// Unsigned division by a power of two is a shift or a mask; signed division first adds divisor - 1 to negative dividends.
bool Selector::divide_by_power(const ir::Inst& inst) {
  std::optional<int64_t> divisor = constant(inst.operands[1]);
  unsigned bits = width(inst.operands[0]);
  bool wide = bits == 64;
  if (!divisor || bits < 32 || !std::has_single_bit(uint64_t(*divisor))) return false;
  int n = std::countr_zero(uint64_t(*divisor));
  if (n > 30 || n == 0) return false;
  tal::TypeId type = type_of(inst.result);
  Reg from = reg(inst.operands[0]), d = result(inst);
  int64_t mask = *divisor - 1;
  Op and_op = mask == int8_t(mask) ? (wide ? Op::AND64ri8 : Op::AND32ri8) : (wide ? Op::AND64ri32 : Op::AND32ri);
  if (!is_signed_division(inst.op)) {
    emit_copy(d, from, type);
    if (is_remainder(inst.op)) emit_di(and_op, d, mask);
    else emit_di(wide ? Op::SHR64ri : Op::SHR32ri, d, n);
    return true;
  }
  // bias = sign bits shifted down to n bits
  Reg biased = fresh(type);
  emit_copy(biased, from, type);
  if (n > 1) emit_di(wide ? Op::SAR64ri : Op::SAR32ri, biased, n - 1);
  emit_di(wide ? Op::SHR64ri : Op::SHR32ri, biased, (wide ? 64 : 32) - n);
  emit_dd(wide ? Op::ADD64rr : Op::ADD32rr, biased, from);
  if (!is_remainder(inst.op)) {
    emit_copy(d, biased, type);
    emit_di(wide ? Op::SAR64ri : Op::SAR32ri, d, n);
    return true;
  }
  // x - (biased & -divisor)
  Reg whole = fresh(type);
  emit_copy(whole, biased, type);
  int64_t high = -*divisor;
  emit_di(high == int8_t(high) ? (wide ? Op::AND64ri8 : Op::AND32ri8) : (wide ? Op::AND64ri32 : Op::AND32ri), whole, high);
  emit_copy(d, from, type);
  emit_dd(wide ? Op::SUB64rr : Op::SUB32rr, d, whole);
  return true;
}

// x / d = (x * m) >> k in 64 bits, where m = ceil(2^k / d) is so exact that the error stays below 1/d for all 32-bit x
// (Granlund, Montgomery: "Division by Invariant Integers using Multiplication"). Signed division rounds towards zero:
// one is added for negative x.
bool Selector::divide_by_constant(const ir::Inst& inst) {
  std::optional<int64_t> known = constant(inst.operands[1]);
  if (!known || width(inst.operands[0]) != 32) return false;
  bool is_signed = is_signed_division(inst.op);
  int64_t divisor = is_signed ? int32_t(*known) : *known;
  uint64_t d = uint64_t(divisor < 0 ? -divisor : divisor);
  if (d < 3 || std::has_single_bit(d)) return false;
  // k = 32 + bits(d) - 1 for signed operands, one more for unsigned ones; then m * d - 2^k < 2^(k - 31) or 2^(k - 32).
  unsigned bits = unsigned(std::bit_width(d));
  unsigned k = is_signed ? 31 + bits : 32 + bits;
  Wide power = Wide(1) << k;
  uint64_t m = uint64_t((power + d - 1) / d);
  if (!is_signed) {
    // The product has to fit 64 bits: try a smaller k first, which serves most divisors.
    while (k > 32) {
      Wide smaller = Wide(1) << (k - 1);
      uint64_t half = uint64_t((smaller + d - 1) / d);
      if (Wide(half) * d - smaller >= Wide(1) << (k - 1 - 32)) break;
      --k, m = half;
    }
    if (m >> 32) return false;
  }
  tal::TypeId i32 = unit_.types().i32(), i64 = unit_.types().i64();
  Reg x = reg(inst.operands[0]), factor = load_constant(int64_t(m), i64), product = fresh(i64);
  if (is_signed) emit_dd(Op::MOVSX64rr32, product, x);
  else emit_copy(product, x, i64);
  emit_dd(Op::IMUL64rr, product, factor);
  emit_di(is_signed ? Op::SAR64ri : Op::SHR64ri, product, k);
  Reg quotient = fresh(i32);
  emit_dd(Op::MOV32rr, quotient, product);
  here().insts.back().imm = 1; // cuts the upper half off
  if (is_signed) {
    Reg sign = fresh(i32), rounded = fresh(i32);
    emit_copy(sign, x, i32);
    emit_di(Op::SHR32ri, sign, 31);
    emit_copy(rounded, quotient, i32);
    emit_dd(Op::ADD32rr, rounded, sign);
    quotient = rounded;
    if (divisor < 0) {
      Reg negated = fresh(i32);
      emit_copy(negated, quotient, i32);
      emit(Op::NEG32r).d = negated;
      quotient = negated;
    }
  }
  Reg result_reg = result(inst);
  if (!is_remainder(inst.op)) {
    emit_copy(result_reg, quotient, i32);
    return true;
  }
  Reg whole = fresh(i32);
  int32_t back = int32_t(uint32_t(divisor));
  bool is_byte = back == int8_t(back);
  emit_di(is_byte ? Op::IMUL32rri8 : Op::IMUL32rri, whole, back);
  here().insts.back().b = quotient;
  emit_copy(result_reg, x, i32);
  emit_dd(Op::SUB32rr, result_reg, whole);
  return true;
}

void Selector::convert(const ir::Inst& inst) {
  unsigned from_bits = width(inst.operands[0]), to_bits = width(inst.result);
  if (inst.op == ir::Op::ZExt) return alias(inst, inst.operands[0]);
  Reg from = reg(inst.operands[0]), d = result(inst);
  if (inst.op == ir::Op::Trunc) {
    if (to_bits >= 32) {
      emit_dd(Op::MOV32rr, d, from);
      here().insts.back().imm = 1; // does something even with one register
    } else {
      emit_dd(to_bits == 8 ? Op::MOVZX32rr8 : Op::MOVZX32rr16, d, from);
    }
    return;
  }
  if (to_bits == 64) {
    emit_dd(from_bits == 8 ? Op::MOVSX64rr8 : from_bits == 16 ? Op::MOVSX64rr16 : Op::MOVSX64rr32, d, from);
    return;
  }
  emit_dd(from_bits == 8 ? Op::MOVSX32rr8 : Op::MOVSX32rr16, d, from);
  narrow(inst, d);
}

// A condition as a value: the register is zeroed before the compare, so that setting its low byte is all.
// The counter comes in two halves.
void Selector::rdtsc(const ir::Inst& inst) {
  emit(Op::RDTSC);
  Reg low = fresh(unit_.types().i32()), high = fresh(unit_.types().i64());
  emit_moves({{Place::reg(low), Place::reg(rax)}, {Place::reg(high), Place::reg(rdx)}});
  emit_di(Op::SHL64ri, high, 32);
  Reg d = result(inst);
  emit_copy(d, high, unit_.types().i64());
  emit_dd(Op::OR64rr, d, low);
}

void Selector::set_bool(const ir::Inst& inst) {
  if (inst.op == ir::Op::FEq || inst.op == ir::Op::FNe) {
    values_[inst.result.value].reg = float_equality(inst);
    return;
  }
  Cond cond = compare(inst);
  Reg d = result(inst);
  Inst zero;
  zero.op = Op::XOR32zero;
  zero.d = d;
  zero.loc = loc_;
  std::vector<Inst>& insts = here().insts;
  insts.insert(insts.end() - 1, zero);
  Inst& set = emit(Op::SETCCr);
  set.cond = cond;
  set.d = d;
}

} // namespace codegen
