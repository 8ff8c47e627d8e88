#include "tal/descriptor.h"

namespace tal {
namespace {

// R36: an object may be hidden from the collector only if no word of it can hold an address. Type variables and abstract types
// may stand for pointers.
bool holds_pointers(const TypeTable& types, TypeId word) {
  switch (types.tag(word)) {
  case TypeTag::I8:
  case TypeTag::I16:
  case TypeTag::I32:
  case TypeTag::I64:
  case TypeTag::F32:
  case TypeTag::F64:
    return false;
  default:
    return true;
  }
}

} // namespace

bool make_descriptor(TypeTable& types, TypeId type, tal_descriptor& descriptor) {
  descriptor = {};
  const TypeId target = types.target(type);
  if (types.tag(type) == TypeTag::Arr) {
    descriptor.size = types.word_size(target);
    descriptor.is_array = 1;
    descriptor.has_pointers = holds_pointers(types, target);
    return descriptor.size != 0;
  }
  if (types.tag(type) == TypeTag::Exn) { // the exception's name and a payload of any kind
    descriptor.size = 16;
    descriptor.has_pointers = true;
    return true;
  }
  if (types.tag(type) == TypeTag::Union) { // tag and payload, of whichever variant
    const TypeId cases = types.expand_cases(target);
    if (!cases || types.args(cases).empty())
      return false;
    descriptor.size = 16;
    for (TypeId payload : types.args(cases))
      descriptor.has_pointers |= holds_pointers(types, payload);
    return true;
  }
  if (types.tag(type) != TypeTag::Ptr)
    return false;
  const TypeId layout = types.expand(target);
  if (!layout)
    return false;
  descriptor.size = types.layout_size(layout);
  for (const Field& field : types.fields(layout))
    descriptor.has_pointers |= holds_pointers(types, field.type);
  return true;
}

tal_payload payload_kind(const TypeTable& types, TypeId exn_name) {
  const TypeId payload = types.target(exn_name);
  if (!payload)
    return TAL_PAYLOAD_NONE;
  switch (types.tag(payload)) {
  case TypeTag::I8: return TAL_PAYLOAD_BOOL_OR_CHAR;
  case TypeTag::I32: return TAL_PAYLOAD_INT;
  case TypeTag::I64: return TAL_PAYLOAD_LONG;
  case TypeTag::Arr:
    return types.target(payload) == types.i8() && !types.is_nullable(payload) ? TAL_PAYLOAD_STRING : TAL_PAYLOAD_OTHER;
  default: return TAL_PAYLOAD_OTHER;
  }
}

} // namespace tal
