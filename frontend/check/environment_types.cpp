// Types: from syntax to TypeId, type declarations and their repetitions, and which types cannot be compiled yet.

#include <algorithm>

#include "frontend/check/environment.h"
#include "frontend/check/limits.h"

namespace frontend {

using support::Diag;

namespace {

std::vector<Name> params_of(const ast::Decl& decl) {
  if (const auto* n = std::get_if<ast::AggregateDecl>(&decl.node)) return n->type_params;
  if (const auto* n = std::get_if<ast::AbstypeDecl>(&decl.node)) return n->type_params;
  if (const auto* n = std::get_if<ast::AbstractDecl>(&decl.node)) return n->type_params;
  return {};
}

bool is_nullable_decl(const ast::Decl& decl) {
  if (const auto* n = std::get_if<ast::AggregateDecl>(&decl.node)) return n->nullable;
  if (const auto* n = std::get_if<ast::AbstractDecl>(&decl.node)) return n->nullable;
  return false;
}

TypeDeclKind kind_of(const ast::Decl& decl) {
  if (const auto* n = std::get_if<ast::AggregateDecl>(&decl.node)) return n->kind;
  return std::holds_alternative<ast::AbstypeDecl>(decl.node) ? TypeDeclKind::Abstype : TypeDeclKind::Abstract;
}

std::vector<Name> all_variables(const ast::AbstypeDecl& decl) {
  std::vector<Name> all = decl.type_params;
  all.insert(all.end(), decl.hidden.begin(), decl.hidden.end());
  return all;
}

bool is_alias(const ast::Decl& decl) {
  return std::holds_alternative<ast::TypedefDecl>(decl.node) || std::holds_alternative<ast::EnumDecl>(decl.node);
}

// A definition says more than an extern one, and that more than an abstract type.
int information(const ast::Decl& decl) {
  if (std::holds_alternative<ast::AbstractDecl>(decl.node)) return 0;
  return decl.scope == Scope::Extern ? 1 : 2;
}

}  // namespace

// ---------------------------------------------------------------- declarations

const PlacedDecl& Environment::primary(const TypeEntry& entry) const {
  return *std::ranges::max_element(entry.decls, {}, [](const PlacedDecl& p) { return information(*p.decl); });
}

void Environment::resolve_types() {
  // Names of types first: fields refer to them whatever the order.
  for (const Name name : type_order_) {
    TypeEntry& entry = type_names_[name];
    if (!is_alias(*entry.decls.front().decl)) make_type_decl(name, entry);
  }
  for (const PendingEnum& pending : enums_) declare_enumerators(pending);
  for (const Name name : type_order_) {
    TypeEntry& entry = type_names_[name];
    if (entry.id.is_valid()) {
      resolve_aggregate(entry.id, primary(entry));
    } else {
      (void)alias(entry, entry.decls.front().decl->loc);
    }
  }
  for (const Name name : type_order_) {
    const TypeEntry& entry = type_names_[name];
    check_repeats(entry.id, entry);
  }
}

void Environment::make_type_decl(Name name, TypeEntry& entry) {
  const ast::Decl& decl = *primary(entry).decl;
  TypeDecl made;
  made.name = name;
  made.kind = kind_of(decl);
  made.scope = decl.scope;
  made.nullable = is_nullable_decl(decl);
  made.params = params_of(decl);
  made.loc = decl.loc;
  check_duplicates(made.params, decl.loc);
  entry.id = types_.add_decl(std::move(made));
  module_.type_decls.push_back(entry.id);
  if (const auto* node = std::get_if<ast::AggregateDecl>(&decl.node)) aggregates_[entry.id.value] = node;
}

std::vector<Field> Environment::fields_of(const ast::AggregateDecl& decl, const PlacedDecl& placed, bool reports) {
  std::vector<Field> fields;
  std::unordered_map<Name, SourceLoc> seen;
  const Void allow = decl.kind == TypeDeclKind::Union ? Void::Allowed : Void::Forbidden;
  for (const ast::FieldDecl& field : decl.fields) {
    TypeVariables variables(decl.type_params);
    const auto [first, is_new] = seen.try_emplace(field.name, field.loc);
    if (!is_new && reports) {
      session_.diagnostics.report<Diag::DuplicateField>(field.loc, field.name.view()).note<Diag::DeclaredHere>(first->second, field.name.view());
    }
    fields.push_back({field.name, type(*field.type, variables, placed.opens, allow), field.is_const, field.loc});
  }
  return fields;
}

TypeId Environment::representation_of(const ast::AbstypeDecl& decl, const PlacedDecl& placed) {
  TypeVariables variables(all_variables(decl));
  return type(*decl.representation, variables, placed.opens);
}

void Environment::resolve_aggregate(TypeDeclId id, const PlacedDecl& placed) {
  limit(placed.decl->loc, "type parameters:", params_of(*placed.decl).size(), limits::kTypeParameters);
  if (const auto* node = std::get_if<ast::AggregateDecl>(&placed.decl->node)) {
    limit(placed.decl->loc, node->kind == TypeDeclKind::Union ? "cases:" : "fields:", node->fields.size(), limits::kFields);
    types_.decl(id).fields = fields_of(*node, placed, true);
    if (node->kind == TypeDeclKind::Union) enter_cases(id);
  } else if (const auto* abstype = std::get_if<ast::AbstypeDecl>(&placed.decl->node)) {
    check_duplicates(all_variables(*abstype), placed.decl->loc);
    if (all_variables(*abstype).size() > kMaxTypeVariables) session_.diagnostics.report<Diag::TooManyTypeVariables>(placed.decl->loc);
    const TypeId representation = representation_of(*abstype, placed);
    types_.decl(id).hidden_params = abstype->hidden;
    types_.decl(id).representation = representation;
  }
}

void Environment::enter_cases(TypeDeclId id) {
  const TypeDecl& decl = types_.decl(id);
  for (const Field& field : decl.fields) unions_of_case_[field.name].push_back(id);
  if (decl.fields.size() > kMaxCases) {
    session_.diagnostics.report<Diag::TooManyCases>(decl.loc, decl.name.view(), std::to_string(decl.fields.size()), std::to_string(kMaxCases));
  }
}

std::optional<TypeDeclId> Environment::union_of_case(Name name, SourceLoc loc) {
  const auto found = unions_of_case_.find(name);
  if (found == unions_of_case_.end()) {
    std::vector<Name> candidates;
    for (const auto& entry : unions_of_case_) candidates.push_back(entry.first);
    suggest(session_.diagnostics.report<Diag::UnknownCase>(loc, name.view()), name, candidates);
    return std::nullopt;
  }
  const std::vector<TypeDeclId>& unions = found->second;
  if (unions.size() == 1) return unions.front();
  auto report = session_.diagnostics.report<Diag::AmbiguousCase>(loc, name.view(), types_.decl(unions.front()).name.view());
  for (const TypeDeclId id : unions) report.note<Diag::DeclaredHere>(types_.decl(id).loc, types_.decl(id).name.view());
  return std::nullopt;
}

void Environment::check_duplicates(const std::vector<Name>& names, SourceLoc loc) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) != names.begin() + static_cast<std::ptrdiff_t>(i)) {
      session_.diagnostics.report<Diag::DuplicateTypeVariable>(loc, names[i].view());
    }
  }
}

