// Calls and instantiation, allocation, raise.

#include <algorithm>

#include "frontend/check/body_checker.h"

namespace frontend {

using support::Diag;

// ---------------------------------------------------------------- functions by name

// Type arguments as written; nothing if there are more than the function type has variables.
std::optional<std::vector<TypeId>> BodyChecker::type_arguments(const ast::List<ast::Type*>& written, TypeId function, std::string_view name, SourceLoc loc) {
  const uint32_t count = types_.get(function).type_params;
  if (written.size() > count) {
    diagnostics_.report<Diag::TooManyTypeArguments>(loc, name, support::counted(count, "type variable"), support::counted(written.size(), "type argument"));
    return std::nullopt;
  }
  std::vector<TypeId> args;
  for (const ast::Type* arg : written) {
    args.push_back(local_type(*arg));
    if (types_.is_floating(args.back())) diagnostics_.report<Diag::TypeArgumentNotWord>(arg->loc, show(args.back()));
  }
  return args;
}

// A reference to a function, with the type arguments that are written.
typed::ExprId BodyChecker::function_ref(SymbolId id, const ast::List<ast::Type*>& explicit_args, SourceLoc loc) {
  const typed::Symbol symbol = env_.module().symbols[id.value];
  env_.mark_referenced(id);
  const Type& type = types_.get(symbol.type);
  if (type.kind != TypeKind::Function) return error_expr(loc);
  const auto args = type_arguments(explicit_args, symbol.type, written_name(symbol), loc);
  return args ? add(loc, types_.instantiate(symbol.type, *args), typed::FunctionRef{id, list(*args)}) : error_expr(loc);
}

// What is called: unification variables for the type arguments that are not written.
typed::ExprId BodyChecker::instantiated(ExprId function) {
  const TypeId type = type_of(function);
  std::vector<TypeId> args;
  while (args.size() < types_.get(type).type_params) args.push_back(unifier_.fresh(Unifier::Class::Word));
  if (args.empty()) return function;
  const TypeId instance = types_.instantiate(type, args);
  typed::Expr& named = body_.exprs[function.value];
  if (auto* reference = std::get_if<typed::FunctionRef>(&named.node)) {
    const auto given = body_.list(reference->type_args);
    args.insert(args.begin(), given.begin(), given.end());
    reference->type_args = list(args);
    named.type = instance;
    return function;
  }
  return add(loc_of(function), instance, typed::Instantiate{function, list(args)});
}

// The function that a callee names or is, and the type arguments written after it.
std::optional<typed::SymbolId> BodyChecker::named_function(const ast::Expr& callee, const ast::List<ast::Type*>*& explicit_args) {
  const ast::Expr* named = &callee;
  if (const auto* instantiate = std::get_if<ast::Instantiate>(&callee.node)) {
    explicit_args = &instantiate->args;
    named = instantiate->function;
  }
  if (const auto* fun = std::get_if<ast::FunExpr>(&named->node)) return hoist_expression(*fun->function);
  const auto* name = std::get_if<ast::NameExpr>(&named->node);
  if (!name) return std::nullopt;
  if (const Binding* binding = find_binding(name->name)) return binding->function.is_valid() ? std::optional(binding->function) : std::nullopt;
  const Environment::Value* value = env_.find_value(name->name, opens_);
  if (!value || value->kind != Environment::Value::Symbol) return std::nullopt;
  if (env_.module().symbols[value->symbol.value].kind != typed::SymbolKind::Function) return std::nullopt;
  return value->symbol;
}

typed::ExprId BodyChecker::expr(const ast::Instantiate& n, SourceLoc loc, TypeId) {
  const ast::List<ast::Type*>* explicit_args = &n.args;
  if (std::holds_alternative<ast::NameExpr>(n.function->node) || std::holds_alternative<ast::FunExpr>(n.function->node)) {
    if (const auto symbol = named_function(*n.function, explicit_args)) return function_ref(*symbol, n.args, loc);
  }
  if (std::holds_alternative<ast::RepTerm>(n.function->node)) return rep_term(n.args, loc);
  const ExprId function = check(*n.function);
  if (is_error(function)) return function;
  const TypeId type = type_of(function);
  if (types_.get(type).type_params == 0) {
    diagnostics_.report<Diag::InstantiationOfValue>(loc, show(type));
    return error_expr(loc);
  }
  const auto args = type_arguments(n.args, type, "this function", loc);
  return args ? add(loc, types_.instantiate(type, *args), typed::Instantiate{function, list(*args)}) : error_expr(loc);
}

// `a[] new_array<a>(int, a)`: the one polymorphic function whose result depends on the size of the type argument.
bool BodyChecker::is_new_array(SymbolId id) {
  const typed::Symbol& symbol = env_.module().symbols[id.value];
  if (symbol.scope != Scope::Extern || symbol.name.view() != "new_array") return false;
  const TypeId element = types_.var(0, 0);
  return symbol.type == types_.function(std::vector<TypeId>{kIntType, element}, types_.array(element), 1);
}

// An operation, not a call: no symbol is imported for it.
typed::ExprId BodyChecker::new_array(const ast::Call& n, const ast::List<ast::Type*>* explicit_args, SourceLoc loc) {
  if (explicit_args && explicit_args->size() > 1) {
    diagnostics_.report<Diag::TooManyTypeArguments>(loc, "new_array", "1 type variable", support::counted(explicit_args->size(), "type argument"));
    return error_expr(loc);
  }
  const bool is_explicit = explicit_args && !explicit_args->empty();
  const TypeId element = is_explicit ? local_type(*explicit_args->front()) : unifier_.fresh(Unifier::Class::Any);
  const std::vector<TypeId> params{kIntType, element};
  std::vector<ExprId> args;
  check_args(n.args, params, "new_array", SourceLoc(), args);
  if (unifier_.prune(element) == kVoidType) {
    diagnostics_.report<Diag::VoidNotAllowed>(loc);
    return error_expr(loc);
  }
  return add(loc, types_.array(element), typed::NewArray{args[0], args[1]});
}

// ---------------------------------------------------------------- calls

void BodyChecker::check_args(std::span<ast::Expr* const> args, std::span<const TypeId> params, std::string_view callee, SourceLoc declared,
                             std::vector<ExprId>& out) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (i >= params.size()) {
      out.push_back(check(*args[i]));
      continue;
    }
    const ExprId value = check(*args[i], params[i]);
    const TypeId param = unifier_.prune(params[i]);
    if (types_.kind(param) == TypeKind::Infer && types_.is_floating(type_of(value)) && !unifier_.unify(param, type_of(value))) {
      diagnostics_.report<Diag::TypeArgumentNotWord>(args[i]->loc, show(type_of(value)));
      out.push_back(error_expr(args[i]->loc));
      continue;
    }
    out.push_back(expect(value, params[i], [&](const std::string& got, const std::string& expected) {
      auto report = diagnostics_.report<Diag::ArgumentType>(args[i]->loc, std::to_string(i + 1), callee, expected, got);
      if (declared.is_valid()) report.note<Diag::DeclaredHere>(declared, callee);
    }));
  }
}

