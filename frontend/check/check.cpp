// The type checker's driver: builds the environment, then checks initializers and function bodies in source order.

#include "frontend/check/body_checker.h"
#include "frontend/check/constant_fold.h"
#include "frontend/check/flow.h"
#include "frontend/check/warnings.h"
#include "frontend/check/widths.h"

namespace frontend {

using support::Diag;
using typed::TypedModule;

namespace {

void check_variable(Environment& env, const Environment::VariableItem& item) {
  const auto& decl = std::get<ast::ValueDecl>(item.placed.decl->node);
  const TypeId type = env.module().symbols[item.symbol.value].type;
  typed::Global global;
  global.symbol = item.symbol;
  global.loc = item.placed.decl->loc;
  const uint32_t errors_before = env.session().diagnostics.error_count();
  BodyChecker checker(env, item.placed.opens, {}, global.body, item.placed.name);
  global.init = checker.check_initializer(decl.init, type, *decl.type, item.placed.name, global.loc);
  checker.finish();
  if (env.session().diagnostics.error_count() == errors_before) fold_initializer(env, global.body, global.init);
  env.module().globals.push_back(std::move(global));
}

// `void pop_main()`, `int pop_main()`; `int main()`, `int main(string[])`.
void check_entry_point(Environment& env, const Environment::FunctionItem& item) {
  const typed::Symbol& symbol = env.module().symbols[item.symbol.value];
  const bool is_pop_main = symbol.name.view() == "pop_main", is_main = symbol.name.view() == "main";
  if (!is_pop_main && !is_main) return;
  const Type& type = env.types().get(symbol.type);
  const bool takes_args = is_main && type.args.size() == 1 && type.args[0] == env.types().array(kStringType);
  const bool good_result = type.element == kIntType || (is_pop_main && type.element == kVoidType);
  if ((type.args.empty() || takes_args) && good_result && type.type_params == 0) return;
  env.session().diagnostics.report<Diag::EntryPointType>(symbol.loc, symbol.name.view(), env.types().print(symbol.type));
}

}  // namespace

void check_definition(Environment& env, const ast::FunctionDecl& decl, typed::SymbolId symbol, OpenScopeId opens, const BodyChecker* enclosing) {
  typed::Function function;
  function.symbol = symbol;
  function.loc = decl.loc;
  function.type_params = std::get<ast::FunctionType>(decl.type->node).type_params;
  const uint32_t errors_before = env.session().diagnostics.error_count();
  BodyChecker checker(env, opens, function.type_params, function.body, env.module().symbols[symbol.value].name, enclosing);
  checker.check_function(decl, env.module().symbols[symbol.value].type, function);
  checker.finish();
  if (env.session().diagnostics.error_count() == errors_before) {
    check_flow(env.session(), env.types(), function);
    if (env.session().options.warn_all) warn_function(env.session(), env.types(), function);
  }
  env.module().functions.push_back(std::move(function));
}

std::unique_ptr<TypedModule> check(Session& session, const ast::Module& module) {
  auto result = std::make_unique<TypedModule>();
  result->name = module.name;
  result->types = std::make_shared<TypeStore>();
  Environment env(session, *result);
  env.collect(module);
  env.resolve_types();
  env.declare_values();
  for (const Environment::VariableItem& item : env.variables()) check_variable(env, item);
  for (const Environment::FunctionItem& item : env.functions()) {
    check_entry_point(env, item);
    check_definition(env, std::get<ast::FunctionDecl>(item.placed.decl->node), item.symbol, item.placed.opens, nullptr);
  }
  if (session.options.warn_all) warn_syntax(session, module);
  if (session.diagnostics.has_errors()) return nullptr;
  infer_widths(session, *result);
  if (session.diagnostics.has_errors()) return nullptr;
  if (session.options.warn_all) warn_unused_statics(session, module, *result);
  return result;
}

std::unique_ptr<TypedModule> compile(Session& session, const std::string& path) {
  const auto source = read_source(session, path);
  if (!source) return nullptr;
  const auto module = parse(session, *source);
  if (!module) return nullptr;
  return check(session, *module);
}

}  // namespace frontend
