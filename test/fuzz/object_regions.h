// Where the sections of an object lie, for mutators: a change is worth more inside one section than anywhere in the file.
#pragma once

#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tal/elf.h"

namespace fuzz {

struct Region {
  std::string name;
  size_t start = 0, size = 0;
};

// How often a section is chosen; whatever is not named gets 2.
inline unsigned weight(std::string_view name) {
  static const std::map<std::string_view, unsigned> weights = {
      {".text", 40}, {".tal.blocks", 16}, {".tal.types", 10}, {".tal.sigs", 10}, {".tal.eh", 4}, {".tal.inst", 4},
      {".rela.text", 6}, {".data", 3}, {".rodata", 2}, {".rela.data", 3}, {".symtab", 3}, {"header", 4}};
  if (name.starts_with(".debug") || name.starts_with(".rela.debug") || name == ".strtab" || name == ".tal.lines" || name == ".tal.dsu")
    return 0;
  auto found = weights.find(name);
  return found == weights.end() ? 2 : found->second;
}

// The headers and every section that has bytes. Empty if `file` is no object, as far as one can tell from its headers.
inline std::vector<Region> regions_of(std::span<const uint8_t> file) {
  namespace elf = tal::elf;
  elf::Header header;
  if (file.size() < sizeof header)
    return {};
  std::memcpy(&header, file.data(), sizeof header);
  const size_t table = header.shnum * sizeof(elf::SectionHeader);
  if (header.shoff > file.size() || table > file.size() - header.shoff || header.shstrndx >= header.shnum)
    return {};
  std::vector<elf::SectionHeader> sections(header.shnum);
  std::memcpy(sections.data(), file.data() + header.shoff, table);
  const auto inside = [&](const elf::SectionHeader& s) { return s.offset <= file.size() && s.size <= file.size() - s.offset; };
  const elf::SectionHeader& names = sections[header.shstrndx];
  if (!inside(names))
    return {};
  const std::string_view strings(reinterpret_cast<const char*>(file.data() + names.offset), names.size);
  std::vector<Region> regions{{"header", 0, sizeof header}, {"header", header.shoff, table}};
  for (const elf::SectionHeader& s : sections)
    if (s.type != elf::sht_null && s.type != elf::sht_nobits && s.size != 0 && inside(s) && s.name < strings.size())
      regions.push_back({std::string(strings.substr(s.name, strings.find('\0', s.name) - s.name)), s.offset, s.size});
  return regions;
}

// A region with the probability of its weight; `random` is any number. `regions` is not empty.
inline const Region& choose(const std::vector<Region>& regions, uint64_t random) {
  unsigned sum = 0;
  for (const Region& r : regions)
    sum += weight(r.name);
  auto at = static_cast<unsigned>(random % sum);
  for (const Region& r : regions) {
    if (at < weight(r.name))
      return r;
    at -= weight(r.name);
  }
  return regions[0];
}

} // namespace fuzz