typed::ExprId BodyChecker::expr(const ast::Call& n, SourceLoc loc, TypeId) {
  const ast::List<ast::Type*>* explicit_args = nullptr;
  const auto symbol = named_function(*n.callee, explicit_args);
  if (symbol && is_new_array(*symbol) && n.args.size() == 2) return new_array(n, explicit_args, loc);
  const ExprId callee = instantiated(symbol ? function_ref(*symbol, explicit_args ? *explicit_args : ast::List<ast::Type*>(), n.callee->loc) : check(*n.callee));
  std::vector<ExprId> args;
  if (is_error(callee)) {
    for (const ast::Expr* arg : n.args) check(*arg);  // for the mistakes in them
    return error_expr(loc);
  }
  if (types_.kind(type_of(callee)) == TypeKind::Infer) {
    std::vector<TypeId> params;
    for (const ast::Expr* arg : n.args) {
      args.push_back(check(*arg));
      params.push_back(type_of(args.back()));
    }
    const TypeId result = unifier_.fresh(Unifier::Class::Any);
    unifier_.unify(type_of(callee), types_.function(params, result));
    return add(loc, result, typed::Call{callee, list(args)});
  }
  const Type& type = types_.get(type_of(callee));
  if (type.kind != TypeKind::Function) {
    diagnostics_.report<Diag::NotAFunction>(loc, show(type_of(callee)));
    return error_expr(loc);
  }
  std::string name = "this function";
  SourceLoc declared;
  if (symbol) {
    name = written_name(env_.module().symbols[symbol->value]);
    declared = env_.module().symbols[symbol->value].loc;
  }
  if (n.args.size() != type.args.size()) {
    auto report = diagnostics_.report<Diag::ArgumentCount>(loc, name, support::counted(type.args.size(), "argument"), std::to_string(n.args.size()));
    if (declared.is_valid()) report.note<Diag::DeclaredHere>(declared, name);
    return error_expr(loc);
  }
  check_args(n.args, type.args, name, declared, args);
  return add(loc, type.element, typed::Call{callee, list(args)});
}

