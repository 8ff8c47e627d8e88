#include "frontend/check/constant_fold.h"

#include <bit>
#include <cmath>

#include "frontend/check/constant_eval.h"
#include "frontend/numbers.h"

namespace frontend {

using support::Diag;
using namespace typed;

namespace {

class Folder {
 public:
  Folder(Environment& env, Body& body) : env_(env), types_(env.types()), body_(body) {}

  void fold(ExprId id) {
    const ExprNode node = body_.exprs[id.value].node;
    std::visit([&](const auto& n) { (*this)(n, id); }, node);
  }

  // Constants already.
  void operator()(const IntLiteral&, ExprId) {}
  void operator()(const FloatLiteral&, ExprId) {}
  void operator()(const StringLiteral&, ExprId) {}
  void operator()(const NullLiteral&, ExprId) {}
  void operator()(const FunctionRef&, ExprId) {}
  void operator()(const Instantiate& n, ExprId id) {  // of a function that is named: all its type arguments together
    fold(n.function);
    const auto* named = std::get_if<FunctionRef>(&body_.exprs[n.function.value].node);
    if (!named) return not_constant(id);
    std::vector<TypeId> all;
    for (const auto& args : {named->type_args, n.type_args})
      for (TypeId arg : body_.list(args)) all.push_back(arg);
    const auto first = static_cast<uint32_t>(body_.type_pool.size());
    body_.type_pool.insert(body_.type_pool.end(), all.begin(), all.end());
    body_.exprs[id.value].node = FunctionRef{named->symbol, {first, static_cast<uint32_t>(all.size())}};
  }
  void operator()(const ExceptionRef&, ExprId) {}
  void operator()(const RepTerm&, ExprId) {}
  void operator()(const AddressOf& n, ExprId id) {
    if (!std::holds_alternative<GlobalRef>(body_.exprs[n.place.value].node)) not_constant(id);
  }

  void operator()(const ArrayLiteral& n, ExprId) { fold_list(n.elements); }
  void operator()(const ArrayRepeat& n, ExprId) { fold(n.element); }
  void operator()(const NewStruct& n, ExprId) { fold_list(n.args); }
  void operator()(const NewTuple& n, ExprId) { fold_list(n.components); }
  void operator()(const NewUnion& n, ExprId) {
    if (n.payload.is_valid()) fold(n.payload);
  }
  // The hidden types of a static package show in the type of what it holds: not where that is a package again.
  void operator()(const NewAbstype& n, ExprId id) {
    const TypeId inside = types_.decl_of(body_.exprs[id.value].type).representation;
    const bool is_package = types_.kind(inside) == TypeKind::Named && types_.decl_of(inside).kind == TypeDeclKind::Abstype;
    is_package ? not_constant(id) : fold(n.representation);
  }
  void operator()(const NewExn& n, ExprId) {
    fold(n.name);
    if (n.payload.is_valid()) fold(n.payload);
  }

  void operator()(const Coerce& n, ExprId id) {
    fold(n.operand);
    if (number(n.operand)) body_.exprs[id.value].node = body_.exprs[n.operand.value].node;
  }

  void operator()(const GlobalRef& n, ExprId id) {
    const PlacedDecl* definition = env_.constant_definition(n.symbol);
    const TypeId type = body_.exprs[id.value].type;
    if (!definition || !types_.is_integer(type)) return not_constant(id);
    const auto value = evaluate_constant(env_, *std::get<ast::ValueDecl>(definition->decl->node).init, definition->opens);
    if (value) set_integer(id, static_cast<uint64_t>(*value));
  }

