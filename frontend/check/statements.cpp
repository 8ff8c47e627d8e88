// Statements and local declarations.

#include "frontend/check/body_checker.h"

namespace frontend {

using support::Diag;

void BodyChecker::check(const ast::Stmt& syntax, std::vector<StmtId>& out) {
  std::visit([&](const auto& node) { stmt(node, syntax.loc, out); }, syntax.node);
}

// A statement in a scope of its own, as one node.
typed::StmtId BodyChecker::check_nested(const ast::Stmt& syntax) {
  const size_t mark = open_scope();
  std::vector<StmtId> stmts;
  if (const auto* node = std::get_if<ast::BlockStmt>(&syntax.node)) {
    for (const ast::Stmt* inner : node->stmts) check(*inner, stmts);
  } else {
    check(syntax, stmts);
  }
  close_scope(mark);
  if (stmts.size() == 1 && !std::holds_alternative<ast::BlockStmt>(syntax.node)) return stmts[0];
  return block(syntax.loc, stmts);
}

void BodyChecker::stmt(const ast::EmptyStmt&, SourceLoc, std::vector<StmtId>&) {}

void BodyChecker::stmt(const ast::ExprStmt& n, SourceLoc loc, std::vector<StmtId>& out) { out.push_back(add_stmt(loc, typed::ExprStmt{check(*n.expr)})); }

void BodyChecker::stmt(const ast::BlockStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const size_t mark = open_scope();
  std::vector<StmtId> stmts;
  for (const ast::Stmt* inner : n.stmts) check(*inner, stmts);
  close_scope(mark);
  out.push_back(block(loc, stmts));
}

void BodyChecker::stmt(const ast::ReturnStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  if (!n.value) {
    if (result_type_ != kVoidType) diagnostics_.report<Diag::ReturnWithoutValue>(loc, show(result_type_));
    out.push_back(add_stmt(loc, typed::Return{}));
    return;
  }
  const ExprId value = check(*n.value, result_type_);
  const ExprId converted = expect(value, result_type_, [&](const std::string& got, const std::string& expected) {
    if (result_type_ == kVoidType) {
      diagnostics_.report<Diag::ReturnValueInVoid>(loc_of(value), got);
    } else {
      diagnostics_.report<Diag::ReturnType>(loc_of(value), expected, got);
    }
  });
  if (result_type_ == kVoidType) {
    out.push_back(add_stmt(loc, typed::ExprStmt{converted}));
    out.push_back(add_stmt(loc, typed::Return{}));
  } else {
    out.push_back(add_stmt(loc, typed::Return{converted}));
  }
}

// ---------------------------------------------------------------- jumps and loops

typed::TargetId BodyChecker::new_target(Name label, bool is_loop) {
  const TargetId id{body_.target_count++};
  targets_.push_back({label, is_loop, id});
  return id;
}

std::optional<typed::TargetId> BodyChecker::find_target(Name label, SourceLoc loc, bool is_break) {
  for (size_t i = targets_.size(); i-- > 0;) {
    const Target& target = targets_[i];
    if (label.empty() ? target.is_loop : target.label == label) return target.id;
  }
  if (label.empty()) {
    diagnostics_.report<Diag::JumpOutsideLoop>(loc, is_break ? "break" : "continue");
  } else {
    std::vector<Name> labels;
    for (const Target& target : targets_) labels.push_back(target.label);
    suggest(diagnostics_.report<Diag::UnknownLabel>(loc, label.view()), label, labels);
  }
  return std::nullopt;
}

void BodyChecker::stmt(const ast::BreakStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  if (const auto target = find_target(n.label, loc, true)) out.push_back(add_stmt(loc, typed::Break{*target}));
}

void BodyChecker::stmt(const ast::ContinueStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  if (const auto target = find_target(n.label, loc, false)) out.push_back(add_stmt(loc, typed::Continue{*target}));
}

void BodyChecker::stmt(const ast::IfStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const ExprId condition = check_condition(*n.condition);
  const StmtId if_true = check_nested(*n.if_true);
  const StmtId if_false = n.if_false ? check_nested(*n.if_false) : StmtId();
  out.push_back(add_stmt(loc, typed::If{condition, if_true, if_false}));
}

typed::StmtId BodyChecker::loop_body(const ast::Stmt& body, TargetId& target) {
  target = new_target(Name(), true);
  const StmtId checked = check_nested(body);
  targets_.pop_back();
  return checked;
}

void BodyChecker::stmt(const ast::WhileStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const ExprId condition = check_condition(*n.condition);
  TargetId target;
  const StmtId body = loop_body(*n.body, target);
  out.push_back(add_stmt(loc, typed::While{target, condition, body}));
}

void BodyChecker::stmt(const ast::DoStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  TargetId target;
  const StmtId body = loop_body(*n.body, target);
  const ExprId condition = check_condition(*n.condition);
  out.push_back(add_stmt(loc, typed::DoWhile{target, body, condition}));
}

void BodyChecker::stmt(const ast::ForStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const size_t mark = open_scope();
  typed::For loop{};
  std::vector<StmtId> init;
  if (n.init) check(*n.init, init);
  if (!init.empty()) loop.init = init.size() == 1 ? init[0] : block(loc, init);
  if (n.condition) loop.condition = check_condition(*n.condition);
  if (n.step) loop.step = check(*n.step);
  loop.body = loop_body(*n.body, loop.target);
  close_scope(mark);
  out.push_back(add_stmt(loc, loop));
}

void BodyChecker::stmt(const ast::LabelStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  for (const Target& target : targets_) {
    if (target.label == n.label) diagnostics_.report<Diag::DuplicateLabel>(loc, n.label.view());
  }
  const TargetId target = new_target(n.label, false);
  std::vector<StmtId> stmts;
  for (const ast::Stmt* inner : n.stmts) check(*inner, stmts);
  targets_.pop_back();
  out.push_back(add_stmt(loc, typed::Labelled{target, block(loc, stmts)}));
}

// ---------------------------------------------------------------- exceptions

void BodyChecker::stmt(const ast::HandleStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const StmtId body = check_nested(*n.body);
  const size_t mark = open_scope();
  const LocalId exn = add_local(n.exn, kExnType, n.exn_loc);
  bind(n.exn, exn);
  const StmtId handler = check_nested(*n.handler);
  close_scope(mark);
  out.push_back(add_stmt(loc, typed::Try{body, exn, handler}));
}

// `try S catch { clauses }` is `try S handle x switch x { clauses }` with a name that nobody can write.
typed::StmtId BodyChecker::try_catch(const ast::CatchStmt& n, SourceLoc loc) {
  const StmtId body = check_nested(*n.body);
  const LocalId exn = add_local(Name(), kExnType, loc);
  const StmtId again = add_stmt(loc, typed::ExprStmt{raise(read_local(exn, loc), loc)});
  const StmtId handler = exception_switch(n.clauses, read_local(exn, loc), again, loc);
  return add_stmt(loc, typed::Try{body, exn, handler});
}

// Behind clauses, `finally` is about what they do, too.
void BodyChecker::stmt(const ast::CatchStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  StmtId body = n.has_catch ? try_catch(n, loc) : check_nested(*n.body);
  if (n.finally) body = add_stmt(loc, typed::Finally{body, check_nested(*n.finally)});
  out.push_back(body);
}

// ---------------------------------------------------------------- packages

// Hidden types that the `with` gives names to: variables behind those of the function, and behind those of the `with`s around.
std::optional<TypeId> BodyChecker::open_package(const ast::WithStmt& n, TypeId package, SourceLoc loc) {
  const Type& type = types_.get(package);
  if (type.kind != TypeKind::Named || types_.decl(type.decl).kind != TypeDeclKind::Abstype) {
    if (type.kind != TypeKind::Error) diagnostics_.report<Diag::NotAPackage>(loc, show(package));
    return std::nullopt;
  }
  const TypeDecl& decl = types_.decl(type.decl);
  if (n.hidden.size() != decl.hidden_params.size()) {
    diagnostics_.report<Diag::HiddenCount>(loc, decl.name.view(), support::counted(decl.hidden_params.size(), "type"), std::to_string(n.hidden.size()))
        .note<Diag::DeclaredHere>(decl.loc, decl.name.view());
    return std::nullopt;
  }
  const size_t first = variables_.outermost().size();
  for (size_t i = 0; i < n.hidden.size(); ++i) {
    const bool twice = std::find(n.hidden.begin(), n.hidden.begin() + static_cast<std::ptrdiff_t>(i), n.hidden[i]) != n.hidden.begin() + static_cast<std::ptrdiff_t>(i);
    if (twice || variables_.find(n.hidden[i])) diagnostics_.report<Diag::DuplicateTypeVariable>(loc, n.hidden[i].view());
  }
  if (first + n.hidden.size() > kMaxTypeVariables) {
    diagnostics_.report<Diag::TooManyTypeVariables>(loc);
    return std::nullopt;
  }
  std::vector<TypeId> args(type.args.begin(), type.args.end());
  for (size_t i = 0; i < n.hidden.size(); ++i) args.push_back(types_.var(0, static_cast<uint32_t>(first + i)));
  return types_.substitute(decl.representation, args);
}

void BodyChecker::stmt(const ast::WithStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const ExprId package = check(*n.package);
  const auto inside = open_package(n, type_of(package), loc_of(package));
  const auto first = static_cast<uint32_t>(variables_.outermost().size());
  std::vector<LocalId> inferred;  // what was declared with `_` outside may get its type inside
  for (uint32_t i = 0; i < body_.locals.size(); ++i) {
    if (types_.get(unifier_.known_part(body_.locals[i].type)).has_infer) inferred.push_back(LocalId{i});
  }
  variables_.open(n.hidden);
  const size_t mark = open_scope();
  const LocalId local = add_local(n.name, inside.value_or(kErrorType), loc);
  bind(n.name, local);
  const StmtId body = check_nested(*n.body);
  close_scope(mark);
  for (const LocalId id : inferred) {
    typed::Local& outer = body_.locals[id.value];
    const TypeId type = unifier_.known_part(outer.type);
    if (!types_.mentions_var(type, first)) continue;
    diagnostics_.report<Diag::HiddenEscapes>(loc, show(type), outer.name.view()).note<Diag::DeclaredHere>(outer.loc, outer.name.view());
    outer.type = kErrorType;
  }
  variables_.close(n.hidden.size());
  out.push_back(add_stmt(loc, typed::With{local, first, static_cast<uint32_t>(n.hidden.size()), package, body}));
}

// ---------------------------------------------------------------- not compiled yet, or never

// `rdtsc high : low`: the halves of the counter.
void BodyChecker::stmt(const ast::RdtscStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const LocalId counter = add_local(Name(), kULongType, loc);
  out.push_back(add_stmt(loc, typed::Declare{counter, add(loc, kULongType, typed::Rdtsc{})}));
  for (const ast::Expr* half : {n.high, n.low}) {
    const ExprId target = check_place(*half);
    if (is_error(target)) continue;
    const typed::ExprNode& node = body_.exprs[target.value].node;
    const bool is_variable = std::holds_alternative<typed::LocalRef>(node) || std::holds_alternative<typed::GlobalRef>(node);
    if (!is_variable || !types_.is_integer(known_number(target))) {
      diagnostics_.report<Diag::RdtscTarget>(half->loc);
      continue;
    }
    ExprId value = read_local(counter, loc);
    if (half == n.high) value = add(loc, kULongType, typed::Binary{typed::BinaryOp::UShr, value, int_literal(32, kULongType, loc)});
    const TypeId type = type_of(target);
    value = convert_number(convert_number(value, kUIntType), type);
    out.push_back(add_stmt(loc, typed::ExprStmt{add(loc, type, typed::Assign{target, value})}));
  }
}

void BodyChecker::stmt(const ast::CutStmt&, SourceLoc loc, std::vector<StmtId>&) { diagnostics_.report<Diag::NoCodeGeneration>(loc, "cut"); }

void BodyChecker::stmt(const ast::SpliceStmt&, SourceLoc loc, std::vector<StmtId>&) { diagnostics_.report<Diag::NoCodeGeneration>(loc, "splice"); }

// Constants hide local variables of their names. The entry without name stands for the declaration when the scope ends.
void BodyChecker::stmt(const ast::TypeAliasStmt& n, SourceLoc, std::vector<StmtId>&) {
  std::vector<Name> constants;
  env_.declare_local(*n.decl, variables_, opens_, constants);
  shadowed_.emplace_back(Name(), Binding());
  for (const Name name : constants) bind(name, Binding());
}

// ---------------------------------------------------------------- declarations

void BodyChecker::stmt(const ast::DeclStmt& n, SourceLoc, std::vector<StmtId>& out) {
  for (const ast::Declarator& d : n.declarators) declare(d, n.is_const, out);
}

void BodyChecker::warn_if_shadows(const ast::Declarator& d) {
  if (!env_.session().options.warn_all) return;
  const Binding* hidden = find_binding(d.name);
  if (!hidden || !hidden->local.is_valid()) return;
  diagnostics_.report<Diag::ShadowedLocal>(d.loc, d.name.view()).note<Diag::DeclaredHere>(body_.local(hidden->local).loc, d.name.view());
}

// The initializer is checked before its variable comes into scope.
void BodyChecker::declare(const ast::Declarator& d, bool is_const, std::vector<StmtId>& out) {
  if (d.function) {
    hoist(*d.function);
    return;
  }
  const TypeId type = local_type(*d.type);
  ExprId init;
  if (d.init) {
    const ExprId value = check(*d.init, type);
    init = expect(value, type, [&](const std::string& got, const std::string& expected) {
      diagnostics_.report<Diag::InitializerType>(loc_of(value), d.name.view(), expected, got);
    });
    if (type_of(init) == kVoidType) {
      diagnostics_.report<Diag::VoidNotAllowed>(loc_of(init));
      unifier_.unify(type, kErrorType);
    }
  } else if (is_sized(*d.type)) {
    default_nodes_ = 0;
    init = default_value(type, d.type, d.name, d.loc);
  }
  warn_if_shadows(d);
  const LocalId local = add_local(d.name, type, d.loc);
  body_.locals[local.value].is_const = is_const && d.init;
  bind(d.name, local);
  out.push_back(add_stmt(d.loc, typed::Declare{local, init}));
}

}  // namespace frontend
