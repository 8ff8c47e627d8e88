// One version of a program as the differ sees it: read from sources, from objects, from an executable or from a running program.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dsu/pass/description.h"
#include "frontend/frontend.h"

namespace dsu {

struct Version {
  std::string label;
  std::map<std::string, ModuleInfo> modules;
  std::map<std::string, TypeInfo> types;
  std::vector<std::string> library;  // modules of the library that such a program contains

  const TypeInfo* find_type(const std::string& name) const {
    auto found = types.find(name);
    return found == types.end() ? nullptr : &found->second;
  }
};

// Checks every source file of `directory` (all its *.pop files). Diagnostics are left in the session that `make_session`
// returned last; nothing on failure.
class SessionFactory {
public:
  virtual ~SessionFactory() = default;
  virtual std::unique_ptr<frontend::Session> make_session() = 0;
  // Shows what the session found; called for every file.
  virtual void report(frontend::Session& session) = 0;
};
// `describe` adds to a module's description what only its code tells (find_suspensions).
using DescribeCode = std::function<void(const frontend::typed::TypedModule&, ModuleInfo&)>;
std::optional<Version> read_sources(const std::string& directory, std::string label, SessionFactory& sessions, TypeModel& types,
                                    const DescribeCode& describe, std::string& problem);

// The `.tal.dsu` sections of an object, or of the objects that an executable carries.
[[nodiscard]] bool manifests_of_file(std::span<const uint8_t> file, const std::string& name, std::vector<tal::Bytes>& sections, bool& is_program,
                                     std::string& problem);
// The version that such sections describe. Without a label it has that of its modules. Modules whose
// names begin with `library_prefix` are the library's.
std::optional<Version> read_manifests(const std::vector<tal::Bytes>& sections, std::string label,
                                      const std::string& library_prefix, TypeModel& types, std::string& problem);

// The order of the modules does not matter.
Version make_version(std::vector<ModuleInfo> modules, std::string label);

}  // namespace dsu
