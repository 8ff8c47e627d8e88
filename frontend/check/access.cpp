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
  element = check_elements(n.elements, element, elements);
  if (element == kVoidType) {
    diagnostics_.report<Diag::VoidNotAllowed>(loc);
    return error_expr(loc);
  }
  return add(loc, types_.array(element), typed::ArrayLiteral{list(elements)});
}

// The type of the elements: the wanted one, or else that of the first.
TypeId BodyChecker::check_elements(std::span<ast::Expr* const> parts, TypeId element, std::vector<ExprId>& out) {
  for (const ast::Expr* part : parts) {
    const ExprId value = check(*part, element);
    if (element == kErrorType) element = type_of(value);
    out.push_back(expect(value, element, [&](const std::string& got, const std::string& expected) {
      diagnostics_.report<Diag::ElementType>(part->loc, expected, got);
    }));
  }
  return element;
}

// ---------------------------------------------------------------- names

typed::ExprId BodyChecker::symbol_value(SymbolId id, SourceLoc loc) {
  const typed::Symbol symbol = env_.module().symbols[id.value];
  env_.mark_referenced(id);
  switch (symbol.kind) {
    case typed::SymbolKind::Variable:
      return add(loc, symbol.type, typed::GlobalRef{id});
    case typed::SymbolKind::Exception:
      return add(loc, types_.exncon(symbol.type), typed::ExceptionRef{id});
    case typed::SymbolKind::Function:
      break;
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
  suggest_field(diagnostics_.report<Diag::NoSuchField>(loc, decl.name.view(), name.view()), name, decl);
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
  const ExprId index = check(*n.index);
  const TypeId type = type_of(array);
  if (type == kErrorType || is_error(index)) return error_expr(loc);
  const bool is_string = type == kStringType;
  if (!is_string && types_.kind(type) != TypeKind::Array) {
    diagnostics_.report<Diag::NotAnArray>(loc, show(type));
    return error_expr(loc);
  }
  return subscript(array, index, is_string ? kCharType : types_.get(type).element, loc);
}

typed::ExprId BodyChecker::subscript(ExprId array, ExprId index, TypeId element, SourceLoc loc) {
  const TypeId index_type = known_number(index);
  if (index_type == kErrorType) {
    diagnostics_.report<Diag::IndexNotInteger>(loc_of(index), show(type_of(index)));
    return error_expr(loc);
  }
  // A long index keeps its width, so that no index out of range becomes one within.
  const bool is_wide = index_type == kLongType || index_type == kULongType;
  warn_if_rounds(loc_of(index), index_type, kUIntType);
  index = convert_number(index, is_wide ? kULongType : kUIntType);
  return add(loc, element, typed::Index{array, index});
}

// The elements become those of the wanted array, if one of this length is wanted.
typed::ExprId BodyChecker::expr(const ast::ConstArrayLit& n, SourceLoc loc, TypeId hint) {
  const Type wanted = types_.get(unifier_.prune(hint));
  const bool has_hint = wanted.kind == TypeKind::ConstArray;
  std::vector<ExprId> elements;
  const TypeId element = check_elements(n.elements, has_hint ? wanted.element : kErrorType, elements);
  if (element == kVoidType) {
    diagnostics_.report<Diag::VoidNotAllowed>(loc);
    return error_expr(loc);
  }
  return add(loc, types_.const_array(element, static_cast<uint32_t>(elements.size())), typed::ArrayLiteral{list(elements)});
}

// The length is part of the type: a constant subscript is checked here, too.
typed::ExprId BodyChecker::expr(const ast::ConstSubscript& n, SourceLoc loc, TypeId) {
  const ExprId array = check(*n.array);
  const ExprId index = check(*n.index);
  const Type type = types_.get(type_of(array));
  if (is_error(array) || is_error(index)) return error_expr(loc);
  if (type.kind != TypeKind::ConstArray) {
    diagnostics_.report<Diag::NotAConstArray>(loc, show(type_of(array)));
    return error_expr(loc);
  }
  const auto* literal = std::get_if<typed::IntLiteral>(&body_.exprs[index.value].node);
  if (literal && types_.is_integer(type_of(index)) && literal->value >= type.index) {
    diagnostics_.report<Diag::ConstIndexOutOfRange>(loc_of(index), std::to_string(types_.byte_size(type_of(index)) == 8 ? static_cast<int64_t>(literal->value) : static_cast<int32_t>(literal->value)),
                                                    std::to_string(type.index));
    return error_expr(loc);
  }
  return subscript(array, index, type.element, loc);
}

// ---------------------------------------------------------------- addresses and representations

// `&x` of a function or exception is the value itself. Everything else is a pointer to the place, in the form of a tuple of one component;
// what may not be assigned has no address.
typed::ExprId BodyChecker::expr(const ast::AddressOf& n, SourceLoc loc, TypeId) {
  const ExprId place = check(*n.place);
  if (is_error(place)) return place;
  const typed::ExprNode node = body_.exprs[place.value].node;
  if (std::holds_alternative<typed::FunctionRef>(node) || std::holds_alternative<typed::ExceptionRef>(node)) return place;
  const bool is_place =
      std::holds_alternative<typed::GlobalRef>(node) || std::holds_alternative<typed::FieldGet>(node) || std::holds_alternative<typed::Component>(node) ||
      std::holds_alternative<typed::Index>(node);
  if (!is_place) {
    diagnostics_.report<Diag::NoAddress>(loc, std::holds_alternative<typed::LocalRef>(node) ? "a local variable" : "this");
    return error_expr(loc);
  }
  check_writable(place, n.place->loc);
  return add(loc, types_.tuple(std::vector{type_of(place)}), typed::AddressOf{place});
}

typed::ExprId BodyChecker::expr(const ast::RepTerm&, SourceLoc loc, TypeId) {
  diagnostics_.report<Diag::RepTermWithoutType>(loc);
  return error_expr(loc);
}

typed::ExprId BodyChecker::rep_term(std::span<ast::Type* const> args, SourceLoc loc) {
  if (args.size() != 1) {
    diagnostics_.report<Diag::RepTermWithoutType>(loc);
    return error_expr(loc);
  }
  const TypeId of = declared_type(*args[0]);
  if (of == kErrorType) return error_expr(loc);
  if (types_.get(of).free_depth != 0) {
    diagnostics_.report<Diag::RepTermOfTypeVariable>(args[0]->loc, show(of));
    return error_expr(loc);
  }
  return add(loc, types_.rep(of), typed::RepTerm{of});
}

// ---------------------------------------------------------------- not compiled yet, or never


typed::ExprId BodyChecker::expr(const ast::Codegen&, SourceLoc loc, TypeId) {
  diagnostics_.report<Diag::NoCodeGeneration>(loc, "codegen");
  return error_expr(loc);
}

typed::ExprId BodyChecker::expr(const ast::Fill&, SourceLoc loc, TypeId) {
  diagnostics_.report<Diag::NoCodeGeneration>(loc, "fill");
  return error_expr(loc);
}

}  // namespace frontend
