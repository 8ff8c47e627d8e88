#include "dsu/runtime/loader.h"

#include <algorithm>
#include <sys/mman.h>

#include "dsu/runtime/native_text.h"
#include "dsu/runtime/registration.h"
#include "tal/relocate.h"

namespace dsu {
namespace {

constexpr unsigned index_of(tal::Section section) { return static_cast<unsigned>(section); }
constexpr size_t aligned(size_t bytes) { return (bytes + 15) & ~size_t{15}; }

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
  std::vector<Piece> code, constants, data;
  std::vector<uint8_t*> descriptors(update.modules.size());
  descriptors_.resize(update.modules.size());
  for (size_t i = 0; i < update.modules.size(); i++) {
    const tal::VerifiedObject& object = *update.modules[i].object;
    auto& section = update.modules[i].loaded->section;
    if (!tal::make_descriptors(object.interface(), descriptors_[i], problem))
      return false;
    // A return address may stand just behind the last call of a module: leave a byte of padding for it.
    code.push_back({object.text(), object.text().size() + 1, section[index_of(tal::Section::Text)]});
    constants.push_back({object.rodata(), object.rodata().size(), section[index_of(tal::Section::RoData)]});
    constants.push_back({object.relro(), object.relro().size(), section[index_of(tal::Section::RelRo)]});
    constants.push_back({descriptors_[i].bytes, descriptors_[i].bytes.size(), descriptors[i]});
    data.push_back({object.data(), object.data().size(), section[index_of(tal::Section::Data)]});
    data.push_back({{}, object.bss_size(), section[index_of(tal::Section::Bss)]});
  }
  std::span<uint8_t> text, read_only, writable;
  if (!place(code, Part::Code, text, problem) || !place(constants, Part::Constants, read_only, problem) || !place(data, Part::Data, writable, problem))
    return false;
  for (uint32_t i = 0; i < update.modules.size(); i++) {
    update.modules[i].loaded->descriptors = descriptors[i];
    for (uint64_t& offset : descriptors_[i].offset)
      offset += reinterpret_cast<uintptr_t>(descriptors[i]);
    if (!relocate(update, i, problem))
      return false;
  }
  if (!arena_.seal(text, PROT_READ | PROT_EXEC) || !arena_.seal(read_only, PROT_READ)) {
    problem = "the system refuses to protect memory";
    return false;
  }
  for (PreparedModule& module : update.modules)
    module.registered = make_module_record(*module.loaded);
  update.data = {arena_.data(), arena_.data_size()};
  return plan_writes(update, problem);
}

bool Loader::place(std::span<const Piece> pieces, Part part, std::span<uint8_t>& block, std::string& problem) {
  size_t size = 0;
  for (const Piece& piece : pieces)
    size += aligned(piece.size);
  if (size == 0)
    return true;
  uint8_t* next = part == Part::Data ? arena_.take_data(size) : arena_.take(size);
  if (!next) {
    problem = "no memory left within reach of the program (" + std::to_string(arena_.used()) + " bytes used by patches)";
    return false;
  }
  block = {next, size};
  if (part == Part::Code)
    std::fill_n(next, whole_pages(size), uint8_t{0xCC});
  for (const Piece& piece : pieces) {
    if (piece.size == 0)
      continue;
    piece.address = next;
    std::copy(piece.bytes.begin(), piece.bytes.end(), next);
    next += aligned(piece.size);
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

bool Loader::relocate(PreparedUpdate& update, uint32_t index, std::string& problem) {
  const PreparedModule& module = update.modules[index];
  const tal::ObjectImage& image = module.object->image();
  std::string unknown;
  auto address = [&](uint32_t s) -> uint64_t {
    const tal::InterfaceSymbol& symbol = module.loaded->interface.symbols[s];
    const uint64_t target = symbol.kind == tal::SymbolKind::Desc ? descriptors_[index].offset[s] : address_of(update, update.links.bindings[index][s], symbol, unknown);
    if (target == 0 && unknown.empty())
      unknown = symbol.name + " has no address";
    return target;
  };
  auto apply = [&](tal::Section section, size_t size, std::span<const tal::Reloc> relocs) {
    uint8_t* bytes = module.loaded->section[index_of(section)];
    return tal::apply_relocations({bytes, size}, reinterpret_cast<uintptr_t>(bytes), relocs, address, problem);
  };
  const bool done = apply(tal::Section::Text, module.object->text().size(), image.text_relocs) &&
                    apply(tal::Section::Data, module.object->data().size(), image.data_relocs) &&
                    apply(tal::Section::RelRo, module.object->relro().size(), image.relro_relocs);
  if (!unknown.empty())
    problem = unknown;
  return done && unknown.empty();
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
