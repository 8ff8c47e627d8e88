// Operators and conversions on numbers and bools.
#include "ir/lower/function_lowering.h"

namespace ir::lowering {
namespace {

using typed::BinaryOp;

// Everything but division, which needs checks.
Op simple_op(BinaryOp op, bool is_signed) {
  switch (op) {
  case BinaryOp::Add: return Op::Add;
  case BinaryOp::Sub: return Op::Sub;
  case BinaryOp::Mul: return Op::Mul;
  case BinaryOp::And: return Op::And;
  case BinaryOp::Or: return Op::Or;
  case BinaryOp::Xor: return Op::Xor;
  case BinaryOp::Shl: return Op::Shl;
  case BinaryOp::Shr: return Op::AShr;
  case BinaryOp::UShr: return Op::LShr;
  case BinaryOp::Eq: return Op::Eq;
  case BinaryOp::Ne: return Op::Ne;
  case BinaryOp::Lt: return is_signed ? Op::SLt : Op::ULt;
  case BinaryOp::Gt: return is_signed ? Op::SGt : Op::UGt;
  case BinaryOp::Le: return is_signed ? Op::SLe : Op::ULe;
  case BinaryOp::Ge: return is_signed ? Op::SGe : Op::UGe;
  case BinaryOp::Div: return is_signed ? Op::SDiv : Op::UDiv;
  case BinaryOp::Rem: return is_signed ? Op::SRem : Op::URem;
  }
  return Op::Add;
}

Op float_op(BinaryOp op) {
  switch (op) {
  case BinaryOp::Sub: return Op::FSub;
  case BinaryOp::Mul: return Op::FMul;
  case BinaryOp::Div: return Op::FDiv;
  case BinaryOp::Eq: return Op::FEq;
  case BinaryOp::Ne: return Op::FNe;
  case BinaryOp::Lt: return Op::FLt;
  case BinaryOp::Gt: return Op::FGt;
  case BinaryOp::Le: return Op::FLe;
  case BinaryOp::Ge: return Op::FGe;
  default: return Op::FAdd; // the checker lets no other operator through
  }
}

} // namespace

std::optional<int64_t> FunctionLowering::constant(ValueId value) const {
  InstId def = work_.value(value).def;
  if (!def.is_valid() || work_.inst(def).op != Op::IConst)
    return std::nullopt;
  return work_.inst(def).imm;
}

ValueId FunctionLowering::binary(BinaryOp op, ValueId left, ValueId right) {
  if (types().is_floating(type_of(left)))
    return builder_.emit(float_op(op), {left, right});
  if (op == BinaryOp::Div || op == BinaryOp::Rem)
    return divide(op == BinaryOp::Rem, left, right);
  return builder_.emit(simple_op(op, types().is_signed(type_of(left))), {left, right});
}

// Division of narrow integers is done in 32 bits: there is no other machine instruction for it worth having, and the facts
// about the divisor have to be about the value that is divided by.
ValueId FunctionLowering::divide(bool remainder, ValueId left, ValueId right) {
  frontend::TypeId type = type_of(left);
  bool is_signed = types().is_signed(type);
  if (bit_width(types(), type) < 32) {
    frontend::TypeId wide = is_signed ? frontend::kIntType : frontend::kUIntType;
    ValueId wide_left = convert(left, wide);
    return convert(divide(remainder, wide_left, convert(right, wide)), type);
  }
  std::optional<int64_t> divisor = constant(right);
  if (!divisor || *divisor == 0)
    right = throwing(builder_.emit(Op::CheckDiv, {right}));
  if (!is_signed || (divisor && *divisor != -1))
    return builder_.emit(simple_op(remainder ? BinaryOp::Rem : BinaryOp::Div, is_signed), {left, right});
  if (divisor)
    return remainder ? builder_.iconst(type, 0) : builder_.emit(Op::Sub, {builder_.iconst(type, 0), left});
  return divide_by_unknown(remainder, left, right);
}

// The quotient MIN / -1 does not exist; the processor traps. Dividing by -1 is negation, the remainder is 0.
ValueId FunctionLowering::divide_by_unknown(bool remainder, ValueId left, ValueId divisor) {
  frontend::TypeId type = type_of(left);
  BlockId by_minus_one = ssa_.create_block(), by_other = ssa_.create_block(), end = ssa_.create_block();
  ValueId result = builder_.add_param(end, {type});
  ssa_.br_if(builder_.emit(Op::Eq, {divisor, builder_.iconst(type, -1)}), by_minus_one, by_other);
  ssa_.start_sealed(by_other);
  ssa_.br(end, {builder_.emit(remainder ? Op::SRem : Op::SDiv, {left, divisor})});
  ssa_.start_sealed(by_minus_one);
  ValueId zero = builder_.iconst(type, 0);
  ssa_.br(end, {remainder ? zero : builder_.emit(Op::Sub, {zero, left})});
  ssa_.start_sealed(end);
  return result;
}

// To or from floating point, by way of int for narrow types.
ValueId FunctionLowering::convert_float(ValueId value, frontend::TypeId to, bool truncate) {
  frontend::TypeId from = type_of(value);
  if (types().is_floating(from) && types().is_floating(to))
    return builder_.emit_typed(Op::FResize, {to}, {value});
  frontend::TypeId integer = types().is_floating(from) ? to : from;
  frontend::TypeId wide = bit_width(types(), integer) < 32 ? frontend::kIntType : integer;
  if (types().is_floating(to))
    return builder_.emit_typed(Op::IToF, {to}, {convert(value, wide)});
  return convert(builder_.emit_typed(truncate ? Op::FToIZero : Op::FToINear, {wide}, {value}), to);
}

ValueId FunctionLowering::convert(ValueId value, frontend::TypeId to, bool truncate) {
  frontend::TypeId from = type_of(value);
  if (from == to)
    return value;
  if (types().is_floating(from) || types().is_floating(to))
    return convert_float(value, to, truncate);
  if (std::optional<int64_t> known = constant(value))
    return builder_.iconst(to, normalize_integer(types(), to, static_cast<uint64_t>(*known)));
  unsigned from_width = bit_width(types(), from), to_width = bit_width(types(), to);
  Op op = to_width < from_width ? Op::Trunc : to_width == from_width ? Op::Retype : types().is_signed(from) ? Op::SExt : Op::ZExt;
  return builder_.emit_typed(op, {to}, {value});
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Unary& node) {
  ValueId operand = expr(node.operand);
  builder_.set_loc(e.loc);
  switch (node.op) {
  case typed::UnaryOp::Neg:
    if (types().is_floating(e.type))
      return builder_.emit(Op::FNeg, {operand});
    return builder_.emit(Op::Sub, {builder_.iconst(e.type, 0), operand});
  case typed::UnaryOp::BitNot: return builder_.emit(Op::Xor, {operand, builder_.iconst(e.type, normalize_integer(types(), e.type, ~uint64_t{0}))});
  case typed::UnaryOp::Not: return builder_.emit(Op::Xor, {operand, builder_.iconst(e.type, 1)});
  }
  return {};
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Binary& node) {
  ValueId left = expr(node.left);
  ValueId right = expr(node.right);
  builder_.set_loc(e.loc);
  return binary(node.op, left, right);
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Convert& node) {
  ValueId operand = expr(node.operand);
  builder_.set_loc(e.loc);
  return convert(operand, e.type, node.truncate);
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Coerce& node) {
  ValueId operand = expr(node.operand);
  builder_.set_loc(e.loc);
  if (type_of(operand) == e.type)
    return operand;
  return builder_.emit_typed(Op::Retype, {e.type}, {operand});
}

} // namespace ir::lowering
