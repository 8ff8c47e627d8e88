// Operators: arithmetic, comparison, logic, assignment, conditional, casts.

#include "frontend/check/body_checker.h"

namespace frontend {

using support::Diag;

std::string_view op_text(ast::BinaryOp op) {
  static constexpr std::string_view kText[] = {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>", "==", "!=", "<", ">", "<=", ">=", "&&", "||"};
  return kText[static_cast<size_t>(op)];
}

namespace {

// The two enumerations agree up to the logical operators.
typed::BinaryOp typed_op(ast::BinaryOp op) { return static_cast<typed::BinaryOp>(op); }
static_assert(static_cast<int>(ast::BinaryOp::Add) == static_cast<int>(typed::BinaryOp::Add));
static_assert(static_cast<int>(ast::BinaryOp::UShr) == static_cast<int>(typed::BinaryOp::UShr));
static_assert(static_cast<int>(ast::BinaryOp::Ge) == static_cast<int>(typed::BinaryOp::Ge));

bool is_place(const typed::ExprNode& node) {
  return std::holds_alternative<typed::LocalRef>(node) || std::holds_alternative<typed::GlobalRef>(node) || std::holds_alternative<typed::FieldGet>(node) ||
         std::holds_alternative<typed::Component>(node) || std::holds_alternative<typed::Index>(node);
}

bool is_integer_only(ast::BinaryOp op) { return op >= ast::BinaryOp::Rem && op <= ast::BinaryOp::UShr; }

}  // namespace

bool BodyChecker::operator_applies(ast::BinaryOp op, TypeId type, SourceLoc loc) {
  if (!is_integer_only(op) || !types_.is_floating(type)) return true;
  diagnostics_.report<Diag::OperatorOnFloating>(loc, op_text(op), show(type));
  return false;
}

typed::ExprId BodyChecker::arithmetic(ast::BinaryOp op, ExprId left, ExprId right, SourceLoc loc) {
  if (is_error(left) || is_error(right)) return error_expr(loc);
  // An operand of unknown type is what the other one is.
  if (types_.kind(type_of(left)) == TypeKind::Infer && types_.is_numeric(type_of(right))) unifier_.unify(type_of(left), type_of(right));
  if (types_.kind(type_of(right)) == TypeKind::Infer && types_.is_numeric(type_of(left))) unifier_.unify(type_of(left), type_of(right));
  const TypeId a = known_number(left), b = known_number(right);
  if (a == kErrorType || b == kErrorType) {
    diagnostics_.report<Diag::OperandsNotNumeric>(loc, op_text(op), show(type_of(left)), show(type_of(right)));
    return error_expr(loc);
  }
  const TypeId common = common_type(a, b);
  if (!operator_applies(op, common, loc)) return error_expr(loc);
  left = convert_number(left, common);
  right = convert_number(right, common);
  const auto* dividend = std::get_if<typed::IntLiteral>(&body_.exprs[left.value].node);
  const auto* divisor = std::get_if<typed::IntLiteral>(&body_.exprs[right.value].node);
  const bool divides = op == ast::BinaryOp::Div || op == ast::BinaryOp::Rem;
  if (divides && dividend && divisor && divisor->value == 0) diagnostics_.report<Diag::DivisionByZero>(loc);
  return add(loc, common, typed::Binary{typed_op(op), left, right});
}

typed::ExprId BodyChecker::comparison(ast::BinaryOp op, ExprId left, ExprId right, SourceLoc loc) {
  const ExprId result = arithmetic(op, left, right, loc);
  if (!is_error(result)) body_.exprs[result.value].type = kBoolType;
  return result;
}

typed::ExprId BodyChecker::equality(ast::BinaryOp op, ExprId left, ExprId right, SourceLoc loc) {
  const TypeId a = type_of(left), b = type_of(right);
  if (a != b && types_.is_numeric(a) && types_.is_numeric(b)) return comparison(op, left, right, loc);
  if (a == kVoidType || !unifier_.unify(a, b)) {
    diagnostics_.report<Diag::ComparisonTypes>(loc, show(a), show(b));
    return error_expr(loc);
  }
  return add(loc, kBoolType, typed::Binary{typed_op(op), left, right});
}

typed::ExprId BodyChecker::expr(const ast::Binary& n, SourceLoc loc, TypeId) {
  if (n.op == ast::BinaryOp::LogicalAnd || n.op == ast::BinaryOp::LogicalOr) {
    const ExprId left = check_condition(*n.left);
    const ExprId right = check_condition(*n.right);
    return add(loc, kBoolType, typed::Logical{n.op == ast::BinaryOp::LogicalAnd, left, right});
  }
  const ExprId left = check(*n.left);
  const ExprId right = check(*n.right, types_.is_union(type_of(left)) ? type_of(left) : kNoHint);
  if (n.op == ast::BinaryOp::Eq || n.op == ast::BinaryOp::Ne) return equality(n.op, left, right, loc);
  return n.op >= ast::BinaryOp::Lt ? comparison(n.op, left, right, loc) : arithmetic(n.op, left, right, loc);
}

// ---------------------------------------------------------------- unary

// A negated literal is a literal; otherwise `-e` is `0 - e`, computed in at least int.
typed::ExprId BodyChecker::negate(ExprId operand, SourceLoc loc) {
  if (is_error(operand)) return operand;
  const TypeId type = known_number(operand);
  if (type == kErrorType) {
    diagnostics_.report<Diag::OperandNotNumeric>(loc, "-", show(type_of(operand)));
    return error_expr(loc);
  }
  const TypeId result = common_type(type, kIntType);
  operand = convert_number(operand, result);
  if (const auto* literal = std::get_if<typed::IntLiteral>(&body_.exprs[operand.value].node)) {
    const uint64_t value = 0 - literal->value;
    return add(loc, result, typed::IntLiteral{types_.byte_size(result) == 4 ? value & UINT32_MAX : value});
  }
  if (const auto* literal = std::get_if<typed::FloatLiteral>(&body_.exprs[operand.value].node)) {
    return add(loc, result, typed::FloatLiteral{-literal->value});
  }
  return add(loc, result, typed::Unary{typed::UnaryOp::Neg, operand});
}

typed::ExprId BodyChecker::expr(const ast::Unary& n, SourceLoc loc, TypeId) {
  if (n.op == ast::UnaryOp::Not) return add(loc, kBoolType, typed::Unary{typed::UnaryOp::Not, check_condition(*n.operand)});
  ExprId operand = check(*n.operand);
  if (n.op == ast::UnaryOp::Neg) return negate(operand, loc);
  if (is_error(operand)) return operand;
  const TypeId type = known_number(operand);
  if (type == kErrorType) {
    diagnostics_.report<Diag::OperandNotNumeric>(loc, "~", show(type_of(operand)));
    return error_expr(loc);
  }
  if (types_.is_floating(type)) {
    diagnostics_.report<Diag::OperatorOnFloating>(loc, "~", show(type));
    return error_expr(loc);
  }
  const TypeId result = type == kLongType || type == kULongType ? type : kIntType;
  return add(loc, result, typed::Unary{typed::UnaryOp::BitNot, convert_number(operand, result)});
}

// ---------------------------------------------------------------- assignment

// An expression that can be assigned to.
typed::ExprId BodyChecker::check_place(const ast::Expr& syntax) {
  const ExprId id = check(syntax);
  if (is_error(id)) return id;
  const typed::ExprNode& node = body_.exprs[id.value].node;
  if (std::holds_alternative<typed::FunctionRef>(node)) {
    diagnostics_.report<Diag::AssignToFunction>(syntax.loc);
  } else if (!is_place(node)) {
    diagnostics_.report<Diag::NotAssignable>(syntax.loc);
  }
  check_writable(id, syntax.loc);
  return id;
}

// What is const, and components of read-only tuples.
void BodyChecker::check_writable(ExprId id, SourceLoc loc) {
  const typed::ExprNode& node = body_.exprs[id.value].node;
  if (const auto* local = std::get_if<typed::LocalRef>(&node)) {
    const typed::Local& target = body_.locals[local->local.value];
    if (target.is_const) diagnostics_.report<Diag::AssignToConst>(loc, target.name.view());
  } else if (const auto* global = std::get_if<typed::GlobalRef>(&node)) {
    const typed::Symbol& target = env_.module().symbols[global->symbol.value];
    if (target.is_const) diagnostics_.report<Diag::AssignToConst>(loc, target.name.view());
  } else if (const auto* get = std::get_if<typed::FieldGet>(&node)) {
    const Field& field = types_.decl_of(type_of(get->object)).fields[get->field];
    if (types_.is_union(type_of(get->object))) {
      diagnostics_.report<Diag::AssignToPayload>(loc, field.name.view(), types_.decl_of(type_of(get->object)).name.view());
    } else if (field.is_const) {
      diagnostics_.report<Diag::AssignToConstField>(loc, field.name.view()).note<Diag::DeclaredHere>(field.loc, field.name.view());
    }
  } else if (const auto* component = std::get_if<typed::Component>(&node)) {
    if (types_.get(type_of(component->object)).read_only) diagnostics_.report<Diag::AssignToReadOnlyTuple>(loc);
  }
}

typed::ExprId BodyChecker::expr(const ast::Assign& n, SourceLoc loc, TypeId) {
  const ExprId target = check_place(*n.target);
  const TypeId type = type_of(target);
  const ExprId value = check(*n.value, type);
  const ExprId converted = expect(value, type, [&](const std::string& got, const std::string& expected) {
    diagnostics_.report<Diag::AssignmentType>(loc, expected, got);
  });
  return add(loc, type_of(target), typed::Assign{target, converted});
}

typed::ExprId BodyChecker::compound(ast::BinaryOp op, ExprId target, ExprId value, bool yields_old, SourceLoc loc) {
  if (is_error(target) || is_error(value)) return error_expr(loc);
  const TypeId a = known_number(target), b = known_number(value);
  if (a == kErrorType || b == kErrorType) {
    diagnostics_.report<Diag::OperandsNotNumeric>(loc, op_text(op), show(type_of(target)), show(type_of(value)));
    return error_expr(loc);
  }
  const TypeId compute = common_type(a, b);
  if (!operator_applies(op, compute, loc)) return error_expr(loc);
  warn_if_rounds(loc, compute, a);
  return add(loc, a, typed::CompoundAssign{typed_op(op), yields_old, compute, target, convert_number(value, compute)});
}

typed::ExprId BodyChecker::expr(const ast::CompoundAssign& n, SourceLoc loc, TypeId) {
  const ExprId target = check_place(*n.target);
  return compound(n.op, target, check(*n.value), false, loc);
}

typed::ExprId BodyChecker::expr(const ast::IncDec& n, SourceLoc loc, TypeId) {
  const ExprId target = check_place(*n.target);
  const ExprId one = add(loc, kIntType, typed::IntLiteral{1});
  return compound(n.is_increment ? ast::BinaryOp::Add : ast::BinaryOp::Sub, target, one, !n.is_prefix, loc);
}

// ---------------------------------------------------------------- the rest

typed::ExprId BodyChecker::expr(const ast::Conditional& n, SourceLoc loc, TypeId hint) {
  const ExprId condition = check_condition(*n.condition);
  ExprId if_true = check(*n.if_true, hint);
  ExprId if_false = check(*n.if_false, hint);
  const TypeId a = type_of(if_true), b = type_of(if_false);
  TypeId type = a;
  if (a != b && types_.is_numeric(a) && types_.is_numeric(b)) {
    type = common_type(a, b);
    if_true = convert_number(if_true, type);
    if_false = convert_number(if_false, type);
  } else if (!unifier_.unify(a, b)) {
    diagnostics_.report<Diag::BranchTypes>(loc, show(a), show(b));
    return error_expr(loc);
  }
  return add(loc, type, typed::Conditional{condition, if_true, if_false});
}

typed::ExprId BodyChecker::expr(const ast::Comma& n, SourceLoc loc, TypeId hint) {
  const ExprId first = check(*n.first);
  const ExprId second = check(*n.second, hint);
  return add(loc, type_of(second), typed::Comma{first, second});
}

typed::ExprId BodyChecker::expr(const ast::Cast& n, SourceLoc loc, TypeId) {
  const TypeId target = declared_type(*n.type);
  ExprId operand = check(*n.operand);
  if (is_error(operand) || target == kErrorType) return error_expr(loc);
  const bool is_tuple = types_.kind(target) == TypeKind::Tuple && types_.kind(type_of(operand)) == TypeKind::Tuple;
  if (types_.is_numeric(target) && known_number(operand) != kErrorType) {
    // A node of its own even if nothing is converted, so that a cast is never assigned to.
    const ExprId converted = convert_number(operand, target, n.c_style);
    return converted == operand ? add(loc, target, typed::Coerce{operand}) : converted;
  }
  if (is_tuple && convert(operand, target)) return operand;
  diagnostics_.report<Diag::BadCast>(loc, show(type_of(operand)), show(target));
  return error_expr(loc);
}

typed::ExprId BodyChecker::expr(const ast::BuiltinCall& n, SourceLoc loc, TypeId) {
  const ExprId operand = check(*n.operand);
  const TypeId type = type_of(operand);
  if (type == kErrorType) return operand;
  switch (n.builtin) {
    case ast::Builtin::Size:
      if (types_.kind(type) == TypeKind::ConstArray) return add(loc, kIntType, typed::Comma{operand, int_literal(types_.get(type).index, kIntType, loc)});
      if (type != kStringType && types_.kind(type) != TypeKind::Array) break;
      if (const auto* literal = std::get_if<typed::StringLiteral>(&body_.exprs[operand.value].node)) {
        return add(loc, kIntType, typed::IntLiteral{env_.module().strings[literal->text.value].size()});
      }
      return add(loc, kIntType, typed::Size{operand});
    case ast::Builtin::Ord:
      if (type != kCharType) break;
      return convert_number(operand, kIntType);
    case ast::Builtin::Chr:
      if (known_number(operand) == kErrorType) break;
      return type == kCharType ? add(loc, kCharType, typed::Coerce{operand}) : convert_number(operand, kCharType);
  }
  static constexpr std::string_view kName[] = {"size", "ord", "chr"};
  static constexpr std::string_view kExpected[] = {"a string or an array", "`char`", "a number"};
  const auto which = static_cast<size_t>(n.builtin);
  diagnostics_.report<Diag::BuiltinOperand>(loc, kName[which], kExpected[which], show(type));
  return error_expr(loc);
}

}  // namespace frontend
