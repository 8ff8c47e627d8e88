#include "frontend/frontend.h"
#include "frontend/token.h"

namespace frontend {

std::string print_tokens(const TokenList& list, const SourceText& source) {
  std::string out;
  for (const Token& token : list.tokens) {
    out += std::to_string(token.loc.line) + ":" + std::to_string(token.loc.column) + " ";
    out += Parser::symbol_name(Parser::symbol_type(token.kind, SourceRange{}).kind());
    if (token.kind == Parser::token::ID || token.kind == Parser::token::INTEGER || token.kind == Parser::token::FLOATING ||
        token.kind == Parser::token::CHARACTER || token.kind == Parser::token::OFFSET || token.kind == Parser::token::STRING) {
      out += " " + source.text.substr(token.offset, token.length);
    }
    out += "\n";
  }
  return out;
}

}  // namespace frontend
