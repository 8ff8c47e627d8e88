#include "frontend/ast.h"

#include <type_traits>

namespace frontend::ast {

static_assert(std::is_trivially_copyable_v<Type> && std::is_trivially_copyable_v<Expr> && std::is_trivially_copyable_v<Stmt> &&
              std::is_trivially_copyable_v<Decl>);

Type* Module::new_type(SourceLoc loc, TypeNode node) { return arena.make<Type>(Type{loc, 1, node}); }

Expr* Module::new_expr(SourceLoc loc, ExprNode node) { return arena.make<Expr>(Expr{loc, 1, false, node}); }

Stmt* Module::new_stmt(SourceLoc loc, StmtNode node) { return arena.make<Stmt>(Stmt{loc, 1, node}); }

Decl* Module::new_decl(SourceLoc loc, Scope scope, DeclNode node) { return arena.make<Decl>(Decl{loc, scope, false, node}); }

FunctionDecl* Module::new_function(FunctionDecl function) { return arena.make<FunctionDecl>(function); }

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
