// One source file to one verified object: the stages after the front end, in order, with their listings.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/options.h"
#include "frontend/frontend.h"
#include "tal/checker.h"
#include "tal/natives.h"

namespace driver {

// What the runtime offers, as built into the tools (stdlib/runtime/natives.tali). An installation whose file is broken cannot go on: the
// problem is printed and nothing returned.
const tal::NativeInterface* native_interface();

// Adds the declarations of users' files (--natives) to it, before it is asked for first. False after printing what is wrong with them.
bool add_native_files(const std::vector<std::string>& paths);

struct CompiledObject {
  tal::Bytes bytes;
  std::unique_ptr<tal::VerifiedObject> verified;
  std::vector<std::string> dependencies;  // of compile_file: the source and the headers it includes
};

// Runs the stages from IR to the verified object on a checked module. `manifest` becomes `.tal.dsu`. Diagnostics and internal errors are
// printed; then `exit_status` is 1 or 70 and nothing is returned. With an earlier --emit the listing goes to `text` and nothing is returned
// with status 0.
std::optional<CompiledObject> compile_module(const PopcOptions& options, frontend::Session& session,
                                             const frontend::typed::TypedModule& module, tal::Bytes manifest,
                                             std::string& text, int& exit_status);

// The same from a file: Popcorn source, or typed assembly (.tal).
std::optional<CompiledObject> compile_file(const PopcOptions& options, const std::string& path, std::string& text,
                                           int& exit_status);

} // namespace driver
