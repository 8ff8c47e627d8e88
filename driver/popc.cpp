// popc: the compiler's command line. Parses options, runs the stages of compile.h, links.
#include "driver/front.h"
#include "driver/middle.h"
#include "driver/options.h"
#include "driver/output.h"

namespace {

bool is_front_end_only(driver::Emit emit) {
  using driver::Emit;
  return emit == Emit::Tokens || emit == Emit::Ast || emit == Emit::Typed || emit == Emit::CheckOnly;
}

} // namespace

int main(int argc, char** argv) {
  int exit_status = 0;
  auto options = driver::parse_popc_options(argc, argv, exit_status);
  if (!options)
    return exit_status;
  std::string text, problem;
  if (options->list_passes) {
    text = ir::list_passes();
    return driver::write_file("-", text, problem) ? 0 : 1;
  }
  for (const std::string& input : options->inputs) {
    if (driver::is_ir_text(input))
      exit_status = std::max(exit_status, driver::emit_ir_text(*options, input, text));
    else if (is_front_end_only(options->emit))
      exit_status = std::max(exit_status, driver::emit_front(*options, input, text));
    else
      return 70;
  }
  if (!driver::write_file(options->output.empty() ? "-" : options->output, text, problem)) {
    driver::print_error("popc", problem);
    return 1;
  }
  return exit_status;
}
