#include "dsu/runtime/registration.h"

#include <cstdlib>

namespace dsu {
namespace {

constexpr unsigned index_of(tal::Section section) { return static_cast<unsigned>(section); }

// Permanent memory outside the collector's heap, which holds no pointer to it.
template <class T>
T* make_array(size_t count) {
  return count == 0 ? nullptr : static_cast<T*>(std::calloc(count, sizeof(T)));
}

tal_payload payload_of(const tal::TypeTable& types, tal::TypeId type) {
  const tal::TypeId payload = types.target(type);
  if (!payload)
    return TAL_PAYLOAD_NONE;
  switch (types.tag(payload)) {
    case tal::TypeTag::I8: return TAL_PAYLOAD_BOOL_OR_CHAR;
    case tal::TypeTag::I32: return TAL_PAYLOAD_INT;
    case tal::TypeTag::I64: return TAL_PAYLOAD_LONG;
    case tal::TypeTag::Arr: return types.target(payload) == types.i8() ? TAL_PAYLOAD_STRING : TAL_PAYLOAD_OTHER;
    default: return TAL_PAYLOAD_OTHER;
  }
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
                                         static_cast<uint64_t>(payload_of(module.interface.types, symbol.type))};
  }
}

// P, W and W8 may be addresses (R36).
bool may_be_pointer(const tal::TypeTable& types, tal::TypeId word) {
  const tal::Kind kind = types.kind(word);
  return kind == tal::Kind::P || kind == tal::Kind::W || kind == tal::Kind::W8;
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

tal_descriptor make_descriptor(tal::TypeTable& types, tal::TypeId type) {
  tal_descriptor descriptor{};
  if (types.tag(type) == tal::TypeTag::Arr) {
    const tal::TypeId element = types.target(type);
    descriptor.size = types.word_size(element);
    descriptor.is_array = 1;
    descriptor.has_pointers = may_be_pointer(types, element);
    return descriptor;
  }
  const tal::TypeId memory = types.target(type);
  descriptor.size = types.layout_size(memory);
  for (const tal::Field& field : types.fields(types.expand(memory)))
    descriptor.has_pointers |= may_be_pointer(types, field.type);
  return descriptor;
}

}  // namespace dsu
