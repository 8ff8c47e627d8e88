// Frame layout, block layout and encoding of an allocated function.
//
// Frame, from the top: return address, callee-saved registers that are in use (pushed), spill slots, arguments of calls
// on the stack. rsp stays put between prologue and epilogue. A function without ordinary calls needs no alignment: its
// stubs for failed checks align for themselves.
//
// Code: prologue, blocks in layout order (jumps over empty blocks shortened, branches relaxed), then one stub for each
// failed check. Nothing branches to the first two bytes (they may be rewritten by an update).
#pragma once

#include <string>
#include <vector>

#include "codegen/encoder.h"
#include "codegen/mir.h"

namespace codegen {

struct CodeReloc {
  uint32_t offset, symbol;
  int32_t addend; // minus the distance from the field to the end of its instruction
};
struct CallSite {
  uint32_t start, end;
  uint32_t call;      // index into mir::Function::calls; none for the stub of a check
  mir::BlockId pad;
  support::SourceLoc loc;
};
struct TrapSite {
  uint32_t end; // of the instruction
  support::SourceLoc loc;
};
struct InstSite {
  uint32_t offset, call;
};
struct LineRow {
  uint32_t offset;
  support::SourceLoc loc;
};
struct FrameRow { // from here on
  uint32_t offset;
  uint32_t depth;                // entry rsp - rsp
  uint32_t saved = UINT32_MAX;   // this register has just been pushed
};

struct EmittedFunction {
  std::vector<uint8_t> code;
  std::vector<CodeReloc> relocs;
  std::vector<CallSite> calls;
  std::vector<TrapSite> traps;
  std::vector<InstSite> instantiations; // other than at calls
  std::vector<LineRow> lines;
  std::vector<mir::JumpTable> tables;   // entries: offsets in the code
  std::vector<FrameRow> frame;
  std::vector<uint32_t> block_offset;     // by block; UINT32_MAX: no code
  std::vector<mir::BlockId> need_record;  // in order of offset: several predecessors, or one that comes later
  uint32_t depth = 0;                     // entry rsp - rsp in the body
  std::vector<mir::Reg> pushed;           // callee-saved registers, first pushed first
  int32_t slot_of(const mir::Place& place) const; // 8-byte slot relative to the entry rsp
  uint32_t out_bytes = 0;
};

EmittedFunction emit_function(const mir::Function& function, Encoder& encoder);

} // namespace codegen