// ---------------------------------------------------------------- allocation

TypeId BodyChecker::fresh_instance(TypeDeclId decl) {
  std::vector<TypeId> args;
  while (args.size() < types_.decl(decl).params.size()) args.push_back(unifier_.fresh(Unifier::Class::Word));
  return types_.named(decl, args);
}

typed::ExprId BodyChecker::new_struct(TypeDeclId id, std::span<ast::Expr* const> args, SourceLoc loc) {
  const TypeDecl& decl = types_.decl(id);
  const TypeId type = fresh_instance(id);
  if (args.size() != decl.fields.size()) {
    diagnostics_.report<Diag::FieldCount>(loc, decl.name.view(), support::counted(decl.fields.size(), "field"), support::counted(args.size(), "value"))
        .note<Diag::DeclaredHere>(decl.loc, decl.name.view());
    return error_expr(loc);
  }
  std::vector<ExprId> values;
  for (uint32_t i = 0; i < args.size(); ++i) {
    const TypeId field_type = types_.field_type(type, i);
    const ExprId value = check(*args[i], field_type);
    values.push_back(expect(value, field_type, [&](const std::string& got, const std::string& expected) {
      const Field& field = types_.decl(id).fields[i];
      diagnostics_.report<Diag::FieldType>(args[i]->loc, field.name.view(), types_.decl(id).name.view(), expected, got)
          .note<Diag::DeclaredHere>(field.loc, field.name.view());
    }));
  }
  return add(loc, type, typed::NewStruct{list(values), {}});
}

// The hidden types follow from the value.
typed::ExprId BodyChecker::new_package(TypeDeclId id, const std::vector<ast::Expr*>& args, SourceLoc loc) {
  const TypeDecl& decl = types_.decl(id);
  if (args.size() != 1) {
    for (const ast::Expr* arg : args) check(*arg);
    diagnostics_.report<Diag::PackageValues>(loc, decl.name.view(), std::to_string(args.size())).note<Diag::DeclaredHere>(decl.loc, decl.name.view());
    return error_expr(loc);
  }
  const TypeId type = fresh_instance(id);
  std::vector<TypeId> hidden;
  while (hidden.size() < decl.hidden_params.size()) hidden.push_back(unifier_.fresh(Unifier::Class::Word));
  std::vector<TypeId> all(types_.get(type).args.begin(), types_.get(type).args.end());
  all.insert(all.end(), hidden.begin(), hidden.end());
  const TypeId wanted = types_.substitute(decl.representation, all);
  const ExprId value = expect(check(*args[0], wanted), wanted, [&](const std::string& got, const std::string& expected) {
    diagnostics_.report<Diag::PackageType>(args[0]->loc, decl.name.view(), expected, got).note<Diag::DeclaredHere>(decl.loc, decl.name.view());
  });
  return add(loc, type, typed::NewAbstype{value, list(hidden)});
}

