// Id: identifiers as compilers use them, a name and a number. Two are equal if both are.
#ifndef ID_H
#define ID_H
#include "core.h"
prefix Id {
open Id {

// The type of identifiers, abstract.
extern id;

// The identifier of a name and a number.
extern Id::id id_make(string name, int number);
// An identifier with a number that no call has given before; the second one with the name of another one.
extern Id::id id_new(string name);
extern Id::id id_renew(Id::id x);
// The one with the number -1.
extern Id::id id_of_string(string name);
// The same as id_new.
extern Id::id id_unique(string name);

// name$number
extern string id_to_string(Id::id x);
// Writes the same.
extern void id_prn(FILE f, Id::id x);
// The name.
extern string id_to_source(Id::id x);
// -1, 0 or 1: a total order.
extern int id_compare(Id::id x, Id::id y);

}}
#endif
