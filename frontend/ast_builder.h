// What the grammar's actions call: makes AST nodes, folds declarators into types, and checks what the grammar cannot say (scope words that
// do not fit, functions whose declarator is not a parameter list, nesting limits).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "frontend/frontend.h"
#include "frontend/lexer.h"

namespace frontend {

class AstBuilder {
 public:
  AstBuilder(Session& session, const SourceText& source);

  TokenKind next_token(SemanticValue& value, SourceRange& where);
  void syntax_error(const SourceRange& where, const char* found, std::vector<std::string> expected);
  void stack_exhausted(const SourceRange& where);
  void finish(DeclList decls);
  // After the parser has given up: the errors in the rest of the text that the lexer finds.
  void skip_rest();
  std::unique_ptr<ast::Module> take_module() { return std::move(module_); }

  template <class T>
  ast::List<T> list(T item) {
    return append(ast::List<T>(), item);
  }
  template <class T>
  ast::List<T> append(ast::List<T> list, std::type_identity_t<T> item) {
    list.append(module_->arena, item);
    return list;
  }
  template <class T>
  ast::List<T> append(ast::List<T> list, const ast::List<T>& more) {
    list.append(module_->arena, more);
    return list;
  }
  ClauseList append(ClauseList list, const ast::Clause* clause) { return append(list, *clause); }
  StmtList prepend(ast::Stmt* first, StmtList rest);

  // names
  QualifiedName qualify(QualifiedName left, Name right);
  QualifiedName type_word(SourceLoc loc, const char* word);

  // types
  ast::Type* basic(SourceLoc loc, TypeKind kind);
  ast::Type* unsigned_of(SourceLoc loc, TypeKind kind);
  ast::Type* inferred(SourceLoc loc);
  ast::Type* tuple_type(SourceLoc loc, bool read_only, ParamList components);
  ast::Type* named_type(QualifiedName name, TypeList args);
  // `<< inner > constructor, more > outer`
  ast::Type* nested_type(TypeList inner, QualifiedName constructor, TypeList more, QualifiedName outer);
  ast::Type* modified(ast::Type* base, const ModifierList& modifiers);
  Modifier* array_mod(ast::Expr* size);
  Modifier* const_array_mod(Number length, bool nullable);
  Modifier* function_mod(Convention convention, NameList type_params, ParamList params);

  // declarations
  PendingDeclarator* declarator(QualifiedName name, ModifierList modifiers, ast::Expr* init, ast::Stmt* body);
  ast::Decl* prefix(QualifiedName name, DeclList members, bool braces);
  ast::Decl* open(QualifiedName name, DeclList members, bool braces);
  ast::Decl* aggregate(ScopeWord scope, TypeDeclKind kind, bool nullable, NameList params, QualifiedName name, FieldList fields);
  ast::Decl* abstype(ScopeWord scope, NameList params, QualifiedName name, NameList hidden, ast::Param representation);
  ast::Decl* abstract(QualifiedName name, bool nullable, NameList params);
  ast::Decl* exception(ScopeWord scope, QualifiedName name, ast::Type* payload);
  ast::Decl* type_alias(SourceLoc loc, Name name, ast::Type* type);
  ast::Decl* enumeration(SourceLoc loc, ScopeWord scope, Name name, EnumeratorList enumerators);
  DeclList function(ScopeWord scope, TypedStart start, QualifiedName name, const ModifierList& modifiers, ast::Stmt* body);
  DeclList globals(ScopeWord scope, TypedStart start, const DeclaratorList& declarators);
  FieldList fields(TypedStart start, const DeclaratorList& declarators);

  // statements
  ast::Stmt* stmt(SourceLoc loc, ast::StmtNode node);
  ast::Stmt* block(const SourceRange& where, StmtList stmts);
  ast::Stmt* label(SourceLoc loc, Name name);
  ast::Stmt* local_alias(ast::Decl* decl);
  ast::Stmt* variables(SourceLoc loc, TypedStart start, const DeclaratorList& declarators);
  ast::Stmt* handle(SourceLoc loc, ast::Stmt* body, QualifiedName exn, ast::Stmt* handler);
  ast::Stmt* print(SourceLoc loc, QualifiedName file, Text format, SourceLoc format_loc, ExprList args);
  ast::Clause* first_label(SourceLoc loc, const ast::CaseLabel* label);  // none: `default`
  ast::Clause* add_label(ast::Clause* clause, const ast::CaseLabel* label);
  ast::Clause* add_default(ast::Clause* clause, SourceLoc loc);
  ast::Clause* clause(ast::Clause* labels, StmtList stmts);
  ast::CaseLabel* int_label(SourceLoc loc, uint64_t value);
  ast::CaseLabel* char_label(SourceLoc loc, uint64_t value);
  ast::CaseLabel* named_label(QualifiedName name, const ast::Pattern* pattern);
  ast::Pattern* whole_pattern(QualifiedName name);
  ast::Pattern* tuple_pattern();
  ast::Pattern* extend_pattern(ast::Pattern* pattern, QualifiedName name);

  // expressions
  ast::Expr* expr(SourceLoc loc, ast::ExprNode node);
  ast::Expr* name(QualifiedName name);
  ast::Expr* integer(SourceLoc loc, Number number);
  ast::Expr* floating(SourceLoc loc, RealNumber number);
  ast::Expr* binary(SourceLoc loc, ast::BinaryOp op, ast::Expr* left, ast::Expr* right);
  ast::Expr* compound(SourceLoc loc, ast::BinaryOp op, ast::Expr* target, ast::Expr* value);
  ast::Expr* negate(SourceLoc loc, ast::Expr* operand);
  ast::Expr* parenthesised(ast::Expr* inner);
  ast::Expr* fun(SourceLoc loc, ast::Type* result, QualifiedName name, const ModifierList& modifiers, ast::Stmt* body);
  ast::Expr* codegen(SourceLoc loc, ast::Type* result, QualifiedName name, const ModifierList& modifiers, ast::Stmt* body);
  ast::Expr* instantiate(SourceLoc loc, ast::Expr* function, TypeList inner, QualifiedName constructor, TypeList more);
  std::string_view text(const Text& pieces) { return {pieces.value.begin(), pieces.value.size()}; }

 private:
  template <class Node>
  Node* limited(Node* node);
  void report_too_deep(SourceLoc loc);
  ast::Type* function_type(ast::Type* result, const ModifierList& modifiers, SourceLoc loc);
  void check_scope(ScopeWord scope, SourceLoc loc, const char* what, bool may_be_abstract, bool may_be_public);
  StmtList fold_labels(StmtList stmts);
  DeclList fold_prefixes(DeclList decls);

  Session& session_;
  std::unique_ptr<ast::Module> module_;
  Lexer lexer_;
  Token token_;  // the latest
  bool reported_depth_ = false;
};

}  // namespace frontend
