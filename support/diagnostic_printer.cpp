#include "support/diagnostic_printer.h"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <vector>

namespace support {

namespace {

constexpr size_t kMaxShownColumns = 160;

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    case Severity::Remark: return "remark";
    case Severity::Note: return "note";
  }
  return "";
}

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::Error: return "\033[1;31m";
    case Severity::Warning: return "\033[1;35m";
    case Severity::Remark: return "\033[1;34m";
    case Severity::Note: return "\033[1;36m";
  }
  return "";
}

// The line and a caret below it; long lines are shown from a little before the place.
std::string excerpt(SourceManager& sources, SourceLoc loc) {
  if (!loc.is_valid()) return "";
  std::string_view line = sources.line(loc.file, loc.line);
  if (line.empty()) return "";
  size_t column = std::min<size_t>(loc.column > 0 ? loc.column - 1 : 0, line.size());
  if (column > kMaxShownColumns - 40) {
    const size_t cut = column - 40;
    line.remove_prefix(cut);
    column -= cut;
  }
  line = line.substr(0, kMaxShownColumns);
  std::string text = "    ";
  for (char c : line) text += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? ' ' : c;
  text += "\n    ";
  for (size_t i = 0; i < column && i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if ((byte & 0xc0) != 0x80) text += byte == '\t' ? '\t' : ' ';
  }
  return text + "^\n";
}

void print_one(std::string& out, const Diagnostic& d, SourceManager& sources, const PrintOptions& options) {
  const std::string place = sources.describe(d.loc);
  if (options.color) out += "\033[1m";
  if (!place.empty()) out += place + ": ";
  if (options.color) out += color_of(d.severity);
  out += word(d.severity);
  out += ": ";
  if (options.color) out += "\033[0m";
  out += d.message;
  if (options.show_ids) out += " [" + std::string(info(d.id).id) + "]";
  out += "\n" + excerpt(sources, d.loc);
  for (const Diagnostic& note : d.notes) print_one(out, note, sources, options);
}

void json_one(std::string& out, const Diagnostic& d, SourceManager& sources) {
  out += "{\"id\":\"" + std::string(info(d.id).id) + "\",\"severity\":\"" + std::string(word(d.severity)) + "\",\"file\":\"" +
         json_escape(sources.name(d.loc.file)) + "\",\"line\":" + std::to_string(d.loc.line) + ",\"column\":" + std::to_string(d.loc.column) +
         ",\"message\":\"" + json_escape(d.message) + "\",\"notes\":[";
  for (size_t i = 0; i < d.notes.size(); ++i) {
    if (i > 0) out += ",";
    json_one(out, d.notes[i], sources);
  }
  out += "]}";
}

}  // namespace

std::vector<const Diagnostic*> in_order(const Diagnostics& diagnostics) {
  std::vector<const Diagnostic*> list;
  for (const Diagnostic& d : diagnostics.all()) list.push_back(&d);
  // The address, that of a vector element, keeps the order of what is reported at one place.
  std::ranges::sort(list, {}, [](const Diagnostic* d) { return std::tuple(d->loc.file.value, d->loc.line, d->loc.column, d); });
  return list;
}

std::string print_text(const Diagnostics& diagnostics, SourceManager& sources, const PrintOptions& options) {
  std::string out;
  for (const Diagnostic* d : in_order(diagnostics)) print_one(out, *d, sources, options);
  if (diagnostics.error_count() > Diagnostics::kMaxErrors) {
    out += "error: " + std::to_string(diagnostics.error_count() - Diagnostics::kMaxErrors) + " more errors are not shown\n";
  }
  return out;
}

std::string print_json(const Diagnostics& diagnostics, SourceManager& sources) {
  std::string out;
  for (const Diagnostic* d : in_order(diagnostics)) {
    json_one(out, *d, sources);
    out += "\n";
  }
  return out;
}

namespace {

// Length of the UTF-8 sequence at the start of `text`, 0 if there is none. Overlong forms and surrogates are let through; JSON readers
// that mind are rare, and no source text with them gets this far.
size_t utf8_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::string json_escape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t length = utf8_length(text.substr(i));
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
      out += buffer;
    } else if (length == 0) {
      out += "\\ufffd";  // a byte that is no text, as in the name of a file
    } else {
      out += text.substr(i, length);
    }
    i += std::max<size_t>(length, 1);
  }
  return out;
}

}  // namespace support
