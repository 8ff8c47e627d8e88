#include "tal/link/program_file.h"

#include <algorithm>

namespace tal {
namespace {

constexpr uint16_t et_dyn = 3;
constexpr uint32_t pt_load = 1, pt_dynamic = 2, pt_gnu_stack = 0x6474e551;
constexpr uint32_t flag_execute = 1, flag_write = 2, flag_read = 4;
constexpr int64_t dt_null = 0, dt_rela = 7, dt_rela_size = 8, dt_textrel = 22, dt_jmprel = 23, dt_pltrel_size = 2, dt_relr = 36;

struct ProgramHeader {
  uint32_t type, flags;
  uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(ProgramHeader) == 56);

template <typename T> bool get(std::span<const uint8_t> bytes, uint64_t offset, T& out) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
    return false;
  std::memcpy(&out, bytes.data() + offset, sizeof(T));
  return true;
}

bool contains(uint64_t start, uint64_t length, uint64_t address, uint64_t size) {
  return address >= start && size <= length && address - start <= length - size;
}

} // namespace

bool ProgramFile::open(std::span<const uint8_t> file, std::string& problem) {
  file_ = file;
  return read_headers(problem);
}

bool ProgramFile::read_headers(std::string& problem) {
  elf::Header header;
  if (!get(file_, 0, header) || std::memcmp(header.ident, elf::ident, 7) != 0 || header.machine != elf::em_x86_64 ||
      header.type != et_dyn) {
    problem = "not a position-independent x86-64 executable";
    return false;
  }
  ProgramHeader dynamic{};
  bool plain_stack = false;
  for (unsigned i = 0; i < header.phnum; i++) {
    ProgramHeader p;
    if (!get(file_, header.phoff + uint64_t{i} * sizeof p, p)) {
      problem = "program headers outside the file";
      return false;
    }
    if (p.type == pt_dynamic)
      dynamic = p;
    if (p.type == pt_gnu_stack)
      plain_stack = (p.flags & flag_execute) == 0;
    if (p.type != pt_load)
      continue;
    if (p.offset > file_.size() || p.filesz > file_.size() - p.offset || p.filesz > p.memsz || p.vaddr + p.memsz < p.vaddr) {
      problem = "segment outside the file";
      return false;
    }
    if (!segments_.empty() && p.vaddr < segments_.back().address + segments_.back().memory_size) {
      problem = "segments overlap";
      return false;
    }
    segments_.push_back({p.vaddr, p.memsz, p.offset, p.filesz, p.flags});
  }
  if (!plain_stack) {
    problem = "the stack would be executable";
    return false;
  }
  elf::SectionHeader names{};
  if (header.shnum != 0 && !get(file_, header.shoff + uint64_t{header.shstrndx} * sizeof names, names)) {
    problem = "section headers outside the file";
    return false;
  }
  for (unsigned i = 0; i < header.shnum; i++) {
    elf::SectionHeader s;
    if (!get(file_, header.shoff + uint64_t{i} * sizeof s, s)) {
      problem = "section headers outside the file";
      return false;
    }
    std::string name;
    for (uint64_t at = names.offset + s.name; at < file_.size() && file_[at] != 0 && name.size() < 64; at++)
      name += static_cast<char>(file_[at]);
    sections_.emplace_back(std::move(name), s);
  }
  read_symbols();
  return read_dynamic(dynamic.offset, dynamic.filesz, problem);
}

// A name whose end is not in the file is none, nor is one longer than those of the runtime.
void ProgramFile::read_symbols() {
  constexpr size_t longest = 8192;
  const std::span<const uint8_t> table = section(".symtab"), names = section(".strtab");
  for (size_t at = 0; at + sizeof(elf::Symbol) <= table.size(); at += sizeof(elf::Symbol)) {
    elf::Symbol s;
    std::memcpy(&s, table.data() + at, sizeof s);
    if (s.shndx == 0 || s.name == 0 || s.name >= names.size())
      continue;
    const std::string_view rest(reinterpret_cast<const char*>(names.data()) + s.name, std::min<size_t>(names.size() - s.name, longest));
    if (const size_t end = rest.find('\0'); end != std::string_view::npos)
      symbols_.emplace_back(rest.substr(0, end), s.value);
  }
  std::sort(symbols_.begin(), symbols_.end());
}

