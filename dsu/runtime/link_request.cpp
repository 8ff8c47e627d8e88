#include "dsu/runtime/link_request.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace dsu {
namespace {

bool is_defined(const tal::InterfaceSymbol& symbol) {
  return symbol.scope == tal::Scope::Static || symbol.scope == tal::Scope::Public;
}

bool refuse(Refusal& refusal, std::string symbol, std::string reason, std::string help) {
  refusal = {Step::Link, std::move(symbol), std::move(reason), std::move(help)};
  return false;
}

bool is_function(const tal::InterfaceSymbol& symbol) { return is_defined(symbol) && symbol.kind == tal::SymbolKind::Function; }

bool defines_function(const tal::Interface& interface, const std::string& name) {
  return std::any_of(interface.symbols.begin(), interface.symbols.end(),
                     [&](const tal::InterfaceSymbol& s) { return is_function(s) && s.name == name; });
}

bool is_function(const Program& program, const tal::Binding& binding) {
  return program.modules[binding.module]->interface.symbols[binding.symbol].kind == tal::SymbolKind::Function;
}

// Running function -> what takes its calls.
using Stubs = std::map<std::pair<uint32_t, uint32_t>, tal::Binding>;

// A function of the name, and its entries for single widths: each for the running one of the same width.
bool add_stub(const Program& program, const tal::Interface& interface, uint32_t number, const Stub& stub, Stubs& stubs) {
  bool found = false;
  for (uint32_t s = 0; s < interface.symbols.size(); s++) {
    const std::string& name = interface.symbols[s].name;
    if (!is_function(interface.symbols[s]) || name.substr(0, name.find('.')) != stub.symbol)
      continue;
    const std::optional<tal::Binding> old = program.find(stub.target + name.substr(stub.symbol.size()), stub.module);
    if (!old || !is_function(program, *old))
      continue;
    stubs[{old->module, old->symbol}] = {number, s};
    found = true;
  }
  return found;
}

bool find_stubs(const Program& program, const std::vector<PreparedModule>& modules, Stubs& stubs, Refusal& refusal) {
  for (uint32_t i = 0; i < modules.size(); i++)
    for (const Stub& stub : modules[i].manifest.stubs)
      if (!add_stub(program, modules[i].object->interface(), static_cast<uint32_t>(program.modules.size()) + i, stub, stubs))
        return refuse(refusal, stub.symbol, "a stub for " + stub.target + ", which is not a function of the program",
                      "make the patch again");
  return true;
}

// Entries of the old function for single widths that the new one has none for, because it does not depend on the width any more:
// their callers go to the entry that serves them.
void add_served_entries(const Program& program, const PreparedModule& module, uint32_t number, uint32_t s, tal::PatchRequest& request) {
  const tal::Interface& interface = module.object->interface();
  const tal::InterfaceSymbol& symbol = interface.symbols[s];
  const bool is_static = symbol.scope == tal::Scope::Static;
  const std::string base = symbol.name.substr(0, symbol.name.find('.'));
  const std::string prefix = program_name(base + ".", module.manifest.module, is_static);
  for (auto old = program.names.lower_bound(prefix); old != program.names.end() && old->first.starts_with(prefix); ++old) {
    const std::string name = base + "." + old->first.substr(prefix.size());
    const bool serves = symbol.name == base || tal::entry_serves(symbol.name, name);
    if (name != symbol.name && serves && !defines_function(interface, name))
      request.replacements.push_back({old->second, {number, s}});
  }
}

// Functions of a replaced module take the place of those of their name in it, also when they have become public or static. Whatever comes
// from another module, or had another name, the manifest says.
void add_replacements(const Program& program, const PreparedModule& module, uint32_t number, const Stubs& stubs,
                      tal::PatchRequest& request) {
  if (module.role != ModuleRole::Replaced)
    return;
  const tal::Interface& interface = module.object->interface();
  for (uint32_t s = 0; s < interface.symbols.size(); s++) {
    const tal::InterfaceSymbol& symbol = interface.symbols[s];
    if (!is_function(symbol))
      continue;
    add_served_entries(program, module, number, s, request);
    const std::optional<tal::Binding> old = program.find(symbol.name, module.manifest.module);
    if (old && program.modules[old->module]->name == module.manifest.module && is_function(program, *old) &&
        !stubs.contains({old->module, old->symbol}))
      request.replacements.push_back({*old, {number, s}});
  }
}

class ImportBinder {
public:
  ImportBinder(const Program& program, const std::vector<PreparedModule>& modules, uint32_t first)
      : program_(program) {
    for (uint32_t i = 0; i < modules.size(); i++) {
      for (const auto& [name, symbol] : provided_names(modules[i]))
        patch_names_[name] = {first + i, symbol};
      for (const auto& [name, definition] : shared_names(program, modules[i]))
        patch_names_[name] = definition;
    }
  }

