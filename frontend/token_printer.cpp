#include "frontend/lexer.h"

namespace frontend {

std::string print_tokens(Session& session, const SourceText& source) {
  std::string out;
  support::Arena strings;
  Lexer lexer(session, source, strings);
  for (bool at_end = false; !at_end;) {
    const Token token = lexer.next();
    at_end = token.kind == Parser::token::END;
    out += std::to_string(token.loc.line) + ":" + std::to_string(token.loc.column) + " ";
    out += Parser::symbol_name(static_cast<Parser::symbol_kind_type>(token.kind));
    if (token.kind == Parser::token::ID || token.kind == Parser::token::INTEGER || token.kind == Parser::token::FLOATING ||
        token.kind == Parser::token::CHARACTER || token.kind == Parser::token::OFFSET || token.kind == Parser::token::STRING) {
      out += " " + source.text.substr(token.offset, token.length);
    }
    out += "\n";
  }
  return out;
}

}  // namespace frontend
