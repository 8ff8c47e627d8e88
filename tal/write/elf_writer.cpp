#include "tal/write/elf_writer.h"

#include "tal/write/elf_header.h"

#include <algorithm>

namespace tal {
namespace {

template <typename T> void put(Bytes& out, const T& value) {
  const auto* p = reinterpret_cast<const uint8_t*>(&value);
  out.insert(out.end(), p, p + sizeof(T));
}

uint32_t add_string(Bytes& table, std::string_view text) {
  if (text.empty())
    return 0;
  auto at = static_cast<uint32_t>(table.size());
  table.insert(table.end(), text.begin(), text.end());
  table.push_back(0);
  return at;
}

void pad_to(Bytes& bytes, uint64_t align) {
  while (bytes.size() % align != 0)
    bytes.push_back(0);
}

} // namespace

ElfWriter::SectionId ElfWriter::add_section(std::string name, uint64_t flags, uint64_t align, Bytes bytes) {
  OutSection section;
  section.name = std::move(name);
  section.flags = flags;
  section.align = align;
  section.bytes = std::move(bytes);
  sections_.push_back(std::move(section));
  return {static_cast<uint32_t>(sections_.size() - 1)};
}

ElfWriter::SectionId ElfWriter::add_zeroed_section(std::string name, uint64_t flags, uint64_t align, uint64_t size) {
  SectionId id = add_section(std::move(name), flags, align, {});
  sections_.back().type = elf::sht_nobits;
  sections_.back().zeroed = size;
  return id;
}

void ElfWriter::append(SectionId section, std::span<const uint8_t> bytes) {
  Bytes& out = sections_[section.value].bytes;
  pad_to(out, 8);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

ElfWriter::SymbolId ElfWriter::add_symbol(OutSymbol symbol) {
  symbols_.push_back(std::move(symbol));
  return {static_cast<uint32_t>(symbols_.size() - 1)};
}

ElfWriter::SymbolId ElfWriter::section_symbol(SectionId section) {
  for (auto [known, symbol] : section_symbols_)
    if (known == section.value)
      return {symbol};
  SymbolId id = add_symbol({"", section.value, 0, 0, elf::stt_section, true});
  section_symbols_.emplace_back(section.value, id.value);
  return id;
}

ElfWriter::SymbolId ElfWriter::add_local(std::string name, SectionId section, uint64_t value, uint64_t size, uint8_t type) {
  return add_symbol({std::move(name), section.value, value, size, type, true});
}

ElfWriter::SymbolId ElfWriter::add_hidden(std::string name, SectionId section, uint64_t value, uint64_t size, uint8_t type) {
  return add_symbol({std::move(name), section.value, value, size, type, false});
}

ElfWriter::SymbolId ElfWriter::add_undefined(const std::string& name) {
  for (const auto& [known, symbol] : undefined_)
    if (known == name)
      return {symbol};
  SymbolId id = add_symbol({name, 0, 0, 0, elf::stt_notype, false});
  undefined_.emplace_back(name, id.value);
  return id;
}

void ElfWriter::add_relocation(SectionId section, uint64_t offset, uint32_t type, SymbolId symbol, int64_t addend) {
  relocations_.push_back({section.value, offset, type, symbol.value, addend});
}

// Locals before globals; returns the number in the table of each of our symbols.
std::vector<uint32_t> ElfWriter::write_symbols() {
  std::vector<uint32_t> order, numbers(symbols_.size());
  for (bool local : {true, false})
    for (uint32_t i = 0; i < symbols_.size(); i++)
      if (symbols_[i].local == local)
        order.push_back(i);
  OutSection table, strings;
  table.name = ".symtab";
  table.type = elf::sht_symtab;
  table.align = 8;
  table.entsize = sizeof(elf::Symbol);
  strings.name = ".strtab";
  strings.type = elf::sht_strtab;
  strings.bytes.push_back(0);
  put(table.bytes, elf::Symbol{});
  table.info = 1;
  for (uint32_t position = 0; position < order.size(); position++) {
    const OutSymbol& symbol = symbols_[order[position]];
    numbers[order[position]] = position + 1;
    if (symbol.local)
      table.info = position + 2;
    elf::Symbol out{};
    out.name = add_string(strings.bytes, symbol.name);
    out.info = static_cast<uint8_t>((symbol.local ? elf::stb_local : elf::stb_global) << 4 | symbol.type);
    out.other = symbol.local ? elf::stv_default : elf::stv_hidden;
    out.shndx = static_cast<uint16_t>(symbol.section);
    out.value = symbol.value;
    out.size = symbol.size;
    put(table.bytes, out);
  }
  table.link = static_cast<uint32_t>(sections_.size() + 1);
  sections_.push_back(std::move(table));
  sections_.push_back(std::move(strings));
  return numbers;
}

void ElfWriter::write_relocations(const std::vector<uint32_t>& symbol_numbers) {
  const auto symbol_table = static_cast<uint32_t>(sections_.size() - 2);
  std::sort(relocations_.begin(), relocations_.end(), [](const Relocation& a, const Relocation& b) {
    return a.section != b.section ? a.section < b.section : a.offset < b.offset;
  });
  for (size_t i = 0; i < relocations_.size();) {
    const uint32_t target = relocations_[i].section;
    OutSection section;
    section.name = ".rela" + (sections_[target].name.starts_with('.') ? "" : std::string(".")) + sections_[target].name;
    section.type = elf::sht_rela;
    section.flags = elf::shf_info_link;
    section.align = 8;
    section.entsize = sizeof(elf::Rela);
    section.link = symbol_table;
    section.info = target;
    for (; i < relocations_.size() && relocations_[i].section == target; i++) {
      const Relocation& r = relocations_[i];
      put(section.bytes, elf::Rela{r.offset, uint64_t{symbol_numbers[r.symbol]} << 32 | r.type, r.addend});
    }
    sections_.push_back(std::move(section));
  }
}

Bytes ElfWriter::lay_out() {
  Bytes names{0};
  OutSection name_table;
  name_table.name = ".shstrtab";
  name_table.type = elf::sht_strtab;
  sections_.push_back(name_table);
  std::vector<elf::SectionHeader> headers(sections_.size());
  for (size_t i = 1; i < sections_.size(); i++)
    headers[i].name = add_string(names, sections_[i].name);
  sections_.back().bytes = names;

  Bytes out(sizeof(elf::Header));
  for (size_t i = 1; i < sections_.size(); i++) {
    const OutSection& section = sections_[i];
    pad_to(out, section.align < 16 ? section.align : 16);   // file offsets need no page alignment here
    elf::SectionHeader& header = headers[i];
    header.type = section.type;
    header.flags = section.flags;
    header.offset = out.size();
    header.size = section.size();
    header.link = section.link;
    header.info = section.info;
    header.addralign = section.align;
    header.entsize = section.entsize;
    out.insert(out.end(), section.bytes.begin(), section.bytes.end());
  }
  pad_to(out, 8);
  const elf::Header header = elf::object_header(out.size(), sections_.size());
  std::memcpy(out.data(), &header, sizeof header);
  for (const elf::SectionHeader& h : headers)
    put(out, h);
  return out;
}

Bytes ElfWriter::write() {
  add_section(".note.GNU-stack", 0, 1, {});
  write_relocations(write_symbols());
  return lay_out();
}

} // namespace tal
