#include "driver/front.h"

#include <cstdio>

#include "driver/dependencies.h"
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
  session->options.undefines = options.undefines;
  session->options.always_preprocess = options.emit == Emit::Preprocessed;
  session->options.warn_all = options.warn_all;
  session->options.module_prefix = options.module_prefix;
  return session;
}

support::SarifFindings& findings() {
  static support::SarifFindings all;
  return all;
}

bool print_diagnostics(const PopcOptions& options, const support::Diagnostics& diagnostics, support::SourceManager& sources) {
  if (options.error_format == "sarif") {
    support::add_results(findings(), diagnostics, sources);
  } else {
    const support::PrintOptions print_options{.color = options.color, .show_ids = options.show_ids};
    const std::string text = options.error_format == "json" ? support::print_json(diagnostics, sources)
                                                            : support::print_text(diagnostics, sources, print_options);
    std::fwrite(text.data(), 1, text.size(), stderr);
  }
  return !diagnostics.has_errors();
}

bool print_diagnostics(const PopcOptions& options, frontend::Session& session) {
  return print_diagnostics(options, session.diagnostics, session.sources);
}

namespace {

std::string dependency_rule(const PopcOptions& options, const frontend::SourceText& source) {
  std::vector<std::string> names{source.path};
  names.insert(names.end(), source.dependencies.begin(), source.dependencies.end());
  const std::string target = options.dependency_target.empty() ? object_name(source.path) : options.dependency_target;
  return make_rule(target, names, options.phony_headers);
}

}  // namespace

int emit_front(const PopcOptions& options, const std::string& path, std::string& out) {
  const auto session = make_session(options);
  if (auto source = frontend::read_source(*session, path)) {
    if (options.emit == Emit::Preprocessed) {
      out += source->text;
    } else if (options.emit == Emit::Dependencies) {
      out += dependency_rule(options, *source);
    } else if (options.emit == Emit::Tokens) {
      out += frontend::print_tokens(*session, *source);
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
