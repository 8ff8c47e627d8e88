// One instruction of Intel syntax to machine code, by LLVM's assembler: the EncodeInstruction of tal/text/text.h, for
// hand-written `.tal` files. The compiler itself encodes with encoder.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace codegen {

class InstructionAssembler {
public:
  InstructionAssembler();
  ~InstructionAssembler();
  InstructionAssembler(const InstructionAssembler&) = delete;
  InstructionAssembler& operator=(const InstructionAssembler&) = delete;

  // Appends the code of the instruction. `dword [rax]` may be written for `dword ptr [rax]`; a RIP operand is `[rip]` and
  // gets a zero field. False with `problem` for what is not exactly one instruction without symbols.
  [[nodiscard]] bool encode(std::string_view text, std::vector<uint8_t>& code, std::string& problem);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace codegen
