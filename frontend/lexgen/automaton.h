// From the rules of a lexer to one deterministic automaton, by the constructions of Thompson and of subsets (Aho, Sethi, Ullman:
// Compilers, 3.6 and 3.7).
#pragma once

#include "frontend/lexgen/spec.h"

namespace frontend::lexgen {

inline constexpr int no_state = -1, no_action = -1;

struct LexerState {
  int action = no_action;    // the clause of the longest match that ends here
  std::vector<int> targets;  // by class of symbols; no_state where nothing matches
};

struct Automaton {
  std::vector<LexerState> states;
  std::vector<int> starts;          // by rule
  std::vector<int> class_of;        // by symbol: symbols of one class are never told apart
  int class_count = 0;
};

// Clauses are numbered through all rules in the order of the file. False, with the reason in `problem`, if the automaton would be
// larger than max_lexer_states.
inline constexpr size_t max_lexer_states = 32000;
bool build_automaton(const LexerSpec& spec, Automaton& automaton, std::string& problem);

// The automaton as the arrays that Lexing::lex_engine interprets. State s on symbol c goes to trans[base[s] + c] if
// check[base[s] + c] == s, else to standard[s]. A negative base ends the match with action -base - 1 at once.
struct LexerTables {
  std::vector<int> base, backtrack, standard, trans, check;
};
LexerTables compress(const Automaton& automaton);

} // namespace frontend::lexgen
