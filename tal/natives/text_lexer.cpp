// Tokens of the text forms; see text_lexer.h.
#include "tal/natives/text_lexer.h"

#include <charconv>

namespace tal {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool name_char(char c) { return letter(c) || digit(c) || c == '.' || c == '@'; }

class Lexer {
public:
  Lexer(std::string_view line, std::vector<Token>& tokens) : line_(line), tokens_(tokens) {}

  bool run(std::string& problem) {
    while (at_ < line_.size()) {
      char c = line_[at_];
      if (c == ' ' || c == '\t' || c == '\r') {
        at_++;
        continue;
      }
      if (c == '#')
        break;
      if (!token(c)) {
        problem = "unexpected character at column " + std::to_string(at_ + 1);
        return false;
      }
    }
    return true;
  }

private:
  bool token(char c) {
    size_t start = at_;
    if (letter(c) || (c == '.' && at_ + 1 < line_.size() && letter(line_[at_ + 1]))) {
      at_++;
      while (at_ < line_.size() && (name_char(line_[at_]) || two_colons()))
        at_ += two_colons() ? 2 : 1;
      return add(Token::Kind::Name, start);
    }
    if (digit(c) || (c == '-' && at_ + 1 < line_.size() && digit(line_[at_ + 1])))
      return number(start);
    if (c == '$') {
      at_++;
      uint64_t index = 0;
      if (!digits(index, 10))
        return false;
      add(Token::Kind::Variable, start);
      tokens_.back().number = static_cast<int64_t>(index);
      return true;
    }
    if (c == '"')
      return text(start);
    std::string_view rest = line_.substr(at_);
    at_ += rest.starts_with("->") || rest.starts_with("<=") ? 2 : 1;
    return std::string_view("<>()[]{}:;,=+-*?!/").find(c) != std::string_view::npos && add(Token::Kind::Punct, start);
  }

  bool two_colons() const { return at_ + 2 < line_.size() && line_[at_] == ':' && line_[at_ + 1] == ':' && letter(line_[at_ + 2]); }

  bool digits(uint64_t& value, int base) {
    const char* first = line_.data() + at_;
    auto [end, error] = std::from_chars(first, line_.data() + line_.size(), value, base);
    at_ += static_cast<size_t>(end - first);
    return error == std::errc{};
  }

  bool number(size_t start) {
    bool negative = line_[at_] == '-';
    at_ += negative ? 1 : 0;
    bool hex = line_.substr(at_).starts_with("0x");
    at_ += hex ? 2 : 0;
    uint64_t value = 0;
    if (!digits(value, hex ? 16 : 10))
      return false;
    add(Token::Kind::Number, start);
    tokens_.back().number = static_cast<int64_t>(negative ? uint64_t{0} - value : value);
    return true;
  }

  bool text(size_t start) {
    std::string out;
    for (at_++; at_ < line_.size() && line_[at_] != '"'; at_++) {
      if (line_[at_] != '\\') {
        out += line_[at_];
        continue;
      }
      if (++at_ >= line_.size())
        return false;
      char c = line_[at_];
      if (c == 'x') {
        uint64_t value = 0;
        if (at_ + 2 >= line_.size())
          return false;
        const char* first = line_.data() + at_ + 1;
        if (std::from_chars(first, first + 2, value, 16).ptr != first + 2)
          return false;
        out += static_cast<char>(value);
        at_ += 2;
      } else {
        out += c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c;
      }
    }
    if (at_ >= line_.size())
      return false;
    at_++;
    add(Token::Kind::Text, start);
    tokens_.back().text = std::move(out);
    return true;
  }

  bool add(Token::Kind kind, size_t start) {
    tokens_.push_back({kind, std::string(line_.substr(start, at_ - start)), 0, static_cast<uint32_t>(start + 1)});
    return true;
  }

  std::string_view line_;
  std::vector<Token>& tokens_;
  size_t at_ = 0;
};

} // namespace

bool lex_line(std::string_view line, std::vector<Token>& tokens, std::string& problem) {
  return Lexer(line, tokens).run(problem);
}

bool TokenStream::name(std::string& out) {
  if (failed() || (peek().kind != Token::Kind::Name && peek().kind != Token::Kind::Text))
    return fail("a name");
  out = next().text;
  return true;
}

bool TokenStream::number(int64_t& out) {
  if (failed() || peek().kind != Token::Kind::Number)
    return fail("a number");
  out = next().number;
  return true;
}

bool TokenStream::fail(const std::string& expected) {
  const Token& t = peek();
  return fail_with("expected " + expected + ", got " + (t.kind == Token::Kind::End ? "the end of the line" : "`" + t.text + "`"));
}

bool TokenStream::fail_with(std::string message) {
  if (problem_.empty())
    problem_ = std::move(message);
  return false;
}

} // namespace tal
