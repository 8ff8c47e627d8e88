// The front end's part of popc: the stages up to the typed AST, their printed forms and the printing of diagnostics.
#pragma once

#include <memory>
#include <string>

#include "driver/options.h"
#include "frontend/frontend.h"

namespace driver {

// A Session set up from the command line; library headers are searched after the user's directories.
std::unique_ptr<frontend::Session> make_session(const PopcOptions& options);

// Prints what was reported, on stderr. True if there were no errors.
bool print_diagnostics(const PopcOptions& options, frontend::Session& session);

// --emit=tokens|ast|typed|check for one file; the printed form goes to `out`. The exit status.
int emit_front(const PopcOptions& options, const std::string& path, std::string& out);

}  // namespace driver
