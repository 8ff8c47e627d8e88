// The lexer proper: one class around the re2c rules of lexer.re.
#pragma once

#include <string_view>

#include "frontend/frontend.h"
#include "frontend/location_mapper.h"
#include "frontend/token.h"

namespace frontend {

class Lexer {
 public:
  Lexer(Session& session, const SourceText& source);
  TokenList run();

 private:
  // The rules; each call adds at most one token or skips white space. False at the end of the text.
  bool next();
  void lex_string();
  void lex_comment();
  void lex_line_marker();

  void add(TokenKind kind);
  void add_identifier();
  void add_integer(std::string_view digits, unsigned base);
  void add_floating(std::string_view spelling);
  void add_character(uint64_t value);
  void add_offset();
  bool ends_operand() const;    // could the last token end a primary expression?
  bool expects_operand() const; // does a `{` here begin an array literal?
  void note_bracket(TokenKind kind);
  void newline(const char* line_start);
  SourceLoc loc();

  Session& session_;
  std::string_view text_;
  const char* cursor_;
  const char* marker_ = nullptr;
  const char* token_;
  LocationMapper locations_;
  TokenList list_;
  // Open brackets; for each the number of `?` whose `:` is still to come, and whether it is an array literal.
  struct Bracket {
    uint32_t questions = 0;
    bool is_array = false;
  };
  std::vector<Bracket> brackets_;
  bool reported_depth_ = false;
};

// Second pass over the tokens: `long`, `typedef` and `enum` are keywords only where a type or declaration can begin.
void resolve_soft_keywords(Session& session, TokenList& list);

}  // namespace frontend
