#include "frontend/ast_builder.h"

#include <algorithm>

#include "frontend/ast_children.h"

namespace frontend {

using support::Diag;

namespace {

// The parser, the checker and lowering recurse over the tree; this keeps them far from the end of the stack.
constexpr uint32_t kMaxDepth = 1000;

}  // namespace

AstBuilder::AstBuilder(Session& session, const SourceText& source)
    : session_(session), module_(std::make_unique<ast::Module>()), lexer_(session, source, module_->arena) {}

// The height of a node is one more than its parts'; trees that are too high are cut off, with one error.
template <class Node>
Node* AstBuilder::limited(Node* node) {
  uint32_t height = 0;
  ast::for_each_child(*node, [&height](const auto* part) {
    using Part = std::decay_t<decltype(*part)>;
    if constexpr (std::is_same_v<Part, ast::FunctionDecl>) {
      height = std::max(height, part->body ? part->body->depth : 0);
    } else {
      height = std::max(height, part->depth);
    }
  });
  node->depth = height + 1;
  if (node->depth > kMaxDepth) {
    report_too_deep(node->loc);
    node->depth = 1;
    if constexpr (std::is_same_v<Node, ast::Expr>) {
      node->node = ast::NullLit{};
    } else if constexpr (std::is_same_v<Node, ast::Stmt>) {
      node->node = ast::EmptyStmt{};
    } else {
      node->node = ast::BasicType{TypeKind::Error};
    }
  }
  return node;
}

void AstBuilder::report_too_deep(SourceLoc loc) {
  if (!reported_depth_) session_.diagnostics.report<Diag::NestingTooDeep>(loc, std::to_string(kMaxDepth));
  reported_depth_ = true;
}

void AstBuilder::finish(DeclList decls) { module_->decls = fold_prefixes(decls); }

void AstBuilder::skip_rest() {
  while (lexer_.next().kind != TOK_END) {
  }
}

// ---------------------------------------------------------------- names

QualifiedName AstBuilder::qualify(QualifiedName left, Name right) {
  std::string text = left.name.str() + "::";
  text += right.view();
  return {session_.names.get(text), left.loc};
}

QualifiedName AstBuilder::type_word(SourceLoc loc, const char* word) { return {session_.names.get(word), loc}; }

// ---------------------------------------------------------------- types

ast::Type* AstBuilder::basic(SourceLoc loc, TypeKind kind) { return module_->new_type(loc, ast::BasicType{kind}); }

ast::Type* AstBuilder::inferred(SourceLoc loc) { return module_->new_type(loc, ast::InferredType{}); }

ast::Type* AstBuilder::unsigned_of(SourceLoc loc, TypeKind kind) {
  switch (kind) {
    case TypeKind::Byte: return basic(loc, TypeKind::UByte);
    case TypeKind::Short: return basic(loc, TypeKind::UShort);
    case TypeKind::Long: return basic(loc, TypeKind::ULong);
    default: return basic(loc, TypeKind::UInt);
  }
}

ast::Type* AstBuilder::tuple_type(SourceLoc loc, bool read_only, ParamList components) {
  return limited(module_->new_type(loc, ast::TupleType{read_only, components}));
}

ast::Type* AstBuilder::named_type(QualifiedName name, TypeList args) {
  const bool is_array = name.name.view() == "array", is_exncon = name.name.view() == "exncon";
  // `rep` is a word only in this place, and only with an argument.
  const bool is_rep = name.name.view() == "rep" && !args.empty();
  if (!is_array && !is_exncon && !is_rep) return limited(module_->new_type(name.loc, ast::NamedType{name.name, args}));
  if (args.size() != 1) {
    session_.diagnostics.report<Diag::OneTypeArgument>(name.loc, name.name.view());
    return basic(name.loc, TypeKind::Error);
  }
  if (is_array) return limited(module_->new_type(name.loc, ast::ArrayType{args[0], nullptr}));
  if (is_rep) return limited(module_->new_type(name.loc, ast::RepType{args[0]}));
  return limited(module_->new_type(name.loc, ast::ExnconType{args[0]}));
}

ast::Type* AstBuilder::nested_type(TypeList inner, QualifiedName constructor, TypeList more, QualifiedName outer) {
  return named_type(outer, append(list(named_type(constructor, inner)), more));
}

// Modifiers read outward: the first one is the outermost constructor.
ast::Type* AstBuilder::modified(ast::Type* base, const ModifierList& modifiers) {
  ast::Type* type = base;
  for (size_t i = modifiers.size(); i-- > 0;) {
    Modifier* modifier = modifiers[i];
    switch (modifier->kind) {
      case Modifier::Array:
        type = limited(module_->new_type(base->loc, ast::ArrayType{type, modifier->size}));
        break;
      case Modifier::ConstArray:
        type = limited(module_->new_type(base->loc, ast::ConstArrayType{type, modifier->length, modifier->nullable}));
        break;
      case Modifier::Function:
        modifier->function.result = type;
        type = limited(module_->new_type(base->loc, modifier->function));
        break;
    }
  }
  return type;
}

Modifier* AstBuilder::array_mod(ast::Expr* size) {
  Modifier* modifier = module_->arena.make<Modifier>();
  modifier->size = size;
  return modifier;
}

Modifier* AstBuilder::const_array_mod(Number length, bool nullable) {
  Modifier* modifier = module_->arena.make<Modifier>();
  modifier->kind = Modifier::ConstArray;
  modifier->length = length.value;
  modifier->nullable = nullable;
  return modifier;
}

Modifier* AstBuilder::function_mod(Convention convention, NameList type_params, ParamList params) {
  Modifier* modifier = module_->arena.make<Modifier>();
  modifier->kind = Modifier::Function;
  modifier->function = ast::FunctionType{convention, type_params, params, nullptr};
  return modifier;
}

ast::Type* AstBuilder::function_type(ast::Type* result, const ModifierList& modifiers, SourceLoc loc) {
  const bool is_function = !modifiers.empty() && modifiers.front()->kind == Modifier::Function;
  if (!is_function) {
    session_.diagnostics.report<Diag::BodyWithoutParameters>(loc);
    return modified(result, append(list(function_mod(Convention::Cdecl, {}, {})), modifiers));
  }
  for (const ast::Param& param : modifiers.front()->function.params) {
    if (param.name.empty()) session_.diagnostics.report<Diag::UnnamedParameter>(param.loc);
  }
  return modified(result, modifiers);
}

// ---------------------------------------------------------------- declarations

// `prefix P;` and `open P;` hold to the end of the list they stand in.
DeclList AstBuilder::fold_prefixes(DeclList decls) {
  uint32_t depth = 0;
  for (size_t i = decls.size(); i-- > 0;) {
    DeclList* members = nullptr;
    if (auto* prefix = std::get_if<ast::PrefixDecl>(&decls[i]->node); prefix && !prefix->braces) members = &prefix->members;
    if (auto* open = std::get_if<ast::OpenDecl>(&decls[i]->node); open && !open->braces) members = &open->members;
    if (!members) continue;
    if (++depth > kMaxDepth) {
      report_too_deep(decls[i]->loc);
      continue;
    }
    *members = decls.split(i + 1);
  }
  return decls;
}

PendingDeclarator* AstBuilder::declarator(QualifiedName name, ModifierList modifiers, ast::Expr* init, ast::Stmt* body) {
  return module_->arena.make<PendingDeclarator>(name, modifiers, init, body);
}

ast::Decl* AstBuilder::prefix(QualifiedName name, DeclList members, bool braces) {
  return module_->new_decl(name.loc, Scope::Public, ast::PrefixDecl{name.name, fold_prefixes(members), braces});
}

ast::Decl* AstBuilder::open(QualifiedName name, DeclList members, bool braces) {
  return module_->new_decl(name.loc, Scope::Public, ast::OpenDecl{name.name, fold_prefixes(members), braces});
}

void AstBuilder::check_scope(ScopeWord scope, SourceLoc loc, const char* what, bool may_be_abstract, bool may_be_public) {
  if (scope.scope == Scope::Abstract && !may_be_abstract) session_.diagnostics.report<Diag::ScopeNotAllowed>(loc, "abstract", what);
  if (scope.is_explicit_public && !may_be_public) session_.diagnostics.report<Diag::ScopeNotAllowed>(loc, "public", what);
}

ast::Decl* AstBuilder::aggregate(ScopeWord scope, TypeDeclKind kind, bool nullable, NameList params, QualifiedName name,
                                 FieldList fields) {
  return module_->new_decl(name.loc, scope.scope, ast::AggregateDecl{kind, nullable, params, name.name, fields});
}

ast::Decl* AstBuilder::abstype(ScopeWord scope, NameList params, QualifiedName name, NameList hidden, ast::Param representation) {
  return module_->new_decl(name.loc, scope.scope, ast::AbstypeDecl{params, name.name, hidden, representation.type});
}

ast::Decl* AstBuilder::abstract(QualifiedName name, bool nullable, NameList params) {
  return module_->new_decl(name.loc, Scope::Extern, ast::AbstractDecl{name.name, nullable, params});
}

ast::Decl* AstBuilder::exception(ScopeWord scope, QualifiedName name, ast::Type* payload) {
  check_scope(scope, name.loc, "an exception", false, true);
  return module_->new_decl(name.loc, scope.scope, ast::ExceptionDecl{name.name, payload});
}

ast::Decl* AstBuilder::type_alias(SourceLoc loc, Name name, ast::Type* type) {
  return module_->new_decl(loc, Scope::Static, ast::TypedefDecl{name, type});
}

ast::Decl* AstBuilder::enumeration(SourceLoc loc, ScopeWord scope, Name name, EnumeratorList enumerators) {
  check_scope(scope, loc, "an enum", false, true);
  return module_->new_decl(loc, Scope::Static, ast::EnumDecl{name, enumerators});
}

DeclList AstBuilder::function(ScopeWord scope, TypedStart start, QualifiedName name, const ModifierList& modifiers, ast::Stmt* body) {
  check_scope(scope, name.loc, "a function", false, true);
  if (start.is_const) session_.diagnostics.report<Diag::ScopeNotAllowed>(name.loc, "const", "a function");
  ast::Type* type = function_type(start.type, modifiers, name.loc);
  return list(module_->new_decl(name.loc, scope.scope, ast::FunctionDecl{name.name, type, body, name.loc}));
}

DeclList AstBuilder::globals(ScopeWord scope, TypedStart start, const DeclaratorList& declarators) {
  DeclList decls;
  for (const PendingDeclarator* d : declarators) {
    check_scope(scope, d->name.loc, "a variable", false, true);
    if (scope.scope == Scope::Extern && d->init) session_.diagnostics.report<Diag::ExternWithInitializer>(d->name.loc, d->name.name.view());
    ast::Type* type = modified(start.type, d->modifiers);
    // Without initializer a function type declares a function that is defined elsewhere, here or in another module.
    const bool is_prototype = std::holds_alternative<ast::FunctionType>(type->node) && !d->init;
    const Scope value_scope = is_prototype ? Scope::Extern : scope.scope;
    decls = append(decls, module_->new_decl(d->name.loc, value_scope, ast::ValueDecl{d->name.name, type, d->init, start.is_const, is_prototype && scope.scope == Scope::Static}));
  }
  return decls;
}

FieldList AstBuilder::fields(TypedStart start, const DeclaratorList& declarators) {
  FieldList fields;
  for (const PendingDeclarator* d : declarators) {
    if (d->init || d->body) session_.diagnostics.report<Diag::FieldWithInitializer>(d->name.loc, d->name.name.view());
    fields = append(fields, {d->name.name, modified(start.type, d->modifiers), start.is_const, d->name.loc});
  }
  return fields;
}

// ---------------------------------------------------------------- statements

ast::Stmt* AstBuilder::stmt(SourceLoc loc, ast::StmtNode node) { return limited(module_->new_stmt(loc, node)); }

StmtList AstBuilder::prepend(ast::Stmt* first, StmtList rest) {
  return append(list(first), rest);
}

// A label covers the rest of its block.
StmtList AstBuilder::fold_labels(StmtList stmts) {
  for (size_t i = stmts.size(); i-- > 0;) {
    auto* label = std::get_if<ast::LabelStmt>(&stmts[i]->node);
    if (!label || !label->stmts.empty()) continue;
    label->stmts = stmts.split(i + 1);
    limited(stmts[i]);
  }
  return stmts;
}

ast::Stmt* AstBuilder::block(const SourceRange& where, StmtList stmts) {
  return stmt(where.begin, ast::BlockStmt{fold_labels(stmts), where.end});
}

ast::Stmt* AstBuilder::label(SourceLoc loc, Name name) { return stmt(loc, ast::LabelStmt{name, {}}); }

ast::Stmt* AstBuilder::local_alias(ast::Decl* decl) { return stmt(decl->loc, ast::TypeAliasStmt{decl}); }

ast::Stmt* AstBuilder::variables(SourceLoc loc, TypedStart start, const DeclaratorList& declarators) {
  ast::DeclStmt declared{start.is_const, {}};
  for (const PendingDeclarator* d : declarators) {
    ast::Declarator item{d->name.name, d->name.loc, nullptr, d->init, nullptr};
    if (d->body) {
      ast::Type* type = function_type(start.type, d->modifiers, d->name.loc);
      item.function = module_->new_function(ast::FunctionDecl{d->name.name, type, d->body, d->name.loc});
    } else {
      item.type = modified(start.type, d->modifiers);
    }
    declared.declarators.append(module_->arena, item);
  }
  return stmt(loc, declared);
}

ast::Stmt* AstBuilder::handle(SourceLoc loc, ast::Stmt* body, QualifiedName exn, ast::Stmt* handler) {
  return stmt(loc, ast::HandleStmt{body, exn.name, exn.loc, handler});
}

ast::Stmt* AstBuilder::print(SourceLoc loc, QualifiedName file, Text format, SourceLoc format_loc, ExprList args) {
  return stmt(loc, ast::PrintfStmt{file.name, file.loc, text(format), format_loc, args});
}

ast::Clause* AstBuilder::first_label(SourceLoc loc, const ast::CaseLabel* label) {
  ast::Clause* clause = module_->arena.make<ast::Clause>();
  clause->loc = loc;
  clause->is_default = !label;
  return label ? add_label(clause, label) : clause;
}

ast::Clause* AstBuilder::add_label(ast::Clause* clause, const ast::CaseLabel* label) {
  clause->labels.append(module_->arena, *label);
  return clause;
}

ast::Clause* AstBuilder::add_default(ast::Clause* clause, SourceLoc loc) {
  if (clause->is_default) session_.diagnostics.report<Diag::DuplicateDefault>(loc);
  clause->is_default = true;
  return clause;
}

ast::Clause* AstBuilder::clause(ast::Clause* labels, StmtList stmts) {
  labels->body = stmt(labels->loc, ast::BlockStmt{fold_labels(stmts), labels->loc});
  return labels;
}

ast::CaseLabel* AstBuilder::int_label(SourceLoc loc, uint64_t value) {
  ast::CaseLabel* label = module_->arena.make<ast::CaseLabel>();
  label->value = value;
  label->loc = loc;
  return label;
}

ast::CaseLabel* AstBuilder::char_label(SourceLoc loc, uint64_t value) {
  ast::CaseLabel* label = int_label(loc, value);
  label->kind = ast::CaseLabel::Char;
  return label;
}

ast::CaseLabel* AstBuilder::named_label(QualifiedName name, const ast::Pattern* pattern) {
  ast::CaseLabel* label = int_label(name.loc, 0);
  label->kind = ast::CaseLabel::Named;
  label->name = name.name;
  if (pattern) label->pattern = *pattern;
  return label;
}

ast::Pattern* AstBuilder::whole_pattern(QualifiedName name) {
  return module_->arena.make<ast::Pattern>(ast::Pattern::Whole, list(name.name), list(name.loc));
}

ast::Pattern* AstBuilder::tuple_pattern() { return module_->arena.make<ast::Pattern>(ast::Pattern::Tuple, NameList(), ast::List<SourceLoc>()); }

ast::Pattern* AstBuilder::extend_pattern(ast::Pattern* pattern, QualifiedName name) {
  pattern->names.append(module_->arena, name.name);
  pattern->locs.append(module_->arena, name.loc);
  return pattern;
}

// ---------------------------------------------------------------- expressions

ast::Expr* AstBuilder::expr(SourceLoc loc, ast::ExprNode node) { return limited(module_->new_expr(loc, node)); }

ast::Expr* AstBuilder::name(QualifiedName name) { return module_->new_expr(name.loc, ast::NameExpr{name.name}); }

ast::Expr* AstBuilder::integer(SourceLoc loc, Number number) { return module_->new_expr(loc, ast::IntLit{number.value, number.type}); }

ast::Expr* AstBuilder::floating(SourceLoc loc, RealNumber number) { return module_->new_expr(loc, ast::FloatLit{number.value, number.type}); }

ast::Expr* AstBuilder::binary(SourceLoc loc, ast::BinaryOp op, ast::Expr* left, ast::Expr* right) {
  return expr(loc, ast::Binary{op, left, right});
}

ast::Expr* AstBuilder::compound(SourceLoc loc, ast::BinaryOp op, ast::Expr* target, ast::Expr* value) {
  return expr(loc, ast::CompoundAssign{op, target, value});
}

// `-x++` means `(-x)++` in the original and is refused there; with the meaning of C it would silently change.
ast::Expr* AstBuilder::negate(SourceLoc loc, ast::Expr* operand) {
  const auto* step = std::get_if<ast::IncDec>(&operand->node);
  if (step && !step->is_prefix && !operand->parenthesised) session_.diagnostics.report<Diag::NegatedPostfix>(loc, step->is_increment ? "++" : "--");
  return expr(loc, ast::Unary{ast::UnaryOp::Neg, operand});
}

ast::Expr* AstBuilder::parenthesised(ast::Expr* inner) {
  inner->parenthesised = true;
  return inner;
}

ast::Expr* AstBuilder::fun(SourceLoc loc, ast::Type* result, QualifiedName name, const ModifierList& modifiers, ast::Stmt* body) {
  ast::Type* type = function_type(result, modifiers, name.loc);
  return expr(loc, ast::FunExpr{module_->new_function(ast::FunctionDecl{name.name, type, body, name.loc})});
}

ast::Expr* AstBuilder::codegen(SourceLoc loc, ast::Type* result, QualifiedName name, const ModifierList& modifiers, ast::Stmt* body) {
  ast::Type* type = function_type(result, modifiers, name.loc);
  return expr(loc, ast::Codegen{module_->new_function(ast::FunctionDecl{name.name, type, body, name.loc})});
}

ast::Expr* AstBuilder::instantiate(SourceLoc loc, ast::Expr* function, TypeList inner, QualifiedName constructor, TypeList more) {
  return expr(loc, ast::Instantiate{function, append(list(named_type(constructor, inner)), more)});
}

}  // namespace frontend
