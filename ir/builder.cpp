#include "ir/builder.h"

#include <bit>
#include <charconv>

#include <utility>

namespace ir {

BlockId Builder::create_block() {
  function_.blocks.emplace_back();
  return {static_cast<uint32_t>(function_.blocks.size() - 1)};
}

void Builder::start_block(BlockId block) {
  function_.order.push_back(block);
  block_ = block;
}

bool Builder::is_terminated() const {
  const auto& insts = function_.block(block_).insts;
  return !insts.empty() && is_terminator(function_.inst(insts.back()).op);
}

ValueId Builder::add_param(BlockId block, Type type) {
  ValueId id{static_cast<uint32_t>(function_.values.size())};
  auto& params = function_.block(block).params;
  function_.values.push_back({type, {}, block, static_cast<uint32_t>(params.size())});
  params.push_back(id);
  return id;
}

InstId Builder::append(Inst inst) {
  inst.block = block_;
  inst.loc = loc_;
  InstId id{static_cast<uint32_t>(function_.insts.size())};
  function_.insts.push_back(std::move(inst));
  function_.block(block_).insts.push_back(id);
  return last_ = id;
}

ValueId Builder::define(InstId inst, Type type) {
  ValueId id{static_cast<uint32_t>(function_.values.size())};
  function_.values.push_back({type, inst, block_, 0});
  function_.inst(inst).result = id;
  return id;
}

ValueId Builder::emit(Op op, std::initializer_list<ValueId> operands, int64_t imm) {
  Inst inst;
  inst.op = op;
  inst.operands = operands;
  inst.imm = imm;
  InstId id = append(std::move(inst));
  switch (info(op).result) {
  case ResultRule::Same:
    return define(id, function_.value(*operands.begin()).type);
  case ResultRule::NonNull:
    return define(id, {function_.value(*operands.begin()).type.id, true});
  case ResultRule::Bool:
    return define(id, {frontend::kBoolType});
  case ResultRule::None:
  case ResultRule::Stated:
  case ResultRule::StatedOrNone:
    break;
  }
  return {};
}

ValueId Builder::emit_typed(Op op, Type type, std::span<const ValueId> operands, int64_t imm) {
  Inst inst;
  inst.op = op;
  inst.operands.assign(operands.begin(), operands.end());
  inst.imm = imm;
  return define(append(std::move(inst)), type);
}

ValueId Builder::emit_symbol(Op op, Type type, uint32_t symbol, std::span<const ValueId> operands,
                             std::span<const frontend::TypeId> type_args) {
  Inst inst;
  inst.op = op;
  inst.symbol = symbol;
  inst.operands.assign(operands.begin(), operands.end());
  inst.type_args.assign(type_args.begin(), type_args.end());
  InstId id = append(std::move(inst));
  return type.id == frontend::kVoidType ? ValueId{} : define(id, type);
}

ValueId Builder::call(FuncId callee, std::span<const frontend::TypeId> type_args, std::span<const ValueId> args,
                      frontend::TypeId result) {
  return emit_symbol(Op::Call, {result}, callee.value, args, type_args);
}

ValueId Builder::call_indirect(ValueId callee, std::span<const frontend::TypeId> type_args, std::span<const ValueId> args,
                               frontend::TypeId result) {
  std::vector<ValueId> operands{callee};
  operands.insert(operands.end(), args.begin(), args.end());
  return emit_symbol(Op::CallIndirect, {result}, UINT32_MAX, operands, type_args);
}

InstId Builder::terminate(Op op, std::vector<ValueId> operands, std::vector<Edge> targets) {
  Inst inst;
  inst.op = op;
  inst.operands = std::move(operands);
  inst.targets = std::move(targets);
  return append(std::move(inst));
}

InstId Builder::br(BlockId target, std::vector<ValueId> args) {
  std::vector<Edge> targets;
  targets.push_back({target, std::move(args)});
  return terminate(Op::Br, {}, std::move(targets));
}

InstId Builder::br_if(ValueId condition, Edge if_true, Edge if_false) {
  std::vector<Edge> targets;
  targets.push_back(std::move(if_true));
  targets.push_back(std::move(if_false));
  return terminate(Op::BrIf, {condition}, std::move(targets));
}

InstId Builder::switch_on(ValueId subject, std::vector<int64_t> keys, std::vector<Edge> targets) {
  InstId id = terminate(Op::Switch, {subject}, std::move(targets));
  function_.inst(id).keys = std::move(keys);
  return id;
}

InstId Builder::ret(ValueId value) {
  return terminate(Op::Ret, value.is_valid() ? std::vector{value} : std::vector<ValueId>{});
}

InstId Builder::raise(ValueId exn) { return terminate(Op::Raise, {exn}); }
InstId Builder::unreachable() { return terminate(Op::Unreachable, {}); }

ValueId Builder::fconst(frontend::TypeId type, double value) { return emit_typed(Op::FConst, {type}, {}, real_imm(value)); }

double real_value(int64_t imm) { return std::bit_cast<double>(imm); }
int64_t real_imm(double value) { return std::bit_cast<int64_t>(value); }

std::string real_text(int64_t imm) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, real_value(imm)).ptr};
}

unsigned bit_width(const frontend::TypeStore& types, frontend::TypeId type) { return 8 * types.byte_size(type); }

int64_t normalize_integer(const frontend::TypeStore& types, frontend::TypeId type, uint64_t bits) {
  unsigned width = bit_width(types, type);
  if (width == 0 || width >= 64)
    return static_cast<int64_t>(bits);
  unsigned unused = 64 - width;
  return types.is_signed(type) ? static_cast<int64_t>(bits << unused) >> unused : static_cast<int64_t>(bits << unused >> unused);
}

} // namespace ir
