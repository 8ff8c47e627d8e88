#pragma once

#include "tal/elf.h"

namespace tal::elf {

// The header of a relocatable object whose `sections` section headers start at `table`; the last of them names the others.
inline Header object_header(uint64_t table, size_t sections) {
  Header header{};
  for (size_t i = 0; i < sizeof ident; i++)
    header.ident[i] = ident[i];
  header.type = et_rel;
  header.machine = em_x86_64;
  header.version = 1;
  header.shoff = table;
  header.ehsize = sizeof(Header);
  header.shentsize = sizeof(SectionHeader);
  header.shnum = static_cast<uint16_t>(sections);
  header.shstrndx = static_cast<uint16_t>(sections - 1);
  return header;
}

} // namespace tal::elf
