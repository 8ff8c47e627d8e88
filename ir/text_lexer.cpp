#include "ir/text_lexer.h"

namespace ir {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<TextToken> run() {
    std::vector<TextToken> tokens;
    do {
      skip_blanks();
      tokens.push_back(next());
    } while (tokens.back().kind != TextToken::Kind::End);
    return tokens;
  }

 private:
  char at(size_t offset) const { return pos_ + offset < text_.size() ? text_[pos_ + offset] : '\0'; }

  void skip_blanks() {
    while (pos_ < text_.size()) {
      if (at(0) == '\n') {
        ++line_;
        line_start_ = pos_ + 1;
        fresh_line_ = true;
      } else if (at(0) == ';') {
        while (pos_ < text_.size() && at(0) != '\n')
          ++pos_;
        continue;
      } else if (at(0) != ' ' && at(0) != '\t' && at(0) != '\r') {
        return;
      }
      ++pos_;
    }
  }

  TextToken next() {
    if (pos_ >= text_.size())
      return make(TextToken::Kind::End, 0);
    if (is_letter(at(0)))
      return make(TextToken::Kind::Name, name_length());
    if (is_digit(at(0)) || (at(0) == '-' && is_digit(at(1))))
      return make(TextToken::Kind::Integer, digits_length());
    if (at(0) == '"')
      return string();
    if (at(0) == '-' && at(1) == '>')
      return make(TextToken::Kind::Punctuation, 2);
    return make(TextToken::Kind::Punctuation, 1);
  }

  // Letters and digits, `::` between names and `.` before the widths of an entry.
  size_t name_length() const {
    size_t n = 1;
    while (is_letter(at(n)) || is_digit(at(n)) || (at(n) == ':' && at(n + 1) == ':' && is_letter(at(n + 2))) || (at(n) == '.' && at(n + 1) == 'w'))
      n += at(n) == ':' ? 2 : 1;
    return n;
  }
  size_t digits_length() const {
    size_t n = 1;
    while (is_digit(at(n)))
      ++n;
    return n;
  }
  TextToken string() {
    size_t n = 1;
    while (at(n) != '"' && at(n) != '\n' && at(n) != '\0')
      n += at(n) == '\\' && at(n + 1) != '\0' ? 2 : 1;
    if (at(n) != '"')
      return make(TextToken::Kind::Bad, 1);
    TextToken token = make(TextToken::Kind::String, n + 1);
    token.text = token.text.substr(1, n - 1);
    return token;
  }

  TextToken make(TextToken::Kind kind, size_t length) {
    TextToken token{kind, text_.substr(pos_, length), line_, static_cast<uint32_t>(pos_ - line_start_ + 1), fresh_line_};
    pos_ += length;
    fresh_line_ = false;
    return token;
  }

  std::string_view text_;
  size_t pos_ = 0;
  size_t line_start_ = 0;
  uint32_t line_ = 1;
  bool fresh_line_ = true;
};

} // namespace

std::vector<TextToken> tokenize(std::string_view text) { return Lexer(text).run(); }

} // namespace ir
