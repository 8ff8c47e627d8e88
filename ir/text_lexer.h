// Tokens of IR text. `;` starts a comment that ends with the line.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ir {

struct TextToken {
  enum class Kind : uint8_t { Name, Integer, String, Punctuation, Bad, End } kind = Kind::End;
  std::string_view text; // String: between the quotes; Punctuation: one character or `->`
  uint32_t line = 0;
  uint32_t column = 0;
  bool starts_line = false;

  bool is(std::string_view punctuation_or_name) const {
    return (kind == Kind::Name || kind == Kind::Punctuation) && text == punctuation_or_name;
  }
};

// Ends with an End token.
std::vector<TextToken> tokenize(std::string_view text);

} // namespace ir
