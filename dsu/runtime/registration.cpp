#include "dsu/runtime/registration.h"

#include <cstdlib>

#include "tal/link/program.h"

namespace dsu {
namespace {

constexpr unsigned index_of(tal::Section section) { return static_cast<unsigned>(section); }

// Permanent memory outside the collector's heap, which holds no pointer to it.
template <class T>
T* make_array(size_t count) {
  return count == 0 ? nullptr : static_cast<T*>(std::calloc(count, sizeof(T)));
}

void add_exceptions(const LoadedModule& module, tal_module& record) {
  size_t count = 0;
  auto defines = [&](const tal::InterfaceSymbol& s) {
    return s.kind == tal::SymbolKind::ExnName && s.section != tal::Section::None;
  };
  for (const tal::InterfaceSymbol& symbol : module.interface.symbols)
    count += defines(symbol);
  auto* names = make_array<tal_exception_name>(count);
  if (!names)
    return;  // messages then say "?"
  record.exceptions = names;
  for (uint32_t s = 0; s < module.interface.symbols.size(); s++) {
    const tal::InterfaceSymbol& symbol = module.interface.symbols[s];
    if (defines(symbol))
      names[record.exception_count++] = {reinterpret_cast<const void*>(module.address_of(s)), symbol.name.c_str(),
                                         static_cast<uint64_t>(tal::payload_kind(module.interface.types, symbol.type))};
  }
}

}  // namespace

tal_module* make_module_record(const LoadedModule& module) {
  auto* record = make_array<tal_module>(1);
  if (!record)
    return nullptr;
  auto size = [&](tal::Section s) { return module.section[index_of(s)] ? module.interface.section_size[index_of(s)] : 0; };
  record->name = module.name.c_str();
  record->text = module.section[index_of(tal::Section::Text)];
  record->text_size = size(tal::Section::Text);
  record->rodata = module.section[index_of(tal::Section::RoData)];
  record->rodata_size = size(tal::Section::RoData);
  record->data = module.section[index_of(tal::Section::Data)];
  record->data_size = size(tal::Section::Data);
  record->bss = module.section[index_of(tal::Section::Bss)];
  record->bss_size = size(tal::Section::Bss);
  record->relro = module.section[index_of(tal::Section::RelRo)];
  record->relro_size = size(tal::Section::RelRo);
  record->unwind = module.interface.unwind_table();
  add_exceptions(module, *record);
  return record;
}

}  // namespace dsu
