// popyacc: makes a Popcorn source file of a grammar, by running Bison with a skeleton for Popcorn.
#include "driver/installation.h"
#include "driver/output.h"
#include "driver/process.h"
#include "driver/tool_arguments.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

constexpr const char* usage = R"(usage: popyacc [options] FILE.y

Writes FILE_tab.pop: a function `int yyparse()` for the grammar, which calls yylex and yyerror. Needs GNU Bison 3.8 or later.

)";
enum ExitStatus { Done = 0, Error = 1 };

// Rewrites in the actions of a grammar what only Popcorn knows: `$!n` becomes `$<YYRAW>n` and `^$` becomes `$<YYCASE>$`, which the
// skeleton understands. Lines stay where they are.
class ActionRewriter {
public:
  explicit ActionRewriter(std::string_view grammar) : in_(grammar) {}
  std::string run();

private:
  char peek(size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0'; }
  void copy(size_t count);
  void copy_literal();
  bool copy_comment();
  void copy_action_symbol();

  std::string_view in_;
  size_t at_ = 0;
  std::string out_;
};

void ActionRewriter::copy(size_t count) {
  out_ += in_.substr(at_, count);
  at_ = std::min(in_.size(), at_ + count);
}

void ActionRewriter::copy_literal() {
  const char quote = peek();
  copy(1);
  while (at_ < in_.size() && peek() != quote && peek() != '\n')
    copy(peek() == '\\' ? 2 : 1);
  copy(1);
}

bool ActionRewriter::copy_comment() {
  const std::string_view start = in_.substr(at_, 2);
  if (start != "/*" && start != "//")
    return false;
  const size_t end = in_.find(start == "/*" ? "*/" : "\n", at_ + 2);
  copy(end == std::string_view::npos ? in_.size() - at_ : end - at_ + (start == "/*" ? 2 : 0));
  return true;
}

void ActionRewriter::copy_action_symbol() {
  if (peek() == '$' && peek(1) == '!') {
    out_ += "$<YYRAW>";
    at_ += 2;
  } else if (peek() == '^' && peek(1) == '$' && peek(2) != '$' && !(peek(2) >= '0' && peek(2) <= '9') && peek(2) != '<') {
    out_ += "$<YYCASE>$";
    at_ += 2;
  } else {
    copy(1);
  }
}

std::string ActionRewriter::run() {
  int section = 0, depth = 0;
  while (at_ < in_.size()) {
    if (section != 1) {
      // Only `%%` at the start of a line ends the declarations, and the rules after them.
      if (section == 0 && in_.substr(at_, 2) == "%%" && (at_ == 0 || in_[at_ - 1] == '\n'))
        section = 1;
      copy(1);
      continue;
    }
    const char c = peek();
    if (c == '"' || c == '\'') {
      copy_literal();
    } else if (copy_comment()) {
    } else if (c == '{' || c == '}') {
      depth += c == '{' ? 1 : -1;
      copy(1);
    } else if (depth == 0 && in_.substr(at_, 2) == "%%" && in_[at_ - 1] == '\n') {
      section = 2;
    } else if (depth > 0) {
      copy_action_symbol();
    } else {
      copy(1);
    }
  }
  return std::move(out_);
}

// What Bison said, with the user's file in the place of the rewritten one.
void show_messages(const std::string& log, const std::string& rewritten, const std::string& input) {
  std::string ignored;
  const auto bytes = driver::read_file(log, ignored);
  std::string text = bytes ? std::string(bytes->begin(), bytes->end()) : "";
  for (size_t at = 0; (at = text.find(rewritten, at)) != std::string::npos; at += input.size())
    text.replace(at, rewritten.size(), input);
  std::cerr << text;
}

struct Options {
  std::string input, output;
  bool header = false, report = false;
};

std::string quoted(const std::string& name) {
  std::string text;
  for (const char c : name)
    text.append(c == '"' || c == '\\' ? 1 : 0, '\\') += c;
  return text;
}

int run(const Options& options) {
  std::string problem;
  const auto bytes = driver::read_file(options.input, problem);
  driver::TemporaryDirectory directory;
  if (!bytes || directory.path().empty()) {
    driver::print_error("popyacc", bytes ? "cannot make a temporary directory" : problem);
    return Error;
  }
  // Bison's messages and the directives in its output name the user's file, not the rewritten one.
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const std::string grammar = directory.path() + "/grammar.y";
  if (!driver::write_file(grammar, "#line 1 \"" + quoted(options.input) + "\"\n" + ActionRewriter(text).run(), problem)) {
    driver::print_error("popyacc", problem);
    return Error;
  }
  const std::string skeleton = driver::library_directory() + "/popcorn.m4";
  std::vector<std::string> command = {"bison", "--skeleton=" + skeleton, "--output=" + options.output, "-Wno-yacc"};
  const fs::path base = fs::path(options.output).replace_extension();
  if (options.header)
    command.push_back("--header=" + base.string() + ".h");
  if (options.report)
    command.push_back("--report-file=" + base.string() + ".output");
  command.push_back(grammar);
  const std::string log = directory.path() + "/messages";
  const auto status = driver::run_command(command, log, problem);
  show_messages(log, grammar, options.input);
  if (!status)
    driver::print_error("popyacc", "cannot run bison: " + problem + "; install GNU Bison 3.8 or later");
  return status == 0 ? Done : Error;
}

} // namespace

int main(int argc, char** argv) {
  po::options_description visible("Options"), rest;
  visible.add_options()("output,o", po::value<std::string>()->value_name("FILE"), "write FILE instead of FILE_tab.pop")(
      "header,d", "write a header too, with the tokens and YYSTYPE, of the same name ending in .h")(
      "report,v", "describe the automaton in a file ending in .output");
  rest.add_options()("rest", po::value<std::vector<std::string>>());
  po::variables_map map;
  if (const auto status = driver::parse_tool_arguments("popyacc", usage, visible, rest, argc, argv, map))
    return *status;
  const auto inputs = map.count("rest") ? map["rest"].as<std::vector<std::string>>() : std::vector<std::string>();
  if (inputs.size() != 1)
    return driver::usage_error("popyacc", "expected one FILE.y");
  Options options;
  options.input = inputs[0];
  options.output = map.count("output") ? map["output"].as<std::string>() : fs::path(options.input).replace_extension().string() + "_tab.pop";
  options.header = map.count("header") > 0;
  options.report = map.count("report") > 0;
  if (options.output == options.input)
    return driver::usage_error("popyacc", "the output would replace the grammar; give another name with -o");
  return run(options);
}
