// The machine that runs generated code: an accumulator, a stack of values and a stack of frames.
#ifndef SCHEME_MACHINE_H
#define SCHEME_MACHINE_H
#include "value.h"
prefix Machine {
open Machine {

open Value;

// The value of a form at the top level. Raises Thrown with what no handler of the program took.
extern value evaluate(value form);
// A procedure with its arguments.
extern value apply(value procedure, value arguments[]);

// How many words the stack of values may have.
extern int stack_limit;
// Calls of primitives that generated code does by itself, until the program redefines one of them.
extern void inline_primitives();
// How many calls of procedures there have been.
extern long calls;

}}
#endif
