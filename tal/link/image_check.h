// Compares a linked program with the modules that were verified (R22).
//
// Neither the system linker nor what wrote its input (tal/write/link_object.h) is trusted with code: after linking, text, read-only
// data and data of every module must be the verified bytes, with the relocations applied by our own code at the addresses that the
// program's module table gives; verified text must lie in pages that are executable and not writable, end in traps, and hold no dynamic
// relocation; unwind records, names, lines, descriptors, exception names, serialised interfaces, manifests, the key for patches and the
// entry must be those that were derived or asked for. The module table and the natives in it must be at the symbols that the runtime
// has for them. What is believed of the linker: its symbol table, and that it linked the runtime itself. What is put in beside the
// modules is looked at before it gets to the linker: check_link_input.
#pragma once

#include "tal/link/program.h"

namespace tal {

// One of the objects that are given to the system linker. It may add to a program nothing but the sections of modules and their
// tables (R21): no code that runs at start-up, no name that the runtime or a library could mean.
[[nodiscard]] bool check_link_input(std::span<const uint8_t> object, std::string& problem);

[[nodiscard]] bool check_image(std::span<const uint8_t> file, std::span<const VerifiedObject* const> modules, const LinkResult& links,
                               const ProgramOptions& options, std::string& problem);

// Verifies a program from its file alone: the objects that it carries, the link check over them, and the comparison. Needs a program
// whose objects were kept.
struct ProgramReport {
  std::vector<std::unique_ptr<VerifiedObject>> objects;
  std::vector<std::span<const uint8_t>> files; // of the objects, in the program's
  bool updateable = false;
};
[[nodiscard]] bool check_program(std::span<const uint8_t> file, const NativeInterface& natives, ProgramReport& report,
                                 std::string& problem);

} // namespace tal
