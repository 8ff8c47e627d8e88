// Reads an ELF object into its parts, span-checked (rules O1..O5; design rules R21..R25). Everything the rest of the checker
// looks at is copied out of the input here; the input itself is not read again (R22).
#pragma once

#include "tal/object.h"
#include "tal/rules.h"

namespace tal {

struct ReadError {
  CheckRule rule = CheckRule::O1;
  Section section = Section::None;
  uint32_t offset = 0;
  std::string expected, found;
};

struct ObjectFile {
  ObjectImage image;
  ObjectAnnotations annotations;
  std::vector<std::pair<std::string, uint64_t>> section_sizes;   // alloc and .tal.* sections
};

[[nodiscard]] bool read_object(std::span<const uint8_t> bytes, ObjectFile& object, ReadError& error);

} // namespace tal
