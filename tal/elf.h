// The parts of ELF64 that an object file uses, as plain little-endian structs (System V ABI, x86-64 supplement).
#pragma once

#include <cstddef>
#include <cstdint>

namespace tal::elf {

struct Header {
  uint8_t ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, phoff, shoff;
  uint32_t flags;
  uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct SectionHeader {
  uint32_t name, type;
  uint64_t flags, addr, offset, size;
  uint32_t link, info;
  uint64_t addralign, entsize;
};
struct Symbol {
  uint32_t name;
  uint8_t info, other;
  uint16_t shndx;
  uint64_t value, size;
};
struct Rela {
  uint64_t offset, info;
  int64_t addend;
};
static_assert(sizeof(Header) == 64 && sizeof(SectionHeader) == 64 && sizeof(Symbol) == 24 && sizeof(Rela) == 24);

inline constexpr uint8_t ident[16] = {0x7F, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
inline constexpr uint16_t et_rel = 1, em_x86_64 = 62;
inline constexpr uint32_t sht_null = 0, sht_progbits = 1, sht_symtab = 2, sht_strtab = 3, sht_rela = 4, sht_nobits = 8;
inline constexpr uint64_t shf_write = 1, shf_alloc = 2, shf_execinstr = 4, shf_info_link = 0x40;
inline constexpr uint8_t stb_local = 0, stb_global = 1;
inline constexpr uint8_t stt_notype = 0, stt_object = 1, stt_func = 2, stt_section = 3, stt_file = 4;
inline constexpr uint8_t stv_default = 0, stv_hidden = 2;
inline constexpr uint32_t r_x86_64_64 = 1, r_x86_64_pc32 = 2, r_x86_64_plt32 = 4, r_x86_64_32 = 10, r_x86_64_pc64 = 24;

} // namespace tal::elf
