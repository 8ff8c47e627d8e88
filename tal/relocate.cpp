#include "tal/relocate.h"

namespace tal {

bool apply_relocations(std::span<uint8_t> bytes, uint64_t address, std::span<const Reloc> relocs,
                       const SymbolAddress& symbol_address, std::string& problem) {
  for (const Reloc& reloc : relocs) {
    const size_t width = reloc.kind == RelocKind::Pc32 ? 4 : 8;
    if (bytes.size() < width || reloc.offset > bytes.size() - width) {
      problem = "relocation outside its section";
      return false;
    }
    const uint64_t symbol = symbol_address(reloc.symbol), target = symbol + static_cast<uint64_t>(reloc.addend);
    if (symbol == 0)
      return false;
    if (reloc.kind == RelocKind::Abs64) {
      std::memcpy(&bytes[reloc.offset], &target, 8);
      continue;
    }
    const auto distance = static_cast<int64_t>(target - (address + reloc.offset));
    const auto field = static_cast<int32_t>(distance);
    if (field != distance) {
      problem = "a reference is more than 2 GiB away from its target";
      return false;
    }
    std::memcpy(&bytes[reloc.offset], &field, 4);
  }
  return true;
}

} // namespace tal
