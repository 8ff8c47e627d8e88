// Front-end sessions for tools that check many source files of a program: set up as popc would, diagnostics on stderr.
#pragma once

#include "driver/front.h"
#include "dsu/patch/version.h"

namespace driver {

class PatchSessions final : public dsu::SessionFactory {
public:
  explicit PatchSessions(const PopcOptions& options) : options_(options) {}
  std::unique_ptr<frontend::Session> make_session() override { return driver::make_session(options_); }
  void report(frontend::Session& session) override { print_diagnostics(options_, session); }

private:
  const PopcOptions& options_;
};

} // namespace driver
