// `switch` and `catch`.

#include <unordered_set>

#include "frontend/check/body_checker.h"

namespace frontend {

using support::Diag;

const ast::Clause* BodyChecker::find_default(const ast::List<ast::Clause>& clauses) {
  const ast::Clause* found = nullptr;
  for (const ast::Clause& clause : clauses) {
    if (!clause.is_default) continue;
    if (found) diagnostics_.report<Diag::DuplicateDefault>(clause.loc);
    found = &clause;
  }
  return found;
}

typed::StmtId BodyChecker::clause_body(const ast::Clause& clause, std::vector<StmtId> first) {
  if (clause.body) {
    for (const ast::Stmt* inner : std::get<ast::BlockStmt>(clause.body->node).stmts) check(*inner, first);
  }
  return block(clause.loc, first);
}

void BodyChecker::stmt(const ast::SwitchStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const ExprId subject = check(*n.subject);
  if (is_error(subject)) return;
  bool has_label = false;
  for (const ast::Clause& clause : n.clauses) has_label |= !clause.labels.empty();
  if (!has_label) {
    diagnostics_.report<Diag::SwitchWithoutCases>(loc);
    return;
  }
  const TypeId type = type_of(subject);
  if (type == kExnType) {
    // Re-raising needs the exception a second time: only a variable can be read twice.
    const typed::ExprNode node = body_.exprs[subject.value].node;
    const bool is_variable = std::holds_alternative<typed::LocalRef>(node) || std::holds_alternative<typed::GlobalRef>(node);
    StmtId again;
    if (is_variable) again = add_stmt(loc, typed::ExprStmt{raise(add(loc, kExnType, node), loc)});
    out.push_back(exception_switch(n.clauses, subject, again, loc));
  } else if (types_.is_union(type)) {
    out.push_back(union_switch(n.clauses, subject, loc));
  } else {
    integer_switch(n, subject, loc, out);
  }
}

// ---------------------------------------------------------------- integers

std::optional<uint64_t> BodyChecker::integer_label(const ast::CaseLabel& label, bool is_char) {
  const auto mismatch = [&] {
    diagnostics_.report<Diag::CaseLabelKind>(label.loc, is_char ? "a character" : "an integer");
    return std::nullopt;
  };
  switch (label.kind) {
    case ast::CaseLabel::Int:
      if (is_char) return mismatch();
      return label.value;
    case ast::CaseLabel::Char:
      if (!is_char) return mismatch();
      return label.value;
    case ast::CaseLabel::Named:
      break;
  }
  const Environment::Value* value = env_.find_value(label.name, opens_);
  if (!value) {
    env_.report_unbound(label.loc, label.name, {});
    return std::nullopt;
  }
  if (value->kind != Environment::Value::Constant || label.pattern.kind != ast::Pattern::None || is_char) return mismatch();
  return static_cast<uint64_t>(value->constant);
}

void BodyChecker::integer_switch(const ast::SwitchStmt& n, ExprId subject, SourceLoc loc, std::vector<StmtId>& out) {
  bool is_char = false;
  for (const ast::Clause& clause : n.clauses) {
    for (const ast::CaseLabel& label : clause.labels) is_char |= label.kind == ast::CaseLabel::Char;
  }
  const TypeId type = known_number(subject);
  if (!types_.is_integer(type)) {
    diagnostics_.report<Diag::SwitchSubject>(loc, show(type_of(subject)));
    return;
  }
  if (is_char && type != kCharType) {
    diagnostics_.report<Diag::CharCasesOnInteger>(loc, show(type));
    return;
  }
  if (!is_char) subject = convert_number(subject, common_type(type, kIntType));
  const TypeId label_type = type_of(subject);
  const uint64_t mask = types_.byte_size(label_type) == 8 ? UINT64_MAX : UINT32_MAX;

  typed::Switch result{subject, {}, {}};
  std::unordered_set<uint64_t> seen;
  for (const ast::Clause& clause : n.clauses) {
    typed::SwitchCase item{{}, {}, clause.loc};
    for (const ast::CaseLabel& label : clause.labels) {
      const auto value = integer_label(label, is_char);
      if (!value) continue;
      if (!seen.insert(*value & mask).second) diagnostics_.report<Diag::DuplicateCase>(label.loc);
      item.values.push_back(*value & mask);
    }
    const size_t mark = open_scope();
    item.body = clause_body(clause, {});
    close_scope(mark);
    if (clause.is_default) {
      result.default_body = item.body;  // its other labels lead to the same place
    } else {
      result.cases.push_back(std::move(item));
    }
  }
  if (!find_default(n.clauses)) diagnostics_.report<Diag::SwitchNeedsDefault>(loc);
  out.push_back(add_stmt(loc, std::move(result)));
}

// ---------------------------------------------------------------- exceptions

// Names of a pattern that does not fit: they are bound so that their uses are not reported as well.
void BodyChecker::bind_errors(const ast::Pattern& pattern) {
  for (size_t i = 0; i < pattern.names.size(); ++i) {
    if (!pattern.names[i].empty()) bind(pattern.names[i], add_local(pattern.names[i], kErrorType, pattern.locs[i]));
  }
}

// The variables of a pattern become locals of the clause: the payload itself, or its components.
void BodyChecker::bind_pattern(const ast::CaseLabel& label, TypeId payload, LocalId& local, std::vector<StmtId>& out) {
  const ast::Pattern& pattern = label.pattern;
  if (pattern.kind == ast::Pattern::None) return;
  if (payload == kVoidType) {
    diagnostics_.report<Diag::PatternWithoutPayload>(label.loc, label.name.view());
    return bind_errors(pattern);
  }
  if (payload == kErrorType) return bind_errors(pattern);
  if (pattern.kind == ast::Pattern::Whole) {
    local = add_local(pattern.names[0], payload, pattern.locs[0]);
    if (!pattern.names[0].empty()) bind(pattern.names[0], local);
    return;
  }
  const Type& tuple = types_.get(payload);
  if (tuple.kind != TypeKind::Tuple || tuple.args.size() != pattern.names.size()) {
    diagnostics_.report<Diag::PatternArity>(label.loc, show(payload), std::to_string(pattern.names.size()));
    return bind_errors(pattern);
  }
  local = add_local(Name(), payload, label.loc);
  for (uint32_t i = 0; i < pattern.names.size(); ++i) {
    const Name name = pattern.names[i];
    if (name.empty()) continue;
    for (uint32_t j = 0; j < i; ++j) {
      if (pattern.names[j] == name) diagnostics_.report<Diag::DuplicatePatternVariable>(pattern.locs[i], name.view());
    }
    const LocalId component = add_local(name, tuple.args[i], pattern.locs[i]);
    const ExprId value = add(pattern.locs[i], tuple.args[i], typed::Component{read_local(local, pattern.locs[i]), i});
    out.push_back(add_stmt(pattern.locs[i], typed::Declare{component, value}));
    bind(name, component);
  }
}

// `default_body` re-raises; it is used if the source has no default. Invalid: then there must be one.
typed::StmtId BodyChecker::exception_switch(const ast::List<ast::Clause>& clauses, ExprId subject, StmtId default_body, SourceLoc loc) {
  typed::ExnSwitch result{subject, {}, default_body};
  std::unordered_set<uint32_t> seen;
  for (const ast::Clause& clause : clauses) {
    typed::ExnCase item{{}, {}, {}, clause.loc};
    const size_t mark = open_scope();
    std::vector<StmtId> first;
    for (const ast::CaseLabel& label : clause.labels) {
      if (label.kind != ast::CaseLabel::Named) {
        diagnostics_.report<Diag::CaseLabelKind>(label.loc, "an exception");
        continue;
      }
      const auto exception = find_exception(label.name, label.loc);
      if (!exception) continue;
      if (is_error(*exception)) continue;
      const TypeId payload = unifier_.prune(types_.get(type_of(*exception)).element);
      const auto* named = std::get_if<typed::ExceptionRef>(&body_.exprs[exception->value].node);
      if (named && !seen.insert(named->symbol.value).second) diagnostics_.report<Diag::DuplicateCase>(label.loc);
      const bool shares_body = clause.labels.size() > 1 || clause.is_default;
      if (shares_body && label.pattern.kind != ast::Pattern::None) {
        diagnostics_.report<Diag::PatternWithSeveralLabels>(label.loc);
      } else {
        bind_pattern(label, payload, item.payload, first);
      }
      item.names.push_back(*exception);
    }
    item.body = clause_body(clause, std::move(first));
    close_scope(mark);
    if (clause.is_default) {
      result.default_body = item.body;
    } else {
      result.cases.push_back(std::move(item));
    }
  }
  if (!find_default(clauses) && !default_body.is_valid()) diagnostics_.report<Diag::ExceptionSwitchNeedsDefault>(loc);
  return add_stmt(loc, std::move(result));
}

}  // namespace frontend
