// Parsing of lexer specifications by recursive descent. Precedences of regular expressions, tightest first: # (difference of sets),
// postfix * + ?, sequence, |.
#include "frontend/lexgen/spec_scanner.h"

#include <map>
#include <utility>

namespace frontend::lexgen {
namespace {

constexpr int max_depth = 500; // of nested parentheses

class Parser {
public:
  Parser(std::string_view text, LexerSpec& spec, SpecProblem& problem) : scanner_(text), spec_(spec), problem_(problem) { take(); }
  bool parse();

private:
  using Kind = SpecTokenKind;
  void take() { token_ = scanner_.next(); }
  bool is(char punctuation) const { return token_.kind == Kind::Punctuation && token_.punctuation == punctuation; }
  bool is(std::string_view word) const { return token_.kind == Kind::Name && token_.text == word; }
  bool fail(std::string message);
  bool expect(char punctuation, std::string_view after);
  bool parse_name(std::string_view& name, std::string_view what);
  bool parse_definition();
  bool parse_rule();
  bool parse_choice(uint32_t& node);
  bool parse_sequence(uint32_t& node);
  bool parse_repetition(uint32_t& node);
  bool parse_difference(uint32_t& node);
  bool parse_primary(uint32_t& node);
  bool parse_set(SymbolSet& set);
  bool starts_primary() const;
  uint32_t make(Regexp node);
  uint32_t make_string(std::string_view bytes);
  static bool is_keyword(std::string_view word) { return word == "rule" || word == "and" || word == "parse" || word == "let" || word == "eof"; }

