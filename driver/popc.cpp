// popc: the compiler's command line. Parses options, runs the stages of compile.h, links.
#include "driver/big_stack.h"
#include "driver/compile.h"
#include "driver/dependencies.h"
#include "driver/front.h"
#include "driver/interpret.h"
#include "driver/jobs.h"
#include "driver/keys.h"
#include "driver/link.h"
#include "driver/middle.h"
#include "driver/options.h"
#include "driver/output.h"
#include "driver/patch.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

namespace {

using driver::Emit;
using driver::PopcOptions;

bool is_front_end_only(Emit emit) {
  switch (emit) {
    case Emit::Preprocessed:
    case Emit::Dependencies:
    case Emit::Tokens:
    case Emit::Ast:
    case Emit::Typed:
    case Emit::CheckOnly: return true;
    default: return false;
  }
}

bool is_listing(Emit emit) { return is_front_end_only(emit) || emit == Emit::Ir || emit == Emit::Mir || emit == Emit::Tal; }

int fail(const std::string& problem) {
  driver::print_error("popc", problem);
  return 1;
}

int write_text(const std::string& path, const std::string& text) {
  std::string problem;
  return driver::write_file(path.empty() ? "-" : path, text, problem) ? 0 : fail(problem);
}

// What one input gives.
struct Unit {
  int status = 0;
  std::string text;    // a listing
  tal::Bytes object;
  std::vector<std::string> dependencies;
};

Unit compile_unit(const PopcOptions& options, const std::string& path) {
  Unit unit;
  if (is_front_end_only(options.emit)) {
    unit.status = driver::emit_front(options, path, unit.text);
  } else if (path.ends_with(".o") && options.emit == Emit::Executable) {
    std::string problem;
    auto bytes = driver::read_file(path, problem);
    if (bytes)
      unit.object = std::move(*bytes);
    else
      unit.status = fail(problem);
    unit.dependencies = {path};
  } else if (auto object = driver::compile_file(options, path, unit.text, unit.status)) {
    unit.object = std::move(object->bytes);
    unit.dependencies = std::move(object->dependencies);
  }
  return unit;
}

// A unit with what was found on the way, as the parts of a job's result.
driver::JobResult compile_job(const PopcOptions& options, const std::string& path) {
  const support::SarifFindings before = std::exchange(driver::findings(), {});
  Unit unit = compile_unit(options, path);
  const support::SarifFindings found = std::exchange(driver::findings(), before);
  driver::JobResult result{unit.status, {found.results, found.notifications, std::move(unit.text),
                                         std::string(reinterpret_cast<const char*>(unit.object.data()), unit.object.size())}};
  result.parts.insert(result.parts.end(), unit.dependencies.begin(), unit.dependencies.end());
  return result;
}

// All inputs, up to -j at a time, in the order given. `worst` becomes the greatest exit status.
std::vector<Unit> compile_units(const PopcOptions& options, int& worst) {
  auto results = driver::run_jobs(options.inputs.size(), options.jobs,
                                  [&](size_t i) { return compile_job(options, options.inputs[i]); });
  std::vector<Unit> units;
  for (driver::JobResult& result : results) {
    Unit& unit = units.emplace_back();
    unit.status = result.status;
    worst = std::max(worst, unit.status);
    if (result.parts.size() < 4)
      continue;
    support::append(driver::findings(), {result.parts[0], result.parts[1]});
    unit.text = std::move(result.parts[2]);
    const auto* bytes = reinterpret_cast<const uint8_t*>(result.parts[3].data());
    unit.object.assign(bytes, bytes + result.parts[3].size());
    unit.dependencies.assign(std::make_move_iterator(result.parts.begin() + 4), std::make_move_iterator(result.parts.end()));
  }
  return units;
}

// -MD: the rule beside the output.
int write_dependencies(const PopcOptions& options, const std::string& output, const std::vector<std::string>& dependencies) {
  if (!options.write_dependencies)
    return 0;
  const std::string& target = options.dependency_target.empty() ? output : options.dependency_target;
  const std::string file = options.dependency_file.empty() ? driver::dependency_file_name(output) : options.dependency_file;
  return write_text(file, driver::make_rule(target, dependencies, options.phony_headers));
}

// --emit of an early stage: everything goes to one listing.
int print_stage(const PopcOptions& options) {
  int worst = 0;
  std::string text;
  for (const Unit& unit : compile_units(options, worst))
    text += unit.text;
  return std::max(worst, write_text(options.output, text));
}

int write_objects(const PopcOptions& options) {
  int worst = 0;
  const std::vector<Unit> units = compile_units(options, worst);
  for (size_t i = 0; i < units.size(); ++i) {
    if (units[i].object.empty())
      continue;
    const std::string path = options.output.empty() ? driver::object_name(options.inputs[i]) : options.output;
    std::string problem;
    const bool written = driver::write_file(path, units[i].object, problem);
    worst = std::max(worst, written ? write_dependencies(options, path, units[i].dependencies) : fail(problem));
  }
  return worst;
}

int link(const PopcOptions& options) {
  int worst = 0;
  std::vector<Unit> units = compile_units(options, worst);
  if (worst != 0)
    return worst;
  if (!driver::native_interface())
    return 70;
  std::vector<driver::LinkInput> inputs;
  std::vector<std::string> dependencies;
  for (size_t i = 0; i < units.size(); ++i) {
    inputs.push_back({options.inputs[i], std::move(units[i].object)});
    dependencies.insert(dependencies.end(), units[i].dependencies.begin(), units[i].dependencies.end());
  }
  driver::LinkSettings settings;
  settings.output = options.output.empty() ? "a.out" : options.output;
  settings.updateable = options.updateable;
  settings.version = options.version;
  if (!options.update_key_file.empty()) {
    std::string problem;
    const auto key = driver::read_public_key(options.update_key_file, problem);
    if (!key) {
      driver::print_error("popc", problem);
      return 1;
    }
    settings.update_key.assign(key->begin(), key->end());
  }
  settings.native_inputs = options.native_objects;
  for (const std::string& directory : options.library_dirs)
    settings.native_inputs.push_back("-L" + directory);
  for (const std::string& library : options.libraries)
    settings.native_inputs.push_back("-l" + library);
  settings.keep_temporaries = options.keep_temporaries;
  settings.verbose = options.verbose;
  const int status = driver::link_program(std::move(inputs), settings, *driver::native_interface());
  return status != 0 ? status : write_dependencies(options, settings.output, dependencies);
}

int run(const PopcOptions& options) {
  if (options.list_passes)
    return write_text("-", ir::list_passes());
  if (!driver::add_native_files(options.native_files))
    return 1;
  if (options.interpret)
    return driver::interpret(options);
  if (is_listing(options.emit))
    return print_stage(options);
  if (options.emit == Emit::Patch)
    return driver::compile_patch(options);
  return options.emit == Emit::Object ? write_objects(options) : link(options);
}

int popc(int argc, char** argv) {
  int exit_status = 0;
  const auto options = driver::parse_popc_options(argc, argv, exit_status);
  if (!options)
    return exit_status;
  if (options->error_format != "sarif")
    return run(*options);
  driver::set_error_handler([](std::string_view place, std::string_view message) {
    support::add_notification(driver::findings(), place == "popc" ? std::string(message) : std::string(place) + ": " + std::string(message));
  });
  exit_status = run(*options);
  const std::string log = support::sarif_log(driver::findings(), "popc", POPCORN_VERSION, exit_status);
  std::fwrite(log.data(), 1, log.size(), stderr);
  return exit_status;
}

} // namespace

int main(int argc, char** argv) {
  return driver::on_big_stack([=] { return popc(argc, argv); });
}
