// Difference constraints against brute force over small numbers.
#include "tal/constraints.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

using tal::Constraints;

namespace {

using Assignment = std::array<int, 5>; // node 0 is zero

struct Model {
  std::vector<Assignment> all;
  Model() {
    for (int a = -4; a <= 4; a++)
      for (int b = -4; b <= 4; b++)
        for (int c = -4; c <= 4; c++)
          for (int d = -4; d <= 4; d++)
            all.push_back({0, a, b, c, d});
  }
  void keep(unsigned x, unsigned y, int64_t c) {
    std::erase_if(all, [&](const Assignment& v) { return v[x] - v[y] > c; });
  }
};

TEST(Constraints, AreSoundAndExactAgainstBruteForce) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; round++) {
    Model model;
    Constraints m;
    for (int i = 0; i < 4; i++)
      m.add_node(-4, 4);
    for (int step = 0; step < 8; step++) {
      unsigned x = random() % 5, y = random() % 5;
      int64_t c = static_cast<int>(random() % 11) - 5;
      bool consistent = m.add(x, y, c);
      model.keep(x, y, c);
      ASSERT_EQ(consistent, !model.all.empty()); // integers and unit coefficients: closure decides
      if (!consistent)
        break;
      for (unsigned i = 0; i < 5; i++)
        for (unsigned j = 0; j < 5; j++) {
          int greatest = -100;
          for (const Assignment& v : model.all)
            greatest = std::max(greatest, v[i] - v[j]);
          ASSERT_EQ(m.bound(i, j), greatest) << "round " << round << " step " << step;
        }
    }
  }
}

TEST(Constraints, ForgettingANodeKeepsTheRest) {
  Constraints m;
  unsigned a = m.add_node(0, 10), b = m.add_node(0, 10), c = m.add_node(0, 10);
  ASSERT_TRUE(m.add(a, b, -1));
  ASSERT_TRUE(m.add(b, c, -1));
  m.remove_node(b); // c becomes node b
  EXPECT_EQ(m.size(), 3u);
  EXPECT_EQ(m.bound(a, b), -2);
  EXPECT_EQ(m.bound(a, 0), 8);
}

TEST(Constraints, BoundsBeyondTheLimitAreForgottenNotWrong) {
  Constraints m;
  unsigned a = m.add_node(INT64_MIN, INT64_MAX);
  EXPECT_EQ(m.bound(a, 0), Constraints::none);
  EXPECT_EQ(m.bound(0, a), Constraints::none);
  ASSERT_TRUE(m.add(a, 0, INT64_MIN / 2)); // kept as "at most -2^34"
  EXPECT_EQ(m.bound(a, 0), -Constraints::limit);
  ASSERT_TRUE(m.add(0, a, INT64_MAX));
}

TEST(Constraints, ContradictionIsReported) {
  Constraints m;
  unsigned a = m.add_node(0, 5), b = m.add_node(0, 5);
  ASSERT_TRUE(m.add(a, b, -1));
  EXPECT_FALSE(m.add(b, a, 0));
}

} // namespace
