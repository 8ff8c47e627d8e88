#include "dsu/runtime/program.h"

#include <algorithm>

namespace dsu {
namespace {

template <class Byte>
uint8_t* writable(Byte* address) {
  return const_cast<uint8_t*>(static_cast<const uint8_t*>(address));
}

void set_sections(const tal_module& m, LoadedModule& module) {
  module.section[static_cast<unsigned>(tal::Section::Text)] = writable(m.text);
  module.section[static_cast<unsigned>(tal::Section::RoData)] = writable(m.rodata);
  module.section[static_cast<unsigned>(tal::Section::Data)] = m.data;
  module.section[static_cast<unsigned>(tal::Section::RelRo)] = writable(m.relro);
  module.section[static_cast<unsigned>(tal::Section::Bss)] = m.bss;
  module.descriptors = m.descriptors;
}

// A module of the library may have no manifest: then it has a hash of zeros and no patch can ask for it.
void read_manifest(const tal_module& m, LoadedModule& module) {
  if (m.dsu == nullptr)
    return;
  if (std::optional<Manifest> manifest = decode_manifest({m.dsu, m.dsu_size})) {
    module.version = manifest->label;
    module.hash = manifest->hash;
    module.dsu.assign(m.dsu, m.dsu + m.dsu_size);
  }
}

void bind_names(const LoadedModule& module, uint32_t index, NameTable& names) {
  for (uint32_t s = 0; s < module.interface.symbols.size(); s++) {
    const tal::InterfaceSymbol& symbol = module.interface.symbols[s];
    const bool is_static = symbol.scope == tal::Scope::Static;
    if ((is_static || symbol.scope == tal::Scope::Public) && !symbol.name.empty())
      names[program_name(symbol.name, module.name, is_static)] = {index, s};
  }
}

}  // namespace

std::string program_name(const std::string& name, const std::string& module, bool is_static) {
  return is_static ? module + "\n" + name : name;
}

std::string owner_of(const Program& program, const std::string& name, const tal::Binding& definition) {
  if (const size_t end = name.find('\n'); end != std::string::npos)
    return name.substr(0, end);
  auto adopted = program.adopted.find(name);
  return adopted == program.adopted.end() ? program.modules[definition.module]->name : adopted->second;
}

size_t LoadedModule::function_at(uint32_t offset) const {
  const auto& functions = interface.functions;
  auto next = std::upper_bound(functions.begin(), functions.end(), offset,
                               [](uint32_t wanted, const tal_function& f) { return wanted < f.start; });
  if (next == functions.begin() || offset - next[-1].start >= next[-1].size)
    return functions.size();
  return static_cast<size_t>(next - functions.begin()) - 1;
}

void swap_lists(tal::Callers& callers, tal::Callers& changed) {
  for (auto& [definition, list] : changed) {
    auto in_force = callers.try_emplace(definition).first;
    in_force->second.swap(list);
    if (in_force->second.empty())
      callers.erase(in_force);
  }
}

void Program::settle() {
  swap_lists(callers, unsettled);
  unsettled.clear();
  if (!has_found_old_frames)
    return;
  has_found_old_frames = false;
  std::erase_if(old_functions, [&](const OldFunction& old) {
    if (old.is_active)
      return false;
    LoadedModule& module = *modules[old.symbol.module];
    module.finished.resize(module.interface.functions.size());
    if (size_t index = module.function_at(module.interface.symbols[old.symbol.symbol].offset); index < module.finished.size())
      module.finished[index] = true;
    return true;
  });
}

std::optional<tal::Binding> Program::find(const std::string& name, const std::string& module) const {
  auto found = tal::find_entry(names, program_name(name, module, true));
  if (module.empty() || found == names.end())
    found = tal::find_entry(names, name);
  if (found == names.end())
    return std::nullopt;
  return found->second;
}

bool describe_program(const tal_program& image, const tal::NativeInterface& natives, Program& program,
                      std::string& problem) {
  if (image.updateable == 0) {
    problem = "the program was not built with `popc -dsu`";
    return false;
  }
  program.version = image.version ? image.version : "";
  if (image.update_key != nullptr) {
    program.key.emplace();
    std::copy_n(image.update_key, program.key->size(), program.key->begin());
  }
  for (uint64_t i = 0; i < image.module_count; i++) {
    const tal_module& m = image.modules[i];
    auto module = std::make_unique<LoadedModule>();
    module->name = m.name;
    if (!tal::parse_interface({m.interface, m.interface_size}, module->interface, problem)) {
      problem = "the interface of module " + module->name + " is damaged: " + problem;
      return false;
    }
    module->interface.functions.assign(m.unwind.functions, m.unwind.functions + m.unwind.function_count);
    set_sections(m, *module);
    read_manifest(m, *module);
    bind_names(*module, static_cast<uint32_t>(i), program.names);
    program.latest[module->name] = static_cast<uint32_t>(i);
    program.modules.push_back(std::move(module));
  }
  std::vector<const tal::Interface*> interfaces;
  for (const auto& module : program.modules)
    interfaces.push_back(&module->interface);
  tal::LinkResult linked = tal::link_check(interfaces, natives);
  if (!linked.ok()) {
    problem = linked.problems[0].symbol + ": " + linked.problems[0].message;
    return false;
  }
  for (uint32_t m = 0; m < program.modules.size(); m++) {
    LoadedModule& module = *program.modules[m];
    module.linked = {&module.interface, 0, std::move(linked.providers[m])};
    tal::add_provided_types(module.interface, m, 0, program.abstract_types);
    for (uint32_t k = 0; const tal::Site& site : module.interface.sites) {
      if (const tal::Binding& target = linked.bindings[m][site.symbol]; site.is_caller() && target.module < program.modules.size())
        program.callers[target.key()].push_back({m, k});
      k++;
    }
  }
  return true;
}

}  // namespace dsu
