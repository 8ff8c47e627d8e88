// Set: finite sets over elements with a total order. A set never changes: operations make new ones, which share most of the old,
// in logarithmic time; those of two sets take little more than the smaller one asks for. A comparison function returns a negative
// number, 0 or a positive number; two sets that meet must have the same.
#ifndef SET_H
#define SET_H
#include "list.h"
prefix Set {
open Set {

// The type of sets, abstract.
extern set<a>;

// What choose raises when there is no element.
extern exception Absent;

// The set of nothing, of one element, of the elements of a list.
extern <a>Set::set empty<a>(int cmp(a,a));
extern <a>Set::set singleton<a>(int cmp(a,a), a x);
extern <a>Set::set from_list<a>(int cmp(a,a), <a>List::list l);

// With an element; the same set if it is there.
extern <a>Set::set insert<a>(<a>Set::set s, a x);
// Without an element; the same set if it is not there.
extern <a>Set::set delete<a>(<a>Set::set s, a x);
extern <a>Set::set union_two<a>(<a>Set::set s, <a>Set::set t);
extern <a>Set::set intersect<a>(<a>Set::set s, <a>Set::set t);
// What is in s but not in t.
extern <a>Set::set diff<a>(<a>Set::set s, <a>Set::set t);

// How many elements there are, in constant time.
extern int cardinality<a>(<a>Set::set s);
extern bool is_empty<a>(<a>Set::set s);
extern bool member<a>(<a>Set::set s, a x);
// Is every element of s in t?
extern bool subset<a>(<a>Set::set s, <a>Set::set t);
// A total order of sets: that of their ascending lists of elements, as words are ordered in a dictionary. 0 if they are equal.
extern int compare<a>(<a>Set::set s, <a>Set::set t);
extern bool equals<a>(<a>Set::set s, <a>Set::set t);

// All elements, ascending.
extern <a>List::list elements<a>(<a>Set::set s);
// f(x0, f(x1, .. f(xn, start))), ascending; with _c an environment goes first.
extern b fold<a,b>(b f(a,b), <a>Set::set s, b start);
extern b fold_c<a,b,c>(b f(c,a,b), c env, <a>Set::set s, b start);
// Calls for every element, ascending; app drops the results.
extern void app<a,b>(b f(a), <a>Set::set s);
extern void iter<a>(void f(a), <a>Set::set s);
extern void iter_c<a,c>(void f(c,a), c env, <a>Set::set s);
// The least element; raises Absent.
extern a choose<a>(<a>Set::set s);

}}
#endif
