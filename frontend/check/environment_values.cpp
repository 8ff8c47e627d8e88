// Values: functions, variables and exceptions; externs and definitions of one name are one symbol.

#include <algorithm>
#include <utility>

#include "frontend/check/environment.h"

namespace frontend {

using support::Diag;
using typed::Symbol;
using typed::SymbolId;
using typed::SymbolKind;

namespace {

const char* const kBuiltinExceptions[] = {"NullPointer", "ArrayBounds", "DivideByZero", "UnionVariant", "OutOfMemory"};

std::string_view kind_text(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::Function: return "a function";
    case SymbolKind::Variable: return "a variable";
    case SymbolKind::Exception: return "an exception";
  }
  return "";
}

}  // namespace

void Environment::declare_values() {
  add_builtin_exceptions();
  for (const PlacedDecl& placed : value_decls_) declare_value(placed);
  for (const PlacedDecl& placed : value_decls_) {
    const auto* value = std::get_if<ast::ValueDecl>(&placed.decl->node);
    const bool is_undefined = value && value->is_static_promise && !definitions_.contains(values_[placed.name].symbol.value);
    if (is_undefined) session_.diagnostics.report<Diag::StaticNotDefined>(placed.decl->loc, placed.name.view());
  }
  add_new_array();
}

// Known without a header, because the compiler has to know its type anyway.
void Environment::add_new_array() {
  const TypeId element = types_.var(0, 0);
  const std::vector<TypeId> params{kIntType, element};
  const SymbolId id = runtime_function("new_array", types_.function(params, types_.array(element), 1));
  Symbol& symbol = module_.symbols[id.value];
  if (!symbol.loc.is_valid()) symbol.is_builtin = true;
}

void Environment::add_builtin_exceptions() {
  for (const char* name : kBuiltinExceptions) {
    const Name interned = session_.names.get(name);
    const SymbolId id{static_cast<uint32_t>(module_.symbols.size())};
    Symbol symbol;
    symbol.name = interned;
    symbol.kind = SymbolKind::Exception;
    symbol.scope = Scope::Extern;
    symbol.type = kVoidType;
    symbol.is_builtin = true;
    module_.symbols.push_back(symbol);
    values_[interned] = Value{Value::Symbol, id, 0};
  }
}

void Environment::declare_value(const PlacedDecl& placed) {
  Symbol symbol;
  symbol.name = placed.name;
  symbol.scope = placed.decl->scope;
  symbol.loc = placed.decl->loc;
  TypeVariables none;
  bool is_definition = placed.decl->scope != Scope::Extern;
  if (const auto* node = std::get_if<ast::FunctionDecl>(&placed.decl->node)) {
    symbol.kind = SymbolKind::Function;
    symbol.type = type(*node->type, none, placed.opens);
    check_duplicates(std::get<ast::FunctionType>(node->type->node).type_params, placed.decl->loc);
  } else if (const auto* value = std::get_if<ast::ValueDecl>(&placed.decl->node)) {
    symbol.type = type(*value->type, none, placed.opens);
    const bool is_function = !is_definition && types_.kind(symbol.type) == TypeKind::Function && !session_.options.function_variables.contains(symbol.name.view());
    symbol.kind = is_function ? SymbolKind::Function : SymbolKind::Variable;
    symbol.is_const = value->is_const;
  } else {
    const auto& exception = std::get<ast::ExceptionDecl>(placed.decl->node);
    symbol.kind = SymbolKind::Exception;
    symbol.type = exception.payload ? type(*exception.payload, none, placed.opens) : kVoidType;
  }
  check_scope_of_definition(placed, symbol, is_definition);
  declare_symbol(placed, symbol, is_definition);
}

// `seen`: types with shared parts (typedefs of tuples of typedefs) can be much larger as trees than as graphs.
bool Environment::mentions_static(TypeId id, std::unordered_set<uint32_t>& seen, TypeDeclId& which) {
  if (!seen.insert(id.value).second) return false;
  const Type& type = types_.get(id);
  if (type.kind == TypeKind::Named && types_.decl(type.decl).scope == Scope::Static) {
    which = type.decl;
    return true;
  }
  for (TypeId arg : type.args) {
    if (mentions_static(arg, seen, which)) return true;
  }
  return type.element != kErrorType && mentions_static(type.element, seen, which);
}

void Environment::check_scope_of_definition(const PlacedDecl& placed, const Symbol& symbol, bool is_definition) {
  if (!is_definition) return;
  if (symbol.kind == SymbolKind::Variable && types_.kind(symbol.type) == TypeKind::Function && symbol.scope != Scope::Static) {
    session_.diagnostics.report<Diag::FunctionVariableNotStatic>(symbol.loc, symbol.name.view());
  }
  const bool is_entry = symbol.name.view() == "pop_main" || symbol.name.view() == "main";
  if (is_entry && symbol.scope == Scope::Static) session_.diagnostics.report<Diag::EntryPointNotPublic>(symbol.loc, symbol.name.view());
  TypeDeclId hidden;
  std::unordered_set<uint32_t> seen;
  if (symbol.scope != Scope::Static && mentions_static(symbol.type, seen, hidden)) {
    const TypeDecl& decl = types_.decl(hidden);
    session_.diagnostics.report<Diag::StaticTypeExported>(placed.decl->loc, symbol.name.view(), decl.name.view())
        .note<Diag::DeclaredHere>(decl.loc, decl.name.view());
  }
}

