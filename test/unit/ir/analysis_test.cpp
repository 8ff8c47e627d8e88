#include "ir_text.h"

#include "ir/dominators.h"
#include "ir/liveness.h"
#include "ir/loops.h"

namespace ir::testing {
namespace {

// b0 -> b1 <-> b2, b1 -> b3; b2 is a diamond b2 -> b4|b5 -> b6 -> b1.
const char* kLoop = R"(module "m"

func public f(c: bool, n: int) -> int {
b0(v0: bool, v1: int):
  v2: int = iconst 1
  br b1(v1)
b1(v3: int):
  br_if v0, b2, b3
b2:
  br_if v0, b4, b5
b3:
  ret v3
b4:
  v4: int = add v3, v2
  br b6(v4)
b5:
  v5: int = sub v3, v2
  br b6(v5)
b6(v6: int):
  br b1(v6)
}
)";

BlockId b(uint32_t n) { return {n}; }

TEST(Cfg, PredecessorsAndOrder) {
  TextModule m(kLoop);
  Cfg cfg(m.function());
  EXPECT_EQ(cfg.rpo().size(), 7u);
  EXPECT_EQ(cfg.rpo().front(), m.function().entry());
  EXPECT_EQ(cfg.preds(b(1)).size(), 2u);
  EXPECT_EQ(cfg.preds(b(0)).size(), 0u);
  EXPECT_LT(cfg.rpo_index(b(1)), cfg.rpo_index(b(3)));
}

TEST(Dominators, DiamondInALoop) {
  TextModule m(kLoop);
  // Blocks are numbered by first mention in the text: b0 b1 b2 b3 b4 b5 b6.
  Cfg cfg(m.function());
  DominatorTree tree(m.function(), cfg);
  EXPECT_EQ(tree.immediate_dominator(b(1)), b(0));
  EXPECT_EQ(tree.immediate_dominator(b(6)), b(2));
  EXPECT_EQ(tree.immediate_dominator(b(3)), b(1));
  EXPECT_FALSE(tree.immediate_dominator(b(0)).is_valid());
  EXPECT_TRUE(tree.dominates(b(1), b(6)));
  EXPECT_TRUE(tree.dominates(b(4), b(4)));
  EXPECT_FALSE(tree.dominates(b(4), b(6)));
  EXPECT_EQ(tree.preorder().size(), 7u);
}

// Compared with the definition: a dominates b if b cannot be reached without a.
TEST(Dominators, AgreeWithTheDefinition) {
  uint32_t seed = 12345;
  auto random = [&](uint32_t n) { return (seed = seed * 1664525 + 1013904223) / 65536 % n; };
  for (int round = 0; round < 50; ++round) {
    uint32_t count = 3 + random(12);
    std::string text = "module \"m\"\n\nfunc public f(bool) -> void {\nb0(v0: bool):\n";
    for (uint32_t i = 0; i < count; ++i) {
      if (i != 0)
        text += "b" + std::to_string(i) + ":\n";
      std::string next = "b" + std::to_string(1 + random(count - 1));
      text += i + 1 == count ? "  ret\n" : "  br_if v0, " + next + ", b" + std::to_string(i + 1) + "\n";
    }
    TextModule m(text + "}\n");
    const Function& f = m.function();
    Cfg cfg(f);
    DominatorTree tree(f, cfg);
    for (BlockId avoid : f.order) {
      std::vector<bool> seen(f.blocks.size());
      std::vector<BlockId> work;
      auto visit = [&](BlockId block) {
        if (block == avoid || seen[block.value])
          return;
        seen[block.value] = true;
        work.push_back(block);
      };
      visit(f.entry());
      while (!work.empty()) {
        BlockId at = work.back();
        work.pop_back();
        for_each_edge(f, at, [&](EdgeRef, const Edge& e) { visit(e.target); });
      }
      for (BlockId block : f.order)
        EXPECT_EQ(tree.dominates(avoid, block), !seen[block.value]) << text;
    }
  }
}

TEST(Loops, FindsTheLoopAndItsBlocks) {
  TextModule m(kLoop);
  Cfg cfg(m.function());
  DominatorTree tree(m.function(), cfg);
  Loops loops(m.function(), cfg, tree);
  ASSERT_EQ(loops.all().size(), 1u);
  EXPECT_EQ(loops.all()[0].header, b(1));
  EXPECT_EQ(loops.all()[0].blocks.size(), 5u);
  EXPECT_EQ(loops.depth(b(6)), 1u);
  EXPECT_EQ(loops.depth(b(3)), 0u);
}

TEST(Loops, Nest) {
  TextModule m(R"(module "m"

func public f(bool) -> void {
b0(v0: bool):
  br b1
b1:
  br b2
b2:
  br_if v0, b2, b3
b3:
  br_if v0, b1, b4
b4:
  ret
}
)");
  Cfg cfg(m.function());
  DominatorTree tree(m.function(), cfg);
  Loops loops(m.function(), cfg, tree);
  ASSERT_EQ(loops.all().size(), 2u);
  EXPECT_EQ(loops.depth(b(2)), 2u);
  EXPECT_EQ(loops.depth(b(3)), 1u);
  EXPECT_EQ(loops.depth(b(4)), 0u);
}

TEST(Liveness, ThroughLoopsAndJoins) {
  TextModule m(kLoop);
  Cfg cfg(m.function());
  Liveness live(m.function(), cfg);
  ValueId step{2}, n{1}, carried{3};
  EXPECT_TRUE(live.is_live_in(b(1), step));
  EXPECT_TRUE(live.is_live_in(b(6), step)) << "used again on the next round";
  EXPECT_FALSE(live.is_live_in(b(3), step));
  EXPECT_FALSE(live.is_live_in(b(1), n)) << "dies on the edge";
  EXPECT_TRUE(live.is_live_out(b(1), carried));
  EXPECT_FALSE(live.is_live_in(b(6), carried));
}

TEST(Liveness, UnwindArgumentsAreUsedByTheBlock) {
  TextModule m(R"(module "m"
func import g() -> void

func public f(int) -> int {
b0(v0: int) unwind b2(v0):
  call g
  br b1
b1:
  v1: int = iconst 0
  ret v1
b2(v2: exn, v3: int):
  ret v3
}
)");
  Cfg cfg(m.function());
  Liveness live(m.function(), cfg);
  EXPECT_FALSE(live.is_live_out(b(0), ValueId{0}));
  EXPECT_TRUE(live.is_live_in(b(0), ValueId{0}) || m.function().block(b(0)).params[0] == ValueId{0});
  EXPECT_FALSE(live.is_live_in(m.function().order[1], ValueId{0}));
}

} // namespace
} // namespace ir::testing
