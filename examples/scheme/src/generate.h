// From expressions to the machine's instructions.
#ifndef SCHEME_GENERATE_H
#define SCHEME_GENERATE_H
#include "value.h"
#include "syntax.h"
prefix Generate {
open Generate {

open Value;

// A procedure without parameters whose result is the value of the expression.
extern closure program(Syntax::expr e);
// One of the given instructions, for the machine itself.
extern closure raw(string name, int ops[]);
// Instructions as text.
extern string listing(code c);

}}
#endif
