#include "dsu/runtime/loader.h"

#include <cstdlib>
#include <cstring>
#include <optional>

#include "dsu/runtime/native_text.h"
#include "dsu/runtime/registration.h"

namespace dsu {
namespace {

constexpr unsigned index_of(tal::Section section) { return static_cast<unsigned>(section); }

// The bytes of a section in the verified object.
std::span<const uint8_t> content(const tal::VerifiedObject& object, tal::Section section) {
  switch (section) {
    case tal::Section::Text: return object.text();
    case tal::Section::RoData: return object.rodata();
    case tal::Section::Data: return object.data();
    case tal::Section::RelRo: return object.relro();
    case tal::Section::Bss:
    case tal::Section::None: break;
  }
  return {};
}

constexpr tal::Section all_sections[] = {tal::Section::Text, tal::Section::RoData, tal::Section::Data,
                                         tal::Section::RelRo, tal::Section::Bss};

}  // namespace

uintptr_t native_address(std::string_view name) {
  for (uint32_t i = 0; i < native_address_count; i++)
    if (name == native_addresses[i].name)
      return reinterpret_cast<uintptr_t>(native_addresses[i].address);
  for (uint64_t i = 0; i < __tal_program.native_count; i++)  // those of the user
    if (name == __tal_program.natives[i].name)
      return reinterpret_cast<uintptr_t>(__tal_program.natives[i].address);
  return 0;
}

bool Loader::load(PreparedUpdate& update, std::string& problem) {
  for (PreparedModule& module : update.modules)
    if (!map_sections(module, problem))
      return false;
  if (!place_descriptors(update, problem))
    return false;
  for (uint32_t i = 0; i < update.modules.size(); i++)
    if (!relocate(update, i, problem))
      return false;
  for (PreparedModule& module : update.modules) {
    if (!seal(module, problem))
      return false;
    module.registered = make_module_record(*module.loaded);
  }
  update.data = {arena_.data(), arena_.data_size()};
  return plan_writes(update, problem);
}

bool Loader::map_sections(PreparedModule& module, std::string& problem) {
  for (tal::Section section : all_sections) {
    const size_t size = section == tal::Section::Bss ? module.object->bss_size() : content(*module.object, section).size();
    if (size == 0 && section != tal::Section::Text)
      continue;
    // A return address may stand just behind the last call of a module: leave a byte of padding for it.
    const size_t wanted = section == tal::Section::Text ? size + 1 : size;
    const bool is_data = section == tal::Section::Data || section == tal::Section::Bss;
    uint8_t* block = is_data ? arena_.take_data(wanted) : arena_.take(wanted);
    if (!block) {
      problem = "no memory left within reach of the program (" + std::to_string(arena_.used()) + " bytes used by patches)";
      return false;
    }
    module.loaded->section[index_of(section)] = block;
    if (section == tal::Section::Text)
      std::memset(block, 0xCC, whole_pages(wanted));
    if (section != tal::Section::Bss)
      std::memcpy(block, content(*module.object, section).data(), size);
  }
  return true;
}

const LoadedModule& Loader::module_of(const PreparedUpdate& update, uint32_t number) const {
  return number < program_.modules.size() ? *program_.modules[number]
                                          : *update.modules[number - program_.modules.size()].loaded;
}

uintptr_t Loader::address_of(const PreparedUpdate& update, const tal::Binding& binding, const tal::InterfaceSymbol& symbol,
                             std::string& problem) {
  if (binding.module == tal::Binding::native) {
    uintptr_t address = native_address(symbol.name);
    if (address == 0)
      problem = "the runtime has no " + symbol.name;
    return address;
  }
  if (binding.module >= program_.modules.size() + update.modules.size()) {
    problem = symbol.name + " is not bound";
    return 0;
  }
  return module_of(update, binding.module).address_of(binding.symbol);
}

// One block of the arena for all, so that code reaches it; read-only at once.
bool Loader::place_descriptors(const PreparedUpdate& update, std::string& problem) {
  size_t size = 0;
  for (const PreparedModule& module : update.modules) {
    if (!tal::make_descriptors(module.object->interface(), descriptors_.emplace_back(), problem))
      return false;
    size += descriptors_.back().bytes.size();
  }
  if (size == 0)
    return true;
  uint8_t* block = arena_.take(size);
  if (!block) {
    problem = "no memory left within reach of the program (" + std::to_string(arena_.used()) + " bytes used by patches)";
    return false;
  }
  uint8_t* next = block;
  for (size_t i = 0; i < descriptors_.size(); i++) {
    tal::DescriptorTable& table = descriptors_[i];
    update.modules[i].loaded->descriptors = next;
    if (!table.bytes.empty())
      std::memcpy(next, table.bytes.data(), table.bytes.size());
    for (uint64_t& offset : table.offset)
      offset += reinterpret_cast<uintptr_t>(next);
    next += table.bytes.size();
  }
  if (arena_.seal_read_only(block, size))
    return true;
  problem = "the system refuses to protect memory";
  return false;
}

bool Loader::relocate(PreparedUpdate& update, uint32_t index, std::string& problem) {
  const tal::ObjectImage& image = update.modules[index].object->image();
  return relocate_section(update, index, tal::Section::Text, image.text_relocs, problem) &&
         relocate_section(update, index, tal::Section::Data, image.data_relocs, problem) &&
         relocate_section(update, index, tal::Section::RelRo, image.relro_relocs, problem);
}

bool Loader::relocate_section(PreparedUpdate& update, uint32_t index, tal::Section section,
                              std::span<const tal::Reloc> relocs, std::string& problem) {
  LoadedModule& module = *update.modules[index].loaded;
  const size_t size = content(*update.modules[index].object, section).size();
  for (const tal::Reloc& reloc : relocs) {
    const tal::InterfaceSymbol& symbol = module.interface.symbols[reloc.symbol];
    uintptr_t target;
    if (symbol.kind == tal::SymbolKind::Desc) {
      target = descriptors_[index].offset[reloc.symbol];
    } else {
      target = address_of(update, update.links.bindings[index][reloc.symbol], symbol, problem);
    }
    if (target == 0) {
      if (problem.empty())
        problem = symbol.name + " has no address";
      return false;
    }
    const unsigned width = reloc.kind == tal::RelocKind::Pc32 ? 4 : 8;
    if (reloc.offset > size || size - reloc.offset < width) {
      problem = "a relocation lies outside its section";  // the checker has excluded it
      return false;
    }
    uint8_t* field = module.section[index_of(section)] + reloc.offset;
    const int64_t absolute = static_cast<int64_t>(target) + reloc.addend;
    if (reloc.kind == tal::RelocKind::Abs64) {
      std::memcpy(field, &absolute, 8);
      continue;
    }
    const int64_t relative = absolute - static_cast<int64_t>(reinterpret_cast<uintptr_t>(field));
    if (relative != static_cast<int32_t>(relative)) {
      problem = symbol.name + " is out of reach of the patch";
      return false;
    }
    const auto narrow = static_cast<int32_t>(relative);
    std::memcpy(field, &narrow, 4);
  }
  return true;
}

bool Loader::seal(PreparedModule& module, std::string& problem) {
  const LoadedModule& m = *module.loaded;
  auto size = [&](tal::Section s) { return content(*module.object, s).size(); };
  const bool sealed =
      (size(tal::Section::Text) == 0 || arena_.seal_executable(m.section[index_of(tal::Section::Text)], size(tal::Section::Text) + 1)) &&
      (size(tal::Section::RoData) == 0 || arena_.seal_read_only(m.section[index_of(tal::Section::RoData)], size(tal::Section::RoData))) &&
      (size(tal::Section::RelRo) == 0 || arena_.seal_read_only(m.section[index_of(tal::Section::RelRo)], size(tal::Section::RelRo)));
  if (!sealed)
    problem = "the system refuses to protect memory";
  return sealed;
}

bool Loader::plan_writes(PreparedUpdate& update, std::string& problem) {
  for (const tal::Relink& relink : update.links.relinks) {
    const LoadedModule& caller = *program_.modules[relink.module];
    const tal::Site& site = caller.interface.sites[relink.site];
    const auto field = reinterpret_cast<uintptr_t>(caller.section[index_of(site.section)]) + site.offset;
    const uintptr_t target = module_of(update, relink.target.module).address_of(relink.target.symbol);
    if (site.kind == tal::Site::Kind::Pointer ? !update.writes.add_pointer(field, target) : !update.writes.add_rel32(field, target, site.addend)) {
      problem = "a call site is out of reach of the patch";
      return false;
    }
  }
  for (const tal::PatchReplacement& redirect : update.links.redirects) {
    const LoadedModule& old = *program_.modules[redirect.old_symbol.module];
    const uintptr_t entry = old.address_of(redirect.old_symbol.symbol);
    const uintptr_t target = module_of(update, redirect.new_symbol.module).address_of(redirect.new_symbol.symbol);
    if (!has_redirect_room(entry) || !update.writes.add_redirect(entry, target)) {
      problem = "no room for a jump before the entry of " + old.interface.symbols[redirect.old_symbol.symbol].name;
      return false;
    }
  }
  return true;
}

}  // namespace dsu
