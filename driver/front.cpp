#include "driver/front.h"

#include <unistd.h>

#include <cstdio>

#include "driver/installation.h"
#include "frontend/ast_printer.h"
#include "frontend/token.h"
#include "frontend/typed_printer.h"
#include "support/diagnostic_printer.h"

namespace driver {

std::unique_ptr<frontend::Session> make_session(const PopcOptions& options) {
  auto session = std::make_unique<frontend::Session>();
  session->options.include_dirs = options.include_dirs;
  session->options.include_dirs.push_back(library_directory() + "/include");
  session->options.defines = options.defines;
  session->options.warn_all = options.warn_all;
  return session;
}

bool print_diagnostics(const PopcOptions& options, frontend::Session& session) {
  const bool json = options.error_format == "json";
  const support::PrintOptions print_options{.color = isatty(STDERR_FILENO) != 0, .show_ids = false};
  const std::string text = json ? support::print_json(session.diagnostics, session.sources)
                                : support::print_text(session.diagnostics, session.sources, print_options);
  std::fwrite(text.data(), 1, text.size(), stderr);
  return !session.diagnostics.has_errors();
}

int emit_front(const PopcOptions& options, const std::string& path, std::string& out) {
  const auto session = make_session(options);
  if (auto source = frontend::read_source(*session, path)) {
    if (options.emit == Emit::Tokens) {
      out += frontend::print_tokens(frontend::lex(*session, *source), *source);
    } else if (auto module = frontend::parse(*session, *source)) {
      if (options.emit == Emit::Ast) {
        out += print(*module);
      } else if (auto typed = frontend::check(*session, *module)) {
        if (options.emit == Emit::Typed) out += frontend::typed::print(*typed);
      }
    }
  }
  return print_diagnostics(options, *session) ? 0 : 1;
}

}  // namespace driver
