// Maps places in preprocessed text back to the file that the user wrote.
//
// Line markers give file and line. Within a line the preprocessor may have replaced comments and macros, so that columns moved: then the
// column of a token is where its spelling next occurs in the original line. A token that does not occur there came from a macro and gets
// the place of the last one that did.
#pragma once

#include <string>
#include <string_view>

#include "support/source_manager.h"

namespace frontend {

class LocationMapper {
 public:
  LocationMapper(support::SourceManager& sources, std::string_view text, support::FileId file);

  void newline(const char* line_start);
  // A marker: the line after the current one is `line` of `file`.
  void set_next_line(support::FileId file, uint32_t line);
  // The location of the token [begin, end). Tokens must be asked for in order.
  support::SourceLoc locate(const char* begin, const char* end);

 private:
  void enter_line();
  support::SourceLoc at(size_t column) const;

  support::SourceManager& sources_;
  const char* line_start_;
  const char* text_end_;
  support::FileId file_;
  uint32_t line_ = 1;
  bool entered_ = false;   // has the current line been compared with the original?
  bool is_exact_ = true;
  bool has_markers_ = false;
  std::string original_;   // comments blanked out
  size_t cursor_ = 0;      // in original_
  size_t last_found_ = 0;
};

}  // namespace frontend
