// What a static link is asked for: the options of a program, its entry, the names of natives. Both the writer of link objects
// (tal/write/link_object.h) and the comparison of the result (tal/link/image_check.h) go by it.
#pragma once

#include "tal/checker.h"
#include "tal/link/image.h"
#include "tal/natives.h"

#include <span>

namespace tal {

struct ProgramOptions {
  const NativeInterface* natives = nullptr;  // null: the user has declared none
  bool updateable = false;
  std::string version;               // label of the program's version
  Bytes update_key;                  // 32 bytes, the key that patches must be signed with; empty: none
  bool has_symbols = true;           // false: they were taken out of the program after it was linked
  Binding entry;                     // the function that the program starts with
  tal_entry_kind entry_kind = TAL_ENTRY_IGNORE_RESULT;
  // The objects as they were verified, in the order of the modules; may be empty. They are kept in a section that is not loaded, so
  // that anyone can verify the program again from its file alone (check_program).
  std::vector<std::span<const uint8_t>> originals;
};

// Room that the text of a module takes in a program: with traps up to the next multiple of 16, at least one. A module of data alone
// has a place among the others too.
inline uint64_t padded_text_size(uint64_t size) { return size == 0 ? 16 : (size + 15) / 16 * 16; }

// The function that a program starts with: the only public `pop_main` or `main`. Types: `pop_main() -> anything` (result ignored),
// `main() -> i32`, `main(arr arr i8) -> i32`, `main()`. False with a message if there is none, more than one, or one of another type.
[[nodiscard]] bool find_entry(std::span<const VerifiedObject* const> modules, Binding& entry, tal_entry_kind& kind,
                              std::string& problem);

// The C symbol of a native: "Core::exit" -> "poprt_Core__exit", one of the user's "Zlib::crc32" -> "popnat_Zlib__crc32"; runtime entry
// points keep their names.
std::string native_symbol(std::string_view name, const NativeInterface* natives);

// What the runtime is told of the payload of an exception, from the type of a symbol of kind ExnName.
tal_payload payload_kind(const TypeTable& types, TypeId exn_name);

} // namespace tal