bool ProgramFile::symbol(std::string_view name, uint64_t& value) const {
  auto found = std::lower_bound(symbols_.begin(), symbols_.end(), std::pair(name, uint64_t{0}));
  if (found == symbols_.end() || found->first != name || (found + 1 != symbols_.end() && found[1].first == name))
    return false;
  value = found->second;
  return true;
}

bool ProgramFile::read_dynamic(uint64_t offset, uint64_t size, std::string& problem) {
  uint64_t rela = 0, rela_size = 0, plt = 0, plt_size = 0;
  for (uint64_t at = 0; at + 16 <= size; at += 16) {
    struct { int64_t tag; uint64_t value; } entry;
    if (!get(file_, offset + at, entry) || entry.tag == dt_null)
      break;
    switch (entry.tag) {
    case dt_rela: rela = entry.value; break;
    case dt_rela_size: rela_size = entry.value; break;
    case dt_jmprel: plt = entry.value; break;
    case dt_pltrel_size: plt_size = entry.value; break;
    case dt_textrel:
    case dt_relr: problem = "dynamic relocations of an unexpected kind"; return false;
    default: break;
    }
  }
  if (!add_relocations(rela, rela_size) || !add_relocations(plt, plt_size)) {
    problem = "dynamic relocations outside the file";
    return false;
  }
  std::sort(relocations_.begin(), relocations_.end(),
            [](const DynamicRelocation& a, const DynamicRelocation& b) { return a.address < b.address; });
  return true;
}

bool ProgramFile::add_relocations(uint64_t address, uint64_t size) {
  if (size == 0)
    return true;
  const std::span<const uint8_t> table = bytes(address, size);
  if (table.size() != size)
    return false;
  for (uint64_t at = 0; at + sizeof(elf::Rela) <= size; at += sizeof(elf::Rela)) {
    elf::Rela r;
    std::memcpy(&r, table.data() + at, sizeof r);
    relocations_.push_back({r.offset, static_cast<uint32_t>(r.info), static_cast<uint64_t>(r.addend)});
  }
  return true;
}

std::span<const uint8_t> ProgramFile::section(std::string_view name) const {
  for (const auto& [known, s] : sections_)
    if (known == name && s.type != elf::sht_nobits && s.offset <= file_.size() && s.size <= file_.size() - s.offset)
      return file_.subspan(s.offset, s.size);
  return {};
}

uint64_t ProgramFile::section_address(std::string_view name) const {
  for (const auto& [known, s] : sections_)
    if (known == name)
      return s.addr;
  return 0;
}

ProgramFile::Access ProgramFile::access(uint64_t address, uint64_t size) const {
  for (const Segment& s : segments_) {
    if (!contains(s.address, s.memory_size, address, size))
      continue;
    switch (s.flags) {
    case flag_read: return Access::Read;
    case flag_read | flag_write: return Access::ReadWrite;
    case flag_read | flag_execute: return Access::ReadExecute;
    default: return Access::Other;
    }
  }
  return Access::None;
}

std::span<const uint8_t> ProgramFile::bytes(uint64_t address, uint64_t size) const {
  for (const Segment& s : segments_)
    if (contains(s.address, s.file_size, address, size))
      return file_.subspan(s.offset + (address - s.address), size);
  return {};
}

std::span<const ProgramFile::DynamicRelocation> ProgramFile::relocations(uint64_t address, uint64_t size) const {
  // A relocation changes at most the 8 bytes at its address.
  const uint64_t first = address < 7 ? 0 : address - 7;
  auto below = [](const DynamicRelocation& r, uint64_t wanted) { return r.address < wanted; };
  auto begin = std::lower_bound(relocations_.begin(), relocations_.end(), first, below);
  auto end = std::lower_bound(begin, relocations_.end(), address + size, below);
  return {begin, end};
}

bool ProgramFile::word(uint64_t address, uint64_t& value) const {
  constexpr uint32_t relative = 8;
  const std::span<const DynamicRelocation> changes = relocations(address, 8);
  if (changes.empty()) {
    const std::span<const uint8_t> found = bytes(address, 8);
    if (found.size() != 8)
      return false;
    std::memcpy(&value, found.data(), 8);
    return true;
  }
  value = changes[0].value;
  return changes.size() == 1 && changes[0].address == address && changes[0].type == relative;
}

} // namespace tal
