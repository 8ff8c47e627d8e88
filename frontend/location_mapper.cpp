#include "frontend/location_mapper.h"

#include <algorithm>
#include <cstring>

namespace frontend {

namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Next occurrence of a token, not inside a longer word.
size_t find_token(std::string_view line, std::string_view token, size_t from) {
  for (size_t at = line.find(token, from); at != std::string_view::npos; at = line.find(token, at + 1)) {
    const bool joined_left = at > 0 && is_word(token.front()) && is_word(line[at - 1]);
    const size_t end = at + token.size();
    const bool joined_right = end < line.size() && is_word(token.back()) && is_word(line[end]);
    if (!joined_left && !joined_right) return at;
  }
  return std::string_view::npos;
}

// The words of a comment are no tokens.
void blank_comments(std::string& line) {
  char quote = 0;
  for (size_t i = 0; i + 1 < line.size(); ++i) {
    if (quote != 0) {
      if (line[i] == '\\') ++i;
      else if (line[i] == quote) quote = 0;
    } else if (line[i] == '"' || line[i] == '\'') {
      quote = line[i];
    } else if (line[i] == '/' && (line[i + 1] == '*' || line[i + 1] == '/')) {
      const size_t close = line[i + 1] == '*' ? line.find("*/", i + 2) : std::string::npos;
      const size_t end = close == std::string::npos ? line.size() : close + 2;
      std::fill(line.begin() + static_cast<std::ptrdiff_t>(i), line.begin() + static_cast<std::ptrdiff_t>(end), ' ');
      i = end - 1;
    }
  }
}

}  // namespace

LocationMapper::LocationMapper(support::SourceManager& sources, std::string_view text, support::FileId file)
    : sources_(sources), line_start_(text.data()), text_end_(text.data() + text.size()), file_(file) {}

void LocationMapper::newline(const char* line_start) {
  ++line_;
  line_start_ = line_start;
  entered_ = false;
}

void LocationMapper::set_next_line(support::FileId file, uint32_t line) {
  file_ = file;
  line_ = line - 1;
  has_markers_ = true;
}

void LocationMapper::enter_line() {
  entered_ = true;
  is_exact_ = true;
  if (!has_markers_) return;
  const char* end = line_start_;
  while (end < text_end_ && *end != '\n' && *end != '\r') ++end;
  const std::string_view here(line_start_, static_cast<size_t>(end - line_start_));
  original_ = sources_.line(file_, line_);
  is_exact_ = original_ == here || original_.empty();
  if (!is_exact_) blank_comments(original_);
  cursor_ = last_found_ = 0;
}

support::SourceLoc LocationMapper::at(size_t column) const {
  return {line_, static_cast<uint16_t>(std::min<size_t>(column + 1, UINT16_MAX)), file_};
}

support::SourceLoc LocationMapper::locate(const char* begin, const char* end) {
  if (!entered_) enter_line();
  if (is_exact_) return at(static_cast<size_t>(begin - line_start_));
  const std::string_view token(begin, static_cast<size_t>(end - begin));
  const size_t found = token.empty() ? std::string_view::npos : find_token(original_, token, cursor_);
  if (found != std::string_view::npos) {
    last_found_ = found;
    cursor_ = found + token.size();
  }
  return at(last_found_);
}

}  // namespace frontend
