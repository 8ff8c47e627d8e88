// Exceptions as the runtime knows them: the built-in ones, where the current one was raised, and the message of an
// uncaught one.
#ifndef STDLIB_RUNTIME_EXCEPTIONS_H
#define STDLIB_RUNTIME_EXCEPTIONS_H

#include "stdlib/runtime/value.h"
#include "tal/link/image.h"

namespace poprt {

// The unwinder reports what it does, so that a message can tell where an exception came from even when it was caught and
// raised again on the way. note_raise: `exception` is raised by the call that returns to `pc`. Raising the one that was raised
// last continues its trace, unless `is_new` (checks and natives). note_frame: no handler in the frame that is suspended at
// `pc`.
void note_raise(const Exception* exception, uint64_t pc, bool is_new);
void note_frame(uint64_t pc);

// Where names of exceptions that C code of the user defines are found; called once at the start.
void know_names(const tal_program* table);

// Prints `uncaught exception NAME(payload) raised at FILE:LINE` and the trace, and exits with failure_status.
[[noreturn]] void report_uncaught(const Exception* exception);

}  // namespace poprt

extern "C" {
extern poprt::Exception poprt_null_pointer_value, poprt_array_bounds_value, poprt_divide_by_zero_value,
    poprt_union_variant_value, poprt_out_of_memory_value;
}

#endif
