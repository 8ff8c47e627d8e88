#include "frontend/check/constant_eval.h"

#include <utility>

namespace frontend {

using support::Diag;

namespace {

using Number = Environment::Number;

// Constants that are defined by others, on one another: evaluation recurses.
constexpr unsigned kMaxDepth = 1000;

class Evaluator {
 public:
  Evaluator(Environment& env, OpenScopeId opens) : env_(env), opens_(opens) {}

  std::optional<Number> evaluate(const ast::Expr& expr) {
    loc_ = expr.loc;
    return std::visit([this](const auto& node) { return (*this)(node); }, expr.node);
  }

  std::optional<Number> operator()(const ast::IntLit& n) {
    const bool is_wide = n.kind == TypeKind::Long || n.kind == TypeKind::ULong;
    return wrap(static_cast<int64_t>(n.value), is_wide);
  }
  std::optional<Number> operator()(const ast::CharLit& n) { return Number{n.value, false}; }
  std::optional<Number> operator()(const ast::BoolLit& n) { return Number{n.value ? 1 : 0, false}; }

  std::optional<Number> operator()(const ast::NameExpr& n) {
    const SourceLoc loc = loc_;
    const Environment::Value* value = env_.find_value(n.name, opens_);
    if (value && value->kind == Environment::Value::Constant) return Number{value->constant, false};
    const PlacedDecl* definition = value ? env_.constant_definition(value->symbol) : nullptr;
    if (!definition) return not_constant(loc);
    // While it is being evaluated it is no constant: it may not depend on itself.
    const auto [known, is_new] = env_.constant_numbers().try_emplace(value->symbol.value);
    if (!is_new) return known->second ? known->second : not_constant(loc);
    if (depth_ == kMaxDepth) {
      env_.session().diagnostics.report<Diag::NestingTooDeep>(loc, std::to_string(kMaxDepth));
      return std::nullopt;
    }
    const OpenScopeId saved = std::exchange(opens_, definition->opens);
    ++depth_;
    auto result = evaluate(*std::get<ast::ValueDecl>(definition->decl->node).init);
    --depth_;
    opens_ = saved;
    const TypeKind kind = env_.types().kind(env_.module().symbols[value->symbol.value].type);
    if (result && kind != TypeKind::Bool) {
      result = converted(result->value, kind);
      if (!result) not_constant(loc);
    }
    return env_.constant_numbers()[value->symbol.value] = result;
  }

  std::optional<Number> operator()(const ast::Unary& n) {
    const auto operand = evaluate(*n.operand);
    if (!operand) return std::nullopt;
    switch (n.op) {
      case ast::UnaryOp::Neg: return wrap(static_cast<int64_t>(0 - static_cast<uint64_t>(operand->value)), operand->is_wide);
      case ast::UnaryOp::BitNot: return Number{~operand->value, operand->is_wide};
      case ast::UnaryOp::Not: return Number{operand->value == 0 ? 1 : 0, false};
    }
    return std::nullopt;
  }

  std::optional<Number> operator()(const ast::Binary& n) {
    const SourceLoc loc = loc_;
    const auto left = evaluate(*n.left);
    const auto right = left ? evaluate(*n.right) : std::nullopt;
    if (!right) return std::nullopt;
    const bool is_wide = left->is_wide || right->is_wide;
    const bool divides = n.op == ast::BinaryOp::Div || n.op == ast::BinaryOp::Rem;
    if (divides && right->value == 0) {
      env_.session().diagnostics.report<Diag::DivisionByZero>(loc);
      return std::nullopt;
    }
    return wrap(compute(n.op, left->value, right->value, is_wide), is_wide);
  }

  std::optional<Number> operator()(const ast::Conditional& n) {
    const auto condition = evaluate(*n.condition);
    if (!condition) return std::nullopt;
    return evaluate(condition->value ? *n.if_true : *n.if_false);
  }

