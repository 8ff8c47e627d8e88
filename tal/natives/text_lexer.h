// Tokens of the text forms (`.tal` files, native interface): one line at a time, `#` starts a comment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tal {

struct Token {
  // Name: letters, digits, _ . and :: inside; Variable: $n; Number: decimal or 0x, with sign; Text: "..." (no escapes but \\ \" \n \xHH)
  enum class Kind : uint8_t { Name, Variable, Number, Text, Punct, End };
  Kind kind = Kind::End;
  std::string text;
  int64_t number = 0;
  uint32_t column = 0;   // from 1
};

// False with a message if the line holds a character that no token starts with.
[[nodiscard]] bool lex_line(std::string_view line, std::vector<Token>& tokens, std::string& problem);

// A position in one line's tokens, with the usual helpers. After the first problem every helper answers no.
class TokenStream {
public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& peek() const { return at_ < tokens_.size() ? tokens_[at_] : end_; }
  const Token& next() { return at_ < tokens_.size() ? tokens_[at_++] : end_; }
  bool at_end() const { return at_ >= tokens_.size(); }
  bool is(std::string_view text) const { return peek().kind != Token::Kind::Text && peek().text == text; }
  bool accept(std::string_view text) {
    if (failed() || !is(text))
      return false;
    at_++;
    return true;
  }
  bool expect(std::string_view text) { return accept(text) || fail("`" + std::string(text) + "`"); }
  bool name(std::string& out);
  bool number(int64_t& out);
  bool end() { return at_end() || fail("the end of the line"); }

  bool fail(const std::string& expected);   // always false; the first message stays
  bool fail_with(std::string message);
  bool failed() const { return !problem_.empty(); }
  const std::string& problem() const { return problem_; }

private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
  std::string problem_;
  Token end_;
};

} // namespace tal
