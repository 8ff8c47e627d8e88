// Diagnostics as a SARIF 2.1.0 log (OASIS Static Analysis Results Interchange Format), for code review tools and editors.
//
// A log is one JSON document per run of a tool, so results are collected as text from however many Diagnostics and put into the log at
// the end. Columns count UTF-16 code units, the format's default.
#pragma once

#include <string>
#include <string_view>

#include "support/diagnostics.h"
#include "support/source_manager.h"

namespace support {

// What a run found so far: the insides of two JSON arrays. Plain text, so that it can be sent from one process to another.
struct SarifFindings {
  std::string results;        // diagnostics
  std::string notifications;  // errors of the run itself, without a place
};

void add_results(SarifFindings& findings, const Diagnostics& diagnostics, SourceManager& sources);
void add_notification(SarifFindings& findings, std::string_view message);
void append(SarifFindings& findings, const SarifFindings& more);

// The whole document; the rules are the registry of diagnostics.
std::string sarif_log(const SarifFindings& findings, std::string_view tool, std::string_view version, int exit_status);

}  // namespace support
