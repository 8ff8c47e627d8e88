// Applies the relocations of a verified module: the bytes that must stand in memory, or in the linked image, when its sections
// and everything that it refers to have given addresses. The same code serves the comparison of a linked program with what was
// verified and the loader of patches.
#pragma once

#include "tal/object.h"

#include <functional>
#include <string>

namespace tal {

// Address of symbol `index` of the module; 0: there is none, and `problem` says why.
using SymbolAddress = std::function<uint64_t(uint32_t index)>;

// `bytes` are those of `section`, which starts at `address`. False with a message if a distance does not fit its field or a field
// does not lie in the section.
[[nodiscard]] bool apply_relocations(std::span<uint8_t> bytes, uint64_t address, std::span<const Reloc> relocs,
                                     const SymbolAddress& symbol_address, std::string& problem);

} // namespace tal
