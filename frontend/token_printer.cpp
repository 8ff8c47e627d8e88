#include "frontend/lexer.h"

namespace frontend {

std::string print_tokens(Session& session, const SourceText& source) {
  std::string out;
  support::Arena strings;
  Lexer lexer(session, source, strings);
  for (bool at_end = false; !at_end;) {
    const Token token = lexer.next();
    at_end = token.kind == TOK_END;
    out += std::to_string(token.loc.line) + ":" + std::to_string(token.loc.column) + " ";
    out += token_name(token.kind);
    if (token.kind == TOK_ID || token.kind == TOK_INTEGER || token.kind == TOK_FLOATING ||
        token.kind == TOK_CHARACTER || token.kind == TOK_OFFSET || token.kind == TOK_STRING) {
      out += " " + source.text.substr(token.offset, token.length);
    }
    out += "\n";
  }
  return out;
}

}  // namespace frontend