  // The module that goes on providing the name, whatever module `own` of the patch brings; empty: none does.
  std::string staying_owner(const std::string& name, const tal::Binding& running, const std::string& own, const std::set<std::string>& changing) const {
    const std::string owner = owner_of(program_, name, running);
    return owner == own || changing.contains(owner) ? "" : "module " + owner + " of the program, which the patch leaves as it is";
  }

  // A name has one definition: in the patch, and in the program that comes of it.
  bool check_unique(const std::vector<PreparedModule>& modules, uint32_t first, const std::set<std::string>& changing, Refusal& refusal) const {
    for (uint32_t i = 0; i < modules.size(); i++)
      for (const auto& [name, symbol] : provided_names(modules[i])) {
        const tal::Binding& other = patch_names_.at(name);
        auto running = program_.names.find(name);
        std::string owner;
        if (other.module != first + i)
          owner = other.module < first ? "the program, whose definition the patch shares" : "module " + modules[other.module - first].manifest.module;
        else if (modules[i].role != ModuleRole::Private && running != program_.names.end())
          owner = staying_owner(name, running->second, modules[i].manifest.module, changing);
        if (!owner.empty())
          return refuse(refusal, modules[i].object->interface().symbols[symbol].name,
                        "module " + modules[i].manifest.module + " of the patch defines it, and so does " + owner, "give one of the two another name");
      }
    return true;
  }

  bool bind(const PreparedModule& module, uint32_t number, tal::PatchRequest& request, Refusal& refusal) const {
    const tal::Interface& interface = module.object->interface();
    std::unordered_map<std::string, const ImportOfSymbol*> wishes;
    for (const ImportOfSymbol& wish : module.manifest.imports)
      wishes[wish.symbol] = &wish;
    for (uint32_t s = 0; s < interface.symbols.size(); s++) {
      const tal::InterfaceSymbol& symbol = interface.symbols[s];
      if (symbol.scope != tal::Scope::Import || symbol.kind == tal::SymbolKind::Desc)
        continue;
      auto wish = wishes.find(symbol.name);
      std::optional<tal::Binding> target =
          wish == wishes.end() ? find_new(symbol.name) : find(*wish->second);
      if (!target) {
        refuse(refusal, symbol.name, "module " + module.manifest.module + " imports it, but neither the program nor the patch defines it",
                        "add the module that defines it to the patch");
        refusal.is_unresolved = true;
        return false;
      }
      request.imports.push_back({number, s, *target});
    }
    return true;
  }

private:
  std::optional<tal::Binding> find_new(const std::string& name) const {
    auto found = tal::find_entry(patch_names_, name);
    return found == patch_names_.end() ? program_.find(name, "") : std::optional(found->second);
  }
  std::optional<tal::Binding> find(const ImportOfSymbol& wish) const {
    return wish.from == ImportFrom::Patch ? find_new(program_name(wish.target, wish.module, !wish.module.empty()))
                                          : program_.find(wish.target, wish.module);
  }

  const Program& program_;
  NameTable patch_names_;
};

}  // namespace

std::vector<std::pair<std::string, uint32_t>> provided_names(const PreparedModule& module) {
  std::vector<std::pair<std::string, uint32_t>> names;
  const tal::Interface& interface = module.object->interface();
  const std::string& name = module.manifest.module;
  for (uint32_t s = 0; s < interface.symbols.size(); s++) {
    const tal::InterfaceSymbol& symbol = interface.symbols[s];
    const bool hidden = symbol.scope == tal::Scope::Static && module.role == ModuleRole::Private;
    if (is_defined(symbol) && !symbol.name.empty() && !hidden)
      names.emplace_back(program_name(symbol.name, name, symbol.scope == tal::Scope::Static), s);
  }
  return names;
}

std::vector<std::pair<std::string, tal::Binding>> shared_names(const Program& program, const PreparedModule& module) {
  std::vector<std::pair<std::string, tal::Binding>> names;
  for (const ImportOfSymbol& import : module.manifest.imports) {
    const std::optional<tal::Binding> definition =
        import.provides == Provides::Nothing ? std::nullopt : program.find(import.target, import.module);
    if (definition)
      names.emplace_back(program_name(import.symbol, module.manifest.module, import.provides == Provides::Static), *definition);
  }
  return names;
}

bool make_link_request(const Program& program, const std::vector<PreparedModule>& modules, const std::set<std::string>& changing,
                       tal::PatchRequest& request, Refusal& refusal) {
  const auto first = static_cast<uint32_t>(program.modules.size());
  const ImportBinder imports(program, modules, first);
  Stubs stubs;
  if (!imports.check_unique(modules, first, changing, refusal) || !find_stubs(program, modules, stubs, refusal))
    return false;
  for (const auto& [old, replacement] : stubs)
    request.replacements.push_back({{old.first, old.second}, replacement});
  for (uint32_t i = 0; i < modules.size(); i++) {
    add_replacements(program, modules[i], first + i, stubs, request);
    if (!imports.bind(modules[i], first + i, request, refusal))
      return false;
  }
  return true;
}

}  // namespace dsu
