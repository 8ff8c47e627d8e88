// Register allocation on hand-made machine IR, and the allocation checker on wrong allocations.
#include "codegen/allocation.h"

#include <gtest/gtest.h>

#include "codegen/allocation_checker.h"
#include "codegen/block_order.h"

namespace codegen {
namespace {

using namespace mir;

Inst row(Op op, Reg d, Reg b = {}, int64_t imm = 0) {
  Inst inst;
  inst.op = op;
  inst.d = d;
  inst.b = b;
  inst.imm = imm;
  return inst;
}

// f(a, b): calls a function, returns a + b.
Function across_call() {
  Function f;
  f.name = "f";
  BlockId entry = f.new_block();
  Reg a = f.new_vreg(0), b = f.new_vreg(0), sum = f.new_vreg(0);
  std::vector<Inst>& insts = f.block(entry).insts;
  auto copy = [&](std::vector<Move> moves) {
    Inst inst;
    inst.op = Op::Pcopy;
    inst.extra = f.new_copy(std::move(moves));
    insts.push_back(inst);
  };
  copy({{Place::reg(a), Place::reg(rdi)}, {Place::reg(b), Place::reg(rsi)}});
  Inst call;
  call.op = Op::Call;
  call.extra = f.new_call({});
  insts.push_back(call);
  insts.push_back(row(Op::MOV64rr, sum, a));
  insts.push_back(row(Op::ADD64rr, sum, b));
  copy({{Place::reg(rax), Place::reg(sum)}});
  insts.push_back(row(Op::RET64, {}, {}, 1));
  f.block(entry).term = Term::Return;
  order_blocks(f);
  return f;
}

TEST(Allocation, ValuesAcrossCallsGoToCalleeSavedRegisters) {
  Function f = across_call(), before = f;
  std::string problem;
  allocate_registers(f, problem);
  ASSERT_EQ(problem, "");
  EXPECT_EQ(check_allocation(before, f), "");
  EXPECT_EQ(__builtin_popcount(f.saved), 2);
  EXPECT_EQ(f.slots, 0u);
}

TEST(Allocation, CheckerSeesWrongOperand) {
  Function f = across_call(), before = f;
  std::string problem;
  allocate_registers(f, problem);
  for (Inst& inst : f.block({0}).insts)
    if (inst.op == Op::ADD64rr) inst.b = rcx; // clobbered by the call
  EXPECT_NE(check_allocation(before, f), "");
}

TEST(Allocation, CheckerSeesMissingMove) {
  Function f = across_call(), before = f;
  std::string problem;
  allocate_registers(f, problem);
  std::vector<Inst>& insts = f.block({0}).insts;
  for (size_t i = 0; i < insts.size(); ++i)
    if (insts[i].op == Op::MOV64rr) {
      insts.erase(insts.begin() + long(i));
      break;
    }
  EXPECT_NE(check_allocation(before, f), "");
}

TEST(Allocation, CheckerSeesCallerSavedRegisterAcrossCall) {
  Function f = across_call(), before = f;
  std::string problem;
  allocate_registers(f, problem);
  auto replace = [](Reg& reg) {
    if (reg.is_valid() && (callee_saved & bit(reg))) reg = reg == rbx ? r10 : r11;
  };
  for (Inst& inst : f.block({0}).insts) replace(inst.d), replace(inst.b);
  EXPECT_NE(check_allocation(before, f), "");
}

// Many values live at once in a loop: some have to live in memory, and edges need moves.
TEST(Allocation, SpillsUnderPressure) {
  Function f;
  f.name = "g";
  BlockId entry = f.new_block(), loop = f.new_block(), exit = f.new_block();
  constexpr int count = 24;
  std::vector<Place> init, next;
  std::vector<Reg> params;
  for (int i = 0; i < count; ++i) {
    init.push_back(Place::imm(i));
    params.push_back(f.new_vreg(0));
  }
  f.block(entry).term = Term::Jump;
  f.block(entry).succs = {{loop, init}};
  f.block(loop).params = params;
  for (int i = 0; i < count; ++i) next.push_back(Place::reg(params[size_t((i + 1) % count)])); // rotate
  BlockId latch = f.new_block();
  f.block(loop).insts.push_back(row(Op::CMP64ri8, params[0], {}, 5));
  f.block(loop).term = Term::Branch;
  f.block(loop).cond = Cond::E;
  f.block(loop).succs = {{exit, {}}, {latch, {}}};
  f.block(latch).term = Term::Jump;
  f.block(latch).succs = {{loop, next}};
  Inst result;
  result.op = Op::Pcopy;
  result.extra = f.new_copy({{Place::reg(rax), Place::reg(params[3])}});
  f.block(exit).insts = {result, row(Op::RET64, {}, {}, 1)};
  f.block(exit).term = Term::Return;
  order_blocks(f);
  Function before = f;
  std::string problem;
  allocate_registers(f, problem);
  ASSERT_EQ(problem, "");
  EXPECT_EQ(check_allocation(before, f), "");
  EXPECT_GT(f.slots, 0u);
}

} // namespace
} // namespace codegen
