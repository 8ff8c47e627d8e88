// Literals, names, fields, components and elements; and the expressions that cannot be compiled yet.

#include "frontend/check/body_checker.h"

namespace frontend {

using support::Diag;

typed::ExprId BodyChecker::check(const ast::Expr& syntax, TypeId hint) {
  return std::visit([&](const auto& node) { return expr(node, syntax.loc, hint); }, syntax.node);
}

typed::ExprId BodyChecker::check_condition(const ast::Expr& syntax) {
  const ExprId id = check(syntax, kBoolType);
  if (!unifier_.unify(type_of(id), kBoolType)) diagnostics_.report<Diag::ConditionNotBool>(syntax.loc, show(type_of(id)));
  return id;
}

// ---------------------------------------------------------------- literals

typed::ExprId BodyChecker::int_literal(int64_t value, TypeId type, SourceLoc loc) {
  const uint64_t bits = static_cast<uint64_t>(value);
  return add(loc, type, typed::IntLiteral{types_.byte_size(type) == 4 ? bits & UINT32_MAX : bits});
}

typed::ExprId BodyChecker::string_literal(std::string text, SourceLoc loc) {
  std::vector<std::string>& strings = env_.module().strings;
  strings.push_back(std::move(text));
  return add(loc, kStringType, typed::StringLiteral{typed::StringId{static_cast<uint32_t>(strings.size() - 1)}});
}

typed::ExprId BodyChecker::expr(const ast::IntLit& n, SourceLoc loc, TypeId) { return add(loc, basic_type(n.kind), typed::IntLiteral{n.value}); }

typed::ExprId BodyChecker::expr(const ast::FloatLit& n, SourceLoc loc, TypeId) { return add(loc, basic_type(n.kind), typed::FloatLiteral{n.value}); }

typed::ExprId BodyChecker::expr(const ast::CharLit& n, SourceLoc loc, TypeId) { return add(loc, kCharType, typed::IntLiteral{n.value}); }

typed::ExprId BodyChecker::expr(const ast::StringLit& n, SourceLoc loc, TypeId) { return string_literal(std::string(n.value), loc); }

typed::ExprId BodyChecker::expr(const ast::BoolLit& n, SourceLoc loc, TypeId) {
  return add(loc, kBoolType, typed::IntLiteral{n.value ? uint64_t{1} : uint64_t{0}});
}

// `null` may be of any nullable type; unification finds out which.
typed::ExprId BodyChecker::expr(const ast::NullLit&, SourceLoc loc, TypeId) {
  return add(loc, unifier_.fresh(Unifier::Class::Option), typed::NullLiteral{});
}

// The elements convert to the element type that is wanted, or else to that of the first element.
typed::ExprId BodyChecker::expr(const ast::ArrayLit& n, SourceLoc loc, TypeId hint) {
  TypeId element = kErrorType;
  const Type& wanted = types_.get(unifier_.prune(hint));
  if (wanted.kind == TypeKind::Array) element = wanted.element;
  if (n.empty_of) {
    return add(loc, types_.array(local_type(*n.empty_of)), typed::ArrayLiteral{});
  }
  std::vector<ExprId> elements;
  for (const ast::Expr* part : n.elements) {
    const ExprId value = check(*part, element);
    if (element == kErrorType) element = type_of(value);
    elements.push_back(expect(value, element, [&](const std::string& got, const std::string& expected) {
      diagnostics_.report<Diag::ElementType>(part->loc, expected, got);
    }));
  }
  if (element == kVoidType) {
    diagnostics_.report<Diag::VoidNotAllowed>(loc);
    return error_expr(loc);
  }
  return add(loc, types_.array(element), typed::ArrayLiteral{list(elements)});
}

// ---------------------------------------------------------------- names

typed::ExprId BodyChecker::symbol_value(SymbolId id, SourceLoc loc) {
  const typed::Symbol symbol = env_.module().symbols[id.value];
  env_.mark_referenced(id);
  switch (symbol.kind) {
    case typed::SymbolKind::Variable:
      if (const auto feature = env_.unsupported_part(symbol.type)) return unsupported(loc, *feature);
      return add(loc, symbol.type, typed::GlobalRef{id});
    case typed::SymbolKind::Exception:
      return unsupported(loc, Feature::Exncon);
    case typed::SymbolKind::Function:
      break;
  }
  if (types_.get(symbol.type).type_params != 0) {
    diagnostics_.report<Diag::PolymorphicNotInstantiated>(loc, written_name(symbol));
    return error_expr(loc);
  }
  return function_ref(id, {}, loc);
}

typed::ExprId BodyChecker::expr(const ast::NameExpr& n, SourceLoc loc, TypeId) {
  if (const Binding* binding = find_binding(n.name)) {
    return binding->local.is_valid() ? read_local(binding->local, loc) : symbol_value(binding->function, loc);
  }
  const Environment::Value* value = env_.find_value(n.name, opens_);
  if (!value) {
    report_unbound(loc, n.name);
    return error_expr(loc);
  }
  if (value->kind == Environment::Value::Constant) return int_literal(value->constant, kIntType, loc);
  return symbol_value(value->symbol, loc);
}

// ---------------------------------------------------------------- fields, components, elements

std::optional<uint32_t> BodyChecker::find_field(ExprId object, Name name, SourceLoc loc) {
  const TypeId type = type_of(object);
  if (type == kErrorType) return std::nullopt;
  const bool is_struct = types_.kind(type) == TypeKind::Named && types_.decl_of(type).kind == TypeDeclKind::Struct;
  if (!is_struct) {
    diagnostics_.report<Diag::NotAStruct>(loc, name.view(), show(type));
    return std::nullopt;
  }
  const TypeDecl& decl = types_.decl_of(type);
  for (uint32_t i = 0; i < decl.fields.size(); ++i) {
    if (decl.fields[i].name == name) return i;
  }
  diagnostics_.report<Diag::NoSuchField>(loc, decl.name.view(), name.view()).note<Diag::DeclaredHere>(decl.loc, decl.name.view());
  return std::nullopt;
}

typed::ExprId BodyChecker::expr(const ast::Member& n, SourceLoc loc, TypeId) {
  const ExprId object = check(*n.object);
  if (types_.is_union(type_of(object))) return projection(object, n.name, loc);
  const auto field = find_field(object, n.name, loc);
  if (!field) return error_expr(loc);
  return add(loc, types_.field_type(type_of(object), *field), typed::FieldGet{object, *field});
}

typed::ExprId BodyChecker::expr(const ast::TupleMember& n, SourceLoc loc, TypeId) {
  const ExprId object = check(*n.object);
  const TypeId type = type_of(object);
  if (type == kErrorType) return object;
  if (types_.kind(type) != TypeKind::Tuple) {
    diagnostics_.report<Diag::NotATuple>(loc, show(type));
    return error_expr(loc);
  }
  const auto components = types_.get(type).args;
  if (n.number == 0 || n.number > components.size()) {
    diagnostics_.report<Diag::NoSuchComponent>(loc, std::to_string(n.number), std::to_string(components.size()));
    return error_expr(loc);
  }
  const auto index = static_cast<uint32_t>(n.number - 1);
  return add(loc, components[index], typed::Component{object, index});
}

typed::ExprId BodyChecker::expr(const ast::Subscript& n, SourceLoc loc, TypeId) {
  const ExprId array = check(*n.array);
  ExprId index = check(*n.index);
  const TypeId type = type_of(array);
  if (type == kErrorType || is_error(index)) return error_expr(loc);
  const bool is_string = type == kStringType;
  if (!is_string && types_.kind(type) != TypeKind::Array) {
    diagnostics_.report<Diag::NotAnArray>(loc, show(type));
    return error_expr(loc);
  }
  const TypeId index_type = known_number(index);
  if (index_type == kErrorType) {
    diagnostics_.report<Diag::IndexNotInteger>(loc_of(index), show(type_of(index)));
    return error_expr(loc);
  }
  // A long index keeps its width, so that no index out of range becomes one within.
  const bool is_wide = index_type == kLongType || index_type == kULongType;
  warn_if_rounds(loc_of(index), index_type, kUIntType);
  index = convert_number(index, is_wide ? kULongType : kUIntType);
  return add(loc, is_string ? kCharType : types_.get(type).element, typed::Index{array, index});
}

// ---------------------------------------------------------------- not compiled yet, or never

typed::ExprId BodyChecker::expr(const ast::ConstArrayLit&, SourceLoc loc, TypeId) { return unsupported(loc, Feature::ConstArray); }
typed::ExprId BodyChecker::expr(const ast::ConstSubscript&, SourceLoc loc, TypeId) { return unsupported(loc, Feature::ConstArray); }
typed::ExprId BodyChecker::expr(const ast::AddressOf&, SourceLoc loc, TypeId) { return unsupported(loc, Feature::AddressOf); }
typed::ExprId BodyChecker::expr(const ast::RepTerm&, SourceLoc loc, TypeId) { return unsupported(loc, Feature::Rep); }

typed::ExprId BodyChecker::expr(const ast::Codegen&, SourceLoc loc, TypeId) {
  diagnostics_.report<Diag::NoCodeGeneration>(loc, "codegen");
  return error_expr(loc);
}

typed::ExprId BodyChecker::expr(const ast::Fill&, SourceLoc loc, TypeId) {
  diagnostics_.report<Diag::NoCodeGeneration>(loc, "fill");
  return error_expr(loc);
}

}  // namespace frontend