void Environment::check_repeats(TypeDeclId id, const TypeEntry& entry) {
  const PlacedDecl& first = primary(entry);
  for (const PlacedDecl& other : entry.decls) {
    if (&other == &first) continue;
    const bool both_define = information(*other.decl) == 2 && information(*first.decl) == 2;
    if (both_define || is_alias(*other.decl) || !id.is_valid()) {
      session_.diagnostics.report<Diag::MultipleTypeDefinitions>(other.decl->loc, entry.decls.front().name.view())
          .note<Diag::DeclaredHere>(first.decl->loc, first.name.view());
    } else {
      compare_repeat(id, other);
    }
  }
}

// An extern declaration of a type must say the same as the other one, as far as it says anything.
void Environment::compare_repeat(TypeDeclId id, const PlacedDecl& other) {
  const TypeDecl& decl = types_.decl(id);
  auto differ = [&](std::string_view what) {
    session_.diagnostics.report<Diag::TypeDeclarationsDiffer>(other.decl->loc, decl.name.view(), what)
        .note<Diag::DeclaredHere>(decl.loc, decl.name.view());
  };
  if (params_of(*other.decl).size() != decl.params.size()) return differ("type variables");
  if (is_nullable_decl(*other.decl) != decl.nullable) return differ("`?`");
  if (const auto* abstype = std::get_if<ast::AbstypeDecl>(&other.decl->node)) {
    if (decl.kind != TypeDeclKind::Abstype) return differ("kind of type");
    if (decl.scope == Scope::Static || decl.scope == Scope::Abstract) return differ("scope");
    if (abstype->hidden.size() != decl.hidden_params.size()) return differ("hidden types");
    if (representation_of(*abstype, other) != decl.representation) return differ("representation");
    return;
  }
  const auto* node = std::get_if<ast::AggregateDecl>(&other.decl->node);
  if (!node) return;
  if (node->kind != decl.kind) return differ("kind of type");
  if (decl.scope == Scope::Static || decl.scope == Scope::Abstract) return differ("scope");
  const std::vector<Field> fields = fields_of(*node, other, false);
  if (fields.size() != decl.fields.size()) return differ("number of fields");
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field &a = fields[i], &b = decl.fields[i];
    if (a.name != b.name || a.type != b.type || a.is_const != b.is_const) return differ("field `" + b.name.str() + "`");
  }
}

