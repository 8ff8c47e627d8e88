// Unions: values, projection, `switch`.

#include <algorithm>

#include "frontend/check/body_checker.h"

namespace frontend {

using support::Diag;

std::optional<uint32_t> BodyChecker::find_case(TypeDeclId id, Name name, SourceLoc loc) {
  const std::vector<Field>& cases = types_.decl(id).fields;
  const auto found = std::ranges::find(cases, name, &Field::name);
  if (found != cases.end()) return static_cast<uint32_t>(found - cases.begin());
  suggest_field(diagnostics_.report<Diag::NoSuchCase>(loc, types_.decl(id).name.view(), name.view()), name, types_.decl(id));
  return std::nullopt;
}

// ---------------------------------------------------------------- values

// Of `^.C`: the union that is wanted where it stands, if it has such a case, or else the only one that has.
std::optional<TypeDeclId> BodyChecker::union_of_case(Name variant, TypeId hint, SourceLoc loc) {
  const TypeId wanted = unifier_.prune(hint);
  if (types_.is_union(wanted)) {
    const TypeDeclId id = types_.get(wanted).decl;
    if (std::ranges::find(types_.decl(id).fields, variant, &Field::name) != types_.decl(id).fields.end()) return id;
  }
  return env_.union_of_case(variant, loc);
}

typed::ExprId BodyChecker::expr(const ast::NewUnion& n, SourceLoc loc, TypeId hint) {
  std::optional<TypeDeclId> id;
  if (n.union_name.empty()) {
    id = union_of_case(n.variant, hint, loc);
  } else if (id = env_.find_type(n.union_name, opens_); !id) {
    env_.report_unknown_type(loc, n.union_name);
  } else if (types_.decl(*id).kind != TypeDeclKind::Union) {
    diagnostics_.report<Diag::NotAUnion>(loc, n.union_name.view()).note<Diag::DeclaredHere>(types_.decl(*id).loc, types_.decl(*id).name.view());
    id.reset();
  }
  const auto variant = id ? find_case(*id, n.variant, loc) : std::nullopt;
  if (!variant) {
    if (n.payload) check(*n.payload);  // for the mistakes in it
    return error_expr(loc);
  }
  const TypeId type = fresh_instance(*id);
  const TypeId expected = types_.field_type(type, *variant);
  const std::string name = types_.decl(*id).name.str();
  const Field& field = types_.decl(*id).fields[*variant];
  if ((expected != kVoidType) != (n.payload != nullptr)) {
    diagnostics_.report<Diag::CasePayload>(loc, n.variant.view(), name, expected == kVoidType ? "no value" : "a value of type `" + show(expected) + "`",
                                           n.payload ? "one" : "none")
        .note<Diag::DeclaredHere>(field.loc, n.variant.view());
    return error_expr(loc);
  }
  ExprId payload;
  if (n.payload) {
    payload = check(*n.payload, expected);
    payload = expect(payload, expected, [&](const std::string& got, const std::string& wanted) {
      diagnostics_.report<Diag::CasePayloadType>(n.payload->loc, n.variant.view(), name, wanted, got).note<Diag::DeclaredHere>(field.loc, n.variant.view());
    });
  }
  return add(loc, type, typed::NewUnion{*variant, payload});
}

typed::ExprId BodyChecker::projection(ExprId object, Name name, SourceLoc loc) {
  const TypeId type = type_of(object);
  const auto variant = find_case(types_.get(type).decl, name, loc);
  if (!variant) return error_expr(loc);
  const TypeId payload = types_.field_type(type, *variant);
  if (payload == kVoidType) {
    diagnostics_.report<Diag::VoidProjection>(loc, name.view()).note<Diag::DeclaredHere>(types_.decl_of(type).fields[*variant].loc, name.view());
    return error_expr(loc);
  }
  return add(loc, payload, typed::FieldGet{object, *variant});
}

// ---------------------------------------------------------------- switch

// The pattern of one label. A clause with several labels binds nothing.
void BodyChecker::union_label(const ast::CaseLabel& label, bool shares_body, TypeId payload, LocalId& local, std::vector<StmtId>& out) {
  const ast::Pattern& pattern = label.pattern;
  const bool binds = std::ranges::any_of(pattern.names, [](Name name) { return !name.empty(); });
  if (pattern.kind == ast::Pattern::None && payload != kVoidType && payload != kErrorType) {
    diagnostics_.report<Diag::PatternMissing>(label.loc, label.name.view(), show(payload));
  } else if (shares_body && binds) {
    diagnostics_.report<Diag::PatternWithSeveralLabels>(label.loc);
  } else {
    LocalId bound;
    bind_pattern(label, payload, bound, out);
    if (binds) local = bound;
  }
}

typed::StmtId BodyChecker::union_switch(const ast::List<ast::Clause>& clauses, ExprId subject, SourceLoc loc) {
  const TypeId type = type_of(subject);
  const TypeDeclId id = types_.get(type).decl;
  std::vector<bool> seen(types_.decl(id).fields.size());
  bool complete = true;  // no label is wrong
  typed::UnionSwitch result{subject, {}, {}};
  for (const ast::Clause& clause : clauses) {
    typed::UnionCase item{{}, {}, {}, clause.loc};
    const size_t mark = open_scope();
    std::vector<StmtId> first;
    const bool shares_body = clause.labels.size() > 1 || clause.is_default;
    for (const ast::CaseLabel& label : clause.labels) {
      if (label.kind != ast::CaseLabel::Named) {
        diagnostics_.report<Diag::CaseLabelKind>(label.loc, "a case of union `" + types_.decl(id).name.str() + "`");
        complete = false;
        continue;
      }
      const auto variant = find_case(id, label.name, label.loc);
      complete &= variant.has_value();
      union_label(label, shares_body, variant ? types_.field_type(type, *variant) : kErrorType, item.payload, first);
      if (!variant) continue;
      if (seen[*variant]) diagnostics_.report<Diag::DuplicateCase>(label.loc);
      seen[*variant] = true;
      item.variants.push_back(*variant);
    }
    item.body = clause_body(clause, std::move(first));
    close_scope(mark);
    if (clause.is_default) {
      result.default_body = item.body;  // its other labels lead to the same place
    } else {
      result.cases.push_back(std::move(item));
    }
  }
  const TypeDecl& decl = types_.decl(id);
  std::string missing;
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) missing += (missing.empty() ? "`" : ", `") + decl.fields[i].name.str() + "`";
  }
  const ast::Clause* otherwise = find_default(clauses);
  if (complete && !otherwise && !missing.empty()) {
    diagnostics_.report<Diag::MissingCases>(loc, missing, decl.name.view()).note<Diag::DeclaredHere>(decl.loc, decl.name.view());
  }
  // Of a nullable union, null is what remains.
  if (complete && otherwise && missing.empty() && !decl.nullable) diagnostics_.report<Diag::RedundantDefault>(otherwise->loc, decl.name.view());
  return add_stmt(loc, std::move(result));
}

}  // namespace frontend