void Environment::declare_symbol(const PlacedDecl& placed, Symbol symbol, bool is_definition) {
  const SymbolId fresh{static_cast<uint32_t>(module_.symbols.size())};
  const auto [entry, is_new] = values_.try_emplace(placed.name, Value{Value::Symbol, fresh, 0});
  if (!is_new && entry->second.kind == Value::Constant) {
    session_.diagnostics.report<Diag::MultipleDefinitions>(symbol.loc, symbol.name.view());
    return;
  }
  const SymbolId id = entry->second.symbol;
  if (is_new) {
    module_.symbols.push_back(symbol);
  } else {
    const bool was_defined = definitions_.contains(id.value);
    merge(id, symbol, is_definition);
    if (is_definition && was_defined) return;
  }
  if (!is_definition) return;
  definitions_[id.value] = placed.decl->loc;
  if (symbol.kind == SymbolKind::Function) functions_.push_back({id, placed});
  if (symbol.kind == SymbolKind::Variable) {
    variable_index_[id.value] = variables_.size();
    variables_.push_back({id, placed});
  }
  if (symbol.kind == SymbolKind::Exception) module_.exceptions.push_back(id);
}

void Environment::merge(SymbolId id, const Symbol& symbol, bool is_definition) {
  Symbol& old = module_.symbols[id.value];
  const bool was_defined = definitions_.contains(id.value);
  if (was_defined && is_definition) {
    session_.diagnostics.report<Diag::MultipleDefinitions>(symbol.loc, symbol.name.view()).note<Diag::DeclaredHere>(old.loc, old.name.view());
    return;
  }
  if (old.is_builtin && is_definition) {
    session_.diagnostics.report<Diag::BuiltinException>(symbol.loc, symbol.name.view());
    return;
  }
  report_disagreement(old, symbol);
  if (!is_definition) return;
  // The definition's own type is what its body is checked against, even if a declaration said otherwise.
  const bool was_referenced = old.is_referenced;
  old = symbol;
  old.is_referenced = was_referenced;
}

void Environment::report_disagreement(const Symbol& old, const Symbol& symbol) {
  // An extern of function type may announce a variable that holds a function.
  const bool kinds_agree = old.kind == symbol.kind || (old.kind != SymbolKind::Exception && symbol.kind != SymbolKind::Exception);
  if (!kinds_agree) {
    session_.diagnostics.report<Diag::KindsDisagree>(symbol.loc, symbol.name.view(), kind_text(symbol.kind), kind_text(old.kind))
        .note<Diag::DeclaredHere>(old.loc, old.name.view());
  } else if (old.type != symbol.type && old.type != kErrorType && symbol.type != kErrorType) {
    session_.diagnostics.report<Diag::TypesDisagree>(symbol.loc, symbol.name.view(), types_.print(symbol.type), types_.print(old.type))
        .note<Diag::DeclaredHere>(old.loc, old.name.view());
  }
}

SymbolId Environment::runtime_function(std::string_view name, TypeId type) {
  const Name interned = session_.names.get(name);
  const SymbolId fresh{static_cast<uint32_t>(module_.symbols.size())};
  const auto [entry, is_new] = values_.try_emplace(interned, Value{Value::Symbol, fresh, 0});
  if (!is_new) return entry->second.symbol;
  Symbol symbol;
  symbol.name = interned;
  symbol.kind = SymbolKind::Function;
  symbol.scope = Scope::Extern;
  symbol.type = type;
  module_.symbols.push_back(symbol);
  return fresh;
}

// Identifiers start with a letter: no name that can be written has a part that starts with `_`, and `_2f` is not the name made of `2f`.
SymbolId Environment::nested_function(const ast::FunctionDecl& decl, Name around, uint32_t ordinal, TypeVariables variables, OpenScopeId opens) {
  bool is_inferred = false;
  const auto outer_wildcard = std::exchange(infer_wildcard, [&] {
    is_inferred = true;
    return kErrorType;
  });
  Symbol symbol;
  const bool is_numbered = ordinal > 1 || decl.name.empty();
  symbol.name = session_.names.get(around.str() + "::_" + (is_numbered ? std::to_string(ordinal) : "") + decl.name.str());
  symbol.scope = Scope::Static;
  symbol.loc = decl.loc;
  symbol.type = type(*decl.type, variables, opens);
  symbol.is_nested = true;
  infer_wildcard = outer_wildcard;
  if (is_inferred) session_.diagnostics.report<Diag::InferredResult>(decl.loc);
  check_duplicates(std::get<ast::FunctionType>(decl.type->node).type_params, decl.loc);
  module_.symbols.push_back(symbol);
  return SymbolId{static_cast<uint32_t>(module_.symbols.size() - 1)};
}

const PlacedDecl* Environment::constant_definition(SymbolId symbol) const {
  if (!module_.symbols[symbol.value].is_const) return nullptr;
  const auto found = variable_index_.find(symbol.value);
  if (found == variable_index_.end()) return nullptr;
  const PlacedDecl& placed = variables_[found->second].placed;
  return std::get<ast::ValueDecl>(placed.decl->node).init ? &placed : nullptr;
}

}  // namespace frontend
