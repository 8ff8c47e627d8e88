// From the runtime into verified code (entry.S), and what an updateable program adds.
//
// No native calls back. One that did would have to be known to abandon() in traps.h, which gives up all frames above the boundary.
#ifndef STDLIB_RUNTIME_CALLS_H
#define STDLIB_RUNTIME_CALLS_H

#include <cstdint>

#include "stdlib/runtime/value.h"
#include "tal/link/image.h"

extern "C" {
// `function`: the address of a verified function of at most one word argument. An exception that leaves it ends the program.
uint64_t poprt_call(const void* function, uint64_t argument);
// The same; *exception is the exception that left it, or null.
uint64_t poprt_call_catching(const void* function, uint64_t argument, poprt::Exception** exception);

// Called once before the program starts. Updateable programs get it from dsu/runtime, others from static.cpp, where it does
// nothing.
void poprt_start_updates(const tal_program* program);
}

#endif
