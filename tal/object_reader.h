// Reads an ELF object into its parts, span-checked (rules O1..O5; design rules R21..R25). Everything the rest of the checker
// looks at is copied out of the input here; the input itself is not read again (R22).
#pragma once

#include "tal/checker.h"

namespace tal {

struct ObjectFile {
  ObjectImage image;
  ObjectAnnotations annotations;
  std::vector<std::pair<std::string, uint64_t>> section_sizes;   // alloc and .tal.* sections
};

[[nodiscard]] bool read_object(std::span<const uint8_t> bytes, ObjectFile& object, VerifyError& error);

} // namespace tal
