#include <algorithm>
#include <filesystem>

#include "dsu/patch/version.h"

namespace dsu {

std::optional<Version> read_version(const std::string& directory, std::string label, SessionFactory& sessions, TypeModel& types,
                                    std::string& problem) {
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
  Version version;
  version.label = std::move(label);
  version.directory = directory;
  bool ok = true;
  for (const std::string& file : files) {
    std::unique_ptr<frontend::Session> session = sessions.make_session();
    std::unique_ptr<frontend::typed::TypedModule> module = frontend::compile(*session, file);
    sessions.report(*session);
    if (module)
      add_module(*module, std::filesystem::absolute(file).string(), types, version);
    else
      ok = false;
  }
  if (!ok) {
    problem = directory + " does not compile";
    return std::nullopt;
  }
  return version;
}

}  // namespace dsu
