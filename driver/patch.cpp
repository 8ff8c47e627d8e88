#include "driver/patch.h"

#include "driver/compile.h"
#include "driver/front.h"
#include "driver/keys.h"
#include "driver/library_modules.h"
#include "driver/output.h"
#include "driver/patch_sessions.h"
#include "dsu/format/manifest.h"
#include "dsu/patch/build.h"

#include <ctime>

namespace driver {

namespace {

class Compiler final : public dsu::UnitCompiler {
public:
  explicit Compiler(const PopcOptions& options) : options_(options) {}
  std::optional<tal::Bytes> compile(frontend::Session& session, frontend::typed::TypedModule& module,
                                    const tal::Bytes& manifest) override {
    std::string listing;
    auto object = compile_module(options_, session, module, manifest, listing, exit_status_);
    if (!object)
      return std::nullopt;
    for (std::string& name : imports_of(object->verified->interface()))
      imports_.push_back(std::move(name));
    return std::move(object->bytes);
  }
  void show(const support::Diagnostics& diagnostics) override {
    support::SourceManager none;
    print_diagnostics(options_, diagnostics, none);
  }
  bool add_library_modules(const std::set<std::string>& present, dsu::PatchFile& patch, std::string& problem) override {
    std::vector<LibraryModule> modules;
    const IsPresent is_present = [&](const std::string& symbol) { return present.contains(library_module_of(symbol)); };
    if (!find_library_modules(imports_, is_present, *native_interface(), modules, problem))
      return false;
    for (LibraryModule& module : modules) {
      const std::optional<dsu::Manifest> manifest = dsu::decode_manifest(module.verified->dsu());
      if (!manifest) {
        problem = library_object_path(module.name) + " has no update manifest; the library has to be compiled with `popc -dsu -c`";
        return false;
      }
      patch.modules.push_back({module.verified->interface().module, dsu::ModuleRole::Library, dsu::Hash{}, manifest->hash});
      patch.objects.push_back(std::move(module.object));
    }
    return true;
  }
  int exit_status() const { return exit_status_; }

private:
  const PopcOptions& options_;
  std::vector<std::string> imports_;  // of all units
  int exit_status_ = 0;
};

} // namespace

int compile_patch(const PopcOptions& options) {
  PatchSessions sessions(options);
  Compiler compiler(options);
  dsu::PatchFile patch;
  std::string problem;
  if (!dsu::build_patch(options.inputs.front(), options.version, sessions, compiler, patch, problem)) {
    if (!problem.empty())
      print_error("popc", problem);
    return compiler.exit_status() != 0 ? compiler.exit_status() : 1;
  }
  if (!options.signing_key_file.empty()) {
    const auto key = read_secret_key(options.signing_key_file, problem);
    if (!key) {
      print_error("popc", problem);
      return 1;
    }
    patch.sequence = options.sequence ? *options.sequence : static_cast<uint64_t>(std::time(nullptr));
    dsu::sign(patch, *key);
  }
  if (write_file(options.output, dsu::write_container(patch), problem))
    return 0;
  print_error("popc", problem);
  return 1;
}

} // namespace driver
