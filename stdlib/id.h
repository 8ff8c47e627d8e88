// Id: identifiers as compilers use them, a name and a number. Two are equal if both are.
#ifndef ID_H
#define ID_H
#include "core.h"
prefix Id {
open Id {

// The type of identifiers, abstract.
extern id;

// The identifier of a name and a number.
extern id id_make(string name, int number);
// An identifier with a number that no call has given before; the second one with the name of another one.
extern id id_new(string name);
extern id id_renew(id x);
// The one with the number -1.
extern id id_of_string(string name);
// The same as id_new.
extern id id_unique(string name);

// name$number
extern string id_to_string(id x);
// Writes the same.
extern void id_prn(FILE f, id x);
// The name.
extern string id_to_source(id x);
// -1, 0 or 1: a total order.
extern int id_compare(id x, id y);

}}
#endif
