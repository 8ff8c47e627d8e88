#include "codegen/mir.h"

namespace codegen::mir {

namespace {

const OpInfo rows[] = {
    {"None", "", Form::Plain, 0, 0, Flags::Keep, Op::None},
#define X(name, text, form, dw, sw, flags, folded) {#name, text, Form::form, dw, sw, Flags::flags, Op::folded},
#include "codegen/x86.def"
};

bool is_division(Op op) { return op == Op::DIV32r || op == Op::DIV64r || op == Op::IDIV32r || op == Op::IDIV64r; }

bool is_shift_by_cl(Op op) {
  return op == Op::SHL32rCL || op == Op::SHL64rCL || op == Op::SHR32rCL || op == Op::SHR64rCL || op == Op::SAR32rCL ||
         op == Op::SAR64rCL || op == Op::ROL32rCL || op == Op::ROL64rCL || op == Op::ROR32rCL || op == Op::ROR64rCL;
}

} // namespace

const OpInfo& info(Op op) { return rows[is_row(op) ? size_t(op) : 0]; }

const char* cond_name(Cond c) {
  static const char* const names[] = {"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"};
  return names[size_t(c) & 15];
}

Reg Function::new_vreg(uint32_t type, bool narrow, bool floating) {
  vregs.push_back({type, narrow, floating});
  return Reg::virt(uint32_t(vregs.size() - 1));
}

BlockId Function::new_block() {
  blocks.emplace_back().insts.reserve(8);
  return {uint32_t(blocks.size() - 1)};
}

uint32_t Function::new_copy(std::vector<Move> moves) {
  copies.push_back(std::move(moves));
  return uint32_t(copies.size() - 1);
}

uint32_t Function::new_call(CallInfo call) {
  calls.push_back(std::move(call));
  return uint32_t(calls.size() - 1);
}

void compute_preds(Function& function) {
  for (Block& block : function.blocks) block.preds.clear();
  for (BlockId id : function.order) {
    for (const Edge& edge : function.block(id).succs) function.block(edge.target).preds.push_back(id);
    if (function.block(id).unwind.is_valid()) function.block(function.block(id).unwind).preds.push_back(id);
  }
}

RegMask implicit_uses(const Function& function, const Inst& inst) {
  if (is_call(inst)) return function.calls[inst.extra].uses;
  if (inst.op == Op::CDQ || inst.op == Op::CQO) return bit(rax);
  if (is_division(inst.op)) return bit(rax) | bit(rdx);
  if (is_shift_by_cl(inst.op)) return bit(rcx);
  if (inst.op == Op::RET64) return inst.imm == 1 ? bit(rax) : inst.imm == 2 ? bit(xmm(0)) : 0; // imm: where the result is
  return 0;
}

RegMask implicit_defs(const Function&, const Inst& inst) {
  if (is_call(inst)) return caller_saved;
  if (inst.op == Op::CDQ || inst.op == Op::CQO) return bit(rdx);
  if (is_division(inst.op) || inst.op == Op::RDTSC) return bit(rax) | bit(rdx);
  return 0;
}

bool writes_flags(const Inst& inst) {
  if (inst.op == Op::Call) return true;
  return is_row(inst.op) && (info(inst.op).flags == Flags::Write || info(inst.op).flags == Flags::Zero);
}

bool reads_flags(const Inst& inst) { return inst.op == Op::Raise || (is_row(inst.op) && info(inst.op).flags == Flags::Read); }

} // namespace codegen::mir
