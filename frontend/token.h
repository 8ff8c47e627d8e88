// Tokens: what the lexer makes of a preprocessed text, and what the parser reads.
//
// The kinds are those of the grammar (frontend/grammar.yy), which is the table of tokens; a token carries the one value its kind has.
#pragma once

#include <cstdint>
#include <string>

#include "frontend/grammar.h"
#include "frontend/types.h"

namespace frontend {

struct Token {
  TokenKind kind{};
  TypeKind number_type = TypeKind::Int;  // of an integer or floating literal
  SourceLoc loc;
  uint32_t offset = 0;                   // spelling: text.substr(offset, length)
  uint32_t length = 0;
  Name name;                             // ID
  uint64_t number = 0;                   // INTEGER, CHARACTER, OFFSET
  double real = 0;                       // FLOATING
  ast::List<char> text;                  // STRING: its value
};

struct SourceText;
struct Session;

// One line per token, `line:column KIND spelling`.
std::string print_tokens(Session& session, const SourceText& source);

}  // namespace frontend
