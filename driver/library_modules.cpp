#include "driver/library_modules.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "driver/installation.h"
#include "driver/output.h"

namespace driver {

std::string library_module_of(const std::string& symbol) {
  const size_t end = symbol.find("::");
  if (end != std::string::npos) {
    std::string module = symbol.substr(0, end);
    std::transform(module.begin(), module.end(), module.begin(), [](unsigned char c) { return std::tolower(c); });
    return module;
  }
#define LIBRARY_NAMES(beginning, module) \
  if (symbol.starts_with(beginning))     \
    return module;
#define LIBRARY_NAME(name, module) \
  if (symbol == name)              \
    return module;
#include "driver/library_names.def"
#undef LIBRARY_NAMES
#undef LIBRARY_NAME
  return "";
}

std::string library_object_path(const std::string& module) { return library_directory() + "/" + module + ".o"; }

std::vector<std::string> imports_of(const tal::Interface& interface) {
  std::vector<std::string> names;
  for (const tal::InterfaceSymbol& symbol : interface.symbols)
    if (symbol.scope == tal::Scope::Import)
      names.push_back(symbol.name);
  return names;
}

bool find_library_modules(std::vector<std::string> imports, const IsPresent& is_present,
                          const tal::NativeInterface& natives, std::vector<LibraryModule>& modules, std::string& problem) {
  std::set<std::string> tried;
  while (!imports.empty()) {
    const std::string symbol = std::move(imports.back());
    const std::string module = library_module_of(symbol);
    imports.pop_back();
    if (module.empty() || is_present(symbol) || !tried.insert(module).second || access(library_object_path(module).c_str(), R_OK) != 0)
      continue;
    std::optional<tal::Bytes> object = read_file(library_object_path(module), problem);
    if (!object)
      return false;
    tal::VerifyResult result = tal::verify(*object, natives);
    if (const auto* error = std::get_if<tal::VerifyError>(&result)) {
      problem = "the checker refuses an object of the library\n" + tal::to_string(*error, library_object_path(module));
      return false;
    }
    auto verified = std::move(std::get<std::unique_ptr<tal::VerifiedObject>>(result));
    for (std::string& name : imports_of(verified->interface()))
      imports.push_back(std::move(name));
    modules.push_back({module, std::move(*object), std::move(verified)});
  }
  return true;
}

}  // namespace driver
