// Hashtable: tables from keys to values, changed in place. A key may have several bindings; the most recent one counts and hides
// the others. Operations take constant time on average: a table that gets full doubles.
#ifndef HASHTABLE_H
#define HASHTABLE_H
#include "core.h"
prefix Hashtable {
open Hashtable {

// The type of tables, abstract.
extern table<a,b>;

// A table for about so many bindings at first. cmp returns 0 for keys that are equal; such keys have the same hash, any int.
extern <a,b>Hashtable::table create<a,b>(int wanted, int cmp(a,a), int hash(a));
extern void insert<a,b>(<a,b>Hashtable::table t, a key, b value);
// The most recent value of a key; raises Core::Not_found.
extern b lookup<a,b>(<a,b>Hashtable::table t, a key);
// The same, or null.
extern <b>Core::Opt lookup_opt<a,b>(<a,b>Hashtable::table t, a key);
// Removes the most recent binding of a key, if there is one.
extern void remove<a,b>(<a,b>Hashtable::table t, a key);
// How many bindings there are.
extern int length<a,b>(<a,b>Hashtable::table t);

// A hash of the bytes of a string.
extern int hash_string(string s);
// Calls for every binding, the hidden ones too, those of one key from the most recent on. f must not change the table.
extern void iter<a,b>(void f(a,b), <a,b>Hashtable::table t);
// A table of the same keys with f of their values, the hidden ones too.
extern <a,c>Hashtable::table map<a,b,c>(c f(b), <a,b>Hashtable::table t);
// Prints what is in which bucket, for looking at hash functions.
extern void print_table_map<a,b>(<a,b>Hashtable::table t, void print_key(a), void print_value(b));

}}
#endif
