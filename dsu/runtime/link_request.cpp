#include "dsu/runtime/link_request.h"

#include <unordered_map>

namespace dsu {
namespace {

using SymbolIndex = std::unordered_map<std::string, uint32_t>;

bool is_defined(const tal::InterfaceSymbol& symbol) {
  return symbol.scope == tal::Scope::Static || symbol.scope == tal::Scope::Public;
}

SymbolIndex definitions_of(const tal::Interface& interface) {
  SymbolIndex index;
  for (uint32_t s = 0; s < interface.symbols.size(); s++)
    if (is_defined(interface.symbols[s]) && !interface.symbols[s].name.empty())
      index.emplace(interface.symbols[s].name, s);
  return index;
}

bool refuse(Refusal& refusal, std::string symbol, std::string reason, std::string help) {
  refusal = {Step::Link, std::move(symbol), std::move(reason), std::move(help)};
  return false;
}

// Functions of a replaced module: a stub, if there is one, takes the calls of remaining old code.
bool add_replacements(const Program& program, const PreparedModule& module, uint32_t number,
                      tal::PatchRequest& request, Refusal& refusal) {
  const tal::Interface& interface = module.object->interface();
  const SymbolIndex own = definitions_of(interface);
  std::unordered_map<std::string, uint32_t> stubs;
  for (const RoleOfSymbol& role : module.manifest.roles) {
    auto symbol = own.find(role.symbol);
    if (symbol == own.end())
      return refuse(refusal, role.symbol, "the manifest names a symbol that the object does not define", "make the patch again");
    if (role.role == SymbolRole::Stub)
      stubs[role.target] = symbol->second;
  }
  for (const RoleOfSymbol& role : module.manifest.roles) {
    const uint32_t symbol = own.find(role.symbol)->second;
    if (role.role != SymbolRole::Replaces || interface.symbols[symbol].kind != tal::SymbolKind::Function)
      continue;
    std::optional<tal::Binding> old = program.find(role.target, module.manifest.module);
    if (!old)
      continue;  // new in this version
    auto stub = stubs.find(role.target);
    request.replacements.push_back({*old, {number, stub == stubs.end() ? symbol : stub->second}});
  }
  return true;
}

class ImportBinder {
public:
  ImportBinder(const Program& program, const std::vector<PreparedModule>& modules, uint32_t first)
      : program_(program) {
    for (uint32_t i = 0; i < modules.size(); i++)
      for (const auto& [name, symbol] : provided_names(modules[i]))
        patch_names_[name] = {first + i, symbol};
  }

  bool bind(const PreparedModule& module, uint32_t number, tal::PatchRequest& request, Refusal& refusal) const {
    const tal::Interface& interface = module.object->interface();
    std::unordered_map<std::string, const ImportOfSymbol*> wishes;
    for (const ImportOfSymbol& wish : module.manifest.imports)
      wishes[wish.symbol] = &wish;
    for (uint32_t s = 0; s < interface.symbols.size(); s++) {
      const tal::InterfaceSymbol& symbol = interface.symbols[s];
      if (symbol.scope != tal::Scope::Import)
        continue;
      auto wish = wishes.find(symbol.name);
      std::optional<tal::Binding> target =
          wish == wishes.end() ? find_new(symbol.name) : find(*wish->second);
      if (!target)
        return refuse(refusal, symbol.name, "module " + module.manifest.module + " imports it, but neither the program nor the patch defines it",
                      "add the module that defines it to the patch");
      request.imports.push_back({number, s, *target});
    }
    return true;
  }

private:
  std::optional<tal::Binding> find_new(const std::string& name) const {
    auto found = patch_names_.find(name);
    return found == patch_names_.end() ? program_.find(name, "") : std::optional(found->second);
  }
  std::optional<tal::Binding> find(const ImportOfSymbol& wish) const {
    return wish.from == ImportFrom::Patch ? find_new(wish.target) : program_.find(wish.target, wish.module);
  }

  const Program& program_;
  NameTable patch_names_;
};

}  // namespace

std::vector<std::pair<std::string, uint32_t>> provided_names(const PreparedModule& module) {
  std::vector<std::pair<std::string, uint32_t>> names;
  const tal::Interface& interface = module.object->interface();
  const std::string& name = module.manifest.module;
  if (module.role == ModuleRole::Replaced) {
    const SymbolIndex own = definitions_of(interface);
    for (const RoleOfSymbol& role : module.manifest.roles) {
      auto symbol = own.find(role.symbol);
      if (role.role == SymbolRole::Replaces && symbol != own.end())
        names.emplace_back(program_name(role.target, name, interface.symbols[symbol->second].scope == tal::Scope::Static),
                           symbol->second);
    }
    return names;
  }
  for (uint32_t s = 0; s < interface.symbols.size(); s++) {
    const tal::InterfaceSymbol& symbol = interface.symbols[s];
    if (is_defined(symbol) && !symbol.name.empty())
      names.emplace_back(program_name(symbol.name, name, symbol.scope == tal::Scope::Static), s);
  }
  return names;
}

bool make_link_request(const Program& program, const std::vector<PreparedModule>& modules,
                       tal::PatchRequest& request, Refusal& refusal) {
  const auto first = static_cast<uint32_t>(program.modules.size());
  const ImportBinder imports(program, modules, first);
  for (uint32_t i = 0; i < modules.size(); i++)
    if (!add_replacements(program, modules[i], first + i, request, refusal) ||
        !imports.bind(modules[i], first + i, request, refusal))
      return false;
  return true;
}

}  // namespace dsu