  SpecScanner scanner_;
  LexerSpec& spec_;
  SpecProblem& problem_;
  SpecToken token_;
  std::map<std::string_view, uint32_t> definitions_;
  int depth_ = 0;
};

bool Parser::fail(std::string message) {
  if (token_.kind == Kind::Wrong)
    problem_ = scanner_.problem();
  else
    problem_ = {token_.line, token_.column, std::move(message)};
  return false;
}

bool Parser::expect(char punctuation, std::string_view after) {
  if (!is(punctuation))
    return fail(std::string("'") + punctuation + "' is expected after " + std::string(after));
  take();
  return true;
}

bool Parser::parse_name(std::string_view& name, std::string_view what) {
  if (token_.kind != Kind::Name || is_keyword(token_.text))
    return fail("the name of a " + std::string(what) + " is expected here");
  name = token_.text;
  take();
  return true;
}

uint32_t Parser::make(Regexp node) {
  spec_.regexps.push_back(node);
  return static_cast<uint32_t>(spec_.regexps.size() - 1);
}

uint32_t Parser::make_string(std::string_view bytes) {
  uint32_t node = make({});
  for (const char c : bytes) {
    Regexp symbol;
    symbol.kind = Regexp::Kind::Symbols;
    symbol.symbols.set(static_cast<uint8_t>(c));
    const uint32_t next = make(symbol);
    node = make({Regexp::Kind::Sequence, {}, node, next});
  }
  return node;
}

bool Parser::starts_primary() const {
  return token_.kind == Kind::Char || token_.kind == Kind::String || is('(') || is('[') ||
         (token_.kind == Kind::Name && (token_.text == "eof" || !is_keyword(token_.text)));
}

bool Parser::parse_set(SymbolSet& set) {
  take(); // the bracket
  const bool complement = is('^');
  if (complement)
    take();
  while (!is(']')) {
    if (token_.kind != Kind::Char && token_.kind != Kind::String)
      return fail("a character, a range 'a'-'z' or ']' is expected in a set of characters");
    const bool single = token_.kind == Kind::Char;
    const std::string bytes = token_.bytes;
    take();
    if (!single || !is('-')) {
      for (const char c : bytes)
        set.set(static_cast<uint8_t>(c));
      continue;
    }
    take();
    if (token_.kind != Kind::Char)
      return fail("the last character of the range is expected after '-'");
    const int low = static_cast<uint8_t>(bytes[0]), high = static_cast<uint8_t>(token_.bytes[0]);
    if (low > high)
      return fail("this range is empty: its last character comes before its first");
    for (int c = low; c <= high; ++c)
      set.set(static_cast<size_t>(c));
    take();
  }
  take();
  if (complement) {
    set.flip();
    set.reset(eof_symbol);
  }
  return true;
}

bool Parser::parse_primary(uint32_t& node) {
  Regexp symbols;
  symbols.kind = Regexp::Kind::Symbols;
  if (token_.kind == Kind::String || token_.kind == Kind::Char) {
    if (token_.kind == Kind::Char) {
      symbols.symbols.set(static_cast<uint8_t>(token_.bytes[0]));
      node = make(symbols);
    } else {
      node = make_string(token_.bytes);
    }
    take();
    return true;
  }
  if (is('[')) {
    if (!parse_set(symbols.symbols))
      return false;
    node = make(symbols);
    return true;
  }
  if (is('(')) {
    if (++depth_ > max_depth)
      return fail("more than " + std::to_string(max_depth) + " parentheses are nested here");
    take();
    const bool good = parse_choice(node) && expect(')', "a regular expression in parentheses");
    --depth_;
    return good;
  }
  if (is("_") || is("eof")) {
    if (is("eof"))
      symbols.symbols.set(eof_symbol);
    else
      symbols.symbols.set().reset(eof_symbol);
    node = make(symbols);
    take();
    return true;
  }
  if (token_.kind == Kind::Name && !is_keyword(token_.text)) {
    const auto found = definitions_.find(token_.text);
    if (found == definitions_.end())
      return fail("no regular expression of the name '" + std::string(token_.text) + "' is defined above; write 'let " +
                  std::string(token_.text) + " = ...' before the rules");
    node = found->second;
    take();
    return true;
  }
  return fail("a regular expression is expected here");
}

bool Parser::parse_difference(uint32_t& node) {
  if (!parse_primary(node))
    return false;
  while (is('#')) {
    take();
    const uint32_t line = token_.line, column = token_.column;
    uint32_t other = 0;
    if (!parse_primary(other))
      return false;
    const Regexp a = spec_.regexps[node], b = spec_.regexps[other];
    if (a.kind != Regexp::Kind::Symbols || b.kind != Regexp::Kind::Symbols) {
      problem_ = {line, column, "'#' takes one set of characters from another; here is something that is no set"};
      return false;
    }
    Regexp rest = a;
    rest.symbols &= ~b.symbols;
    node = make(rest);
  }
  return true;
}

bool Parser::parse_repetition(uint32_t& node) {
  if (!parse_difference(node))
    return false;
  for (; is('*') || is('+') || is('?'); take()) {
    const auto kind = is('*') ? Regexp::Kind::Star : is('+') ? Regexp::Kind::Plus : Regexp::Kind::Option;
    // A repeated repetition is one: r** = r*, which also keeps the depth of the tree bounded.
    const Regexp& inner = spec_.regexps[node];
    if (inner.kind == Regexp::Kind::Star || inner.kind == kind)
      continue;
    const bool mixed = inner.kind == Regexp::Kind::Plus || inner.kind == Regexp::Kind::Option;
    node = make({mixed ? Regexp::Kind::Star : kind, {}, mixed ? inner.first : node, 0});
  }
  return true;
}

bool Parser::parse_sequence(uint32_t& node) {
  if (!parse_repetition(node))
    return false;
  while (starts_primary()) {
    uint32_t next = 0;
    if (!parse_repetition(next))
      return false;
    node = make({Regexp::Kind::Sequence, {}, node, next});
  }
  return true;
}

bool Parser::parse_choice(uint32_t& node) {
  if (!parse_sequence(node))
    return false;
  while (is('|')) {
    take();
    uint32_t other = 0;
    if (!parse_sequence(other))
      return false;
    node = make({Regexp::Kind::Choice, {}, node, other});
  }
  return true;
}

bool Parser::parse_definition() {
  take();
  std::string_view name;
  uint32_t node = 0;
  if (!parse_name(name, "regular expression") || !expect('=', "the name") || !parse_choice(node))
    return false;
  definitions_[name] = node;
  return true;
}

bool Parser::parse_rule() {
  take();
  LexerRule rule;
  rule.line = token_.line;
  const SpecToken at = token_;
  if (!parse_name(rule.name, "rule"))
    return false;
  for (const LexerRule& other : spec_.rules) {
    if (other.name == rule.name) {
      problem_ = {at.line, at.column, "the rule '" + std::string(rule.name) + "' exists already, on line " + std::to_string(other.line)};
      return false;
    }
  }
  if (!expect('=', "the name of a rule"))
    return false;
  if (!is("parse"))
    return fail("'parse' is expected after 'rule " + std::string(rule.name) + " ='");
  take();
  if (is('|'))
    take();
  for (bool more = true; more;) {
    LexerClause clause;
    if (!parse_choice(clause.regexp))
      return false;
    if (token_.kind != Kind::Code)
      return fail("an action in braces is expected after the regular expression");
    clause.action = {token_.text, token_.line};
    rule.clauses.push_back(clause);
    take();
    more = is('|');
    if (more)
      take();
  }
  spec_.rules.push_back(std::move(rule));
  return true;
}

bool Parser::parse() {
  if (token_.kind == Kind::Code) {
    spec_.header = {token_.text, token_.line};
    take();
  }
  while (is("let"))
    if (!parse_definition())
      return false;
  if (!is("rule"))
    return fail("'let' or 'rule' is expected here");
  do
    if (!parse_rule())
      return false;
  while (is("and"));
  if (token_.kind == Kind::Code) {
    spec_.trailer = {token_.text, token_.line};
    take();
  }
  return token_.kind == Kind::End || fail("'|', 'and', code in braces or the end of the file is expected here");
}

} // namespace

bool parse_spec(std::string_view text, LexerSpec& spec, SpecProblem& problem) { return Parser(text, spec, problem).parse(); }

} // namespace frontend::lexgen
