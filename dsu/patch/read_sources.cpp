#include <algorithm>
#include <filesystem>

#include "dsu/pass/describe_module.h"
#include "dsu/patch/version.h"

namespace dsu {

std::optional<Version> read_sources(const std::string& directory, std::string label, SessionFactory& sessions, TypeModel& types,
                                    const DescribeCode& describe, std::string& problem) {
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error))
    if (entry.path().extension() == ".pop")
      files.push_back(entry.path().string());
  if (error) {
    problem = "cannot read the directory " + directory + ": " + error.message();
    return std::nullopt;
  }
  if (files.empty()) {
    problem = "no .pop files in " + directory;
    return std::nullopt;
  }
  std::sort(files.begin(), files.end());
  std::vector<ModuleInfo> modules;
  bool ok = true;
  for (const std::string& file : files) {
    std::unique_ptr<frontend::Session> session = sessions.make_session();
    std::unique_ptr<frontend::typed::TypedModule> module = frontend::compile(*session, file);
    sessions.report(*session);
    ok &= module != nullptr;
    if (!module)
      continue;
    modules.push_back(describe_module(*module, label, types));
    modules.back().path = std::filesystem::absolute(file).string();
    describe(*module, modules.back());
  }
  if (!ok) {
    problem = directory + " does not compile";
    return std::nullopt;
  }
  return make_version(std::move(modules), std::move(label));
}

}  // namespace dsu
