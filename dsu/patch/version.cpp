#include "dsu/patch/version.h"

#include <algorithm>

namespace dsu {
namespace {

void add_module(ModuleInfo module, Version& version) {
  for (const TypeInfo& type : module.declarations) {
    // The definition is worth more than an extern declaration, and that more than an abstract one.
    auto [slot, is_new] = version.types.emplace(type.name, type);
    const bool is_definition = !type.module.empty();
    if (!is_new && (is_definition || (slot->second.module.empty() && slot->second.kind == frontend::TypeDeclKind::Abstract)))
      slot->second = type;
  }
  version.modules[module.name] = std::move(module);
}

}  // namespace

Version make_version(std::vector<ModuleInfo> modules, std::string label) {
  std::sort(modules.begin(), modules.end(), [](const ModuleInfo& a, const ModuleInfo& b) { return a.name < b.name; });
  Version version;
  version.label = std::move(label);
  for (ModuleInfo& module : modules)
    add_module(std::move(module), version);
  return version;
}

}  // namespace dsu
