#include "frontend/lexgen/spec_scanner.h"

#include <utility>

namespace frontend::lexgen {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

} // namespace

void SpecScanner::advance(size_t count) {
  for (; count > 0 && !at_end(); --count, ++position_) {
    if (text_[position_] == '\n') {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
  }
}

bool SpecScanner::fail(std::string message, uint32_t line, uint32_t column) {
  problem_ = {line, column, std::move(message)};
  return false;
}

bool SpecScanner::skip_comment(std::string_view close) {
  const uint32_t line = line_, column = column_;
  const size_t end = text_.find(close, position_ + 2);
  if (end == std::string_view::npos)
    return fail("this comment does not end; '" + std::string(close) + "' was expected", line, column);
  advance(end + close.size() - position_);
  return true;
}

bool SpecScanner::skip_blanks_and_comments() {
  while (!at_end()) {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      advance();
    } else if (c == '/' && peek(1) == '/') {
      while (!at_end() && peek() != '\n')
        advance();
    } else if (c == '/' && peek(1) == '*') {
      if (!skip_comment("*/"))
        return false;
    } else if (c == '(' && peek(1) == '*') {
      if (!skip_comment("*)"))
        return false;
    } else {
      break;
    }
  }
  return true;
}

// Inside Popcorn code: a string or character, whose braces and quotes do not count.
bool SpecScanner::skip_literal() {
  const uint32_t line = line_, column = column_;
  const char quote = peek();
  advance();
  while (!at_end() && peek() != quote)
    advance(peek() == '\\' ? 2 : 1);
  if (at_end())
    return fail(quote == '"' ? "this string does not end" : "this character does not end", line, column);
  advance();
  return true;
}

bool SpecScanner::scan_code(SpecToken& token) {
  advance(); // the brace
  const size_t begin = position_;
  token.line = line_;
  for (int depth = 1; !at_end();) {
    const char c = peek();
    if (c == '"' || c == '\'') {
      if (!skip_literal())
        return false;
    } else if (c == '/' && (peek(1) == '*' || peek(1) == '/')) {
      if (!skip_blanks_and_comments())
        return false;
    } else {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (depth == 0) {
        token.text = text_.substr(begin, position_ - begin);
        advance();
        return true;
      }
      advance();
    }
  }
  return fail("this '{' has no matching '}'", token.line, token.column);
}

// After a backslash: \\ \' \" \n \t \b \r, three decimal digits, x and two hexadecimal digits, or a line end, which is left out
// together with the blanks that begin the next line.
bool SpecScanner::scan_escape(std::string& bytes) {
  const uint32_t line = line_, column = column_;
  advance();
  const char c = peek();
  constexpr std::string_view names = "ntbr", values = "\n\t\b\r";
  if (const size_t at = names.find(c); at != std::string_view::npos) {
    bytes += values[at];
    advance();
  } else if (c == '\\' || c == '\'' || c == '"' || c == ' ') {
    bytes += c;
    advance();
  } else if (is_digit(c) && is_digit(peek(1)) && is_digit(peek(2))) {
    const int value = (c - '0') * 100 + (peek(1) - '0') * 10 + (peek(2) - '0');
    if (value > 255)
      return fail("a character code is at most 255", line, column);
    bytes += static_cast<char>(value);
    advance(3);
  } else if (c == 'x') {
    int value = 0;
    for (size_t i = 1; i <= 2; ++i) {
      constexpr std::string_view digits = "0123456789abcdef";
      const size_t digit = digits.find(static_cast<char>(peek(i) | 0x20));
      if (digit == std::string_view::npos)
        return fail("two hexadecimal digits are expected after '\\x'", line, column);
      value = value * 16 + static_cast<int>(digit);
    }
    bytes += static_cast<char>(value);
    advance(3);
  } else if (c == '\n' || (c == '\r' && peek(1) == '\n')) {
    advance(c == '\r' ? 2 : 1);
    while (peek() == ' ' || peek() == '\t')
      advance();
  } else {
    return fail("unknown escape; known are \\\\ \\' \\\" \\n \\t \\b \\r, three decimal digits, and x with two hexadecimal ones", line,
                column);
  }
  return true;
}

bool SpecScanner::scan_literal(SpecToken& token) {
  const char quote = peek();
  token.kind = quote == '"' ? SpecTokenKind::String : SpecTokenKind::Char;
  advance();
  while (!at_end() && peek() != quote) {
    if (peek() == '\\') {
      if (!scan_escape(token.bytes))
        return false;
    } else {
      token.bytes += peek();
      advance();
    }
    if (quote == '\'')
      break;
  }
  if (peek() != quote || (quote == '\'' && token.bytes.size() != 1))
    return fail(quote == '"' ? "this string does not end" : "one character between single quotes was expected", token.line, token.column);
  advance();
  return true;
}

SpecToken SpecScanner::next() {
  SpecToken token;
  token.kind = SpecTokenKind::Wrong;
  if (!skip_blanks_and_comments())
    return token;
  token.line = line_;
  token.column = column_;
  const char c = peek();
  if (at_end()) {
    token.kind = SpecTokenKind::End;
  } else if (is_letter(c)) {
    const size_t begin = position_;
    while (is_letter(peek()) || is_digit(peek()))
      advance();
    token.text = text_.substr(begin, position_ - begin);
    token.kind = SpecTokenKind::Name;
  } else if (c == '{') {
    if (scan_code(token))
      token.kind = SpecTokenKind::Code;
  } else if (c == '"' || c == '\'') {
    if (!scan_literal(token))
      token.kind = SpecTokenKind::Wrong;
  } else if (std::string_view("=|*+?()[]-^#").find(c) != std::string_view::npos) {
    token.kind = SpecTokenKind::Punctuation;
    token.punctuation = c;
    advance();
  } else {
    fail(std::string("the character '") + c + "' has no meaning here", line_, column_);
  }
  return token;
}

} // namespace frontend::lexgen
