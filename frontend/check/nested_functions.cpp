// Nested functions and `fun` expressions.
//
// They see neither the locals nor the type variables of the functions around them, so they are functions of the module like others, but
// for their names: these are made of the names around them and of a number among those of one name there, so that they stay the same
// when other code changes (a running program is updated by name). Nested functions that are in scope stay visible further inside.

#include <algorithm>

#include "frontend/check/body_checker.h"

namespace frontend {

// Its name is known in its own body.
typed::SymbolId BodyChecker::hoist(const ast::FunctionDecl& function) {
  const uint32_t ordinal = ++nested_counts_[function.name];
  const SymbolId symbol = env_.nested_function(function, name_, ordinal, TypeVariables::nested_in(variables_), opens_);
  if (!function.name.empty()) bind(function.name, Binding{{}, symbol});
  check_definition(env_, function, symbol, opens_, this);
  return symbol;
}

// ... and outside, unless it is part of an expression.
typed::SymbolId BodyChecker::hoist_expression(const ast::FunctionDecl& function) {
  const size_t mark = open_scope();
  const SymbolId symbol = hoist(function);
  close_scope(mark);
  return symbol;
}

typed::ExprId BodyChecker::expr(const ast::FunExpr& n, SourceLoc loc, TypeId) { return symbol_value(hoist_expression(*n.function), loc); }

void BodyChecker::report_unbound(SourceLoc loc, Name name) {
  for (const BodyChecker* around = enclosing_; around; around = around->enclosing_) {
    const Binding* binding = around->find_binding(name);
    if (binding && binding->local.is_valid()) return env_.report_enclosing_local(loc, name, around->body_.local(binding->local).loc);
  }
  std::vector<Name> names;
  for (const auto& [known, binding] : bindings_) names.push_back(known);
  env_.report_unbound(loc, name, names);
}

// For messages: a nested function is called what it is called in the source.
std::string BodyChecker::written_name(const typed::Symbol& function) {
  std::string name = function.name.str();
  if (!function.is_nested) return name;
  name.erase(0, std::min(name.size(), name.find_first_not_of("_0123456789", name.rfind("::") + 2)));
  return name.empty() ? "fun" : name;
}

}  // namespace frontend
