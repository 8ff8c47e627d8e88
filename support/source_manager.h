// The texts that a run of a tool has read, by file number.
//
// Locations are made by the lexer against these texts; the printer of diagnostics looks lines up again. A file may be known by name only
// (a header named by a line marker): its text is then read from disk when a line of it has to be shown.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "support/source.h"

namespace support {

class SourceManager {
 public:
  SourceManager();

  // The file of that name, known by name only if it was not before.
  FileId file(std::string_view name);
  // Gives a file its text (replacing what it had).
  FileId add_text(std::string_view name, std::string text);

  std::string_view name(FileId id) const { return files_[id.value].name; }
  std::string_view text(FileId id);
  // Line `line` (from 1) without its line end; empty if there is none.
  std::string_view line(FileId id, uint32_t line);
  // "file:line:column", or the tool's name for an invalid location.
  std::string describe(SourceLoc loc) const;

 private:
  struct File {
    std::string name;
    std::optional<std::string> text;
    std::vector<uint32_t> line_starts;
  };
  std::deque<File> files_;  // index = FileId::value
  std::unordered_map<std::string_view, FileId> by_name_;
};

}  // namespace support