typed::ExprId BodyChecker::expr(const ast::NewNamed& n, SourceLoc loc, TypeId) {
  const auto decl = env_.find_type(n.name, opens_);
  const bool is_exception = names_exception(n.name);
  if (decl && is_exception) {
    diagnostics_.report<Diag::AmbiguousNew>(loc, n.name.view());
    return error_expr(loc);
  }
  if (is_exception) return new_exception(*find_exception(n.name, loc), n.name.view(), n.args, loc);
  if (!decl) {
    for (const ast::Expr* arg : n.args) check(*arg);
    env_.report_unknown_type(loc, n.name);
    return error_expr(loc);
  }
  switch (types_.decl(*decl).kind) {
    case TypeDeclKind::Struct: return new_struct(*decl, n.args, loc);
    case TypeDeclKind::Abstype: return new_package(*decl, n.args, loc);
    case TypeDeclKind::Union:
    case TypeDeclKind::Abstract: break;
  }
  diagnostics_.report<Diag::NotAllocatable>(loc, n.name.view()).note<Diag::DeclaredHere>(types_.decl(*decl).loc, types_.decl(*decl).name.view());
  return error_expr(loc);
}

typed::ExprId BodyChecker::expr(const ast::NewLabelled& n, SourceLoc loc, TypeId) {
  const auto id = env_.find_type(n.name, opens_);
  if (!id) {
    env_.report_unknown_type(loc, n.name);
    return error_expr(loc);
  }
  if (types_.decl(*id).kind != TypeDeclKind::Struct) {
    diagnostics_.report<Diag::NotAllocatable>(loc, n.name.view());
    return error_expr(loc);
  }
  const TypeDecl& decl = types_.decl(*id);
  const TypeId type = fresh_instance(*id);
  std::vector<ExprId> values;
  std::vector<uint32_t> fields;
  for (const ast::Label& label : n.fields) {
    const auto found = std::ranges::find(decl.fields, label.name, &Field::name);
    if (found == decl.fields.end()) {
      check(*label.value);
      suggest_field(diagnostics_.report<Diag::NoSuchField>(label.loc, decl.name.view(), label.name.view()), label.name, decl);
      return error_expr(loc);
    }
    const auto index = static_cast<uint32_t>(found - decl.fields.begin());
    if (std::ranges::find(fields, index) != fields.end()) diagnostics_.report<Diag::DuplicateField>(label.loc, label.name.view());
    const TypeId field_type = types_.field_type(type, index);
    const ExprId value = check(*label.value, field_type);
    values.push_back(expect(value, field_type, [&](const std::string& got, const std::string& expected) {
      diagnostics_.report<Diag::FieldType>(label.value->loc, label.name.view(), decl.name.view(), expected, got)
          .note<Diag::DeclaredHere>(found->loc, label.name.view());
    }));
    fields.push_back(index);
  }
  for (uint32_t i = 0; i < decl.fields.size(); ++i) {
    if (std::ranges::find(fields, i) == fields.end()) {
      diagnostics_.report<Diag::MissingField>(loc, decl.name.view(), decl.fields[i].name.view()).note<Diag::DeclaredHere>(decl.loc, decl.name.view());
      return error_expr(loc);
    }
  }
  const typed::List<uint32_t> order{static_cast<uint32_t>(body_.number_pool.size()), static_cast<uint32_t>(fields.size())};
  body_.number_pool.insert(body_.number_pool.end(), fields.begin(), fields.end());
  return add(loc, type, typed::NewStruct{list(values), order});
}

