#include "driver/native_files.h"

#include <algorithm>
#include <cstdlib>

#include "driver/output.h"

namespace driver {
namespace {

// The files one after the other, each ended by a newline, and where each begins.
struct Texts {
  std::string all;
  std::vector<size_t> first_lines;  // of each file, from 1
};

// "line 7: message" of the joined text, as "FILE:2: message".
std::string with_file(const std::string& problem, const std::vector<std::string>& paths, const Texts& texts) {
  if (!problem.starts_with("line "))
    return problem;
  char* end = nullptr;
  const size_t line = std::strtoul(problem.c_str() + 5, &end, 10);
  const auto next = std::upper_bound(texts.first_lines.begin(), texts.first_lines.end(), line);
  if (next == texts.first_lines.begin())
    return problem;
  const auto file = static_cast<size_t>(next - texts.first_lines.begin() - 1);
  return paths[file] + ":" + std::to_string(line - texts.first_lines[file] + 1) + end;
}

}  // namespace

std::optional<tal::NativeInterface> read_natives(const std::vector<std::string>& paths, const char* tool) {
  Texts texts;
  std::string problem;
  for (const std::string& path : paths) {
    const auto bytes = read_file(path, problem);
    if (!bytes) {
      print_error(tool, problem);
      return std::nullopt;
    }
    texts.first_lines.push_back(1 + static_cast<size_t>(std::count(texts.all.begin(), texts.all.end(), '\n')));
    texts.all.append(bytes->begin(), bytes->end());
    if (texts.all.empty() || texts.all.back() != '\n')
      texts.all += '\n';
  }
  tal::NativeInterface natives;
  if (tal::parse_natives(tal::builtin_natives_text(), natives, problem, texts.all))
    return natives;
  print_error(tool, with_file(problem, paths, texts));
  return std::nullopt;
}

}  // namespace driver
