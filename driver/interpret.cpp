#include "driver/interpret.h"

#include <cstdio>
#include <memory>
#include <vector>

#include "driver/front.h"
#include "driver/middle.h"
#include "driver/output.h"
#include "ir/interp/interp.h"
#include "ir/lower.h"

namespace driver {
namespace {

// What a module needs while it is interpreted.
struct Loaded {
  std::unique_ptr<frontend::Session> session;
  std::unique_ptr<frontend::typed::TypedModule> typed;
  frontend::TypeStore types; // of IR text
  ir::Module module;
};

int load_source(const PopcOptions& options, const std::string& path, Loaded& loaded) {
  loaded.typed = frontend::compile(*loaded.session, path);
  if (!loaded.typed || loaded.session->diagnostics.has_errors()) {
    print_diagnostics(options, *loaded.session);
    return 1;
  }
  ir::LowerResult lowered = ir::lower(*loaded.typed);
  for (const ir::Unsupported& item : lowered.unsupported)
    loaded.session->diagnostics.report<support::Diag::NotSupportedYet>(item.loc, item.what);
  if (!print_diagnostics(options, *loaded.session))
    return 1;
  loaded.module = std::move(lowered.module);
  return run_passes(options, loaded.module);
}

int load_text(const PopcOptions& options, const std::string& path, Loaded& loaded) {
  int status = 0;
  if (auto module = read_ir_text(options, path, loaded.types, loaded.session->names, status))
    loaded.module = std::move(*module);
  return status;
}

const char* entry_of(const std::vector<std::unique_ptr<Loaded>>& program) {
  for (const auto& loaded : program)
    for (const ir::Function& f : loaded->module.functions)
      if (f.has_body() && f.linkage == ir::Linkage::Public) {
        if (f.name == "main" && f.param_types.size() <= 1)
          return "main";
        if (f.name == "pop_main" && f.param_types.empty())
          return "pop_main";
      }
  return "main";
}

int report(const ir::interp::Outcome& outcome, const std::string& entry) {
  using Kind = ir::interp::Outcome::Kind;
  std::fwrite(outcome.output.data(), 1, outcome.output.size(), stdout);
  switch (outcome.kind) {
  case Kind::Returned: return entry == "main" ? static_cast<int>(outcome.value & 255) : 0;
  case Kind::Exited: return static_cast<int>(outcome.value & 255);
  case Kind::Uncaught: std::fprintf(stderr, "uncaught exception %s\n", outcome.exception.c_str()); return 255;
  case Kind::Failed: print_error("popc", "interpreter: " + outcome.error); return 70;
  }
  return 70;
}

} // namespace

int interpret(const PopcOptions& options) {
  std::vector<std::unique_ptr<Loaded>> program;
  std::vector<const ir::Module*> modules;
  for (const std::string& path : options.inputs) {
    program.push_back(std::make_unique<Loaded>());
    program.back()->session = make_session(options);
    int status = is_ir_text(path) ? load_text(options, path, *program.back()) : load_source(options, path, *program.back());
    if (status != 0)
      return status;
    modules.push_back(&program.back()->module);
  }
  std::string entry = entry_of(program);
  ir::interp::Options settings;
  settings.arguments = {options.inputs.front()};
  settings.arguments.insert(settings.arguments.end(), options.program_arguments.begin(), options.program_arguments.end());
  return report(ir::interp::run(modules, entry, {}, settings), entry);
}

} // namespace driver
