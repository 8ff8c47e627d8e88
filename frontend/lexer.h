// The lexer: one class around the re2c rules of lexer.re. It gives tokens out one by one, so that no list of them is ever in memory.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "frontend/frontend.h"
#include "frontend/location_mapper.h"
#include "frontend/token.h"
#include "support/arena.h"

namespace frontend {

class Lexer {
 public:
  // The values of string literals go to `arena`.
  Lexer(Session& session, const SourceText& source, support::Arena& arena);

  // The next token; END at the end of the text, again and again. Lexical errors are reported and passed over.
  Token next();
  bool has_errors() const { return has_errors_; }

 private:
  // The rules; each call makes at most one token (the last one in queue_) or skips white space. False at the end of the text.
  bool scan();
  void read_ahead();
  void lex_string();
  void lex_comment();
  void lex_line_marker();

  Token& add(TokenKind kind);
  void add_identifier();
  void add_integer(std::string_view digits, unsigned base);
  void add_floating(std::string_view spelling);
  void skip_word();
  void add_character(uint64_t value);
  void add_offset();
  bool ends_operand() const;    // could the last token end a primary expression?
  bool expects_operand() const; // does a `{` here begin an array literal?
  void note_bracket(const Token& token);
  void newline(const char* line_start);
  SourceLoc loc();
  // `long`, `typedef` and `enum` are keywords only where a type or declaration can begin.
  void resolve_soft_keyword(Token& token, TokenKind before, TokenKind after);

  template <support::Diag id, class... Args>
  void report(SourceLoc where, Args&&... args) {
    session_.diagnostics.report<id>(where, std::forward<Args>(args)...);
    has_errors_ = true;
  }

  Session& session_;
  support::Arena& arena_;
  std::string_view text_;
  const char* cursor_;
  const char* marker_ = nullptr;
  const char* token_;
  LocationMapper locations_;
  Token ahead_;                                // scanned, soft keywords not resolved yet
  bool is_new_ = false;                        // has scan() made a token?
  TokenKind last_ = TOK_END;        // kind of the latest token scanned
  TokenKind before_ = TOK_END;      // kind of the latest token given out
  // Open brackets; for each the number of `?` whose `:` is still to come, and whether it is an array literal.
  struct Bracket {
    uint32_t questions = 0;
    bool is_array = false;
  };
  std::vector<Bracket> brackets_;
  bool reported_depth_ = false;
  bool has_errors_ = false;
  bool long_is_a_name_ = false;
  Name word_long_, word_typedef_, word_enum_;
};

}  // namespace frontend
