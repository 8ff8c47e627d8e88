// What the system linker gets to see: fresh objects, written here from verified modules only.
//
// No input object ever reaches the linker (R22). Each module becomes one object with a closed list of sections (R21), all names
// mangled with a prefix that no C symbol has (R23), references bound as our own link check has bound them; one more object holds the
// module table (tal/link/image.h) with unwind records, exception names and, in updateable programs, the serialised interfaces. After
// linking, tal/link/image_check.h compares the result with what was verified.
//
// Sections of a module: tal_text tal_rodata tal_data tal_bss .data.rel.ro.tal tal_descriptors .debug_*. Verified text of all modules
// becomes one run of pages of its own: aligned to a page, and closed by a page of traps that the table object adds (R51).
#pragma once

#include "tal/link/program.h"

namespace tal {

struct ProgramObjects {
  std::vector<Bytes> modules;        // in the order given
  Bytes table;                       // to be linked after the modules
};

// `links` is the result of link_check over the interfaces of `modules`, in the same order, and has no problems. False with a message
// when a limit of the format is exceeded.
[[nodiscard]] bool write_program_objects(std::span<const VerifiedObject* const> modules, const LinkResult& links,
                                         const ProgramOptions& options, ProgramObjects& objects, std::string& problem);

// "List::map" -> "pop.List.map"; any other character outside [A-Za-z0-9_] becomes "$" and two hexadecimal digits.
std::string link_symbol(std::string_view name);

} // namespace tal
