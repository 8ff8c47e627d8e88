// Layout: relaxation of branches, empty blocks, the first two bytes.
#include "codegen/emit.h"

#include <gtest/gtest.h>

#include "codegen/block_order.h"

namespace codegen {
namespace {

using namespace mir;

Inst row(Op op, Reg d, int64_t imm = 0) {
  Inst inst;
  inst.op = op;
  inst.d = d;
  inst.imm = imm;
  return inst;
}

// entry: test; je far; `filler` times a 5-byte move; far: ret
EmittedFunction branch_over(int filler) {
  Function f;
  BlockId entry = f.new_block(), middle = f.new_block(), far = f.new_block();
  Inst test = row(Op::TEST64rr, rdi);
  test.b = rdi;
  f.block(entry).insts = {test};
  f.block(entry).term = Term::Branch;
  f.block(entry).cond = Cond::E;
  f.block(entry).succs = {{far, {}}, {middle, {}}};
  for (int i = 0; i < filler; ++i) f.block(middle).insts.push_back(row(Op::MOV32ri, rax, 7));
  f.block(middle).term = Term::Jump;
  f.block(middle).succs = {{far, {}}};
  f.block(far).insts = {row(Op::RET64, {})};
  f.block(far).term = Term::Return;
  order_blocks(f);
  Encoder encoder;
  return emit_function(f, encoder);
}

TEST(Emit, ShortAndLongBranches) {
  EmittedFunction near = branch_over(25); // 125 bytes
  EXPECT_EQ(near.code.size(), 3u + 2 + 125 + 1);
  EXPECT_EQ(near.code[3], 0x74);
  EXPECT_EQ(near.code[4], 125);
  EmittedFunction far = branch_over(26);
  EXPECT_EQ(far.code.size(), 3u + 6 + 130 + 1);
  EXPECT_EQ(far.code[3], 0x0F);
  EXPECT_EQ(far.code[4], 0x84);
  EXPECT_EQ(far.code[5], 130);
}

TEST(Emit, NothingBranchesIntoTheFirstTwoBytes) {
  Function f;
  BlockId entry = f.new_block(), loop = f.new_block();
  f.block(entry).term = Term::Jump;
  f.block(entry).succs = {{loop, {}}};
  f.block(loop).insts = {row(Op::MOV32ri, rax, 1)};
  f.block(loop).term = Term::Jump;
  f.block(loop).succs = {{loop, {}}};
  order_blocks(f);
  Encoder encoder;
  EmittedFunction code = emit_function(f, encoder);
  EXPECT_EQ(code.block_offset[loop.value], 2u);
  EXPECT_EQ(code.code[0], 0x66);
  EXPECT_EQ(code.code[1], 0x90);
}

TEST(Emit, CircleOfEmptyBlocksIsOneJump) {
  Function f;
  BlockId entry = f.new_block(), a = f.new_block(), b = f.new_block();
  for (auto [from, to] : {std::pair{entry, a}, {a, b}, {b, a}}) {
    f.block(from).term = Term::Jump;
    f.block(from).succs = {{to, {}}};
  }
  order_blocks(f);
  Encoder encoder;
  EXPECT_EQ(emit_function(f, encoder).code, (std::vector<uint8_t>{0x66, 0x90, 0xEB, 0xFE}));
}

} // namespace
} // namespace codegen
