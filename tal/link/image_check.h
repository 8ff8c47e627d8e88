// Compares a linked program with the modules that were verified (R22).
//
// The system linker is not trusted with code: after it has run, text, read-only data and data of every module must be the verified
// bytes, with the relocations applied by our own code at the addresses that the program's module table gives; verified text must lie
// in pages that are executable and not writable, end in traps, and hold no dynamic relocation; unwind records, descriptors, serialised
// interfaces and the entry must be those that were derived. The module table and the natives in it must be at the symbols that the runtime
// has for them. What is believed of the linker: its symbol table, and that it linked the runtime itself.
#pragma once

#include "tal/link/program.h"

namespace tal {

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
