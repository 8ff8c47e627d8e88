// Joins lexer, grammar and builder, and words syntax errors.

#include <algorithm>

#include "frontend/ast_builder.h"

namespace frontend {

using support::Diag;

TokenKind AstBuilder::next_token(SemanticValue& value, SourceRange& where) {
  token_ = lexer_.next();
  where = {token_.loc, token_.loc};
  switch (token_.kind) {
    case TOK_ID: value.as<Name>() = token_.name; break;
    case TOK_INTEGER: value.as<Number>() = {token_.number, token_.number_type}; break;
    case TOK_FLOATING: value.as<RealNumber>() = {token_.real, token_.number_type}; break;
    case TOK_CHARACTER: case TOK_OFFSET: value.as<uint64_t>() = token_.number; break;
    case TOK_STRING: value.as<Text>() = {token_.text}; break;
    default: break;
  }
  return token_.kind;
}

namespace {

// Words as the programmer would write them; classes of tokens without quotes.
std::string quoted(std::string_view name) {
  if (name == "identifier" || name == "integer" || name == "floating-point number" || name == "character" || name == "tuple offset" ||
      name == "string literal" || name == "end of file") {
    return std::string(name);
  }
  if (name == "{ of an array") return "`{`";
  return "`" + std::string(name) + "`";
}

// Words that are names in other languages: whoever writes one where a name may stand probably means one.
bool is_popcorn_word(std::string_view word) {
  constexpr std::string_view kWords[] = {"abstract", "abstype", "array", "byte", "chr", "codegen", "cut", "exception", "exn", "exncon", "fill", "finally", "fun", "handle",
                                         "new", "open", "ord", "prefix", "private", "public", "raise", "rdtsc", "repterm", "size", "splice", "string", "with"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

std::string alternatives(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += quoted(names[i]);
  }
  return text;
}

}  // namespace

// Where an expression may go on nearly every operator is expected; what closes it is the useful one to name.
void AstBuilder::syntax_error(const SourceRange& where, const char* found, std::vector<std::string> expected) {
  if (lexer_.has_errors()) return;  // most likely their consequence
  std::string shown = quoted(found);
  if (token_.loc == where.begin && token_.kind == TOK_ID) shown = "`" + token_.name.str() + "`";
  constexpr size_t kMaxListed = 5;
  const bool wants_name = std::ranges::find(expected, "identifier") != expected.end();
  if (expected.size() > kMaxListed) {
    std::erase_if(expected, [](const std::string& name) { return name != ";" && name != ")" && name != "]" && name != "}"; });
    if (expected.size() != 1 || wants_name) expected.clear();
  }
  auto report = expected.empty() ? session_.diagnostics.report<Diag::UnexpectedToken>(where.begin, shown)
                                 : session_.diagnostics.report<Diag::ExpectedToken>(where.begin, alternatives(expected), shown);
  if (wants_name && is_popcorn_word(found)) report.note<Diag::ReservedWord>(SourceLoc(), found);
}

void AstBuilder::stack_exhausted(const SourceRange& where) { report_too_deep(where.begin); }

namespace {

std::string module_name(std::string_view path) {
  if (const size_t slash = path.rfind('/'); slash != std::string_view::npos) path.remove_prefix(slash + 1);
  if (const size_t dot = path.rfind('.'); dot != std::string_view::npos && dot > 0) path = path.substr(0, dot);
  return std::string(path);
}

// Objects, messages and the linker carry it; the checker of objects has the same rule.
bool is_module_name(std::string_view name) {
  constexpr size_t kMaxModuleName = 200;
  return !name.empty() && name.size() <= kMaxModuleName && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

std::unique_ptr<ast::Module> parse(Session& session, const SourceText& source) {
  const uint32_t errors_before = session.diagnostics.error_count();
  AstBuilder builder(session, source);
  if (!run_parser(builder)) builder.skip_rest();
  if (session.diagnostics.error_count() != errors_before) return nullptr;
  std::unique_ptr<ast::Module> module = builder.take_module();
  module->name = session.options.module_prefix + module_name(source.path);
  if (!is_module_name(module->name)) {
    session.diagnostics.report<Diag::ModuleName>(SourceLoc{0, 0, session.sources.file(source.path)}, module->name);
    return nullptr;
  }
  module->dependencies = source.dependencies;
  return module;
}

}  // namespace frontend
