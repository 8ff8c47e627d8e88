// The closed list of what an object for the system linker may contain; see image_check.h.
#include "tal/link/image_check.h"

#include "tal/elf.h"

#include <algorithm>

namespace tal {
namespace {

struct AllowedSection {
  std::string_view name;
  uint32_t type;
  uint64_t flags;
};
constexpr AllowedSection allowed[] = {
    {"", elf::sht_null, 0},
    {"tal_text", elf::sht_progbits, elf::shf_alloc | elf::shf_execinstr},
    {"tal_rodata", elf::sht_progbits, elf::shf_alloc},
    {"tal_data", elf::sht_progbits, elf::shf_alloc | elf::shf_write},
    {"tal_bss", elf::sht_nobits, elf::shf_alloc | elf::shf_write},
    {".data.rel.ro.tal", elf::sht_progbits, elf::shf_alloc | elf::shf_write},
    {"tal_descriptors", elf::sht_progbits, elf::shf_alloc},
    {"tal_tables", elf::sht_progbits, elf::shf_alloc},
    {"tal_anchor", elf::sht_progbits, elf::shf_alloc},
    {".tal.objects", elf::sht_progbits, 0},
    {".note.GNU-stack", elf::sht_progbits, 0},
    {".symtab", elf::sht_symtab, 0},
    {".strtab", elf::sht_strtab, 0},
    {".shstrtab", elf::sht_strtab, 0},
};

bool is_allowed(std::string_view name, const elf::SectionHeader& s) {
  if (name.starts_with(".debug_"))
    return s.type == elf::sht_progbits && s.flags == 0;
  if (name.starts_with(".rela."))
    return s.type == elf::sht_rela && (s.flags & ~elf::shf_info_link) == 0;
  return std::any_of(std::begin(allowed), std::end(allowed), [&](const AllowedSection& a) { return name == a.name && s.type == a.type && s.flags == a.flags; });
}

template <typename T> bool get(std::span<const uint8_t> bytes, uint64_t at, T& out) {
  if (at > bytes.size() || bytes.size() - at < sizeof out)
    return false;
  std::memcpy(&out, bytes.data() + at, sizeof out);
  return true;
}

std::span<const uint8_t> content(std::span<const uint8_t> object, const elf::SectionHeader& s) {
  const bool inside = s.offset <= object.size() && s.size <= object.size() - s.offset;
  return s.type != elf::sht_nobits && inside ? object.subspan(s.offset, s.size) : std::span<const uint8_t>();
}

std::string text_at(std::span<const uint8_t> strings, uint32_t at) {
  const auto start = strings.begin() + std::min<size_t>(at, strings.size());
  return {start, std::find(start, strings.end(), 0)};
}

} // namespace

bool check_link_input(std::span<const uint8_t> object, std::string& problem) {
  auto fail = [&](const std::string& text) {
    problem = text;
    return false;
  };
  elf::Header header;
  if (!get(object, 0, header) || header.type != elf::et_rel)
    return fail("not an object");
  std::vector<elf::SectionHeader> sections(header.shnum);
  for (size_t i = 0; i < sections.size(); i++)
    if (!get(object, header.shoff + i * sizeof(elf::SectionHeader), sections[i]))
      return fail("section headers outside the object");
  if (header.shstrndx >= sections.size())
    return fail("no names of sections");
  for (const elf::SectionHeader& s : sections)
    if (const std::string name = text_at(content(object, sections[header.shstrndx]), s.name); !is_allowed(name, s))
      return fail("the section " + name + " is not one of a module");
  for (const elf::SectionHeader& s : sections) {
    if (s.type != elf::sht_symtab)
      continue;
    elf::Symbol symbol;
    for (uint64_t at = 0; get(content(object, s), at, symbol); at += sizeof symbol) {
      const std::string name = s.link < sections.size() ? text_at(content(object, sections[s.link]), symbol.name) : "";
      const bool is_ours = name.starts_with("pop.") || name.starts_with("pop$") || name == "__tal_program";
      if (symbol.info >> 4 != elf::stb_local && symbol.shndx != 0 && (!is_ours || symbol.shndx >= sections.size()))
        return fail("the symbol " + name + " is not one of a module");
    }
  }
  return true;
}

} // namespace tal
