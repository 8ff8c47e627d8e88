#include "codegen/encoder.h"

#include <cstring>

#include "llvm/ADT/SmallVector.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCFixup.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"

namespace codegen {

using namespace mir;

namespace {

#include "codegen/x86_numbers.inc"

unsigned llvm_reg(Reg reg, unsigned width) {
  if (reg.is_xmm()) return llvm_xmm[reg.value & 15];
  return llvm_register[reg.value & 15][width == 64 ? 0 : width == 32 ? 1 : width == 16 ? 2 : 3];
}

// Bytes of the immediate that follow a memory operand.
unsigned immediate_bytes(Op op) {
  switch (op) {
  case Op::MOV8mi: case Op::CMP8mi: case Op::CMP32mi8: case Op::CMP64mi8: case Op::IMUL32rmi8: case Op::IMUL64rmi8: return 1;
  case Op::MOV16mi: return 2;
  case Op::MOV32mi: case Op::MOV64mi32: case Op::CMP32mi: case Op::CMP64mi32: case Op::IMUL32rmi: case Op::IMUL64rmi32: return 4;
  default: return 0;
  }
}

void add_memory(llvm::MCInst& out, const Mem& mem) {
  using llvm::MCOperand;
  out.addOperand(MCOperand::createReg(mem.symbol != no_symbol ? llvm_rip : mem.base.is_valid() ? llvm_reg(mem.base, 64) : 0));
  out.addOperand(MCOperand::createImm(mem.scale));
  out.addOperand(MCOperand::createReg(mem.index.is_valid() ? llvm_reg(mem.index, 64) : 0));
  out.addOperand(MCOperand::createImm(mem.symbol != no_symbol ? 0 : mem.disp));
  out.addOperand(MCOperand::createReg(0));
}

llvm::MCInst translate(const Inst& inst) {
  using llvm::MCOperand;
  const OpInfo& row = info(inst.op);
  llvm::MCInst out;
  out.setOpcode(llvm_opcode[size_t(inst.op) - 1]);
  auto d = [&] { out.addOperand(MCOperand::createReg(llvm_reg(inst.d, row.dw))); };
  auto b = [&] { out.addOperand(MCOperand::createReg(llvm_reg(inst.b, row.sw))); };
  auto i = [&] { out.addOperand(MCOperand::createImm(row.dw == 32 || row.sw == 32 ? int32_t(inst.imm) : inst.imm)); };
  auto m = [&] { add_memory(out, inst.mem); };
  auto cc = [&] { out.addOperand(MCOperand::createImm(int64_t(inst.cond))); };
  switch (row.form) {
  case Form::DefRR: case Form::UseRR: d(), b(); break;
  case Form::DefRM: case Form::UseRM: d(), m(); break;
  case Form::DefRI: case Form::UseRI: d(), i(); break;
  case Form::DefRRI: d(), b(), i(); break;
  case Form::DefRMI: d(), m(), i(); break;
  case Form::DefZero: d(), d(), d(); break;
  case Form::ModR: d(), d(); break;
  case Form::ModRR: d(), d(), b(); break;
  case Form::ModRM: d(), d(), m(); break;
  case Form::ModRI: d(), d(), i(); break;
  case Form::ModRRcc: d(), d(), b(), cc(); break;
  case Form::ModRMcc: d(), d(), m(), cc(); break;
  case Form::SetCC: d(), cc(); break;
  case Form::UseMR: m(), b(); break;
  case Form::UseMI: m(), i(); break;
  case Form::UseR: case Form::DefR: d(); break;
  case Form::UseM: m(); break;
  case Form::Plain: break;
  case Form::Swap: d(), b(), d(), b(); break;
  }
  return out;
}

} // namespace

struct Encoder::Impl {
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCContext> context;
  std::unique_ptr<llvm::MCCodeEmitter> emitter;
};

Encoder::Encoder() : impl_(std::make_unique<Impl>()) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  const char* triple = "x86_64-pc-linux-gnu";
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
  Impl& m = *impl_;
  m.registers.reset(target->createMCRegInfo(triple));
  m.assembly.reset(target->createMCAsmInfo(*m.registers, triple, m.options));
  m.instructions.reset(target->createMCInstrInfo());
  m.subtarget.reset(target->createMCSubtargetInfo(triple, "", ""));
  m.context = std::make_unique<llvm::MCContext>(llvm::Triple(triple), m.assembly.get(), m.registers.get(), m.subtarget.get());
  m.emitter.reset(target->createMCCodeEmitter(*m.instructions, *m.context));
}

Encoder::~Encoder() = default;

int64_t Encoder::encode(const Inst& inst, std::vector<uint8_t>& out) {
  llvm::SmallVector<char, 16> bytes;
  llvm::SmallVector<llvm::MCFixup, 2> fixups;
  impl_->emitter->encodeInstruction(translate(inst), bytes, fixups, *impl_->subtarget);
  out.insert(out.end(), bytes.begin(), bytes.end());
  if (inst.mem.symbol == no_symbol || inst.op == Op::None) return -1;
  size_t field = out.size() - immediate_bytes(inst.op) - 4;
  std::memset(out.data() + field, 0, 4);
  return int64_t(field);
}

} // namespace codegen
