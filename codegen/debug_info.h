// Debug sections (DWARF 4): line table, compile unit with its subprograms, call frame information in .debug_frame.
// Enough for breakpoints by file and line, stepping and backtraces; no variables or types.
#pragma once

#include <string>
#include <vector>

#include "codegen/emit.h"
#include "codegen/mir.h"
#include "support/source_manager.h"
#include "tal/object.h"

namespace codegen {

class DebugInfo {
public:
  explicit DebugInfo(const support::SourceManager& sources) : sources_(sources) {}
  void add_function(const mir::Function& function, const EmittedFunction& emitted);
  // Appends the sections to image.debug.
  void write(const std::string& source_name, const std::string& directory, uint32_t text_size, tal::ObjectImage& image) const;

private:
  struct Subprogram {
    std::string name;
    uint32_t symbol, size;
    support::SourceLoc loc;
    std::vector<LineRow> lines;
    std::vector<FrameRow> frame;
  };
  tal::DebugSection abbreviations() const;
  tal::DebugSection information(const std::string& source_name, const std::string& directory, uint32_t text_size) const;
  tal::DebugSection line_table() const;
  tal::DebugSection frames() const;

  const support::SourceManager& sources_;
  std::vector<Subprogram> functions_;
};

} // namespace codegen
