// Calls: System V argument registers of the two classes, then the stack.
#include "codegen/selector.h"

namespace codegen {

using namespace mir;

std::optional<Reg> Selector::ArgumentPlaces::next(bool is_float) {
  if (is_float && floating < float_argument_registers) return xmm(floating++);
  if (!is_float && general < std::size(argument_registers)) return argument_registers[general++];
  ++stack;
  return std::nullopt;
}

void Selector::call(const ir::Inst& inst) {
  if (inst.op == ir::Op::Call && unit_.is_square_root(inst.func())) { // an instruction does it
    Reg of = reg(inst.operands[0]);
    return convert_into(Op::SQRTSDr, result(inst), of);
  }
  Inst call;
  call.op = Op::Call;
  CallInfo info;
  size_t first = 0;
  if (inst.op == ir::Op::CallIndirect) {
    call.op = Op::CALL64r;
    call.d = reg(inst.operands[0]);
    first = 1;
  } else {
    const uint32_t function = unit_.function(inst.func());
    if (std::optional<uint32_t> cell = unit_.call_cell(function)) {
      call.op = Op::CALL64r;
      call.d = fresh(unit_.types().fn(unit_.annotations().symbols[function].type));
      Inst& load = emit(Op::MOV64rm);
      load.d = call.d;
      load.mem.symbol = *cell;
    } else {
      info.symbol = function;
    }
    info.returns = !unit_.is_noret(inst.func());
  }
  for (frontend::TypeId type : inst.type_args) info.type_args.push_back(unit_.map().word(type).value);
  std::vector<Move> arguments;
  ArgumentPlaces places;
  for (size_t i = first; i < inst.operands.size(); ++i) {
    std::optional<Reg> place = places.next(is_floating(inst.operands[i]));
    if (place) info.uses |= bit(*place);
    arguments.push_back({place ? Place::reg(*place) : Place::out_arg(places.stack - 1), operand(inst.operands[i])});
  }
  info.out_args = places.stack;
  info.has_result = inst.result.is_valid();
  emit_call(call, std::move(info), std::move(arguments), inst.result.is_valid() ? result(inst) : Reg{});
}

void Selector::emit_call(Inst call, CallInfo info, std::vector<Move> arguments, Reg result) {
  bool returns = info.returns;
  if (!arguments.empty()) emit_moves(std::move(arguments));
  call.extra = out_.mir.new_call(std::move(info));
  call.loc = loc_;
  here().insts.push_back(call);
  if (unwind_) {
    BlockId pad = pad_for(*unwind_);
    here().unwind = pad;
  }
  if (!returns) {
    here().term = Term::NoReturn;
    ended_ = true;
    return;
  }
  if (result.is_valid()) emit_moves({{Place::reg(result), Place::reg(out_.mir.is_floating(result) ? xmm(0) : rax)}});
}

void Selector::raise(const ir::Inst& inst) {
  unwind_ = nullptr; // the handlers of this function are reached by branches
  CallInfo info;
  info.symbol = unit_.runtime("__tal_raise");
  info.uses = bit(rdi);
  info.returns = false;
  Inst call;
  call.op = Op::Call;
  here().cold = true;
  emit_call(call, std::move(info), {{Place::reg(rdi), operand(inst.operands[0])}}, {});
}

} // namespace codegen
