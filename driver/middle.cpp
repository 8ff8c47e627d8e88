#include "driver/middle.h"

#include <cstdio>

#include "driver/output.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "ir/verifier.h"

namespace driver {

ir::PipelineOptions pipeline_options(const PopcOptions& options) {
  ir::PipelineOptions result;
  result.optimise = options.optimise;
  result.run_passes = options.run_pass;
  result.print_before = options.print_before;
  result.print_after = options.print_after;
  result.print_after_all = options.print_after_all;
  result.print_func = options.print_func;
  result.verify_each = options.verify_each;
  result.time_passes = options.time_passes;
  result.stop_after = options.stop_after;
  return result;
}

int run_passes(const PopcOptions& options, ir::Module& module) {
  ir::PipelineResult result = ir::run_pipeline(module, pipeline_options(options));
  std::fwrite(result.listing.data(), 1, result.listing.size(), stderr);
  if (result.error.empty())
    return 0;
  bool user_error = result.error.starts_with("unknown pass");
  print_error("popc", user_error ? result.error + " (popc --list-passes lists them)" : "internal error: " + result.error);
  return user_error ? 1 : 70;
}

std::optional<ir::Module> read_ir_text(const PopcOptions& options, const std::string& path, frontend::TypeStore& types,
                                       support::NameTable& names, int& exit_status) {
  exit_status = 1;
  std::string problem;
  auto bytes = read_file(path, problem);
  if (!bytes) {
    print_error("popc", problem);
    return std::nullopt;
  }
  std::string text(bytes->begin(), bytes->end());
  ir::ParseResult parsed = ir::parse_module(text, types, names);
  if (!parsed.module) {
    const ir::ParseError& error = parsed.error;
    print_error("popc", path + ":" + std::to_string(error.line) + ":" + std::to_string(error.column) + ": " + error.text);
    return std::nullopt;
  }
  if (auto errors = ir::verify(*parsed.module); !errors.empty()) {
    print_error("popc", path + ": the IR is not well-formed\n" + ir::render(*parsed.module, errors));
    return std::nullopt;
  }
  exit_status = run_passes(options, *parsed.module);
  if (exit_status != 0)
    return std::nullopt;
  return std::move(*parsed.module);
}

} // namespace driver