typed::ExprId BodyChecker::expr(const ast::NewTuple& n, SourceLoc loc, TypeId hint) {
  const Type& wanted = types_.get(unifier_.prune(hint));
  std::vector<ExprId> values;
  std::vector<TypeId> components;
  for (size_t i = 0; i < n.components.size(); ++i) {
    const bool has_hint = wanted.kind == TypeKind::Tuple && wanted.args.size() == n.components.size();
    ExprId value = check(*n.components[i], has_hint ? wanted.args[i] : kNoHint);
    // Where a component type is wanted, the component converts to it; a mismatch is reported for the tuple.
    if (has_hint && types_.is_numeric(type_of(value)) && types_.is_numeric(unifier_.prune(wanted.args[i]))) convert(value, wanted.args[i]);
    if (type_of(value) == kVoidType) {
      diagnostics_.report<Diag::VoidNotAllowed>(loc_of(value));
      value = error_expr(loc);
    }
    values.push_back(value);
    components.push_back(type_of(value));
  }
  return add(loc, types_.tuple(components), typed::NewTuple{list(values)});
}

// ---------------------------------------------------------------- exceptions

// An exception, or a variable that holds the name of one.
bool BodyChecker::names_exception(Name name) {
  if (const Binding* binding = find_binding(name)) {
    return binding->local.is_valid() && types_.kind(unifier_.prune(body_.locals[binding->local.value].type)) == TypeKind::Exncon;
  }
  const Environment::Value* value = env_.find_value(name, opens_);
  if (!value || value->kind != Environment::Value::Symbol) return false;
  const typed::Symbol& symbol = env_.module().symbols[value->symbol.value];
  return symbol.kind == typed::SymbolKind::Exception || types_.kind(symbol.type) == TypeKind::Exncon;
}

std::optional<typed::ExprId> BodyChecker::find_exception(Name name, SourceLoc loc) {
  const Binding* binding = find_binding(name);
  const Environment::Value* value = binding ? nullptr : env_.find_value(name, opens_);
  if (!binding && !value) {
    report_unbound(loc, name);
    return std::nullopt;
  }
  if (!names_exception(name)) {
    diagnostics_.report<Diag::NotAnException>(loc, name.view());
    return std::nullopt;
  }
  return binding ? read_local(binding->local, loc) : symbol_value(value->symbol, loc);
}

typed::ExprId BodyChecker::new_exception(ExprId name, std::string_view shown, std::span<ast::Expr* const> args, SourceLoc loc) {
  if (is_error(name)) return name;
  const TypeId payload_type = unifier_.prune(types_.get(type_of(name)).element);
  const size_t expected = payload_type == kVoidType ? 0 : 1;
  if (args.size() != expected) {
    auto report = diagnostics_.report<Diag::ExceptionPayload>(loc, shown, expected ? "a value of type `" + show(payload_type) + "`" : "no value",
                                                              support::counted(args.size(), "value"));
    const auto* exception = std::get_if<typed::ExceptionRef>(&body_.exprs[name.value].node);
    const SourceLoc declared = exception ? env_.module().symbols[exception->symbol.value].loc : SourceLoc();
    if (declared.is_valid()) report.note<Diag::DeclaredHere>(declared, shown);
    return error_expr(loc);
  }
  ExprId payload;
  if (expected == 1) {
    payload = check(*args[0], payload_type);
    payload = expect(payload, payload_type, [&](const std::string& got, const std::string& wanted) {
      diagnostics_.report<Diag::PayloadType>(args[0]->loc, shown, wanted, got);
    });
  }
  return add(loc, kExnType, typed::NewExn{name, payload});
}

typed::ExprId BodyChecker::raise(ExprId exn, SourceLoc loc) { return add(loc, unifier_.fresh(Unifier::Class::Any), typed::Raise{exn}); }

typed::ExprId BodyChecker::expr(const ast::RaiseNew& n, SourceLoc loc, TypeId) {
  const auto exception = find_exception(n.exception, loc);
  if (!exception) {
    if (n.payload) check(*n.payload);
    return error_expr(loc);
  }
  return raise(new_exception(*exception, n.exception.view(), {&n.payload, n.payload ? 1u : 0u}, loc), loc);
}

typed::ExprId BodyChecker::expr(const ast::Raise& n, SourceLoc loc, TypeId) {
  const ExprId exn = check(*n.exn, kExnType);
  if (!unifier_.unify(type_of(exn), kExnType)) diagnostics_.report<Diag::RaiseType>(loc, show(type_of(exn)));
  return raise(exn, loc);
}

}  // namespace frontend
