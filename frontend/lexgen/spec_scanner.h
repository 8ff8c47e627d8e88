// The tokens of a lexer specification.
#pragma once

#include "frontend/lexgen/spec.h"

namespace frontend::lexgen {

enum class SpecTokenKind : uint8_t { End, Name, Char, String, Code, Punctuation, Wrong };

struct SpecToken {
  SpecTokenKind kind = SpecTokenKind::End;
  std::string_view text; // Name; Code: what stands between the braces
  std::string bytes;     // Char, String: with escapes replaced
  char punctuation = 0;
  uint32_t line = 1, column = 1;
};

class SpecScanner {
public:
  explicit SpecScanner(std::string_view text) : text_(text) {}
  // The next token. After a lexical error its kind is Wrong and problem() says what it was.
  SpecToken next();
  const SpecProblem& problem() const { return problem_; }

private:
  bool at_end() const { return position_ >= text_.size(); }
  char peek(size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0'; }
  void advance(size_t count = 1);
  bool skip_blanks_and_comments();
  bool skip_comment(std::string_view close);
  bool skip_literal();
  bool scan_code(SpecToken& token);
  bool scan_literal(SpecToken& token);
  bool scan_escape(std::string& bytes);
  bool fail(std::string message, uint32_t line, uint32_t column);

  std::string_view text_;
  size_t position_ = 0;
  uint32_t line_ = 1, column_ = 1;
  SpecProblem problem_;
};

} // namespace frontend::lexgen
