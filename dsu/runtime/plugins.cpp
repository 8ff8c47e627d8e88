#include "dsu/runtime/plugins.h"

#include <algorithm>

#include "dsu/runtime/link_request.h"
#include "dsu/runtime/transaction.h"
#include "tal/descriptor.h"

namespace dsu {
namespace {

using Kind = PluginProblem::Kind;

bool fail(PluginProblem& problem, Kind kind, std::string text) {
  problem = {kind, std::move(text)};
  return false;
}

bool has_descriptors(const tal::Interface& interface) {
  return std::any_of(interface.symbols.begin(), interface.symbols.end(), [](const auto& s) { return s.kind == tal::SymbolKind::Desc; });
}

// What the original calls a failed type check is a refusal by the checker or by the link check; a missing definition is told apart.
bool fail(PluginProblem& problem, const Refusal& refusal) {
  const std::string text = (refusal.symbol.empty() ? "" : refusal.symbol + ": ") + refusal.reason;
  const bool is_type = refusal.step == Step::Verify || refusal.step == Step::Link;
  return fail(problem, is_type ? Kind::FailsTypeCheck : Kind::Other, text);
}

}  // namespace

// The objects as a patch that brings new modules only.
bool Plugins::read(std::span<const std::span<const uint8_t>> objects, PatchFile& patch, std::vector<std::string>& names,
                   PluginProblem& problem) const {
  if (program_.key)
    return fail(problem, Kind::Other, "the program takes signed patches only, and plug-ins are not signed");
  patch.label = program_.version;
  for (const std::span<const uint8_t> bytes : objects) {
    tal::VerifyResult result = tal::verify(bytes, natives_);
    if (const auto* error = std::get_if<tal::VerifyError>(&result))
      return fail(problem, Kind::FailsTypeCheck, tal::to_string(*error, "object " + std::to_string(names.size() + 1)));
    const tal::VerifiedObject& object = *std::get<std::unique_ptr<tal::VerifiedObject>>(result);
    const std::string& name = object.interface().module;
    const std::optional<Manifest> manifest = decode_manifest(object.dsu());
    if (!manifest)
      return fail(problem, Kind::Other, name + ": not compiled with `popc -dsu -c`");
    if (!manifest->stubs.empty() || !manifest->imports.empty())
      return fail(problem, Kind::Other, name + ": part of a patch, which takes effect at an update point only");
    names.push_back(name);
    const auto running = program_.latest.find(name);
    if (running == program_.latest.end()) {
      if (!brings_new_names(object.interface(), problem))
        return false;
      patch.modules.push_back({name, ModuleRole::New, Hash{}, manifest->hash});
      patch.objects.emplace_back(bytes.begin(), bytes.end());
    } else if (program_.modules[running->second]->hash != manifest->hash) {
      return fail(problem, Kind::Other, name + ": another version of this module is running; close it first, or make a patch");
    }
  }
  return true;
}

bool Plugins::brings_new_names(const tal::Interface& interface, PluginProblem& problem) const {
  for (const tal::InterfaceSymbol& symbol : interface.symbols)
    if (symbol.scope == tal::Scope::Public && program_.names.contains(symbol.name))
      return fail(problem, Kind::Other, interface.module + ": defines " + symbol.name + ", which the program has already");
  return true;
}

bool Plugins::load(std::span<const std::span<const uint8_t>> objects, std::vector<std::string>& names, PluginProblem& problem) {
  PatchFile patch;
  if (!read(objects, patch, names, problem))
    return false;
  if (patch.modules.empty())
    return true;
  Preparation preparation(program_, natives_, arena_);
  Refusal refusal;
  Report report;
  std::unique_ptr<PreparedUpdate> update = preparation.check(patch, refusal, report);
  if (!update && refusal.is_unresolved)
    return fail(problem, Kind::UnresolvedSymbol, refusal.symbol);
  if (!update)
    return fail(problem, refusal);
  update->sequence = program_.sequence;
  if (!update->links.redirects.empty() || !update->links.relinks.empty())
    return fail(problem, Kind::Other, "the objects replace functions of the program: make a patch");
  if (!preparation.load(*update, refusal))
    return fail(problem, refusal);
  if (!add_modules(program_, *update, refusal)) {
    failed_.push_back(std::move(update));
    return fail(problem, refusal);
  }
  return true;
}

void Plugins::close(const std::string& module) {
  program_.latest.erase(module);
  std::erase_if(program_.names, [&](const auto& entry) { return owner_of(program_, entry.first, entry.second) == module; });
  std::erase_if(program_.adopted, [&](const auto& entry) { return entry.second == module; });
}

const LoadedModule& Plugins::module_of(uint32_t number, const PreparedUpdate* waiting) const {
  return number < program_.modules.size() ? *program_.modules[number] : *waiting->modules[number - program_.modules.size()].loaded;
}

// The types of these modules and of those that define their abstract types, of no others: programs are updated for years. The types of a
// module never change once it is loaded.
bool Plugins::know_types(std::vector<uint32_t> modules, const PreparedUpdate* waiting) {
  std::set<uint32_t> needed;
  while (!modules.empty()) {
    const uint32_t m = modules.back();
    modules.pop_back();
    if (!needed.insert(m).second)
      continue;
    const std::vector<uint32_t>& providers = module_of(m, waiting).linked.providers;
    modules.insert(modules.end(), providers.begin(), providers.end());
  }
  if (types_ && known_ == needed && waiting == nullptr && !is_of_waiting_)
    return true;
  std::vector<const tal::Interface*> interfaces;
  std::vector<uint32_t> generations;
  for (uint32_t m : needed) {
    interfaces.push_back(&module_of(m, waiting).interface);
    generations.push_back(module_of(m, waiting).linked.generation);
  }
  types_ = std::make_unique<tal::LinkTypes>();
  std::vector<tal::LinkProblem> problems;
  known_ = std::move(needed);
  is_of_waiting_ = waiting != nullptr;  // the numbers of its modules may be those of others later
  if (types_->load(interfaces, generations, natives_, problems))
    return true;
  types_ = nullptr;  // the program was linked: cannot be
  return false;
}

tal::TypeId Plugins::type_of(tal::Binding symbol) const {
  return types_->type(static_cast<uint32_t>(std::distance(known_.begin(), known_.find(symbol.module))), symbol.symbol);
}

// The descriptor that a representation is, in the module whose descriptors begin before it, none nearer. None: verified code cannot have
// made it.
std::optional<tal::Binding> Plugins::find_rep(const void* rep, const PreparedUpdate* waiting) const {
  const auto* wanted = static_cast<const uint8_t*>(rep);
  const size_t count = program_.modules.size() + (waiting == nullptr ? 0 : waiting->modules.size());
  const uint8_t* nearest = nullptr;
  uint32_t number = 0;
  for (uint32_t m = 0; m < count; m++)
    if (const uint8_t* first = module_of(m, waiting).descriptors; first != nullptr && first <= wanted && first >= nearest &&
                                                                  has_descriptors(module_of(m, waiting).interface)) {
      nearest = first;
      number = m;
    }
  tal::DescriptorTable table;
  std::string problem;
  if (nearest == nullptr || !tal::make_descriptors(module_of(number, waiting).interface, table, problem))
    return std::nullopt;
  const tal::Interface& interface = module_of(number, waiting).interface;
  for (uint32_t s = 0; s < interface.symbols.size(); s++)
    if (interface.symbols[s].kind == tal::SymbolKind::Desc && nearest + table.offset[s] == wanted &&
        interface.types.tag(interface.symbols[s].type) == tal::TypeTag::Rep)
      return tal::Binding{number, s};
  return std::nullopt;
}

// Whether the address of the symbol is a value of the type that the representation stands for.
bool Plugins::has_type(tal::Binding symbol, tal::Binding rep) const {
  const tal::TypeTable& table = types_->table();
  const tal::TypeId type = type_of(symbol), wanted = table.target(type_of(rep));
  if (!wanted || !type)
    return false;
  const bool is_signature = table.tag(type) == tal::TypeTag::Sig;  // of a function, whose address is a value of the type `fn` of it
  return is_signature ? table.tag(wanted) == tal::TypeTag::Fn && table.target(wanted) == type : wanted == type;
}

Plugins::Found Plugins::find(const std::string& module, const std::string& name, const void* rep, uintptr_t& address) {
  const auto running = program_.latest.find(module);
  if (running == program_.latest.end())
    return Found::NoSymbol;
  std::optional<tal::Binding> found;
  if (auto own = program_.names.find(name); own != program_.names.end() && owner_of(program_, name, own->second) == module)
    found = own->second;
  else if (name == "init")
    found = program_.find(name, module);
  if (!found || program_.modules[found->module]->interface.symbols[found->symbol].kind == tal::SymbolKind::Desc)
    return Found::NoSymbol;
  const std::optional<tal::Binding> wanted = find_rep(rep, nullptr);
  if (!wanted || !know_types({found->module, wanted->module}, nullptr) || !has_type(*found, *wanted))
    return Found::WrongType;
  address = program_.modules[found->module]->address_of(found->symbol);
  return Found::Symbol;
}

Plugins::Found Plugins::find_updated(uintptr_t old, const void* rep, const void* new_rep, const PreparedUpdate* waiting, uintptr_t& address) {
  const NameTable& names = waiting == nullptr ? program_.names : waiting->names;
  const std::optional<tal::Binding> old_type = find_rep(rep, waiting), new_type = find_rep(new_rep, waiting);
  Found result = Found::NoSymbol;
  for (uint32_t m = 0; m < program_.modules.size(); m++) {
    const LoadedModule& module = *program_.modules[m];
    for (uint32_t s = 0; s < module.interface.symbols.size(); s++) {
      const tal::InterfaceSymbol& symbol = module.interface.symbols[s];
      const bool is_static = symbol.scope == tal::Scope::Static;
      if ((!is_static && symbol.scope != tal::Scope::Public) || symbol.name.empty() || module.address_of(s) != old)
        continue;
      const auto now = names.find(program_name(symbol.name, module.name, is_static));
      if (now == names.end())
        continue;
      result = Found::WrongType;
      if (!old_type || !new_type || !know_types({m, now->second.module, old_type->module, new_type->module}, waiting) ||
          !has_type({m, s}, *old_type) || !has_type(now->second, *new_type))
        continue;
      address = module_of(now->second.module, waiting).address_of(now->second.symbol);
      return Found::Symbol;
    }
  }
  return result;
}

std::vector<std::string> Plugins::modules() const {
  std::vector<std::string> names;
  for (const auto& [name, index] : program_.latest)
    names.push_back(name);
  return names;
}

std::vector<std::string> Plugins::symbols(const std::string& module) const {
  std::vector<std::string> lines;
  for (const auto& [name, binding] : program_.names) {
    const tal::Interface& interface = program_.modules[binding.module]->interface;
    if (name.find('\n') == std::string::npos && owner_of(program_, name, binding) == module)
      lines.push_back(name + " : " + interface.types.print(interface.symbols[binding.symbol].type));
  }
  return lines;
}

}  // namespace dsu
