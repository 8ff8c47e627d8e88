#include "frontend/check/warnings.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "frontend/ast.h"
#include "frontend/ast_children.h"

namespace frontend {

using support::Diag;

// ---------------------------------------------------------------- syntax

namespace {

class SyntaxWalk {
 public:
  explicit SyntaxWalk(Session& session) : diagnostics_(session.diagnostics) {}

  void operator()(ast::Type*) {}
  void operator()(ast::FunctionDecl* function) { children(*function); }
  void operator()(ast::Expr* expr) {
    std::visit([this](const auto& node) { look(node); }, expr->node);
    children(*expr);
  }
  void operator()(ast::Stmt* stmt) {
    std::visit([this](const auto& node) { look(node); }, stmt->node);
    children(*stmt);
  }

  void decls(const ast::List<ast::Decl*>& list) {
    for (const ast::Decl* decl : list) {
      if (const auto* function = std::get_if<ast::FunctionDecl>(&decl->node)) children(*function);
      if (const auto* value = std::get_if<ast::ValueDecl>(&decl->node); value && value->init) (*this)(value->init);
      if (const auto* prefix = std::get_if<ast::PrefixDecl>(&decl->node)) decls(prefix->members);
      if (const auto* open = std::get_if<ast::OpenDecl>(&decl->node)) decls(open->members);
    }
  }

 private:
  template <class Node>
  void children(const Node& node) {
    ast::for_each_child(node, [this](auto* part) { (*this)(part); });
  }

  template <class Node>
  void look(const Node&) {}
  void look(const ast::RaiseNew& n) { no_list(n.payload, "the value of the exception"); }
  void look(const ast::NewUnion& n) { no_list(n.payload, "the value of the case"); }
  void look(const ast::Subscript& n) { no_list(n.index, "the subscript"); }
  void look(const ast::IfStmt& n) { condition(n.condition); }
  void look(const ast::WhileStmt& n) { condition(n.condition); }
  void look(const ast::DoStmt& n) { condition(n.condition); }
  void look(const ast::ForStmt& n) { condition(n.condition); }
  void look(const ast::Conditional& n) { condition(n.condition); }

  // `f(a, b)` has two arguments, `raise E(a, b)` has one.
  void no_list(const ast::Expr* expr, std::string_view what) {
    if (expr && !expr->parenthesised && std::holds_alternative<ast::Comma>(expr->node)) {
      diagnostics_.report<Diag::CommaIsNoList>(expr->loc, what);
    }
  }
  void condition(const ast::Expr* expr) {
    if (expr && !expr->parenthesised && std::holds_alternative<ast::Assign>(expr->node)) diagnostics_.report<Diag::AssignmentAsCondition>(expr->loc);
  }

  support::Diagnostics& diagnostics_;
};

}  // namespace

void warn_syntax(Session& session, const ast::Module& module) { SyntaxWalk(session).decls(module.decls); }

// ---------------------------------------------------------------- functions

namespace {

using namespace typed;

// Values that an integer expression can have; `high` is the greatest long for wider ones.
struct Range {
  int64_t low = 0, high = 0;
  bool is_exact = true;  // false: greater values are possible
};

class FunctionWarnings {
 public:
  FunctionWarnings(Session& session, const TypeStore& types, const Body& body)
      : diagnostics_(session.diagnostics), types_(types), body_(body) {}

  void unused_locals() {
    std::vector<bool> is_read(body_.locals.size(), false), is_declared(body_.locals.size(), false);
    std::vector<bool> is_target(body_.exprs.size(), false);
    for (const Expr& e : body_.exprs) {
      if (const auto* assign = std::get_if<Assign>(&e.node)) is_target[assign->target.value] = true;
    }
    for (size_t i = 0; i < body_.exprs.size(); ++i) {
      if (const auto* local = std::get_if<LocalRef>(&body_.exprs[i].node); local && !is_target[i]) is_read[local->local.value] = true;
    }
    for (const Stmt& stmt : body_.stmts) {
      if (const auto* declare = std::get_if<Declare>(&stmt.node)) is_declared[declare->local.value] = true;
    }
    for (size_t i = 0; i < body_.locals.size(); ++i) {
      const Local& local = body_.locals[i];
      if (is_declared[i] && !is_read[i] && !local.is_param && !local.name.empty()) {
        diagnostics_.report<Diag::UnusedLocal>(local.loc, local.name.view());
      }
    }
  }

