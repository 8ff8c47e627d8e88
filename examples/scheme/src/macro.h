// Macros by syntax-rules. Names that a macro puts in are aliases: what they bind, nobody else sees, and what they do not bind is what it
// was without the macro.
#ifndef SCHEME_MACRO_H
#define SCHEME_MACRO_H
#include "value.h"
prefix Macro {
open Macro {

open Value;

// Of (syntax-rules (literal ...) (pattern template) ...).
extern macro from_rules(value rules);
extern value expand(macro m, value form);

}}
#endif
