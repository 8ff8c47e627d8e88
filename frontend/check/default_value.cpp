// The value of a variable that is declared without initializer, and sized arrays.
//
// Sizes are part of a declaration's syntax only, so the walk goes over type and syntax together; where a typedef stands for the type its
// own syntax is followed.

#include <algorithm>

#include "frontend/check/body_checker.h"
#include "frontend/check/constant_eval.h"

namespace frontend {

using support::Diag;

namespace {

constexpr uint32_t kMaxDefaultNodes = 1 << 16;     // of one default value, arrays of repeated elements counted once

}  // namespace

std::optional<uint64_t> BodyChecker::array_size(const ast::Expr& size) {
  const auto value = evaluate_constant(env_, size, opens_);
  if (!value) return std::nullopt;
  if (*value < 0 || *value > kMaxArrayLength) {
    diagnostics_.report<Diag::ArraySize>(size.loc, std::to_string(*value), std::to_string(kMaxArrayLength));
    return std::nullopt;
  }
  return static_cast<uint64_t>(*value);
}

const ast::Type* BodyChecker::expand_typedef(const ast::Type* syntax) {
  for (int steps = 0; syntax && steps < 64; ++steps) {
    const auto* named = std::get_if<ast::NamedType>(&syntax->node);
    const ast::Type* next = named && named->args.empty() ? env_.typedef_syntax(named->name, opens_) : nullptr;
    if (!next) return syntax;
    syntax = next;
  }
  return syntax;
}

bool BodyChecker::is_sized(const ast::Type& syntax) {
  const ast::Type* expanded = expand_typedef(&syntax);
  if (const auto* constant = std::get_if<ast::ConstArrayType>(&expanded->node)) return !constant->nullable;
  const auto* array = std::get_if<ast::ArrayType>(&expanded->node);
  return array && array->size;
}

typed::ExprId BodyChecker::default_array(TypeId type, const ast::Type* syntax, Name name, SourceLoc loc) {
  const auto* array = syntax ? std::get_if<ast::ArrayType>(&syntax->node) : nullptr;
  if (!array || !array->size) return add(loc, type, typed::ArrayLiteral{});
  const auto count = array_size(*array->size);
  if (!count) return error_expr(loc);
  return repeated_default(type, *count, array->element, name, loc);
}

typed::ExprId BodyChecker::default_const_array(TypeId type, const ast::Type* syntax, Name name, SourceLoc loc) {
  const auto* array = syntax ? std::get_if<ast::ConstArrayType>(&syntax->node) : nullptr;
  return repeated_default(type, types_.get(type).index, array ? array->element : nullptr, name, loc);
}

// An array of `count` default elements.
typed::ExprId BodyChecker::repeated_default(TypeId type, uint64_t count, const ast::Type* element_syntax, Name name, SourceLoc loc) {
  const uint64_t around = default_elements_;
  default_elements_ *= std::max<uint64_t>(count, 1);
  if (default_elements_ > static_cast<uint64_t>(kMaxArrayLength)) {
    diagnostics_.report<Diag::ArraySize>(loc, std::to_string(default_elements_), std::to_string(kMaxArrayLength));
    default_elements_ = around;
    return error_expr(loc);
  }
  const ExprId element = default_value(types_.get(unifier_.prune(type)).element, element_syntax, name, loc);
  default_elements_ = around;
  return add(loc, type, typed::ArrayRepeat{count, element});
}

typed::ExprId BodyChecker::default_aggregate(TypeId type, Name name, SourceLoc loc) {
  const TypeDeclId id = types_.get(type).decl;
  const TypeDecl& decl = types_.decl(id);
  const bool contains_itself = std::ranges::find(default_stack_, id) != default_stack_.end();
  const bool is_empty = decl.kind == TypeDeclKind::Union && decl.fields.empty();
  if ((decl.kind != TypeDeclKind::Struct && decl.kind != TypeDeclKind::Union) || contains_itself || is_empty) {
    diagnostics_.report<Diag::NoDefaultValue>(loc, name.view(), show(type));
    return error_expr(loc);
  }
  default_stack_.push_back(id);
  if (decl.kind == TypeDeclKind::Union) {  // the first case
    ExprId payload;
    if (const TypeId first = types_.field_type(type, 0); first != kVoidType) payload = default_value(first, env_.field_syntax(id, 0), name, loc);
    default_stack_.pop_back();
    return add(loc, type, typed::NewUnion{0, payload});
  }
  std::vector<ExprId> values;
  for (uint32_t i = 0; i < decl.fields.size(); ++i) values.push_back(default_value(types_.field_type(type, i), env_.field_syntax(id, i), name, loc));
  default_stack_.pop_back();
  return add(loc, type, typed::NewStruct{list(values), {}});
}

typed::ExprId BodyChecker::default_value(TypeId type, const ast::Type* syntax, Name name, SourceLoc loc) {
  type = unifier_.prune(type);
  syntax = expand_typedef(syntax);
  if (++default_nodes_ > kMaxDefaultNodes) {
    if (default_nodes_ == kMaxDefaultNodes + 1) diagnostics_.report<Diag::DefaultTooLarge>(loc, name.view());
    return error_expr(loc);
  }
  switch (types_.kind(type)) {
    case TypeKind::Bool: case TypeKind::Char: case TypeKind::Byte: case TypeKind::UByte: case TypeKind::Short: case TypeKind::UShort:
    case TypeKind::Int: case TypeKind::UInt: case TypeKind::Long: case TypeKind::ULong:
      return add(loc, type, typed::IntLiteral{0});
    case TypeKind::Float: case TypeKind::Double:
      return add(loc, type, typed::FloatLiteral{0});
    case TypeKind::String:
      return string_literal("", loc);
    case TypeKind::Array:
      return default_array(type, syntax, name, loc);
    case TypeKind::ConstArray:
      if (types_.is_nullable(type)) return add(loc, type, typed::NullLiteral{});
      return default_const_array(type, syntax, name, loc);
    case TypeKind::Tuple: {
      const auto* tuple = syntax ? std::get_if<ast::TupleType>(&syntax->node) : nullptr;
      std::vector<ExprId> values;
      const auto components = types_.get(type).args;
      for (size_t i = 0; i < components.size(); ++i) {
        values.push_back(default_value(components[i], tuple ? tuple->components[i].type : nullptr, name, loc));
      }
      return add(loc, type, typed::NewTuple{list(values)});
    }
    case TypeKind::Named:
      if (types_.is_nullable(type)) return add(loc, type, typed::NullLiteral{});
      return default_aggregate(type, name, loc);
    case TypeKind::Error:
      return error_expr(loc);
    case TypeKind::Void: case TypeKind::Exn: case TypeKind::Function: case TypeKind::Var: case TypeKind::Rep:
    case TypeKind::Exncon: case TypeKind::Infer:
      break;
  }
  diagnostics_.report<Diag::NoDefaultValue>(loc, name.view(), show(type));
  return error_expr(loc);
}

}  // namespace frontend