  void constant_comparisons() {
    for (const Expr& e : body_.exprs) {
      const auto* binary = std::get_if<Binary>(&e.node);
      if (!binary || binary->op < BinaryOp::Eq || !types_.is_integer(body_.expr(binary->left).type)) continue;
      const auto left = range(binary->left), right = range(binary->right);
      const bool left_is_literal = is_literal(binary->left), right_is_literal = is_literal(binary->right);
      if (!left || !right || left_is_literal == right_is_literal) continue;
      if (const auto outcome = decide(binary->op, *left, *right)) {
        const ExprId other = left_is_literal ? binary->right : binary->left;
        diagnostics_.report<Diag::ConstantComparison>(e.loc, *outcome ? "true" : "false", types_.print(source_type(other)));
      }
    }
  }

 private:
  bool is_literal(ExprId id) const { return std::holds_alternative<IntLiteral>(body_.expr(id).node); }

  // The type before the widening that the comparison asked for.
  TypeId source_type(ExprId id) const {
    const Expr& e = body_.expr(id);
    const auto* convert = std::get_if<Convert>(&e.node);
    if (!convert) return e.type;
    const TypeId from = body_.expr(convert->operand).type;
    const bool widens = types_.is_integer(from) && types_.byte_size(from) < types_.byte_size(e.type) && (!types_.is_signed(from) || types_.is_signed(e.type));
    return widens ? from : e.type;
  }

  std::optional<Range> range(ExprId id) const {
    const Expr& e = body_.expr(id);
    const unsigned bits = 8 * types_.byte_size(e.type);
    if (const auto* literal = std::get_if<IntLiteral>(&e.node)) {
      if (!types_.is_signed(e.type) && literal->value > INT64_MAX) return std::nullopt;
      const unsigned unused = types_.is_signed(e.type) ? 64 - bits : 0;
      const auto value = static_cast<int64_t>(literal->value << unused) >> unused;
      return Range{value, value};
    }
    const TypeId type = source_type(id);
    const unsigned width = 8 * types_.byte_size(type);
    if (types_.is_signed(type)) return Range{INT64_MIN >> (64 - width), INT64_MAX >> (64 - width)};
    if (width == 64) return Range{0, INT64_MAX, false};
    return Range{0, (int64_t{1} << width) - 1};
  }

  static std::optional<bool> less(const Range& a, const Range& b) {  // a < b
    if (a.is_exact && a.high < b.low) return true;
    if (b.is_exact && a.low >= b.high) return false;
    return std::nullopt;
  }
  static std::optional<bool> inverse(std::optional<bool> outcome) { return outcome ? std::optional(!*outcome) : outcome; }

  static std::optional<bool> decide(BinaryOp op, const Range& left, const Range& right) {
    switch (op) {
      case BinaryOp::Lt: return less(left, right);
      case BinaryOp::Ge: return inverse(less(left, right));
      case BinaryOp::Gt: return less(right, left);
      case BinaryOp::Le: return inverse(less(right, left));
      case BinaryOp::Eq:
      case BinaryOp::Ne:
        if (less(left, right) == true || less(right, left) == true) return op == BinaryOp::Ne;
        return std::nullopt;
      default: return std::nullopt;
    }
  }

  support::Diagnostics& diagnostics_;
  const TypeStore& types_;
  const Body& body_;
};

}  // namespace

void warn_function(Session& session, const TypeStore& types, const typed::Function& function) {
  FunctionWarnings warnings(session, types, function.body);
  warnings.unused_locals();
  warnings.constant_comparisons();
}

// ---------------------------------------------------------------- modules

namespace {

void warn_unused(Session& session, const ast::Module& source, const typed::Symbol& symbol, SourceLoc loc, std::string_view kind) {
  // Fun expressions and nested functions have names of our making; a constant may be there for others that include the same header.
  if (symbol.scope != Scope::Static || symbol.is_referenced || symbol.is_nested || symbol.is_const) return;
  if (std::ranges::find(source.dependencies, session.sources.name(loc.file)) != source.dependencies.end()) return;
  session.diagnostics.report<Diag::UnusedStatic>(loc, kind, symbol.name.view());
}

}  // namespace

void warn_unused_statics(Session& session, const ast::Module& source, const typed::TypedModule& module) {
  for (const typed::Function& function : module.functions) warn_unused(session, source, module.symbol(function.symbol), function.loc, "function");
  for (const typed::Global& global : module.globals) warn_unused(session, source, module.symbol(global.symbol), global.loc, "variable");
}

}  // namespace frontend