  void operator()(const Convert& n, ExprId id) {
    fold(n.operand);
    const TypeId from = body_.exprs[n.operand.value].type, to = body_.exprs[id.value].type;
    const ExprNode& operand = body_.exprs[n.operand.value].node;
    if (const auto* literal = std::get_if<IntLiteral>(&operand)) {
      const int64_t value = extended(literal->value, from);
      if (types_.is_integer(to)) return set_integer(id, static_cast<uint64_t>(value));
      const bool is_signed = types_.is_signed(from);
      const double real = to == kFloatType ? double{integer_to_float(static_cast<uint64_t>(value), is_signed)}
                                           : integer_to_double(static_cast<uint64_t>(value), is_signed);
      body_.exprs[id.value].node = FloatLiteral{real};
    } else if (const auto* real = std::get_if<FloatLiteral>(&operand)) {
      if (types_.is_floating(to)) {
        body_.exprs[id.value].node = FloatLiteral{to == kFloatType ? static_cast<float>(real->value) : real->value};
      } else {
        // Narrow types by way of int, as at run time.
        const unsigned bits = 8 * types_.byte_size(to);
        set_integer(id, float_to_integer(real->value, n.truncate, bits < 32 ? 32 : bits, bits < 32 || types_.is_signed(to)));
      }
    }
  }

  void operator()(const Unary& n, ExprId id) {
    fold(n.operand);
    const ExprNode& operand = body_.exprs[n.operand.value].node;
    if (const auto* literal = std::get_if<IntLiteral>(&operand)) {
      switch (n.op) {
        case UnaryOp::Neg: return set_integer(id, 0 - literal->value);
        case UnaryOp::BitNot: return set_integer(id, ~literal->value);
        case UnaryOp::Not: return set_integer(id, literal->value == 0 ? 1 : 0);
      }
    } else if (const auto* real = std::get_if<FloatLiteral>(&operand)) {
      body_.exprs[id.value].node = FloatLiteral{-real->value};
    }
  }

  void operator()(const Binary& n, ExprId id) {
    fold(n.left);
    fold(n.right);
    const auto* left = std::get_if<IntLiteral>(&body_.exprs[n.left.value].node);
    const auto* right = std::get_if<IntLiteral>(&body_.exprs[n.right.value].node);
    if (left && right) return integer_binary(n, id, left->value, right->value);
    const auto* x = std::get_if<FloatLiteral>(&body_.exprs[n.left.value].node);
    const auto* y = std::get_if<FloatLiteral>(&body_.exprs[n.right.value].node);
    if (x && y) return real_binary(n, id, x->value, y->value);
    if (is_constant(n.left) && is_constant(n.right)) not_constant(id);
  }

  void operator()(const Logical& n, ExprId id) {
    fold(n.left);
    fold(n.right);
    const auto left = number(n.left), right = number(n.right);
    if (left && right) set_integer(id, n.is_and ? (*left && *right) : (*left || *right));
  }

  void operator()(const Conditional& n, ExprId id) {
    fold(n.condition);
    const auto condition = number(n.condition);
    if (!condition) return;
    const ExprId chosen = *condition ? n.if_true : n.if_false;
    fold(chosen);
    body_.exprs[id.value].node = body_.exprs[chosen.value].node;
  }

  template <class Node>
  void operator()(const Node&, ExprId id) {
    not_constant(id);
  }

 private:
  void fold_list(List<ExprId> list) {
    for (uint32_t i = 0; i < list.count; ++i) fold(body_.expr_pool[list.first + i]);
  }

  void not_constant(ExprId id) {
    const Expr& expr = body_.exprs[id.value];
    if (expr.type != kErrorType) env_.session().diagnostics.report<Diag::NotConstant>(expr.loc);
    body_.exprs[id.value].type = kErrorType;
  }

  bool is_constant(ExprId id) const { return body_.exprs[id.value].type != kErrorType; }

  std::optional<uint64_t> number(ExprId id) const {
    const auto* literal = std::get_if<IntLiteral>(&body_.exprs[id.value].node);
    return literal ? std::optional(literal->value) : std::nullopt;
  }

  int64_t extended(uint64_t value, TypeId type) const {
    const unsigned bits = 8 * types_.byte_size(type);
    if (bits >= 64 || !types_.is_signed(type) || (value >> (bits - 1)) == 0) return static_cast<int64_t>(value);
    return static_cast<int64_t>(value | (~uint64_t{0} << bits));
  }

