// popc: the compiler's command line. Parses options, runs the stages of compile.h, links.
#include "driver/compile.h"
#include "driver/front.h"
#include "driver/interpret.h"
#include "driver/link.h"
#include "driver/middle.h"
#include "driver/options.h"
#include "driver/output.h"
#include "driver/patch.h"

#include <algorithm>

namespace {

using driver::Emit;
using driver::PopcOptions;

bool is_front_end_only(Emit emit) {
  return emit == Emit::Tokens || emit == Emit::Ast || emit == Emit::Typed || emit == Emit::CheckOnly;
}

bool is_listing(Emit emit) { return is_front_end_only(emit) || emit == Emit::Ir || emit == Emit::Mir || emit == Emit::Tal; }

int write_text(const std::string& path, const std::string& text) {
  std::string problem;
  if (driver::write_file(path.empty() ? "-" : path, text, problem))
    return 0;
  driver::print_error("popc", problem);
  return 1;
}

// "dir/list.pop" -> "list.o" in the current directory, as C compilers do.
std::string object_name(const std::string& input) {
  size_t slash = input.rfind('/');
  std::string name = slash == std::string::npos ? input : input.substr(slash + 1);
  return name.substr(0, name.rfind('.')) + ".o";
}

// --emit of an early stage: everything goes to one listing.
int print_stage(const PopcOptions& options) {
  std::string text;
  int worst = 0;
  for (const std::string& input : options.inputs) {
    int status = 0;
    if (is_front_end_only(options.emit))
      status = driver::emit_front(options, input, text);
    else
      driver::compile_file(options, input, text, status);
    worst = std::max(worst, status);
  }
  return std::max(worst, write_text(options.output, text));
}

int write_objects(const PopcOptions& options) {
  int worst = 0;
  for (const std::string& input : options.inputs) {
    std::string text, problem;
    int status = 0;
    auto object = driver::compile_file(options, input, text, status);
    if (object) {
      std::string path = options.output.empty() ? object_name(input) : options.output;
      if (!driver::write_file(path, object->bytes, problem)) {
        driver::print_error("popc", problem);
        status = 1;
      }
    }
    worst = std::max(worst, status);
  }
  return worst;
}

int link(const PopcOptions& options) {
  std::vector<driver::LinkInput> inputs;
  int worst = 0;
  for (const std::string& path : options.inputs) {
    std::string text;
    int status = 0;
    if (path.ends_with(".o")) {
      std::string problem;
      auto bytes = driver::read_file(path, problem);
      if (!bytes) {
        driver::print_error("popc", problem);
        status = 1;
      } else {
        inputs.push_back({path, std::move(*bytes)});
      }
    } else if (auto object = driver::compile_file(options, path, text, status)) {
      inputs.push_back({path, std::move(object->bytes)});
    }
    worst = std::max(worst, status);
  }
  if (worst != 0)
    return worst;
  if (!driver::native_interface())
    return 70;
  driver::LinkSettings settings;
  settings.output = options.output.empty() ? "a.out" : options.output;
  settings.updateable = options.updateable;
  settings.version = options.version;
  settings.keep_temporaries = options.keep_temporaries;
  settings.verbose = options.verbose;
  return driver::link_program(std::move(inputs), settings, *driver::native_interface());
}

} // namespace

int main(int argc, char** argv) {
  int exit_status = 0;
  auto options = driver::parse_popc_options(argc, argv, exit_status);
  if (!options)
    return exit_status;
  if (options->list_passes)
    return write_text("-", ir::list_passes());
  if (options->interpret)
    return driver::interpret(*options);
  if (is_listing(options->emit))
    return print_stage(*options);
  if (options->emit == Emit::Patch)
    return driver::compile_patch(*options);
  if (options->emit == Emit::Object)
    return write_objects(*options);
  return link(*options);
}
