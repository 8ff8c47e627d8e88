// Shows collected diagnostics to people (source line and caret) or to tools (one JSON object per line).
#pragma once

#include <string>
#include <vector>

#include "support/diagnostics.h"
#include "support/source_manager.h"

namespace support {

// In the order of the text, whichever stage found them.
std::vector<const Diagnostic*> in_order(const Diagnostics& diagnostics);

struct PrintOptions {
  bool color = false;      // only when the output is a terminal
  bool show_ids = false;   // append [Id]
};

std::string print_text(const Diagnostics& diagnostics, SourceManager& sources, const PrintOptions& options);

// {"id","severity","file","line","column","message","notes":[..]}
std::string print_json(const Diagnostics& diagnostics, SourceManager& sources);

// `text` as the inside of a JSON string.
std::string json_escape(std::string_view text);

}  // namespace support
