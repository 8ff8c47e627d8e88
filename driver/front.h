// The front end's part of popc: the stages up to the typed AST, their printed forms and the printing of diagnostics.
#pragma once

#include <memory>
#include <string>

#include "driver/options.h"
#include "frontend/frontend.h"
#include "support/sarif_printer.h"

namespace driver {

// A Session set up from the command line; library headers are searched after the user's directories.
std::unique_ptr<frontend::Session> make_session(const PopcOptions& options);

// Prints what was reported, on stderr; with --error-format=sarif it is added to findings() instead. True if there were no errors.
bool print_diagnostics(const PopcOptions& options, const support::Diagnostics& diagnostics, support::SourceManager& sources);
bool print_diagnostics(const PopcOptions& options, frontend::Session& session);

// What this process has found so far, for the SARIF log that is printed at its end.
support::SarifFindings& findings();

// -E, -M, --emit=tokens|ast|typed|check for one file; the printed form goes to `out`. The exit status.
int emit_front(const PopcOptions& options, const std::string& path, std::string& out);

}  // namespace driver
