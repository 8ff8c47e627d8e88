#include "frontend/ast.h"

#include <type_traits>

namespace frontend::ast {

Type* Module::new_type(SourceLoc loc, TypeNode node) { return &types_.emplace_back(Type{loc, 1, std::move(node)}); }

Expr* Module::new_expr(SourceLoc loc, ExprNode node) { return &exprs_.emplace_back(Expr{loc, 1, false, std::move(node)}); }

Stmt* Module::new_stmt(SourceLoc loc, StmtNode node) { return &stmts_.emplace_back(Stmt{loc, 1, std::move(node)}); }

Decl* Module::new_decl(SourceLoc loc, Scope scope, DeclNode node) { return &decls_.emplace_back(Decl{loc, scope, false, std::move(node)}); }

FunctionDecl* Module::new_function(FunctionDecl function) { return &functions_.emplace_back(std::move(function)); }

Name declared_name(const Decl& decl) {
  return std::visit(
      [](const auto& node) {
        using T = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<T, PrefixDecl> || std::is_same_v<T, OpenDecl>) {
          return Name();
        } else {
          return node.name;
        }
      },
      decl.node);
}

}  // namespace frontend::ast
