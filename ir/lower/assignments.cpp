// Reading and writing variables, fields and elements.
//
// A Place holds the evaluated object and index; checks come with the access itself, so that in `a[i] = e` they follow e.
#include "ir/lower/function_lowering.h"

namespace ir::lowering {

FunctionLowering::Place FunctionLowering::place(typed::ExprId id) {
  const typed::Expr& e = body_.expr(id);
  Place place{};
  place.type = e.type;
  if (const auto* local = std::get_if<typed::LocalRef>(&e.node)) {
    place.kind = Place::Kind::Local;
    place.local = local->local;
  } else if (const auto* global = std::get_if<typed::GlobalRef>(&e.node)) {
    place.kind = Place::Kind::Global;
    place.global = context_.global(global->symbol);
  } else if (const auto* field = std::get_if<typed::FieldGet>(&e.node)) {
    place.kind = Place::Kind::Field;
    place.object = expr(field->object);
    place.field = field->field;
  } else if (const auto* component = std::get_if<typed::Component>(&e.node)) {
    place.kind = Place::Kind::Field;
    place.object = expr(component->object);
    place.field = component->index;
  } else if (const auto* index = std::get_if<typed::Index>(&e.node)) {
    place.kind = Place::Kind::Element;
    place.object = expr(index->array);
    place.index = expr(index->index);
  } else {
    context_.unsupported(e.loc, "this target of an assignment");
    place.kind = Place::Kind::Local;
    place.local = {ssa_.add_variable(e.type)};
  }
  builder_.set_loc(e.loc);
  return place;
}

ValueId FunctionLowering::load(const Place& place) {
  switch (place.kind) {
  case Place::Kind::Local: return ssa_.read(place.local.value);
  case Place::Kind::Global: return builder_.emit_symbol(Op::LoadGlobal, {place.type}, place.global.value);
  case Place::Kind::Field: return builder_.emit_typed(Op::LoadField, {place.type}, {check_null(place.object)}, place.field);
  case Place::Kind::Element: {
    ValueId object = check_null(place.object);
    return builder_.emit_typed(Op::LoadElem, {place.type}, {object, check_bounds(object, place.index)});
  }
  }
  return {};
}

void FunctionLowering::store(const Place& place, ValueId value) {
  switch (place.kind) {
  case Place::Kind::Local: ssa_.write(place.local.value, value); return;
  case Place::Kind::Global:
    builder_.emit_symbol(Op::StoreGlobal, {frontend::kVoidType}, place.global.value, std::vector{value});
    return;
  case Place::Kind::Field: builder_.emit(Op::StoreField, {check_null(place.object), value}, place.field); return;
  case Place::Kind::Element: {
    ValueId object = check_null(place.object);
    ValueId index = check_bounds(object, place.index);
    builder_.emit(Op::StoreElem, {object, index, value});
    return;
  }
  }
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Assign& node) {
  Place target = place(node.target);
  ValueId value = expr(node.value);
  builder_.set_loc(e.loc);
  store(target, value);
  return value;
}

// A variable is read before the operand is evaluated, a field or element after it. An element is checked once, at the read.
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::CompoundAssign& node) {
  Place target = place(node.target);
  bool is_variable = target.kind == Place::Kind::Local || target.kind == Place::Kind::Global;
  ValueId old;
  if (is_variable)
    old = load(target);
  ValueId value = expr(node.value);
  builder_.set_loc(e.loc);
  if (!is_variable)
    target.object = check_null(target.object);
  if (target.kind == Place::Kind::Element)
    target.index = check_bounds(target.object, target.index);
  if (target.kind == Place::Kind::Field)
    old = builder_.emit_typed(Op::LoadField, {target.type}, {target.object}, target.field);
  if (target.kind == Place::Kind::Element)
    old = builder_.emit_typed(Op::LoadElem, {target.type}, {target.object, target.index});
  ValueId result = convert(binary(node.op, convert(old, node.compute_type), value), target.type);
  if (target.kind == Place::Kind::Element)
    builder_.emit(Op::StoreElem, {target.object, target.index, result});
  else
    store(target, result);
  return node.yields_old ? old : result;
}

// The checks are here, not where the tuple is used.
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::AddressOf& node) {
  Place target = place(node.place);
  builder_.set_loc(e.loc);
  if (target.kind == Place::Kind::Global)
    return builder_.emit_symbol(Op::GlobalAddr, {e.type}, target.global.value);
  ValueId object = check_null(target.object);
  if (target.kind == Place::Kind::Element)
    return builder_.emit_typed(Op::ElemAddr, {e.type}, {object, check_bounds(object, target.index)});
  return builder_.emit_typed(Op::FieldAddr, {e.type}, {object}, target.field);
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::FieldGet& node) {
  ValueId object = expr(node.object);
  builder_.set_loc(e.loc);
  if (types().is_union(type_of(object))) {
    ValueId known = throwing(builder_.emit(Op::CheckCase, {check_null(object)}, node.field));
    return builder_.emit_typed(Op::UnionPayload, {e.type}, {known}, node.field);
  }
  return builder_.emit_typed(Op::LoadField, {e.type}, {check_null(object)}, node.field);
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Component& node) {
  ValueId object = expr(node.object);
  builder_.set_loc(e.loc);
  return builder_.emit_typed(Op::LoadField, {e.type}, {object}, node.index);
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Index& node) {
  ValueId array = expr(node.array);
  ValueId index = expr(node.index);
  builder_.set_loc(e.loc);
  array = check_null(array);
  ValueId checked = check_bounds(array, index);
  return builder_.emit_typed(Op::LoadElem, {e.type}, {array, checked});
}

} // namespace ir::lowering
