#include "stdlib/runtime/unwind.h"

#include <cstdio>

#include "stdlib/runtime/exceptions.h"
#include "stdlib/runtime/fatal.h"

extern "C" {
extern const uint8_t poprt_call_return[], poprt_catching_return[], poprt_catch_pad[];
poprt::Exception* poprt_unwind(poprt::Exception* exception, poprt::Registers* registers, bool is_new);
}

namespace poprt {
namespace {

uint64_t load(uint64_t address) { return *reinterpret_cast<const uint64_t*>(address); }

// Index in Registers::saved of a machine register number: rbx, rbp, r12 to r15.
int saved_index(int16_t number) {
  static constexpr int8_t indexes[16] = {-1, -1, -1, 0, -1, 1, -1, -1, -1, -1, -1, -1, 2, 3, 4, 5};
  return number < 16 ? indexes[number] : -1;
}

CallSite require_call_site(uint64_t pc) {
  const CallSite site = find_call_site(reinterpret_cast<const void*>(pc));
  if (!site)
    fatal_address("no unwind record for the return address", pc);
  return site;
}

}  // namespace

Boundary boundary_at(uint64_t pc) {
  if (pc == reinterpret_cast<uint64_t>(poprt_call_return))
    return Boundary::Top;
  if (pc == reinterpret_cast<uint64_t>(poprt_catching_return))
    return Boundary::Catching;
  return Boundary::None;
}

void step(Registers& registers, const CallSite& site) {
  const tal_record& record = *site.record;
  const uint64_t entry_rsp = registers.rsp + 8 + record.frame;
  uint64_t callers[TAL_CALLEE_SAVED];
  for (int i = 0; i < TAL_CALLEE_SAVED; i++) {
    const int16_t where = record.saved[i];
    if (where == TAL_LOST)
      callers[i] = 0;  // only at calls that cannot throw, and only a walk for a message passes those
    else if (where < 0)
      callers[i] = load(entry_rsp + static_cast<uint64_t>(int64_t{8} * where));
    else if (const int index = saved_index(where); index >= 0)
      callers[i] = registers.saved[index];
    else
      fatal_address("malformed unwind record at", registers.pc);
  }
  for (int i = 0; i < TAL_CALLEE_SAVED; i++)
    registers.saved[i] = callers[i];
  registers.rsp = entry_rsp;
  registers.pc = load(entry_rsp);
}

void Trace::add(uint64_t pc) {
  if (count != 0 && skipped == 0 && entries[count - 1].pc == pc)
    entries[count - 1].times++;
  else if (count < capacity)
    entries[count++] = {pc, 1};
  else
    skipped++;
}

void collect_trace(Registers registers, Trace& trace) {
  while (boundary_at(registers.pc) == Boundary::None) {
    const CallSite site = find_call_site(reinterpret_cast<const void*>(registers.pc));
    if (!site)
      return;
    trace.add(registers.pc);
    step(registers, site);
  }
}

void print_trace(const Trace& trace, std::FILE* out) {
  for (uint32_t i = 0; i < trace.count; i++) {
    const auto [pc, times] = trace.entries[i];
    const SourcePosition at = describe_call_site(reinterpret_cast<const void*>(pc));
    std::fprintf(out, "  at %s (%s:%u)", at.function, at.file, at.line);
    if (times > 1)
      std::fprintf(out, " (%llu times)", static_cast<unsigned long long>(times));
    std::fputc('\n', out);
  }
  if (trace.skipped != 0)
    std::fprintf(out, "  ... %llu more\n", static_cast<unsigned long long>(trace.skipped));
}

}  // namespace poprt

using namespace poprt;

// Finds the innermost frame with a landing pad, sets `registers` to what they are there (rsp, callee-saved registers, pc of
// the pad) and returns the exception. Without one the program ends. Two passes, so that nothing is disturbed, and the whole
// stack can be reported, when nobody catches.
Exception* poprt_unwind(Exception* exception, Registers* registers, bool is_new) {
  note_raise(exception, registers->pc, is_new);
  Registers walk = *registers;
  for (;;) {
    const Boundary boundary = boundary_at(walk.pc);
    if (boundary == Boundary::Top)
      report_uncaught(exception);
    if (boundary == Boundary::Catching) {
      walk.pc = reinterpret_cast<uint64_t>(poprt_catch_pad);
      walk.rsp += 8;
      break;
    }
    const CallSite site = require_call_site(walk.pc);
    if (const uint8_t* pad = site.pad()) {
      walk.pc = reinterpret_cast<uint64_t>(pad);
      walk.rsp += 8;  // the pad sees the stack as the return point would
      break;
    }
    note_frame(walk.pc);
    step(walk, site);
  }
  *registers = walk;
  return exception;
}