  std::optional<Number> operator()(const ast::BuiltinCall& n) {
    if (n.builtin == ast::Builtin::Size) return not_constant(loc_);
    const auto operand = evaluate(*n.operand);
    if (!operand || n.builtin == ast::Builtin::Ord) return operand;
    return Number{operand->value & 255, false};
  }

  std::optional<Number> operator()(const ast::Cast& n) {
    const auto* basic = std::get_if<ast::BasicType>(&n.type->node);
    const SourceLoc loc = loc_;
    const auto operand = evaluate(*n.operand);
    if (!operand) return std::nullopt;
    const auto result = basic ? converted(operand->value, basic->kind) : std::nullopt;
    return result ? result : not_constant(loc);
  }

  template <class Node>
  std::optional<Number> operator()(const Node&) {
    return not_constant(loc_);
  }

 private:
  static std::optional<Number> wrap(int64_t value, bool is_wide) {
    return Number{is_wide ? value : static_cast<int32_t>(static_cast<uint32_t>(value)), is_wide};
  }

  static std::optional<Number> converted(int64_t value, TypeKind kind) {
    switch (kind) {
      case TypeKind::Char: case TypeKind::UByte: return Number{value & 255, false};
      case TypeKind::Byte: return Number{static_cast<int8_t>(value), false};
      case TypeKind::Short: return Number{static_cast<int16_t>(value), false};
      case TypeKind::UShort: return Number{value & 65535, false};
      case TypeKind::Int: return wrap(value, false);
      case TypeKind::UInt: return Number{value & UINT32_MAX, false};
      case TypeKind::Long: case TypeKind::ULong: return Number{value, true};
      default: return std::nullopt;
    }
  }

  std::optional<Number> not_constant(SourceLoc loc) {
    env_.session().diagnostics.report<Diag::NotAnIntegerConstant>(loc);
    return std::nullopt;
  }

  static int64_t compute(ast::BinaryOp op, int64_t a, int64_t b, bool is_wide) {
    const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
    const auto count = static_cast<unsigned>(y & (is_wide ? 63 : 31));
    switch (op) {
      case ast::BinaryOp::Add: return static_cast<int64_t>(x + y);
      case ast::BinaryOp::Sub: return static_cast<int64_t>(x - y);
      case ast::BinaryOp::Mul: return static_cast<int64_t>(x * y);
      case ast::BinaryOp::Div: return b == -1 ? static_cast<int64_t>(0 - x) : a / b;
      case ast::BinaryOp::Rem: return b == -1 ? 0 : a % b;
      case ast::BinaryOp::And: return a & b;
      case ast::BinaryOp::Or: return a | b;
      case ast::BinaryOp::Xor: return a ^ b;
      case ast::BinaryOp::Shl: return static_cast<int64_t>(x << count);
      case ast::BinaryOp::Shr: return a >> count;
      case ast::BinaryOp::UShr: return static_cast<int64_t>((is_wide ? x : x & UINT32_MAX) >> count);
      case ast::BinaryOp::Eq: return a == b;
      case ast::BinaryOp::Ne: return a != b;
      case ast::BinaryOp::Lt: return a < b;
      case ast::BinaryOp::Gt: return a > b;
      case ast::BinaryOp::Le: return a <= b;
      case ast::BinaryOp::Ge: return a >= b;
      case ast::BinaryOp::LogicalAnd: return a && b;
      case ast::BinaryOp::LogicalOr: return a || b;
    }
    return 0;
  }

  Environment& env_;
  OpenScopeId opens_;
  SourceLoc loc_;
  unsigned depth_ = 0;
};

}  // namespace

std::optional<int64_t> evaluate_constant(Environment& env, const ast::Expr& expr, OpenScopeId opens) {
  const auto result = Evaluator(env, opens).evaluate(expr);
  if (!result) return std::nullopt;
  return result->value;
}

}  // namespace frontend
