// The versions that poppatch compares, in all forms that a program comes in: sources, objects, an executable, a running process.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "driver/options.h"
#include "dsu/patch/version.h"

namespace driver {

// All `*.pop` of a directory, with what a program of them is linked with from the library.
std::optional<dsu::Version> read_source_version(const PopcOptions& options, const std::string& directory, std::string label,
                                                dsu::TypeModel& types, std::string& problem);

// A directory with sources or, if it has none, objects; object files; an executable; the process id or the control socket of a running
// program. An empty label: that of the program, or else the name of what was read.
std::optional<dsu::Version> read_any_version(const PopcOptions& options, const std::vector<std::string>& inputs, std::string label,
                                             dsu::TypeModel& types, std::string& problem);

// Manifests of object files, executables and running programs.
[[nodiscard]] bool read_manifest_sections(const std::string& input, std::vector<tal::Bytes>& sections, bool& is_program, std::string& problem);

} // namespace driver
