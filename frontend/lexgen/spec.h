// A lexer specification (`.popl`): Popcorn code around rules, each of which maps regular expressions to actions.
//
//   { header }
//   let NAME = REGEXP
//   rule NAME = parse REGEXP { action } | REGEXP { action } ...
//   and  NAME = parse ...
//   { trailer }
//
// The format is that of ocamllex, with Popcorn statements for actions; docs/lexers-and-parsers.md describes it for users.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace frontend::lexgen {

// The input alphabet: the bytes, and the end of the input as a symbol of its own.
inline constexpr int eof_symbol = 256;
inline constexpr int symbol_count = 257;
using SymbolSet = std::bitset<symbol_count>;

// Regular expressions are nodes of one vector and refer to each other by index.
struct Regexp {
  enum class Kind : uint8_t { Empty, Symbols, Sequence, Choice, Star, Plus, Option };
  Kind kind = Kind::Empty;
  SymbolSet symbols;             // of Symbols
  uint32_t first = 0, second = 0; // of Sequence and Choice both, of the repetitions `first`
};

// Popcorn code taken over as it stands; `line` is that of its first character, 1-based.
struct CodeText {
  std::string_view text;
  uint32_t line = 0;
};

struct LexerClause {
  uint32_t regexp = 0;
  CodeText action;
};

struct LexerRule {
  std::string_view name;
  uint32_t line = 0;
  std::vector<LexerClause> clauses;
};

// Views into the text that was parsed, which has to outlive it.
struct LexerSpec {
  CodeText header, trailer;
  std::vector<Regexp> regexps;
  std::vector<LexerRule> rules;
};

struct SpecProblem {
  uint32_t line = 0, column = 0; // 1-based
  std::string message;
};

// False, with the first error in `problem`, when `text` is no specification.
bool parse_spec(std::string_view text, LexerSpec& spec, SpecProblem& problem);

} // namespace frontend::lexgen
