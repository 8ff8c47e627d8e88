// Allocation: structs, tuples, arrays, exception packets.
#include <utility>

#include "ir/lower/function_lowering.h"

namespace ir::lowering {

ValueId FunctionLowering::lower(const typed::Expr&, const typed::Size& node) {
  SourceLoc loc = builder_.loc();
  ValueId operand = expr(node.operand);
  builder_.set_loc(loc);
  return builder_.emit_typed(Op::ArrayLength, {frontend::kIntType}, {operand});
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::ArrayLiteral& node) {
  std::vector<ValueId> elements = exprs(node.elements);
  builder_.set_loc(e.loc);
  return throwing(builder_.emit_typed(Op::ArrayOf, {e.type}, elements));
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::NewArray& node) {
  ValueId length = expr(node.length);
  ValueId init = expr(node.init);
  builder_.set_loc(e.loc);
  return throwing(builder_.emit_typed(Op::NewArray, {e.type}, {length, init}));
}

// Arguments are evaluated in written order and handed over in field order.
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::NewStruct& node) {
  auto fields = body_.list(node.fields);
  std::vector<ValueId> args = exprs(node.args);
  std::vector<ValueId> operands(args.size());
  for (size_t i = 0; i < args.size(); ++i)
    operands[fields.empty() ? i : fields[i]] = args[i];
  builder_.set_loc(e.loc);
  return throwing(builder_.emit_typed(Op::NewObject, {e.type, types().is_nullable(e.type)}, operands));
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::NewTuple& node) {
  std::vector<ValueId> components = exprs(node.components);
  builder_.set_loc(e.loc);
  return throwing(builder_.emit_typed(Op::NewObject, {e.type}, components));
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::NewUnion& node) {
  Type type{e.type, types().is_nullable(e.type)};
  if (!node.payload.is_valid())
    return builder_.emit_typed(Op::UnionConst, type, {}, node.variant);
  ValueId payload = expr(node.payload);
  builder_.set_loc(e.loc);
  return throwing(builder_.emit_typed(Op::NewUnion, type, {payload}, node.variant));
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::NewExn& node) {
  const auto* known = std::get_if<typed::ExceptionRef>(&body_.expr(node.name).node);
  std::vector<ValueId> operands;
  if (!known)
    operands.push_back(expr(node.name));
  if (node.payload.is_valid())
    operands.push_back(expr(node.payload));
  builder_.set_loc(e.loc);
  if (known)
    return throwing(builder_.emit_symbol(Op::NewExn, {e.type}, context_.exception(known->symbol).value, operands));
  return throwing(builder_.emit_typed(Op::NewExnOf, {e.type}, operands));
}

// Does evaluating the expression again give the very same value, without effects?
bool FunctionLowering::is_repeatable(typed::ExprId id) const {
  const typed::ExprNode& node = body_.expr(id).node;
  return std::holds_alternative<typed::IntLiteral>(node) || std::holds_alternative<typed::NullLiteral>(node) ||
         std::holds_alternative<typed::StringLiteral>(node) || std::holds_alternative<typed::FunctionRef>(node) ||
         std::holds_alternative<typed::ExceptionRef>(node) || std::holds_alternative<typed::RepTerm>(node);
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::ArrayRepeat& node) {
  if (node.count == 0)
    return throwing(builder_.emit_typed(Op::ArrayOf, {e.type}, {}));
  if (node.count > INT32_MAX)
    return unsupported(e, "an array of more than 2147483647 elements");
  if (!is_repeatable(node.element))
    return fill_array(e.type, node.count, node.element);
  ValueId init = expr(node.element);
  builder_.set_loc(e.loc);
  ValueId length = builder_.iconst(frontend::kIntType, static_cast<int64_t>(node.count));
  return throwing(builder_.emit_typed(Op::NewArray, {e.type}, {length, init}));
}

// The first element fills the array, then a loop evaluates and stores the others.
ValueId FunctionLowering::fill_array(frontend::TypeId type, uint64_t count, typed::ExprId element) {
  SourceLoc loc = builder_.loc();
  ValueId first = expr(element);
  builder_.set_loc(loc);
  ValueId length = builder_.iconst(frontend::kIntType, static_cast<int64_t>(count));
  ValueId array = throwing(builder_.emit_typed(Op::NewArray, {type}, {length, first}));
  BlockId header = ssa_.create_block(), body = ssa_.create_block(), end = ssa_.create_block();
  Ssa::Variable index = ssa_.add_variable(frontend::kIntType);
  ssa_.write(index, builder_.iconst(frontend::kIntType, 1));
  ssa_.br(header);
  ssa_.start(header);
  ssa_.br_if(builder_.emit(Op::SLt, {ssa_.read(index), length}), body, end);
  ssa_.start_sealed(body);
  ValueId value = expr(element);
  builder_.set_loc(loc);
  ValueId checked = check_bounds(array, ssa_.read(index));
  builder_.emit(Op::StoreElem, {array, checked, value});
  ssa_.write(index, builder_.emit(Op::Add, {ssa_.read(index), builder_.iconst(frontend::kIntType, 1)}));
  ssa_.br(header);
  ssa_.seal(header);
  ssa_.start_sealed(end);
  return array;
}

} // namespace ir::lowering
