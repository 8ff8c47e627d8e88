// A linked executable as the loader of the operating system would map it, at base address 0: contents of memory after the dynamic
// relocations that are relative, which are all that a program's own data needs. Reads untrusted bytes.
#pragma once

#include "tal/bytes.h"
#include "tal/elf.h"

#include <string>
#include <utility>
#include <vector>

namespace tal {

class ProgramFile {
public:
  // False with a message if this is not a position-independent x86-64 executable that can be read, if its segments overlap, or if
  // its stack would be executable.
  [[nodiscard]] bool open(std::span<const uint8_t> file, std::string& problem);

  // Bytes of a section by name; empty if there is none. For sections that are not loaded as well.
  std::span<const uint8_t> section(std::string_view name) const;
  uint64_t section_address(std::string_view name) const;

  // The value of the only symbol of this name. False if there is none, or several.
  [[nodiscard]] bool symbol(std::string_view name, uint64_t& value) const;

  enum class Access : uint8_t { None, Read, ReadWrite, ReadExecute, Other };
  Access access(uint64_t address, uint64_t size) const;             // of a range that lies in one segment, else None

  // The file's bytes at an address, without dynamic relocations; empty if the range is not in one segment's file part.
  std::span<const uint8_t> bytes(uint64_t address, uint64_t size) const;

  // An 8-byte word after relative relocations. False if a relocation of another kind would change it.
  [[nodiscard]] bool word(uint64_t address, uint64_t& value) const;

  struct DynamicRelocation {
    uint64_t address;
    uint32_t type;
    uint64_t value;                                                 // of a relative one
  };
  // Those that touch [address, address + size).
  std::span<const DynamicRelocation> relocations(uint64_t address, uint64_t size) const;

private:
  struct Segment {
    uint64_t address, memory_size, offset, file_size;
    uint32_t flags;
  };
  bool read_headers(std::string& problem);
  void read_symbols();
  bool read_dynamic(uint64_t offset, uint64_t size, std::string& problem);
  bool add_relocations(uint64_t address, uint64_t size);

  std::span<const uint8_t> file_;
  std::vector<Segment> segments_;
  std::vector<std::pair<std::string, elf::SectionHeader>> sections_;
  std::vector<std::pair<std::string_view, uint64_t>> symbols_;      // ascending name
  std::vector<DynamicRelocation> relocations_;                      // ascending address
};

} // namespace tal