  void set_integer(ExprId id, uint64_t value) {
    Expr& expr = body_.exprs[id.value];
    const unsigned bits = 8 * types_.byte_size(expr.type);
    expr.node = IntLiteral{bits >= 64 ? value : value & ((uint64_t{1} << bits) - 1)};
  }

  void integer_binary(const Binary& n, ExprId id, uint64_t left, uint64_t right) {
    const TypeId type = body_.exprs[n.left.value].type;
    const bool is_signed = types_.is_signed(type);
    const unsigned width = 8 * types_.byte_size(type);
    const int64_t a = extended(left, type), b = extended(right, type);
    const unsigned count = static_cast<unsigned>(right & (width - 1));
    // Arithmetic shift whatever the signedness.
    const unsigned spare = 64 - width;
    const int64_t sign_extended = static_cast<int64_t>(left << spare) >> spare;
    switch (n.op) {
      case BinaryOp::Add: return set_integer(id, left + right);
      case BinaryOp::Sub: return set_integer(id, left - right);
      case BinaryOp::Mul: return set_integer(id, left * right);
      case BinaryOp::Div: case BinaryOp::Rem: return divide(n, id, a, b, is_signed);
      case BinaryOp::And: return set_integer(id, left & right);
      case BinaryOp::Or: return set_integer(id, left | right);
      case BinaryOp::Xor: return set_integer(id, left ^ right);
      case BinaryOp::Shl: return set_integer(id, left << count);
      case BinaryOp::Shr: return set_integer(id, static_cast<uint64_t>(sign_extended >> count));
      case BinaryOp::UShr: return set_integer(id, left >> count);
      case BinaryOp::Eq: return set_integer(id, a == b);
      case BinaryOp::Ne: return set_integer(id, a != b);
      case BinaryOp::Lt: return set_integer(id, is_signed ? a < b : left < right);
      case BinaryOp::Gt: return set_integer(id, is_signed ? a > b : left > right);
      case BinaryOp::Le: return set_integer(id, is_signed ? a <= b : left <= right);
      case BinaryOp::Ge: return set_integer(id, is_signed ? a >= b : left >= right);
    }
  }

  void divide(const Binary& n, ExprId id, int64_t a, int64_t b, bool is_signed) {
    if (b == 0) {
      env_.session().diagnostics.report<Diag::DivisionByZero>(body_.exprs[id.value].loc);
      return;
    }
    const bool is_div = n.op == BinaryOp::Div;
    if (!is_signed) {
      const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
      return set_integer(id, is_div ? x / y : x % y);
    }
    if (b == -1) return set_integer(id, is_div ? 0 - static_cast<uint64_t>(a) : 0);
    set_integer(id, static_cast<uint64_t>(is_div ? a / b : a % b));
  }

  void real_binary(const Binary& n, ExprId id, double x, double y) {
    auto set = [&](double value) {
      Expr& expr = body_.exprs[id.value];
      expr.node = FloatLiteral{expr.type == kFloatType ? static_cast<float>(value) : value};
    };
    switch (n.op) {
      case BinaryOp::Add: return set(x + y);
      case BinaryOp::Sub: return set(x - y);
      case BinaryOp::Mul: return set(x * y);
      case BinaryOp::Div: return set(x / y);
      case BinaryOp::Eq: return set_integer(id, x == y);
      case BinaryOp::Ne: return set_integer(id, x != y);
      case BinaryOp::Lt: return set_integer(id, x < y);
      case BinaryOp::Gt: return set_integer(id, x > y);
      case BinaryOp::Le: return set_integer(id, x <= y);
      case BinaryOp::Ge: return set_integer(id, x >= y);
      default: return;
    }
  }

  Environment& env_;
  TypeStore& types_;
  Body& body_;
};

}  // namespace

void fold_initializer(Environment& env, Body& body, ExprId init) { Folder(env, body).fold(init); }

}  // namespace frontend
