// The decoder against the inverse of its table, and against LLVM's disassembler on the same bytes and on random ones.
#include "row_encoder.h"

#include <gtest/gtest.h>
#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>

#include <algorithm>
#include <random>

using namespace tal;
using namespace tal::test;

namespace {

class Llvm {
public:
  Llvm() {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    context_ = LLVMCreateDisasm("x86_64-linux-gnu", nullptr, 0, nullptr, nullptr);
    LLVMSetDisasmOptions(context_, LLVMDisassembler_Option_AsmPrinterVariant);
  }
  ~Llvm() { LLVMDisasmDispose(context_); }
  // Length of the first instruction, 0 if LLVM knows none; its text without leading blanks.
  size_t length(Bytes bytes, std::string& text) {
    char buffer[256] = "";
    bytes.resize(bytes.size() + 16, 0x90);
    size_t n = LLVMDisasmInstruction(context_, bytes.data(), bytes.size(), 0, buffer, sizeof buffer);
    text = buffer;
    text.erase(0, text.find_first_not_of(" \t"));
    for (char& c : text)
      c = c == '\t' ? ' ' : c;
    return n;
  }

private:
  LLVMDisasmContextRef context_;
};

Operands random_operands(std::mt19937_64& random) {
  static constexpr int32_t disps[] = {0, 1, 8, -8, 127, 128, -128, -129, 0x7FFFFFFF, 4096};
  Operands o;
  o.reg = random() % 16;
  o.rm = random() % 16;
  o.base = random() % 16;
  o.index = random() % 3 == 0 ? uint8_t{no_reg} : static_cast<uint8_t>(random() % 16);
  if (o.index == rsp)
    o.index = no_reg;
  o.scale = o.index == no_reg ? 1 : static_cast<uint8_t>(1u << random() % 4);
  if (random() % 8 == 0) {
    o.base = rip;
    o.index = no_reg;
    o.scale = 1;
  }
  o.disp = disps[random() % std::size(disps)];
  o.imm = random() % 3 == 0 ? static_cast<int64_t>(random()) : static_cast<int64_t>(random() % 256) - 128;
  o.condition = random() % 16;
  return o;
}

TEST(Decoder, InvertsEveryRow) {
  std::mt19937_64 random(1);
  for (size_t n = 0; n < static_cast<size_t>(Opcode::count_); n++) {
    const Row& row = row_of(static_cast<Opcode>(n));
    for (int i = 0; i < 200; i++) {
      Operands o = random_operands(random);
      auto bytes = encode_row(row, o);
      if (!bytes)
        continue;
      Inst inst;
      ASSERT_TRUE(decode(*bytes, inst)) << row.mnemonic << " row " << n;
      ASSERT_EQ(inst.length, bytes->size()) << print(inst, 0);
      ASSERT_EQ(static_cast<size_t>(inst.opcode), n) << print(inst, 0);
      ASSERT_EQ(inst.imm, immediate_of(row, o.imm)) << print(inst, 0);
      if (inst.memory) {
        ASSERT_EQ(inst.base, o.base);
        ASSERT_EQ(inst.index, o.index);
        ASSERT_EQ(inst.disp, o.disp);
        ASSERT_EQ(inst.scale, o.scale);
      }
      // Cut short, it is no instruction.
      for (size_t cut = 0; cut < bytes->size(); cut++)
        ASSERT_FALSE(decode(std::span(*bytes).first(cut), inst) && inst.length > cut);
    }
  }
}

// Without LLVM's comments on RIP operands.
std::string normalised(std::string text) {
  if (size_t at = text.find(" <"); at != std::string::npos)
    text.resize(at);
  return text;
}

TEST(Decoder, AgreesWithLlvmOnEveryRow) {
  Llvm llvm;
  std::mt19937_64 random(2);
  for (size_t n = 0; n < static_cast<size_t>(Opcode::count_); n++) {
    const Row& row = row_of(static_cast<Opcode>(n));
    for (int i = 0; i < 60; i++) {
      Operands o = random_operands(random);
      auto bytes = encode_row(row, o);
      if (!bytes)
        continue;
      std::string text;
      ASSERT_EQ(llvm.length(*bytes, text), bytes->size()) << row.mnemonic << " row " << n << ": " << text;
      Inst inst;
      ASSERT_TRUE(decode(*bytes, inst));
      // Negative immediates are numbers here and patterns there; xchg has no first operand.
      if (row.form != Form::T && row.rule != Rule::Nop && row.rule != Rule::Xchg && inst.imm >= 0) {
        EXPECT_EQ(print(inst, 0), normalised(text));
      }
    }
  }
}

// Two spellings are LLVM's own: the operands of xchg in the other order, and negative immediates as patterns of their width.
std::string without_immediate(std::string text) { return text.substr(0, text.rfind(", ")); }

bool same_instruction(const Inst& inst, const std::string& ours, const std::string& theirs) {
  const Row& row = inst.row();
  if (ours == theirs || row.form == Form::T) // a distance there, a target here
    return ours == theirs || ours.substr(0, ours.find(' ')) == theirs.substr(0, theirs.find(' '));
  if (row.rule == Rule::Xchg) {
    size_t comma = ours.find(", ");
    return theirs == "xchg " + ours.substr(comma + 2) + ", " + ours.substr(5, comma - 5);
  }
  if (row.rule == Rule::Nop) // where it reads nothing, LLVM says how large
    return theirs.starts_with("nop");
  if (row.form == Form::R1)
    return ours == without_immediate(theirs);
  return inst.imm < 0 && (row.form == Form::I || without_immediate(ours) == without_immediate(theirs));
}

TEST(Decoder, AcceptsNothingThatLlvmReadsOtherwise) {
  Llvm llvm;
  std::mt19937_64 random(3);
  size_t accepted = 0;
  std::vector<bool> seen(static_cast<size_t>(Opcode::count_));
  for (int i = 0; i < 1500000; i++) {
    Bytes bytes(15);
    for (uint8_t& b : bytes)
      b = static_cast<uint8_t>(random());
    static constexpr uint8_t prefixes[] = {0x66, 0x40, 0x48, 0x41, 0x44, 0x4C, 0xF2, 0xF3, 0x67, 0x0F, 0x2E};
    for (size_t k = 0; k < random() % 3; k++)
      bytes[k] = prefixes[random() % std::size(prefixes)];
    if (random() % 8 == 0) // the second map, with what may stand before it
      bytes[random() % 3] = 0x0F;
    Inst inst;
    if (!decode(bytes, inst))
      continue;
    accepted++;
    seen[static_cast<size_t>(inst.opcode)] = true;
    std::string text;
    ASSERT_EQ(llvm.length(bytes, text), inst.length) << print(inst, 0) << " / " << text;
    ASSERT_TRUE(same_instruction(inst, print(inst, 0), normalised(text))) << print(inst, 0) << " / " << text;
  }
  EXPECT_GT(accepted, 100000u);
  EXPECT_GT(std::count(seen.begin(), seen.end(), true), 400);
}

TEST(Decoder, RefusesSecondSpellingsAndForbiddenForms) {
  const Bytes refused[] = {
      {0x40, 0x89, 0xC8},                               // REX that selects nothing
      {0x41, 0xC3},                                     // REX.B on ret
      {0x0F, 0x95, 0xC4},                               // setne ah
      {0x88, 0xE0},                                     // mov al, ah
      {0x67, 0x8B, 0x07},                               // 32-bit address
      {0x64, 0x8B, 0x07},                               // fs:
      {0xF0, 0x01, 0x07},                               // lock
      {0xF3, 0xC3},                                     // rep ret
      {0x66, 0xE9, 0, 0, 0, 0},                         // 16-bit jump
      {0x48, 0xE8, 0, 0, 0, 0},                         // REX.W call
      {0x48, 0xFF, 0xD0},                               // REX.W call rax
      {0x8B, 0x04, 0x25, 0, 0, 0, 0},                   // absolute address
      {0x8B, 0x04, 0x20},                               // SIB without need: [rax]
      {0x8B, 0x44, 0x64, 0x08},                         // no index, scale 2
      {0xA1, 0, 0, 0, 0, 0, 0, 0, 0},                   // moffs
      {0x8F, 0xC0},                                     // pop r/m
      {0xC2, 8, 0},                                     // ret n
      {0xC9},                                           // leave has no row
      {0x0F, 0x05},                                     // syscall
      {0xCD, 0x80},                                     // int 0x80
      {0xA5},                                           // movsd
      {0x87, 0x07},                                     // xchg with memory
      {0x66, 0x48, 0x89, 0xC8},                         // 66 and REX.W
      {0x48, 0x66, 0x89, 0xC8},                         // REX not last
      {0x48, 0x0F, 0x95, 0xC0},                         // REX.W setne
      {0xFF, 0x20},                                     // jmp [rax]
      {0x48, 0xFF, 0xE0},                               // REX.W jmp rax
      {0x66, 0xFF, 0xE0},                               // 66 jmp rax
      {0xF3, 0x90},                                     // pause
      {0xF2, 0x48, 0x89, 0xC8},                         // F2 without meaning
      {0x66, 0xF2, 0x0F, 0x58, 0xC1},                   // 66 and F2
      {0xF2, 0xF2, 0x0F, 0x58, 0xC1},                   // F2 twice
      {0x48, 0xF2, 0x0F, 0x58, 0xC1},                   // REX before F2
      {0xF2, 0x48, 0x0F, 0x58, 0xC1},                   // REX.W that selects nothing: addsd
      {0xF2, 0x0F, 0x10, 0xC1},                         // movsd between registers
      {0x0F, 0x28, 0x07},                               // movaps from memory
      {0x0F, 0x57, 0x07},                               // xorps with memory
      {0x66, 0x0F, 0x6E, 0x07},                         // movd from memory
      {0x66, 0x48, 0x0F, 0x2E, 0xC1},                   // REX.W ucomisd
      {0x8B, 0xC8},                                     // mov ecx, eax in the direction that no row has
  };
  for (const Bytes& bytes : refused) {
    Bytes padded = bytes;
    Inst inst;
    EXPECT_FALSE(decode(padded, inst)) << print(inst, 0);
  }
}

} // namespace
