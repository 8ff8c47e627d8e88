#include "codegen/instruction_assembler.h"

#include <gtest/gtest.h>

namespace codegen {
namespace {

TEST(InstructionAssembler, LabelsAndOffsets) {
  AssembledCode code;
  std::string problem;
  ASSERT_TRUE(assemble_instructions({{"mov eax, edi", 1}, {"cmp eax, dword [rsi + rax*4 + 8]", 2}, {"jae out", 3}, {"ret", 4}},
                                    {{"out", 3}}, code, problem))
      << problem;
  EXPECT_EQ(code.bytes, (std::vector<uint8_t>{0x89, 0xF8, 0x3B, 0x44, 0x86, 0x08, 0x73, 0x00, 0xC3}));
  EXPECT_EQ(code.line_offsets, (std::vector<uint32_t>{0, 2, 6, 8, 9}));
  EXPECT_EQ(code.label_offsets, (std::vector<uint32_t>{8}));
}

TEST(InstructionAssembler, SymbolsBecomeRelocations) {
  AssembledCode code;
  std::string problem;
  ASSERT_TRUE(assemble_instructions({{"call {7}", 1}, {"lea rax, [rip + {2}]", 2}, {"mov dword [rip + {2}], 5", 3}}, {}, code, problem))
      << problem;
  ASSERT_EQ(code.relocs.size(), 3u);
  EXPECT_EQ(code.relocs[0].offset, 1u);
  EXPECT_EQ(code.relocs[0].symbol, 7u);
  EXPECT_EQ(code.relocs[0].addend, -4);
  EXPECT_EQ(code.relocs[1].symbol, 2u);
  EXPECT_EQ(code.relocs[2].addend, -8);
  EXPECT_EQ(code.bytes[1], 0);
}

TEST(InstructionAssembler, RawBytes) {
  AssembledCode code;
  std::string problem;
  ASSERT_TRUE(assemble_instructions({{".byte 0x0F, 0x05", 1}}, {}, code, problem)) << problem;
  EXPECT_EQ(code.bytes, (std::vector<uint8_t>{0x0F, 0x05}));
}

TEST(InstructionAssembler, ErrorsNameTheLine) {
  AssembledCode code;
  std::string problem;
  EXPECT_FALSE(assemble_instructions({{"ret", 10}, {"mov eax", 11}}, {}, code, problem));
  EXPECT_EQ(problem.substr(0, 4), "11: ");
}

} // namespace
} // namespace codegen
