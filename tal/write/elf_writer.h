// Writes ELF64 relocatable objects for the system linker. Trusted: what it writes is what gets linked.
//
// Sections come out in the order in which they were added, symbols likewise (locals first, as ELF wants it), nothing is added but
// the null section, the symbol and string tables and an empty .note.GNU-stack that asks for a stack without execution.
#pragma once

#include "tal/bytes.h"
#include "tal/elf.h"

#include <string>
#include <vector>

namespace tal {

class ElfWriter {
public:
  struct SectionId { uint32_t value = 0; };
  struct SymbolId { uint32_t value = 0; };

  // A section with bytes. align: a power of two.
  SectionId add_section(std::string name, uint64_t flags, uint64_t align, Bytes bytes);
  SectionId add_zeroed_section(std::string name, uint64_t flags, uint64_t align, uint64_t size);
  void append(SectionId section, std::span<const uint8_t> bytes);   // pads to 8 first
  uint64_t size(SectionId section) const { return sections_[section.value].size(); }

  SymbolId section_symbol(SectionId section);                       // local, at its start
  SymbolId add_local(std::string name, SectionId section, uint64_t value, uint64_t size, uint8_t type);
  SymbolId add_hidden(std::string name, SectionId section, uint64_t value, uint64_t size, uint8_t type);
  SymbolId add_undefined(const std::string& name);                  // hidden: resolved inside the program; one per name

  void add_relocation(SectionId section, uint64_t offset, uint32_t type, SymbolId symbol, int64_t addend);

  Bytes write();

private:
  struct OutSection {
    std::string name;
    uint32_t type = elf::sht_progbits;
    uint64_t flags = 0, align = 1;
    uint32_t link = 0, info = 0;
    uint64_t entsize = 0;
    Bytes bytes;
    uint64_t zeroed = 0;
    uint64_t size() const { return type == elf::sht_nobits ? zeroed : bytes.size(); }
  };
  struct Relocation {
    uint32_t section;
    uint64_t offset;
    uint32_t type, symbol;
    int64_t addend;
  };
  struct OutSymbol {
    std::string name;
    uint32_t section;
    uint64_t value, size;
    uint8_t type;
    bool local;
  };

  SymbolId add_symbol(OutSymbol symbol);
  std::vector<uint32_t> write_symbols();
  void write_relocations(const std::vector<uint32_t>& symbol_numbers);
  Bytes lay_out();

  std::vector<OutSection> sections_ = std::vector<OutSection>(1);
  std::vector<OutSymbol> symbols_;
  std::vector<Relocation> relocations_;
  std::vector<std::pair<uint32_t, uint32_t>> section_symbols_;      // section, symbol
  std::vector<std::pair<std::string, uint32_t>> undefined_;
};

} // namespace tal
