// The modules that talsim runs: their sections and annotations as the object reader delivers them, the unwind records that the
// checker derived, and indexes by text offset.
#pragma once

#include "instruction.h"
#include "types.h"

#include "tal/natives.h"
#include "tal/object_reader.h"
#include "tal/records.h"

#include <memory>

namespace talsim {

struct Module {
  tal::ObjectFile file;
  std::vector<tal_record> records;                    // ascending return offset
  // By text offset.
  std::vector<uint32_t> decoded;                      // 0: not yet, else 1 + index into `instructions`
  std::vector<Instruction> instructions;
  std::vector<uint8_t> starts;                        // 1: an instruction of a swept function starts here
  std::vector<int32_t> label_at, reloc_at, inst_at;   // index, or -1
  std::vector<uint32_t> function_at_symbol;           // by symbol: 1 if swept
  // By symbol.
  std::vector<uint32_t> object_of;                    // heap object, 0: none yet
  std::vector<std::pair<uint32_t, uint32_t>> binding; // module and symbol that define an import; ~0: nobody

  const tal::Symbol& symbol(uint32_t i) const { return file.annotations.symbols[i]; }
  const tal_record* record(uint32_t return_offset) const;
  std::string function_name(uint32_t at) const;
};

// False with a reason if the bytes are no object. `records` are those of the verified object's interface.
bool load_module(std::span<const uint8_t> bytes, std::vector<tal_record> records, Module& module, std::string& problem);
// Imports by name to public definitions of other modules.
void bind(std::vector<std::unique_ptr<Module>>& modules);

} // namespace talsim
