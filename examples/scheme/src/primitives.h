// Procedures that are written in Popcorn, by subject.
#ifndef SCHEME_PRIMITIVES_H
#define SCHEME_PRIMITIVES_H
#include "value.h"
prefix Primitives {
open Primitives {

open Value;

// Defines a global variable that holds a primitive.
extern void define(string name, int least, int most, routine run);
extern void define_all(*(string, int, int, routine) table[]);

extern void numbers();
extern void lists();
extern void texts();
extern void control();
extern void input_output();

// Of all subjects.
extern void install();

}}
#endif
