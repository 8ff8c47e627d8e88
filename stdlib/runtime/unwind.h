// Walking and unwinding frames of verified code.
//
// The only source is the records that the checker derived for every call site (tal/records.h): size of the frame,
// where the caller's callee-saved registers are, landing pad. A walk starts at a return address into verified text
// together with the six callee-saved registers as they are in that frame, and ends at a boundary, the return address
// of a call from the runtime (entry.S). A return address without a record, anywhere but at a boundary, is a broken
// invariant: the process stops with a message.
#ifndef STDLIB_RUNTIME_UNWIND_H
#define STDLIB_RUNTIME_UNWIND_H

#include <cstdint>
#include <cstdio>

#include "stdlib/runtime/modules.h"
#include "stdlib/runtime/value.h"
#include "tal/records.h"

namespace poprt {

// The block that entry.S stores and loads. `rsp` is the address of the slot that holds `pc`.
struct Registers {
  uint64_t saved[TAL_CALLEE_SAVED];  // rbx rbp r12 r13 r14 r15
  uint64_t rsp;
  uint64_t pc;                       // a return address
};
static_assert(sizeof(Registers) == 64);

enum class Boundary : uint8_t { None, Top, Catching };
Boundary boundary_at(uint64_t pc);

// Replaces the registers by those of the caller of the frame that `site` describes.
void step(Registers& registers, const CallSite& site);

// Return addresses of the frames, innermost first; equal neighbours (recursion) are counted, not stored again.
struct Trace {
  static constexpr uint32_t capacity = 48;
  uint32_t count = 0;    // entries in use
  uint64_t skipped = 0;  // frames behind them that found no room
  struct Entry {
    uint64_t pc, times;
  } entries[capacity] = {};
  void add(uint64_t pc);
};

// Walks from `registers` to the boundary and adds every frame to `trace`. For messages: stops quietly at a return
// address that it does not know.
void collect_trace(Registers registers, Trace& trace);

void print_trace(const Trace& trace, std::FILE* out = stderr);

}  // namespace poprt

#endif
