// What the system linker gets to see: fresh objects, written here from verified modules only.
//
// No input object ever reaches the linker (R22). Each module becomes one object with a closed list of sections (R21), all names
// mangled with a prefix that no C symbol has (R23), references bound as our own link check has bound them; one more object holds the
// module table (tal/image.h) with unwind records, exception names and, in updateable programs, the serialised interfaces. After
// linking, tal/image_check.h compares the result with what was verified.
//
// Sections of a module: tal_text tal_rodata tal_data tal_bss .data.rel.ro.tal tal_descriptors .debug_*. Verified text of all modules
// becomes one run of pages of its own: aligned to a page, and closed by a page of traps that the table object adds (R51).
#pragma once

#include "tal/checker.h"
#include "tal/image.h"
#include "tal/natives.h"

#include <span>

namespace tal {

struct ProgramOptions {
  const NativeInterface* natives = nullptr;  // null: the user has declared none
  bool updateable = false;
  std::string version;               // label of the program's version
  Bytes update_key;                  // 32 bytes, the key that patches must be signed with; empty: none
  Binding entry;                     // the function that the program starts with
  tal_entry_kind entry_kind = TAL_ENTRY_IGNORE_RESULT;
  // The objects as they were verified, in the order of the modules; may be empty. They are kept in a section that is not loaded, so
  // that anyone can verify the program again from its file alone (check_program).
  std::vector<std::span<const uint8_t>> originals;
};

// Room that the text of a module takes in a program: with traps up to the next multiple of 16, at least one. A module of data alone
// has a place among the others too.
inline uint64_t padded_text_size(uint64_t size) { return size == 0 ? 16 : (size + 15) / 16 * 16; }

struct ProgramObjects {
  std::vector<Bytes> modules;        // in the order given
  Bytes table;                       // to be linked after the modules
};

// `links` is the result of link_check over the interfaces of `modules`, in the same order, and has no problems. False with a message
// when a limit of the format is exceeded.
[[nodiscard]] bool write_program_objects(std::span<const VerifiedObject* const> modules, const LinkResult& links,
                                         const ProgramOptions& options, ProgramObjects& objects, std::string& problem);

// The function that a program starts with: the only public `pop_main` or `main`. Types: `pop_main() -> anything` (result ignored),
// `main() -> i32`, `main(arr arr i8) -> i32`, `main()`. False with a message if there is none, more than one, or one of another type.
[[nodiscard]] bool find_entry(std::span<const VerifiedObject* const> modules, Binding& entry, tal_entry_kind& kind,
                              std::string& problem);

// The C symbol of a native: "Core::exit" -> "poprt_Core__exit", one of the user's "Zlib::crc32" -> "popnat_Zlib__crc32"; runtime entry
// points keep their names.
std::string native_symbol(std::string_view name, const NativeInterface* natives);

// "List::map" -> "pop.List.map"; any other character outside [A-Za-z0-9_] becomes "$" and two hexadecimal digits.
std::string link_symbol(std::string_view name);

} // namespace tal
