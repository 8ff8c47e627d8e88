// The IR's part of popc: the pass pipeline as the command line asks for it, and IR text as input.
#pragma once

#include <optional>
#include <string>

#include "driver/options.h"
#include "ir/pipeline.h"

namespace driver {

ir::PipelineOptions pipeline_options(const PopcOptions& options);

// Runs the pipeline. Listings go to stderr; a broken function is an internal error, printed there too. The exit status.
int run_passes(const PopcOptions& options, ir::Module& module);

// FILE.ir: reads the text, verifies it, runs the passes of --run-pass (or the pipeline). Errors are printed; then nothing is returned and
// `exit_status` says how to end. The module refers to `types`.
std::optional<ir::Module> read_ir_text(const PopcOptions& options, const std::string& path, frontend::TypeStore& types,
                                       support::NameTable& names, int& exit_status);
inline bool is_ir_text(const std::string& path) { return path.ends_with(".ir"); }

} // namespace driver
