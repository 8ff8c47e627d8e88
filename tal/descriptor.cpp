#include "tal/descriptor.h"

namespace tal {
namespace {

constexpr size_t max_representation = size_t{1} << 16; // of a module, and 256 bytes for each symbol (R52)

// R36: an object may be hidden from the collector only if no word of it can hold an address. Type variables and abstract types
// may stand for pointers.
bool holds_pointers(const TypeTable& types, TypeId word) { return !is_number(types.tag(word)); }

bool make_descriptor(TypeTable& types, TypeId type, tal_descriptor& descriptor) {
  descriptor = {};
  const TypeId target = types.target(type);
  auto scan = [&](TypeId word) { descriptor.has_pointers |= holds_pointers(types, word); };
  switch (types.tag(type)) {
  case TypeTag::Arr:
    descriptor.size = types.word_size(target);
    descriptor.is_array = 1;
    scan(target);
    return true;
  case TypeTag::Exn: // the exception's name and a payload of any kind
    descriptor.size = 16;
    descriptor.has_pointers = true;
    return true;
  case TypeTag::Union: { // tag and payload, of whichever variant
    const TypeId cases = types.expand_cases(target);
    descriptor.size = 16;
    for (TypeId payload : types.args(cases))
      scan(payload);
    return !types.args(cases).empty();
  }
  case TypeTag::Ptr: {
    const TypeId layout = types.expand(target);
    descriptor.size = types.layout_size(layout);
    for (const Field& field : types.fields(layout))
      scan(field.type);
    return static_cast<bool>(layout);
  }
  default: return false;
  }
}

} // namespace

bool make_descriptors(const Interface& interface, DescriptorTable& table, std::string& problem) {
  TypeTable types = interface.types; // looking at a layout may intern it
  table = {};
  auto append = [&](const void* from, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(from);
    table.bytes.insert(table.bytes.end(), bytes, bytes + size);
  };
  for (const InterfaceSymbol& symbol : interface.symbols) {
    table.offset.push_back(table.bytes.size());
    if (symbol.kind != SymbolKind::Desc)
      continue;
    if (types.tag(symbol.type) == TypeTag::Rep) {
      const std::string text = types.canonical(types.target(symbol.type));
      if (text.size() + table.bytes.size() > max_representation + 256 * interface.symbols.size()) {
        problem = "the representations of types are too large";
        return false;
      }
      const uint64_t length = text.size();
      append(&length, sizeof length);
      append(text.data(), text.size());
      table.bytes.resize((table.bytes.size() + 7) & ~size_t{7});
      continue;
    }
    tal_descriptor descriptor;
    if (!make_descriptor(types, symbol.type, descriptor)) {
      problem = "no layout for " + types.print(symbol.type);
      return false;
    }
    append(&descriptor, sizeof descriptor);
  }
  return true;
}

} // namespace tal
