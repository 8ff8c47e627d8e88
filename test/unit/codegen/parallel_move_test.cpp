#include "codegen/parallel_move.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace codegen {
namespace {

using namespace mir;
using Key = std::pair<int, int64_t>;
Key key(const Place& place) { return {int(place.kind), place.value}; }

// Carries the steps out on values that name the place they were in at first.
void expect_same(const std::vector<Move>& moves, Passage passage = {r10, {}}) {
  std::map<Key, Key> state;
  auto read = [&](const Place& place) {
    auto it = state.find(key(place));
    return it == state.end() ? key(place) : it->second;
  };
  int64_t scratch = 100;
  MoveResources resources{[&] { return passage; }, [&](bool) { return Place::slot(scratch++); }};
  for (const MoveStep& step : sequence_moves(moves, resources)) {
    EXPECT_FALSE(step.dst.is_memory() && step.src.is_memory());
    Key value = read(step.src);
    if (step.kind == MoveStep::Kind::Exchange) {
      EXPECT_TRUE(step.dst.is_reg() && step.src.is_reg());
      Key other = read(step.dst);
      state[key(step.src)] = other;
    }
    state[key(step.dst)] = value;
  }
  bool passage_is_target = false;
  for (const Move& move : moves) {
    EXPECT_EQ(read(move.dst), key(move.src));
    passage_is_target = passage_is_target || move.dst == Place::reg(passage.reg);
  }
  if (passage.save.kind != Place::Kind::None && !passage_is_target) {
    EXPECT_EQ(read(Place::reg(passage.reg)), key(Place::reg(passage.reg)));
  }
}

Place r(Reg reg) { return Place::reg(reg); }

TEST(ParallelMove, ChainsAreOrdered) { expect_same({{r(rax), r(rcx)}, {r(rcx), r(rdx)}, {r(rdx), r(rsi)}}); }

TEST(ParallelMove, RegisterCyclesNeedNoTemporary) {
  std::vector<Move> moves{{r(rax), r(rcx)}, {r(rcx), r(rdx)}, {r(rdx), r(rax)}};
  expect_same(moves);
  EXPECT_EQ(sequence_moves(moves, {}).size(), 2u); // asking for a resource would end the test
}

TEST(ParallelMove, OneSourceForSeveral) { expect_same({{r(rax), r(rcx)}, {r(rdx), r(rcx)}, {r(rcx), r(rax)}}); }

TEST(ParallelMove, MemoryToMemoryAndCyclesThroughMemory) {
  expect_same({{Place::slot(0), Place::slot(1)}});
  expect_same({{Place::slot(0), Place::slot(1)}, {Place::slot(1), Place::slot(0)}});
  expect_same({{r(rax), Place::slot(0)}, {Place::slot(0), r(rax)}});
}

TEST(ParallelMove, ConstantsComeLast) {
  expect_same({{r(rax), Place::imm(1)}, {r(rcx), r(rax)}});
  expect_same({{Place::slot(3), Place::imm(int64_t(1) << 40)}, {r(rcx), Place::slot(3)}});
}

TEST(ParallelMove, CyclesOfXmmRegistersNeedAScratchPlace) {
  std::vector<Move> moves{{r(xmm(0)), r(xmm(1))}, {r(xmm(1)), r(xmm(2))}, {r(xmm(2)), r(xmm(0))}};
  expect_same(moves);
  for (const MoveStep& step : sequence_moves(moves, {{}, [](bool) { return r(xmm(9)); }}))
    EXPECT_EQ(step.kind, MoveStep::Kind::Move); // there is no exchange
  expect_same({{r(xmm(0)), r(xmm(1))}, {r(xmm(1)), r(xmm(0))}, {r(rax), r(rcx)}, {r(rcx), r(rax)}});
  expect_same({{r(xmm(0)), Place::slot(0)}, {Place::slot(0), r(xmm(0))}});
}

TEST(ParallelMove, Random) {
  std::mt19937 random(1);
  const Place places[] = {r(rax), r(rcx), r(rdx), r(rbx), r(rsi), Place::slot(0), Place::slot(1), Place::slot(2), Place::out_arg(0)};
  for (int i = 0; i < 2000; ++i) {
    std::vector<Move> moves;
    for (const Place& dst : places) {
      if (random() % 3 == 0) continue;
      Place src = random() % 8 == 0 ? Place::imm(int64_t(random() % 3)) : places[random() % 8];
      moves.push_back({dst, src});
    }
    expect_same(moves);
    expect_same(moves, {rax, Place::slot(99)}); // no register is free
  }
}

} // namespace
} // namespace codegen
