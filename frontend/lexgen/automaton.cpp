#include "frontend/lexgen/automaton.h"

#include <algorithm>
#include <map>
#include <utility>

namespace frontend::lexgen {
namespace {

constexpr size_t max_nfa_states = 1'000'000;

struct NfaEdge {
  uint32_t regexp; // whose symbols it takes
  int target;
};

struct NfaState {
  std::vector<int> silent;
  std::vector<NfaEdge> edges;
  int action = no_action;
};

class Nfa {
public:
  explicit Nfa(const LexerSpec& spec) : spec_(spec) {}
  int add_state() {
    states_.emplace_back();
    return static_cast<int>(states_.size() - 1);
  }
  bool too_large() const { return states_.size() > max_nfa_states; }
  NfaState& operator[](int state) { return states_[static_cast<size_t>(state)]; }
  const Regexp& regexp(uint32_t node) const { return spec_.regexps[node]; }
  // Adds what leads from `from` to `to` over the words of `node`. Definitions are expanded where they are used.
  void connect(uint32_t node, int from, int to);
  // Adds to `set` (sorted on return) all that it reaches silently.
  void close(std::vector<int>& set);

private:
  std::vector<uint32_t> left_spine(uint32_t node, Regexp::Kind kind) const;
  void silent(int from, int to) { (*this)[from].silent.push_back(to); }