TypeId Environment::alias(TypeEntry& entry, SourceLoc loc) {
  if (entry.state == TypeEntry::Resolved) return entry.alias;
  if (entry.state == TypeEntry::Resolving) {
    session_.diagnostics.report<Diag::CyclicTypedef>(loc, entry.decls.front().name.view());
    return kErrorType;
  }
  entry.state = TypeEntry::Resolving;
  const PlacedDecl placed = entry.decls.front();
  TypeId result = kIntType;  // an enum
  if (const auto* node = std::get_if<ast::TypedefDecl>(&placed.decl->node)) {
    TypeVariables none;
    result = type(*node->type, none, placed.opens);
  }
  entry.alias = result;
  entry.state = TypeEntry::Resolved;
  return result;
}

const ast::Type* Environment::field_syntax(TypeDeclId decl, uint32_t field) const {
  const auto found = aggregates_.find(decl.value);
  return found == aggregates_.end() ? nullptr : found->second->fields[field].type;
}

const ast::Type* Environment::typedef_syntax(Name name, OpenScopeId opens) {
  const TypeEntry* entry = type_entry(name, opens);
  if (!entry) return nullptr;
  const auto* node = std::get_if<ast::TypedefDecl>(&entry->decls.front().decl->node);
  return node ? node->type : nullptr;
}

// ---------------------------------------------------------------- from syntax to types

TypeId Environment::named_type(const ast::NamedType& node, SourceLoc loc, TypeVariables& variables, OpenScopeId opens) {
  if (const auto variable = variables.find(node.name)) {
    if (!node.args.empty()) session_.diagnostics.report<Diag::TypeVariableWithArguments>(loc, node.name.view());
    return types_.var(variable->first, variable->second);
  }
  std::vector<TypeId> args;
  for (const ast::Type* arg : node.args) {
    const TypeId id = type(*arg, variables, opens);
    if (types_.is_floating(id)) session_.diagnostics.report<Diag::TypeArgumentNotWord>(arg->loc, types_.print(id));
    args.push_back(id);
  }
  TypeEntry* entry = type_entry(node.name, opens);
  if (!entry) {
    if (variables.is_hidden(node.name)) {
      session_.diagnostics.report<Diag::EnclosingTypeVariable>(loc, node.name.view());
    } else {
      report_unknown_type(loc, node.name, &variables);
    }
    return kErrorType;
  }
  const size_t expected = entry->id.is_valid() ? types_.decl(entry->id).params.size() : 0;
  if (args.size() != expected) {
    session_.diagnostics.report<Diag::TypeArgumentCount>(loc, node.name.view(), support::counted(expected, "type argument"), std::to_string(args.size()))
        .note<Diag::DeclaredHere>(entry->decls.front().decl->loc, node.name.view());
    return kErrorType;
  }
  if (entry->id.is_valid()) return types_.named(entry->id, args);
  const TypeId aliased = alias(*entry, loc);
  if (types_.get(aliased).free_depth != 0 && (entry->owner != &variables || variables.depth() != 1)) {
    session_.diagnostics.report<Diag::EnclosingTypeVariable>(loc, node.name.view());
    return kErrorType;
  }
  return aliased;
}

