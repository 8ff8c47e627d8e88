// Faults of verified code. It faults at trap sites, where an access is the test for null (tal_record::trap), which raises NullPointer, and
// when it runs out of stack; everything else that arrives here is a broken invariant and ends the process with a clear message.
#ifndef STDLIB_RUNTIME_TRAPS_H
#define STDLIB_RUNTIME_TRAPS_H

#include <ucontext.h>

#include "stdlib/runtime/unwind.h"
#include "stdlib/runtime/value.h"

namespace poprt {

// The suspended calls of verified code on the stack of the program's thread, innermost first, when nothing is known of that thread but
// its stack pointer: the stack is searched for a return address from which frame sizes lead to the boundary at the bottom. For messages.
// Whoever calls it on another thread sees to it that no module is registered meanwhile.
void search_stack(uint64_t rsp, Trace& trace);

// For signal handlers on the thread of the program. If verified code was interrupted below a poprt_call_catching, makes the handler
// return there instead, as if `reason` had reached that boundary; false, and nothing is changed, if something else was interrupted.
//
// Handlers and `finally` of the frames in between do not run. That is type-safe: each instruction of verified code leaves every object
// well typed, an object under construction is referred to by registers and frames only, and those are what is given up. What the
// runtime does is never interrupted.
bool abandon(ucontext_t& context, const Exception& reason);

// What abandon() is given when a transformer runs out of stack.
extern const Exception stack_overflow_value;

// Call on the main thread, before the first verified code runs.
void install_fault_handlers();

}  // namespace poprt

#endif
