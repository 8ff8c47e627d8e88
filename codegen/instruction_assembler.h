// Instruction lines in Intel syntax to machine code, by LLVM's assembler. For hand-written `.tal` files; the compiler
// itself encodes instructions with encoder.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace codegen {

// A line of a function body: an instruction, or `.byte n, n, ..` for bytes that no assembler would write.
// Branches name labels of `AssemblerInput::labels`. Symbols of the object are written `{n}`: `call {3}`, `lea rax, [rip + {3}]`.
struct AssemblerLine {
  std::string text;
  uint32_t line = 0; // in the source file, for messages
};
struct AssemblerLabel {
  std::string name;     // letters, digits, `_` and `.`
  uint32_t before = 0;  // stands before lines[before] (lines.size(): at the end)
};
struct AssembledReloc {
  uint32_t offset = 0, symbol = 0;
  int64_t addend = 0;
};
struct AssembledCode {
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> line_offsets;  // where each line starts, and the end
  std::vector<uint32_t> label_offsets; // of each label
  std::vector<AssembledReloc> relocs;  // ascending; fields are zero
};

// False with `problem` ("LINE: message") if a line cannot be assembled.
[[nodiscard]] bool assemble_instructions(const std::vector<AssemblerLine>& lines, const std::vector<AssemblerLabel>& labels,
                                         AssembledCode& result, std::string& problem);

} // namespace codegen
