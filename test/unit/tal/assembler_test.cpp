// What the decoder prints, LLVM's assembler reads as the same instruction: every row of the table with random operands.
#include "codegen/instruction_assembler.h"
#include "row_encoder.h"

#include <gtest/gtest.h>

#include <random>

using namespace tal;
using namespace tal::test;

namespace {

TEST(Assembler, ReadsWhatTheDecoderPrints) {
  codegen::InstructionAssembler assembler;
  std::mt19937_64 random(5);
  size_t rows = 0;
  for (size_t n = 0; n < static_cast<size_t>(Opcode::count_); n++) {
    const Row& row = row_of(static_cast<Opcode>(n));
    // Branch targets are symbols there, any nop is as good as another, and so is either order of an exchange.
    if (row.form == Form::T || row.rule == Rule::Nop || row.rule == Rule::Xchg)
      continue;
    size_t compared = 0;
    for (int i = 0; i < 25; i++) {
      Operands o;
      o.reg = random() % 16;
      o.rm = random() % 16;
      o.base = random() % 16;
      o.index = random() % 2 ? uint8_t{no_reg} : static_cast<uint8_t>(random() % 16);
      if (o.index == rsp)
        o.index = no_reg;
      o.scale = o.index == no_reg ? 1 : static_cast<uint8_t>(1u << random() % 4);
      o.disp = static_cast<int32_t>(random() % 3 == 0 ? random() : random() % 256 - 128);
      o.imm = static_cast<int64_t>(random() % 2 ? random() : random() % 256 - 128);
      o.condition = random() % 16;
      auto code = encode_row(row, o);
      Inst ours, theirs;
      if (!code || !decode(*code, ours))
        continue;
      std::string text = print(ours, 0), problem;
      Bytes other;
      ASSERT_TRUE(assembler.encode(text, other, problem)) << text << ": " << problem;
      ASSERT_TRUE(decode(other, theirs)) << text; // perhaps in another, shorter row
      ASSERT_EQ(theirs.length, other.size()) << text;
      // A shift by one has an encoding of its own, which is printed without the one.
      EXPECT_EQ(print(theirs, 0) + (theirs.row().form == Form::R1 && row.form == Form::RI ? ", 1" : ""), text);
      compared++;
    }
    rows += compared != 0;
  }
  EXPECT_GT(rows, 250u);
}

} // namespace