TypeId Environment::function_type(const ast::FunctionType& node, TypeVariables& variables, OpenScopeId opens) {
  if (!node.type_params.empty()) variables.push(node.type_params);
  std::vector<TypeId> params;
  for (const ast::Param& param : node.params) params.push_back(type(*param.type, variables, opens));
  const TypeId result = type(*node.result, variables, opens, Void::Allowed);
  if (!node.type_params.empty()) variables.pop();
  return types_.function(params, result, static_cast<uint32_t>(node.type_params.size()), node.convention);
}

TypeId Environment::type(const ast::Type& syntax, TypeVariables& variables, OpenScopeId opens, Void allow_void) {
  const auto visit = [&](const auto& node) -> TypeId {
    using Node = std::decay_t<decltype(node)>;
    if constexpr (std::is_same_v<Node, ast::BasicType>) {
      if (node.kind == TypeKind::Void && allow_void == Void::Forbidden) {
        session_.diagnostics.report<Diag::VoidNotAllowed>(syntax.loc);
        return kErrorType;
      }
      return basic_type(node.kind);
    } else if constexpr (std::is_same_v<Node, ast::NamedType>) {
      return named_type(node, syntax.loc, variables, opens);
    } else if constexpr (std::is_same_v<Node, ast::TupleType>) {
      std::vector<TypeId> components;
      for (const ast::Param& component : node.components) components.push_back(type(*component.type, variables, opens));
      return types_.tuple(components, node.read_only);
    } else if constexpr (std::is_same_v<Node, ast::ArrayType>) {
      return types_.array(type(*node.element, variables, opens));
    } else if constexpr (std::is_same_v<Node, ast::ConstArrayType>) {
      if (node.length > static_cast<uint64_t>(kMaxArrayLength)) {
        session_.diagnostics.report<Diag::ArraySize>(syntax.loc, std::to_string(node.length), std::to_string(kMaxArrayLength));
        return kErrorType;
      }
      return types_.const_array(type(*node.element, variables, opens), static_cast<uint32_t>(node.length), node.nullable);
    } else if constexpr (std::is_same_v<Node, ast::FunctionType>) {
      return function_type(node, variables, opens);
    } else if constexpr (std::is_same_v<Node, ast::RepType>) {
      return types_.rep(type(*node.of, variables, opens, Void::Allowed));
    } else if constexpr (std::is_same_v<Node, ast::ExnconType>) {
      return types_.exncon(type(*node.payload, variables, opens, Void::Allowed));
    } else {
      static_assert(std::is_same_v<Node, ast::InferredType>);
      return infer_wildcard ? infer_wildcard() : kErrorType;  // the grammar has `_` only in local declarations
    }
  };
  return limited(std::visit(visit, syntax.node), syntax.loc);
}

void Environment::limit(SourceLoc loc, std::string_view what, size_t count, uint32_t most) {
  if (count > most) session_.diagnostics.report<Diag::TooMany>(loc, what, std::to_string(count), std::to_string(most));
}

// Types behind the first one that is too large would only repeat it.
TypeId Environment::limited(TypeId id, SourceLoc loc) {
  const Type& type = types_.get(id);
  if (type.kind == TypeKind::Function) limit(loc, "parameters:", type.args.size(), limits::kParameters);
  if (type.kind == TypeKind::Function) limit(loc, "type parameters:", type.type_params, limits::kTypeParameters);
  if (type.kind == TypeKind::Tuple) limit(loc, "components:", type.args.size(), limits::kFields);
  if (!is_too_large(id)) return id;
  report_too_large(id, loc);
  return kErrorType;
}

bool Environment::is_too_large(TypeId id) const {
  const Type& type = types_.get(id);
  return type.height > limits::kTypeHeight || type.size > limits::kTypeSize;
}

void Environment::report_too_large(TypeId id, SourceLoc loc) {
  if (types_.get(id).height > limits::kTypeHeight) {
    session_.diagnostics.report<Diag::TypeTooLarge>(loc, std::to_string(limits::kTypeHeight), "levels");
  } else {
    session_.diagnostics.report<Diag::TypeTooLarge>(loc, std::to_string(limits::kTypeSize), "parts");
  }
}

}  // namespace frontend
