#include "driver/response_file.h"

#include <optional>
#include <string_view>

#include "driver/output.h"

namespace driver {

namespace {

constexpr int max_depth = 16;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  std::optional<std::string> word;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && is_blank(c)) {
      if (word)
        result.push_back(std::move(*word));
      word.reset();
      continue;
    }
    if (!word)
      word.emplace();
    if (c == quote && quote != 0)
      quote = 0;
    else if (quote == 0 && (c == '"' || c == '\''))
      quote = c;
    else if (c == '\\' && quote != '\'' && i + 1 < text.size())
      *word += text[++i];
    else
      *word += c;
  }
  if (word)
    result.push_back(std::move(*word));
  return result;
}

bool expand(const std::vector<std::string>& arguments, int depth, std::vector<std::string>& out, std::string& problem) {
  for (const std::string& argument : arguments) {
    if (argument.size() < 2 || argument[0] != '@') {
      out.push_back(argument);
      continue;
    }
    if (depth == max_depth) {
      problem = "response files nested more than " + std::to_string(max_depth) + " levels deep: `" + argument + "`";
      return false;
    }
    const auto bytes = read_file(argument.substr(1), problem);
    if (!bytes)
      return false;
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (!expand(words(text), depth + 1, out, problem))
      return false;
  }
  return true;
}

} // namespace

bool expand_response_files(std::vector<std::string>& arguments, std::string& problem) {
  std::vector<std::string> out;
  if (!expand(arguments, 0, out, problem))
    return false;
  arguments = std::move(out);
  return true;
}

} // namespace driver
