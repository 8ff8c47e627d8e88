// The automaton of poplex against the meaning of regular expressions, on random rules and random inputs.
#include "frontend/lexgen/automaton.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace frontend::lexgen {
namespace {

// A random regular expression over the letters a, b, c, as text.
std::string random_regexp(std::mt19937& random, int depth) {
  static const char* const leaves[] = {"'a'", "'b'", "'c'", "['a'-'b']", "[^'a']", "_", "\"ab\"", "\"\"", "\"cab\"", "eof", "_ # 'b'"};
  const int pick = depth == 0 ? 0 : static_cast<int>(random() % 7);
  if (pick <= 1)
    return leaves[random() % std::size(leaves)];
  const std::string a = random_regexp(random, depth - 1);
  switch (pick) {
  case 2: return "(" + a + ")*";
  case 3: return "(" + a + ")+";
  case 4: return "(" + a + ")?";
  case 5: return "(" + a + " " + random_regexp(random, depth - 1) + ")";
  default: return "(" + a + " | " + random_regexp(random, depth - 1) + ")";
  }
}

// Where matches of `node` that begin at one of `begins` may end, straight from the definition. Symbols are numbers, the last of
// them the end of the input.
using Positions = std::set<size_t>;
Positions ends(const LexerSpec& spec, uint32_t node, const Positions& begins, const std::vector<int>& input) {
  const Regexp& r = spec.regexps[node];
  switch (r.kind) {
  case Regexp::Kind::Empty: return begins;
  case Regexp::Kind::Symbols: {
    Positions after;
    for (const size_t p : begins)
      if (p < input.size() && r.symbols[static_cast<size_t>(input[p])])
        after.insert(p + 1);
    return after;
  }
  case Regexp::Kind::Sequence: return ends(spec, r.second, ends(spec, r.first, begins, input), input);
  case Regexp::Kind::Choice: {
    Positions both = ends(spec, r.first, begins, input);
    both.merge(ends(spec, r.second, begins, input));
    return both;
  }
  case Regexp::Kind::Star:
  case Regexp::Kind::Plus:
  case Regexp::Kind::Option: {
    Positions all, next = ends(spec, r.first, begins, input);
    if (r.kind != Regexp::Kind::Plus)
      all = begins;
    if (r.kind == Regexp::Kind::Option) {
      all.merge(next);
      return all;
    }
    while (!std::includes(all.begin(), all.end(), next.begin(), next.end())) {
      all.insert(next.begin(), next.end());
      next = ends(spec, r.first, next, input);
    }
    return all;
  }
  }
  return {};
}

struct Match {
  int action = no_action;
  size_t length = 0;
  bool operator==(const Match&) const = default;
};

Match match_by_definition(const LexerSpec& spec, const LexerRule& rule, int first_action, const std::vector<int>& input) {
  Match best;
  for (size_t i = 0; i < rule.clauses.size(); ++i) {
    const Positions after = ends(spec, rule.clauses[i].regexp, {0}, input);
    if (!after.empty() && (best.action == no_action || *after.rbegin() > best.length))
      best = {first_action + static_cast<int>(i), *after.rbegin()};
  }
  return best;
}

// What Lexing::lex_engine does with the tables.
Match match_by_tables(const LexerTables& tables, int start, const std::vector<int>& input) {
  Match last;
  int state = start;
  for (size_t position = 0;; ++position) {
    const int base = tables.base[static_cast<size_t>(state)];
    if (base < 0)
      return {-base - 1, position};
    if (const int action = tables.backtrack[static_cast<size_t>(state)]; action >= 0)
      last = {action, position};
    if (position == input.size())
      return last;
    const size_t at = static_cast<size_t>(base + input[position]);
    state = tables.check[at] == state ? tables.trans[at] : tables.standard[static_cast<size_t>(state)];
    if (state < 0)
      return last;
  }
}

TEST(Automaton, MatchesAsTheDefinitionSays) {
  std::mt19937 random(20);
  size_t matched = 0;
  for (int round = 0; round < 400; ++round) {
    std::string text = "rule r0 = parse " + random_regexp(random, 4) + " { } | " + random_regexp(random, 3) + " { } and r1 = parse " +
                       random_regexp(random, 4) + " { }";
    LexerSpec spec;
    SpecProblem problem;
    ASSERT_TRUE(parse_spec(text, spec, problem)) << text << problem.message;
    Automaton automaton;
    std::string why;
    ASSERT_TRUE(build_automaton(spec, automaton, why)) << why;
    const LexerTables tables = compress(automaton);
    for (int i = 0; i < 40; ++i) {
      std::vector<int> input;
      for (size_t n = random() % 9; n > 0; --n)
        input.push_back("abcd"[random() % 4]);
      input.push_back(eof_symbol);
      for (size_t r = 0; r < 2; ++r) {
        const Match expected = match_by_definition(spec, spec.rules[r], r == 0 ? 0 : 2, input);
        EXPECT_EQ(match_by_tables(tables, automaton.starts[r], input), expected) << text;
        matched += expected.length > 1;
      }
    }
  }
  EXPECT_GT(matched, 5000u); // the inputs do exercise the rules
}

TEST(Automaton, LongStringsNeedNoDeepRecursion) {
  const std::string text = "rule r = parse \"" + std::string(20000, 'x') + "\" { }";
  LexerSpec spec;
  SpecProblem problem;
  ASSERT_TRUE(parse_spec(text, spec, problem));
  Automaton automaton;
  std::string why;
  ASSERT_TRUE(build_automaton(spec, automaton, why));
  EXPECT_EQ(automaton.states.size(), 20001u);
}

TEST(Automaton, TooManyStatesAreRefused) {
  // The n-th letter from the end is an a: the smallest deterministic automaton has 2^n states.
  std::string text = "rule r = parse _* 'a'";
  for (int i = 0; i < 20; ++i)
    text += " _";
  LexerSpec spec;
  SpecProblem problem;
  ASSERT_TRUE(parse_spec(text + " { }", spec, problem));
  Automaton automaton;
  std::string why;
  EXPECT_FALSE(build_automaton(spec, automaton, why));
  EXPECT_NE(why.find("more than 32000 states"), std::string::npos) << why;
}

TEST(Automaton, DefinitionsThatDoubleAreRefusedBeforeTheyFillTheMemory) {
  std::string text = "let d0 = 'a' 'b' ";
  for (int i = 1; i < 40; ++i)
    text += "let d" + std::to_string(i) + " = d" + std::to_string(i - 1) + " d" + std::to_string(i - 1) + " ";
  LexerSpec spec;
  SpecProblem problem;
  ASSERT_TRUE(parse_spec(text + "rule r = parse d39 { }", spec, problem));
  Automaton automaton;
  std::string why;
  EXPECT_FALSE(build_automaton(spec, automaton, why));
}

} // namespace
} // namespace frontend::lexgen
