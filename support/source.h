// Where a piece of source text is.
//
// A SourceLoc is what every token, AST node, IR instruction and line-table entry carries: eight bytes, file by number. The numbers belong
// to a SourceManager (support/source_manager.h), which knows names and text. Line and column count from 1; line 0 means "no place".
#pragma once

#include <cstdint>

namespace support {

struct FileId {
  uint16_t value = 0;  // 0: no file
  friend bool operator==(FileId, FileId) = default;
};

struct SourceLoc {
  uint32_t line = 0;
  uint16_t column = 0;  // saturates at 65535
  FileId file;

  bool is_valid() const { return line != 0; }
  friend bool operator==(SourceLoc, SourceLoc) = default;
};

}  // namespace support
