#include "driver/patch.h"

#include "driver/compile.h"
#include "driver/keys.h"
#include "driver/output.h"
#include "driver/patch_sessions.h"
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
    return std::move(object->bytes);
  }
  int exit_status() const { return exit_status_; }

private:
  const PopcOptions& options_;
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
