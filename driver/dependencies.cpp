#include "driver/dependencies.h"

#include <unordered_set>

namespace driver {

namespace {

// What means something to make is quoted; a name with a line end cannot be written.
std::string quoted(const std::string& name) {
  std::string out;
  for (char c : name) {
    if (c == ' ' || c == '\t' || c == '#' || c == ':' || c == '\\')
      out += '\\';
    if (c == '$')
      out += '$';
    out += c;
  }
  return out;
}

} // namespace

std::string object_name(const std::string& input) {
  const size_t slash = input.rfind('/');
  const std::string name = slash == std::string::npos ? input : input.substr(slash + 1);
  return name.substr(0, name.rfind('.')) + ".o";
}

std::string dependency_file_name(const std::string& output) {
  return (output.ends_with(".o") ? output.substr(0, output.size() - 2) : output) + ".d";
}

std::string make_rule(const std::string& target, const std::vector<std::string>& prerequisites, bool phony) {
  std::string rule = quoted(target) + ":", rest;
  std::unordered_set<std::string> seen;
  size_t column = rule.size();
  bool first = true;
  for (const std::string& name : prerequisites) {
    if (!seen.insert(name).second)
      continue;
    const std::string word = quoted(name);
    if (column + 1 + word.size() > 100) {
      rule += " \\\n ";
      column = 1;
    }
    rule += " " + word;
    column += 1 + word.size();
    if (phony && !first)
      rest += word + ":\n";
    first = false;
  }
  return rule + "\n" + rest;
}

} // namespace driver