  const LexerSpec& spec_;
  std::vector<NfaState> states_;
  std::vector<uint32_t> seen_; // by state: the call of close that saw it last
  uint32_t round_ = 0;
};

// Operands of a chain of one operator, which the parser builds leaning left: strings are long chains.
std::vector<uint32_t> Nfa::left_spine(uint32_t node, Regexp::Kind kind) const {
  std::vector<uint32_t> operands;
  for (; regexp(node).kind == kind; node = regexp(node).first)
    operands.push_back(regexp(node).second);
  operands.push_back(node);
  std::reverse(operands.begin(), operands.end());
  return operands;
}

void Nfa::connect(uint32_t node, int from, int to) {
  if (too_large())
    return;
  const Regexp& r = regexp(node);
  switch (r.kind) {
  case Regexp::Kind::Empty: silent(from, to); break;
  case Regexp::Kind::Symbols: (*this)[from].edges.push_back({node, to}); break;
  case Regexp::Kind::Sequence: {
    const std::vector<uint32_t> operands = left_spine(node, r.kind);
    for (size_t i = 0; i < operands.size(); ++i) {
      const int next = i + 1 == operands.size() ? to : add_state();
      connect(operands[i], from, next);
      from = next;
    }
    break;
  }
  case Regexp::Kind::Choice:
    for (const uint32_t operand : left_spine(node, r.kind))
      connect(operand, from, to);
    break;
  case Regexp::Kind::Option:
    silent(from, to);
    connect(r.first, from, to);
    break;
  case Regexp::Kind::Star: {
    const int loop = add_state();
    silent(from, loop);
    silent(loop, to);
    connect(r.first, loop, loop);
    break;
  }
  case Regexp::Kind::Plus: {
    const int begin = add_state(), end = add_state();
    silent(from, begin);
    connect(r.first, begin, end);
    silent(end, begin);
    silent(end, to);
    break;
  }
  }
}

void Nfa::close(std::vector<int>& set) {
  seen_.resize(states_.size());
  ++round_;
  std::vector<int> work;
  work.swap(set);
  for (const int state : work)
    seen_[static_cast<size_t>(state)] = round_;
  while (!work.empty()) {
    const int state = work.back();
    work.pop_back();
    set.push_back(state);
    for (const int next : (*this)[state].silent) {
      if (std::exchange(seen_[static_cast<size_t>(next)], round_) != round_)
        work.push_back(next);
    }
  }
  std::sort(set.begin(), set.end());
}

// Splits the symbols into classes that no set of the specification tells apart.
void find_classes(const LexerSpec& spec, Automaton& automaton) {
  automaton.class_of.assign(symbol_count, 0);
  automaton.class_count = 1;
  for (const Regexp& r : spec.regexps) {
    if (r.kind != Regexp::Kind::Symbols)
      continue;
    std::map<std::pair<int, bool>, int> split;
    for (size_t c = 0; c < symbol_count; ++c) {
      const std::pair<int, bool> key(automaton.class_of[c], r.symbols[c]);
      automaton.class_of[c] = split.try_emplace(key, static_cast<int>(split.size())).first->second;
    }
    automaton.class_count = static_cast<int>(split.size());
  }
}

class SubsetConstruction {
public:
  SubsetConstruction(Nfa& nfa, Automaton& automaton) : nfa_(nfa), automaton_(automaton), representative_(static_cast<size_t>(automaton.class_count)) {
    for (size_t c = symbol_count; c-- > 0;)
      representative_[static_cast<size_t>(automaton.class_of[c])] = c;
  }
  int state_of(std::vector<int> set);
  // Adds the transitions of all states, and the states that they lead to. False when there are too many.
  bool complete();

private:
  Nfa& nfa_;
  Automaton& automaton_;
  std::vector<size_t> representative_; // a symbol of each class
  std::map<std::vector<int>, int> numbers_;
  std::vector<const std::vector<int>*> sets_;
};

int SubsetConstruction::state_of(std::vector<int> set) {
  nfa_.close(set);
  const auto [at, fresh] = numbers_.try_emplace(std::move(set), static_cast<int>(sets_.size()));
  if (fresh) {
    sets_.push_back(&at->first);
    LexerState state;
    for (const int member : at->first) {
      const int action = nfa_[member].action;
      if (action != no_action && (state.action == no_action || action < state.action))
        state.action = action;
    }
    automaton_.states.push_back(std::move(state));
  }
  return at->second;
}

bool SubsetConstruction::complete() {
  for (size_t s = 0; s < sets_.size(); ++s) {
    if (sets_.size() > max_lexer_states)
      return false;
    std::vector<int> targets(representative_.size(), no_state);
    for (size_t c = 0; c < representative_.size(); ++c) {
      std::vector<int> next;
      for (const int member : *sets_[s])
        for (const NfaEdge& edge : nfa_[member].edges)
          if (nfa_.regexp(edge.regexp).symbols[representative_[c]])
            next.push_back(edge.target);
      std::sort(next.begin(), next.end());
      next.erase(std::unique(next.begin(), next.end()), next.end());
      if (!next.empty())
        targets[c] = state_of(std::move(next));
    }
    automaton_.states[s].targets = std::move(targets);
  }
  return true;
}

} // namespace

bool build_automaton(const LexerSpec& spec, Automaton& automaton, std::string& problem) {
  find_classes(spec, automaton);
  Nfa nfa(spec);
  std::vector<int> entries;
  int action = 0;
  for (const LexerRule& rule : spec.rules) {
    entries.push_back(nfa.add_state());
    for (const LexerClause& clause : rule.clauses) {
      const int end = nfa.add_state();
      nfa[end].action = action++;
      nfa.connect(clause.regexp, entries.back(), end);
    }
  }
  SubsetConstruction subsets(nfa, automaton);
  if (!nfa.too_large()) {
    for (const int entry : entries)
      automaton.starts.push_back(subsets.state_of({entry}));
  }
  if (nfa.too_large() || !subsets.complete()) {
    problem = "the automaton of these rules has more than " + std::to_string(max_lexer_states) +
              " states; match keywords by a table in the action of identifiers, or split the rules";
    return false;
  }
  return true;
}

namespace {

// Places rows of (symbol, target) into one array so that no two overlap (first fit).
class RowPacker {
public:
  explicit RowPacker(LexerTables& tables) : tables_(tables) {}
  int place(int state, const std::vector<std::pair<int, int>>& row) {
    if (row.empty())
      return 0;
    for (int base = std::max(0, first_free_ - row.front().first);; ++base) {
      if (!fits(base, row))
        continue;
      for (const auto& [symbol, target] : row) {
        tables_.trans[index(base, symbol)] = target;
        tables_.check[index(base, symbol)] = state;
      }
      while (static_cast<size_t>(first_free_) < tables_.check.size() && tables_.check[static_cast<size_t>(first_free_)] != no_state)
        ++first_free_;
      return base;
    }
  }

private:
  static size_t index(int base, int symbol) { return static_cast<size_t>(base) + static_cast<size_t>(symbol); }
  bool fits(int base, const std::vector<std::pair<int, int>>& row) {
    if (tables_.check.size() < index(base, symbol_count)) {
      tables_.check.resize(index(base, symbol_count), no_state);
      tables_.trans.resize(index(base, symbol_count), 0);
    }
    return std::none_of(row.begin(), row.end(), [&](const auto& entry) { return tables_.check[index(base, entry.first)] != no_state; });
  }

  LexerTables& tables_;
  int first_free_ = 0;
};

} // namespace

LexerTables compress(const Automaton& automaton) {
  LexerTables tables;
  tables.trans.assign(symbol_count, 0);
  tables.check.assign(symbol_count, no_state);
  RowPacker packer(tables);
  for (size_t s = 0; s < automaton.states.size(); ++s) {
    const LexerState& state = automaton.states[s];
    std::map<int, int> frequency;
    for (const int cls : automaton.class_of)
      ++frequency[state.targets[static_cast<size_t>(cls)]];
    tables.backtrack.push_back(state.action);
    if (frequency.size() == 1 && frequency.begin()->first == no_state && state.action != no_action) {
      tables.base.push_back(-state.action - 1);
      tables.standard.push_back(no_state);
      continue;
    }
    const int standard = std::max_element(frequency.begin(), frequency.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
    std::vector<std::pair<int, int>> row;
    for (int c = 0; c < symbol_count; ++c) {
      const int target = state.targets[static_cast<size_t>(automaton.class_of[static_cast<size_t>(c)])];
      if (target != standard)
        row.emplace_back(c, target);
    }
    tables.standard.push_back(standard);
    tables.base.push_back(packer.place(static_cast<int>(s), row));
  }
  return tables;
}

} // namespace frontend::lexgen
