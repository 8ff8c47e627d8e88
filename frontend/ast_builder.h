// What the grammar's actions call: makes AST nodes, folds declarators into types, and checks what the grammar cannot say (scope words that
// do not fit, functions whose declarator is not a parameter list, nesting limits).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "frontend/frontend.h"
#include "frontend/token.h"

namespace frontend {

class AstBuilder {
 public:
  AstBuilder(Session& session, const TokenList& tokens);

  Parser::symbol_type next_token();
  void syntax_error(const SourceRange& where, const char* found, std::vector<std::string> expected);
  void internal_error(const SourceRange& where, const std::string& message);
  void finish(DeclList decls);
  std::unique_ptr<ast::Module> take_module() { return std::move(module_); }

  template <class T>
  void append(std::vector<T>& list, std::vector<T> more) {
    for (T& item : more) list.push_back(std::move(item));
  }
  StmtList prepend(ast::Stmt* first, StmtList rest);

  // names
  QualifiedName qualify(QualifiedName left, Name right);
  QualifiedName type_word(SourceLoc loc, const char* word);

  // types
  ast::Type* basic(SourceLoc loc, TypeKind kind);
  ast::Type* unsigned_of(SourceLoc loc, TypeKind kind);
  ast::Type* inferred(SourceLoc loc);
  ast::Type* tuple_type(SourceLoc loc, bool read_only, std::vector<ast::Param> components);
  ast::Type* named_type(QualifiedName name, TypeList args);
  // `<< inner > constructor, more > outer`
  ast::Type* nested_type(TypeList inner, QualifiedName constructor, TypeList more, QualifiedName outer);
  ast::Type* modified(ast::Type* base, ModifierList modifiers);
  Modifier const_array_mod(Number length, bool nullable);
  Modifier function_mod(Convention convention, NameList type_params, std::vector<ast::Param> params);

  // declarations
  ast::Decl* prefix(QualifiedName name, DeclList members, bool braces);
  ast::Decl* open(QualifiedName name, DeclList members, bool braces);
  ast::Decl* aggregate(ScopeWord scope, TypeDeclKind kind, bool nullable, NameList params, QualifiedName name, std::vector<ast::FieldDecl> fields);
  ast::Decl* abstype(ScopeWord scope, NameList params, QualifiedName name, NameList hidden, ast::Param representation);
  ast::Decl* abstract(QualifiedName name, bool nullable, NameList params);
  ast::Decl* exception(ScopeWord scope, QualifiedName name, ast::Type* payload);
  ast::Decl* type_alias(SourceLoc loc, Name name, ast::Type* type);
  ast::Decl* enumeration(SourceLoc loc, ScopeWord scope, Name name, std::vector<ast::Enumerator> enumerators);
  DeclList function(ScopeWord scope, TypedStart start, QualifiedName name, ModifierList modifiers, ast::Stmt* body);
  DeclList globals(ScopeWord scope, TypedStart start, std::vector<PendingDeclarator> declarators);
  std::vector<ast::FieldDecl> fields(TypedStart start, std::vector<PendingDeclarator> declarators);

  // statements
  ast::Stmt* stmt(SourceLoc loc, ast::StmtNode node);
  ast::Stmt* block(const SourceRange& where, StmtList stmts);
  ast::Stmt* label(SourceLoc loc, Name name);
  ast::Stmt* local_alias(ast::Decl* decl);
  ast::Stmt* variables(SourceLoc loc, TypedStart start, std::vector<PendingDeclarator> declarators);
  ast::Stmt* handle(SourceLoc loc, ast::Stmt* body, QualifiedName exn, ast::Stmt* handler);
  ast::Stmt* print(SourceLoc loc, QualifiedName file, Text format, SourceLoc format_loc, ExprList args);
  ast::Clause clause(ast::Clause labels, StmtList stmts);
  void add_default(ast::Clause& clause, SourceLoc loc);
  ast::CaseLabel int_label(SourceLoc loc, uint64_t value);
  ast::CaseLabel char_label(SourceLoc loc, uint64_t value);
  ast::CaseLabel named_label(QualifiedName name, ast::Pattern pattern);
  ast::Pattern whole_pattern(QualifiedName name);
  ast::Pattern extend_pattern(ast::Pattern pattern, QualifiedName name);

  // expressions
  ast::Expr* expr(SourceLoc loc, ast::ExprNode node);
  ast::Expr* name(QualifiedName name);
  ast::Expr* integer(SourceLoc loc, Number number);
  ast::Expr* floating(SourceLoc loc, RealNumber number);
  ast::Expr* binary(SourceLoc loc, ast::BinaryOp op, ast::Expr* left, ast::Expr* right);
  ast::Expr* compound(SourceLoc loc, ast::BinaryOp op, ast::Expr* target, ast::Expr* value);
  ast::Expr* negate(SourceLoc loc, ast::Expr* operand);
  ast::Expr* parenthesised(ast::Expr* inner);
  ast::Expr* fun(SourceLoc loc, ast::Type* result, QualifiedName name, ModifierList modifiers, ast::Stmt* body);
  ast::Expr* codegen(SourceLoc loc, ast::Type* result, QualifiedName name, ModifierList modifiers, ast::Stmt* body);
  ast::Expr* instantiate(SourceLoc loc, ast::Expr* function, TypeList inner, QualifiedName constructor, TypeList more);
  Text concatenate(Text left, Text right);

 private:
  template <class Node>
  Node* limited(Node* node);
  void report_too_deep(SourceLoc loc);
  ast::Type* function_type(ast::Type* result, ModifierList modifiers, SourceLoc loc);
  void check_scope(ScopeWord scope, SourceLoc loc, const char* what, bool may_be_abstract, bool may_be_public);
  StmtList fold_labels(StmtList stmts);
  DeclList fold_prefixes(DeclList decls);

  Session& session_;
  const TokenList& tokens_;
  size_t next_ = 0;
  std::unique_ptr<ast::Module> module_;
  bool reported_depth_ = false;
};

}  // namespace frontend
