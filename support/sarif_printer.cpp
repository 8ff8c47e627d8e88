#include "support/sarif_printer.h"

#include <algorithm>

#include "support/diagnostic_printer.h"

namespace support {

namespace {

std::string_view level(Severity severity) {
  switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    case Severity::Remark:
    case Severity::Note: return "note";
  }
  return "none";
}

void add_item(std::string& list, const std::string& item) {
  if (!list.empty()) list += ",\n";
  list += item;
}

// A path as a URI reference: absolute ones get the scheme, whatever is not plain in a URI is percent-encoded.
std::string uri(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = path.starts_with("/") ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      (((out += '%') += kHex[byte >> 4])) += kHex[byte & 15];
    }
  }
  return out;
}

// A column in bytes as one in UTF-16 code units.
size_t utf16_column(std::string_view line, size_t column) {
  size_t units = 1;
  for (size_t i = 0; i + 1 < column; ++i) {
    const unsigned char byte = i < line.size() ? static_cast<unsigned char>(line[i]) : ' ';
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

std::string message(std::string_view text) { return "{\"text\":\"" + json_escape(text) + "\"}"; }

std::string location(SourceLoc loc, SourceManager& sources, std::string_view text) {
  std::string out = "{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"" + uri(sources.name(loc.file)) + "\"}";
  if (loc.is_valid()) {
    const size_t column = utf16_column(sources.line(loc.file, loc.line), std::max<size_t>(loc.column, 1));
    out += ",\"region\":{\"startLine\":" + std::to_string(loc.line) + ",\"startColumn\":" + std::to_string(column) + "}";
  }
  out += "}";
  if (!text.empty()) out += ",\"message\":" + message(text);
  return out + "}";
}

std::string result(const Diagnostic& d, SourceManager& sources) {
  std::string out = "{\"ruleId\":\"" + std::string(info(d.id).id) + "\",\"ruleIndex\":" + std::to_string(static_cast<size_t>(d.id)) +
                    ",\"level\":\"" + std::string(level(d.severity)) + "\",\"message\":" + message(d.message) + ",\"locations\":[";
  if (!sources.name(d.loc.file).empty()) out += location(d.loc, sources, "");
  out += "]";
  if (!d.notes.empty()) {
    std::string related;
    for (const Diagnostic& note : d.notes) add_item(related, location(note.loc, sources, note.message));
    out += ",\"relatedLocations\":[" + related + "]";
  }
  return out + "}";
}

std::string rules() {
  std::string list;
  for (const DiagInfo& row : kDiagInfo) {
    add_item(list, "{\"id\":\"" + std::string(row.id) + "\",\"shortDescription\":" + message(row.format) +
                       ",\"defaultConfiguration\":{\"level\":\"" + std::string(level(row.severity)) + "\"},\"properties\":{\"tags\":[\"" +
                       std::string(row.area) + "\"]}}");
  }
  return list;
}

}  // namespace

void add_results(SarifFindings& findings, const Diagnostics& diagnostics, SourceManager& sources) {
  for (const Diagnostic* d : in_order(diagnostics)) add_item(findings.results, result(*d, sources));
}

void add_notification(SarifFindings& findings, std::string_view text) {
  add_item(findings.notifications, "{\"level\":\"error\",\"message\":" + message(text) + "}");
}

void append(SarifFindings& findings, const SarifFindings& more) {
  if (!more.results.empty()) add_item(findings.results, more.results);
  if (!more.notifications.empty()) add_item(findings.notifications, more.notifications);
}

std::string sarif_log(const SarifFindings& findings, std::string_view tool, std::string_view version, int exit_status) {
  return "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\n\"tool\":{\"driver\":{\"name\":\"" +
         json_escape(tool) + "\",\"version\":\"" + json_escape(version) + "\",\"rules\":[\n" + rules() +
         "]}},\n\"columnKind\":\"utf16CodeUnits\",\n\"invocations\":[{\"executionSuccessful\":" + (exit_status == 0 ? "true" : "false") +
         ",\"exitCode\":" + std::to_string(exit_status) + ",\"toolExecutionNotifications\":[" + findings.notifications +
         "]}],\n\"results\":[" + findings.results + "]}]}\n";
}

}  // namespace support
