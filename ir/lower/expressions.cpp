// Expressions that are not arithmetic, stores or allocations; conditions.
#include <utility>

#include "ir/lower/function_lowering.h"

namespace ir::lowering {

ValueId FunctionLowering::expr(typed::ExprId id) {
  const typed::Expr& e = body_.expr(id);
  builder_.set_loc(e.loc);
  return std::visit([&](const auto& node) { return lower(e, node); }, e.node);
}

std::vector<ValueId> FunctionLowering::exprs(typed::List<typed::ExprId> list) {
  std::vector<ValueId> values;
  for (typed::ExprId id : body_.list(list))
    values.push_back(expr(id));
  return values;
}

ValueId FunctionLowering::unsupported(const typed::Expr& e, const char* what) {
  context_.unsupported(e.loc, what);
  return e.type == frontend::kVoidType ? ValueId{} : undef(e.type);
}

ValueId FunctionLowering::throwing(ValueId result) {
  if (!handlers_.empty())
    ssa_.split_with_unwind(handlers_.back());
  return result;
}

// Inside try, raising is a jump to the handler.
void FunctionLowering::raise(ValueId exn) {
  if (handlers_.empty())
    ssa_.raise(exn);
  else
    ssa_.br(handlers_.back(), {exn});
}

ValueId FunctionLowering::check_null(ValueId object) {
  const Type& type = work_.value(object).type;
  if (type.nonnull || !types().is_nullable(type.id))
    return object;
  return throwing(builder_.emit(Op::CheckNull, {object}));
}

ValueId FunctionLowering::check_bounds(ValueId array, ValueId index) {
  return throwing(builder_.emit_typed(Op::CheckBounds, {type_of(index)}, {array, index}));
}

// ---- leaves ----

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::IntLiteral& node) {
  return builder_.iconst(e.type, normalize_integer(types(), e.type, node.value));
}
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::FloatLiteral& node) {
  return builder_.fconst(e.type, node.value);
}
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::StringLiteral& node) {
  return builder_.emit_symbol(Op::DataAddr, {e.type}, context_.string_literal(node.text).value);
}
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::NullLiteral&) {
  return builder_.emit_typed(Op::Null, {e.type}, {});
}
ValueId FunctionLowering::lower(const typed::Expr&, const typed::LocalRef& node) { return ssa_.read(node.local.value); }
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::GlobalRef& node) {
  return builder_.emit_symbol(Op::LoadGlobal, {e.type}, context_.global(node.symbol).value);
}
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::FunctionRef& node) {
  return builder_.emit_symbol(Op::FuncAddr, {e.type}, context_.function(node.symbol, body_.list(node.type_args)).value, {}, body_.list(node.type_args));
}
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Instantiate& node) {
  ValueId value = expr(node.function);
  builder_.set_loc(e.loc);
  return builder_.emit_symbol(Op::Instantiate, {e.type}, UINT32_MAX, std::vector{value}, body_.list(node.type_args));
}
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::ExceptionRef& node) {
  return builder_.emit_symbol(Op::ExceptionAddr, {e.type}, context_.exception(node.symbol).value);
}
ValueId FunctionLowering::lower(const typed::Expr& e, const typed::RepTerm& node) {
  return builder_.emit_symbol(Op::RepAddr, {e.type}, UINT32_MAX, {}, std::span(&node.of, 1));
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Rdtsc&) { return builder_.emit_typed(Op::Rdtsc, {e.type}, {}); }

// ---- control flow ----

void FunctionLowering::condition(typed::ExprId id, BlockId if_true, BlockId if_false) {
  const typed::Expr& e = body_.expr(id);
  if (const auto* literal = std::get_if<typed::IntLiteral>(&e.node))
    return ssa_.br(literal->value != 0 ? if_true : if_false);
  if (const auto* unary = std::get_if<typed::Unary>(&e.node); unary && unary->op == typed::UnaryOp::Not)
    return condition(unary->operand, if_false, if_true);
  if (const auto* logical = std::get_if<typed::Logical>(&e.node)) {
    BlockId right = ssa_.create_block();
    condition(logical->left, logical->is_and ? right : if_true, logical->is_and ? if_false : right);
    ssa_.start_sealed(right);
    return condition(logical->right, if_true, if_false);
  }
  ValueId value = expr(id);
  builder_.set_loc(e.loc);
  ssa_.br_if(value, if_true, if_false);
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Logical& node) {
  BlockId right = ssa_.create_block(), short_cut = ssa_.create_block(), end = ssa_.create_block();
  ValueId result = builder_.add_param(end, {e.type});
  condition(node.left, node.is_and ? right : short_cut, node.is_and ? short_cut : right);
  ssa_.start_sealed(short_cut);
  ssa_.br(end, {builder_.iconst(e.type, node.is_and ? 0 : 1)});
  ssa_.start_sealed(right);
  ValueId value = expr(node.right);
  ssa_.br(end, {value});
  ssa_.start_sealed(end);
  return result;
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Conditional& node) {
  return select_by(node.condition, e.type, node.if_true, node.if_false);
}

ValueId FunctionLowering::select_by(typed::ExprId cond, frontend::TypeId type, typed::ExprId if_true, typed::ExprId if_false) {
  BlockId then_block = ssa_.create_block(), else_block = ssa_.create_block(), end = ssa_.create_block();
  ValueId result;
  if (type != frontend::kVoidType)
    result = builder_.add_param(end, {type});
  condition(cond, then_block, else_block);
  for (auto [block, branch] : {std::pair(then_block, if_true), std::pair(else_block, if_false)}) {
    ssa_.start_sealed(block);
    ValueId value = expr(branch);
    ssa_.br(end, result.is_valid() ? std::vector{value} : std::vector<ValueId>{});
  }
  ssa_.start_sealed(end);
  return result;
}

ValueId FunctionLowering::lower(const typed::Expr&, const typed::Comma& node) {
  expr(node.first);
  return expr(node.second);
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Raise& node) {
  ValueId exn = expr(node.exn);
  builder_.set_loc(e.loc);
  raise(exn);
  return e.type == frontend::kVoidType ? ValueId{} : undef(e.type); // in a dead block
}

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::Call& node) {
  const typed::Expr& callee = body_.expr(node.callee);
  if (const auto* direct = std::get_if<typed::FunctionRef>(&callee.node)) {
    std::vector<ValueId> args = exprs(node.args);
    builder_.set_loc(e.loc);
    return throwing(builder_.call(context_.function(direct->symbol, body_.list(direct->type_args)), body_.list(direct->type_args), args, e.type));
  }
  const auto* instance = std::get_if<typed::Instantiate>(&callee.node);
  ValueId value = expr(instance ? instance->function : node.callee);
  std::vector<ValueId> args = exprs(node.args);
  builder_.set_loc(e.loc);
  return throwing(builder_.call_indirect(value, instance ? body_.list(instance->type_args) : std::span<const frontend::TypeId>(), args, e.type));
}

// ---- packages ----

ValueId FunctionLowering::lower(const typed::Expr& e, const typed::NewAbstype& node) {
  ValueId value = expr(node.representation);
  builder_.set_loc(e.loc);
  return builder_.emit_symbol(Op::Pack, {e.type}, UINT32_MAX, std::vector{value}, body_.list(node.hidden));
}

} // namespace ir::lowering
