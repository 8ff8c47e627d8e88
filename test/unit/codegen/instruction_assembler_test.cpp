#include "codegen/instruction_assembler.h"

#include <gtest/gtest.h>

namespace codegen {
namespace {

using Code = std::vector<uint8_t>;

TEST(InstructionAssembler, EncodesIntelSyntax) {
  InstructionAssembler assembler;
  Code code;
  std::string problem;
  for (const char* text : {"mov eax, edi", "cmp eax, dword [rsi + rax*4 + 8]", "ret", "movzx eax, byte ptr [rdi]"})
    ASSERT_TRUE(assembler.encode(text, code, problem)) << text << ": " << problem;
  EXPECT_EQ(code, (Code{0x89, 0xF8, 0x3B, 0x44, 0x86, 0x08, 0xC3, 0x0F, 0xB6, 0x07}));
}

TEST(InstructionAssembler, RipOperandHasZeroField) {
  InstructionAssembler assembler;
  Code code;
  std::string problem;
  ASSERT_TRUE(assembler.encode("lea rax, [rip]", code, problem)) << problem;
  ASSERT_TRUE(assembler.encode("mov rcx, qword [rip]", code, problem)) << problem;
  EXPECT_EQ(code, (Code{0x48, 0x8D, 0x05, 0, 0, 0, 0, 0x48, 0x8B, 0x0D, 0, 0, 0, 0}));
}

TEST(InstructionAssembler, RefusesOtherThings) {
  InstructionAssembler assembler;
  Code code;
  std::string problem;
  for (const char* text : {"mov eax", "frobnicate rax", "call somewhere", "", "ret\nret", ".byte 1"}) {
    EXPECT_FALSE(assembler.encode(text, code, problem)) << text;
    EXPECT_NE(problem, "");
  }
  EXPECT_TRUE(code.empty());
}

} // namespace
} // namespace codegen
