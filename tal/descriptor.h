// Allocation descriptors, made from types by the linker and the loader.
#pragma once

#include "tal/bytes.h"
#include "tal/link/image.h"
#include "tal/interface.h"
#include "tal/types.h"

namespace tal {

// What the symbols of kind Desc of one module stand for, in their order: for `ptr T`, `arr t` and `exn` a tal_descriptor; for
// `rep t` the length and the canonical bytes of t, which are equal for equal types only, padded to 8 bytes.
struct DescriptorTable {
  Bytes bytes;
  std::vector<uint64_t> offset; // by symbol
};
// False with a message if a type has no layout.
[[nodiscard]] bool make_descriptors(const Interface& interface, DescriptorTable& table, std::string& problem);

} // namespace tal
