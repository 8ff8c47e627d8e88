// The front end's stages, each a function from a finished value to the next one:
//
//   file -> preprocess -> lex + parse -> ast::Module -> check -> typed::TypedModule
//
// A Session holds what the stages of one module share. Errors go to Session::diagnostics; a stage returns nothing when it found any.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/typed_ast.h"
#include "support/diagnostics.h"
#include "support/names.h"
#include "support/source_manager.h"

namespace frontend {

namespace ast {
struct Module;  // frontend/ast.h
}

struct Options {
  std::vector<std::string> include_dirs;  // -I, then the directory of the library headers
  std::vector<std::string> defines;       // -D, "NAME" or "NAME=VALUE"
  std::vector<std::string> undefines;     // -U, after all defines
  bool always_preprocess = false;         // also texts in which it changes nothing but comments
  bool warn_all = false;                  // -Wall
  std::string module_prefix;              // --module-prefix: before the name that the file gives a module
  // Interface code of patches refers to static definitions by `extern`: these are variables that hold functions, not functions.
  std::set<std::string, std::less<>> function_variables;
};

struct Session {
  support::SourceManager sources;
  support::Diagnostics diagnostics;
  support::NameTable names;
  Options options;
};

// Preprocessed text: what the lexer reads. Lines starting with `#` are line markers.
struct SourceText {
  std::string path;                       // as given by the user
  std::string text;
  std::vector<std::string> dependencies;  // headers that were read
};

// Reads a file, checks that it is text, and runs it through cpp if it has directives.
[[nodiscard]] std::optional<SourceText> read_source(Session& session, const std::string& path);
// The same for text that does not come from a file.
[[nodiscard]] std::optional<SourceText> source_from_text(Session& session, const std::string& name, std::string text);

[[nodiscard]] std::unique_ptr<ast::Module> parse(Session& session, const SourceText& source);

[[nodiscard]] std::unique_ptr<typed::TypedModule> check(Session& session, const ast::Module& module);

// The three in a row.
[[nodiscard]] std::unique_ptr<typed::TypedModule> compile(Session& session, const std::string& path);

}  // namespace frontend
