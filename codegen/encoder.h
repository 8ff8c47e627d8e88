// Machine code of single instructions, by LLVM's code emitter.
//
// Branches and direct calls are not encoded here: their fields belong to layout, which knows the distances.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "codegen/mir.h"

namespace codegen {

class Encoder {
public:
  Encoder();
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // Appends the code of a row of x86.def whose registers are general and whose memory operand is [base+index*scale+disp]
  // or [rip+symbol]. Immediates that fit take the short form. The result is the offset in `out` of the zero 32-bit field
  // of a RIP-relative operand, or -1 if there is none.
  int64_t encode(const mir::Inst& inst, std::vector<uint8_t>& out);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace codegen
