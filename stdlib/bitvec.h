// Bitvec: sets of small numbers as vectors of bits, 32 to an int. A vector has as many bits as its array has room for: the size it was
// made for, rounded up to a multiple of 32. A position outside raises ArrayBounds; vectors that meet must have one length, or
// Core::InvalidArg is raised.
#ifndef BITVEC_H
#define BITVEC_H
#include "core.h"
#include "list.h"
#include "dict.h"
#include "set.h"

// The type of vectors.
#define BITVEC <int>array

prefix Bitvec {
open Bitvec {

// Is a bit set? Sets it; clears it.
extern bool get(BITVEC v, int pos);
extern void set(BITVEC v, int pos);
extern void clear(BITVEC v, int pos);
// Sets a bit and tells what it was.
extern bool get_and_set(BITVEC v, int pos);

// What is in either, in both, in x but not in y; dest may be one of them.
extern void union_two(BITVEC dest, BITVEC x, BITVEC y);
extern void intersect_two(BITVEC dest, BITVEC x, BITVEC y);
extern void diff_two(BITVEC dest, BITVEC x, BITVEC y);
// Are all bits alike?
extern bool compare_two(BITVEC x, BITVEC y);
// Are the first n bits set?
extern bool all_set(BITVEC v, int n);

// Vectors for n bits, all clear or all set; a copy.
extern BITVEC new_empty(int n);
extern BITVEC new_full(int n);
extern BITVEC new_copy(BITVEC v);
extern void clear_all(BITVEC v);
extern void set_all(BITVEC v);
// A vector for n bits, the same as far as both reach, clear beyond.
extern BITVEC resize(BITVEC v, int n);
// Clear the bits after a position; those before it.
extern void clear_above(BITVEC v, int pos);
extern void clear_below(BITVEC v, int pos);

// The first set bit from a position on, the last one up to it; -1 if there is none.
extern int next(BITVEC v, int pos);
extern int prev(BITVEC v, int pos);

// A vector for n bits in which f(what d has for x) is set for each x of a list. Raises Dict::Absent.
extern BITVEC from_list<a,b>(<a,b>Dict::dict d, int f(b), int n, <a>List::list l);
// Those of the first n bits that are set, ascending.
extern <int>List::list to_sorted_list(BITVEC v, int n);
// Prints a digit for each bit, the first one first.
extern void print_bvec(BITVEC v);

}}
#endif
