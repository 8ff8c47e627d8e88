// List: linked lists with mutable fields; null is the empty list.
//
// A name with _c takes an extra value that is passed to the function first (an environment).
#ifndef LIST_H
#define LIST_H
#include "core.h"
prefix List {
open List {

// A cell: the first element and the rest.
extern ?struct <a>list { a hd; <a>List::list tl; }

// No element; lists of different lengths; no element of that number.
extern exception List_empty;
extern exception List_mismatch;
extern exception Nth;

// The number of elements; a new cell in front.
extern int length<a>(<a>List::list x);
extern <a>List::list cons<a>(a hd, <a>List::list tl);
// The first element; the others. Raise List_empty.
extern a hd<a>(<a>List::list x);
extern <a>List::list tl<a>(<a>List::list x);
// New cells with the same elements.
extern <a>List::list copy<a>(<a>List::list x);

// f of each element, in order.
extern <b>List::list map<a,b>(b f(a), <a>List::list x);
extern <b>List::list map_c<a,b,c>(b f(c,a), c env, <a>List::list x);
// f of the elements of two lists, pair by pair. Raises List_mismatch.
extern <c>List::list map2<a,b,c>(c f(a,b), <a>List::list x, <b>List::list y);

// Call f with each element, in order; app drops the results. The functions of two lists raise List_mismatch.
extern void app<a,b>(b f(a), <a>List::list x);
extern void app_c<a,b,c>(c f(a,b), a env, <b>List::list x);
extern void app2<a,b,c>(c f(a,b), <a>List::list x, <b>List::list y);
extern void app2_c<a,b,c,d>(d f(a,b,c), a env, <b>List::list x, <c>List::list y);
extern void iter<a>(void f(a), <a>List::list x);
extern void iter_c<a,b>(void f(b,a), b env, <a>List::list x);
extern void iter2<a,b>(void f(a,b), <a>List::list x, <b>List::list y);
extern void iter2_c<a,b,c>(void f(c,a,b), c env, <a>List::list x, <b>List::list y);

// f(..f(f(start, x0), x1).., xn)
extern a fold_left<a,b>(a f(a,b), a start, <b>List::list x);
extern a fold_left_c<a,b,c>(a f(c,a,b), c env, a start, <b>List::list x);
// f(x0, f(x1, ..f(xn, start)..)); the stack grows with the list.
extern b fold_right<a,b>(b f(a,b), <a>List::list x, b start);
extern b fold_right_c<a,b,c>(b f(c,a,b), c env, <a>List::list x, b start);

// The elements in the opposite order.
extern <a>List::list rev<a>(<a>List::list x);
// Reverses the list itself.
extern <a>List::list imp_rev<a>(<a>List::list x);
// The reverse of x, then y.
extern <a>List::list revappend<a>(<a>List::list x, <a>List::list y);
// x, then y, whose cells are shared.
extern <a>List::list append<a>(<a>List::list x, <a>List::list y);
// Changes the end of x.
extern <a>List::list imp_append<a>(<a>List::list x, <a>List::list y);
// All of the lists one after the other.
extern <a>List::list flatten<a>(<<a>List::list>List::list x);

// Sorting by a function that returns a number <= 0 when its first argument comes first. Stable.
extern <a>List::list merge_sort<a>(int le(a,a), <a>List::list x);
extern <a>List::list merge_sort_c<a,b>(int le(b,a,a), b env, <a>List::list x);
extern <a>List::list merge<a>(int le(a,a), <a>List::list x, <a>List::list y);
extern <a>List::list merge_c<a,b>(int le(b,a,a), b env, <a>List::list x, <a>List::list y);

// Element n, from 0; raises Nth.
extern a nth<a>(<a>List::list x, int n);
// Do all (does any) of the elements satisfy pred?
extern bool forall<a>(bool pred(a), <a>List::list x);
extern bool forall_c<a,b>(bool pred(a,b), a env, <b>List::list x);
extern bool exists<a>(bool pred(a), <a>List::list x);
extern bool exists_c<a,b>(bool pred(a,b), a env, <b>List::list x);

// Pairs of two lists, and back; zip raises List_mismatch.
extern <*(a,b)>List::list zip<a,b>(<a>List::list x, <b>List::list y);
extern *(<a>List::list,<b>List::list) split<a,b>(<*(a,b)>List::list x);
extern *(<a>List::list,<b>List::list,<c>List::list) split3<a,b,c>(<*(a,b,c)>List::list x);

// Is x an element, by identity?
extern bool memq<a>(<a>List::list l, a x);
// The same by a function that returns 0 for what is equal.
extern bool mem<a>(int cmp(a,a), <a>List::list l, a x);
// Remove the first such element from the list itself.
extern <a>List::list rmq<a>(<a>List::list l, a x);
extern <a>List::list rm<a>(<a>List::list l, a x, int cmp(a,a));

// What stands beside x in a list of pairs; raise Core::Not_found. mem_assoc only asks whether something does.
extern b assoc<a,b>(<*(a,b)>List::list l, a x);
extern b assoc_cmp<a,b>(int cmp(a,a), <*(a,b)>List::list l, a x);
extern bool mem_assoc<a,b>(<*(a,b)>List::list l, a x);

// An element of a sorted list that is there twice, or null.
extern <c>Core::Opt check_unique<c>(int cmp(c,c), <c>List::list x);

// A new array of the elements; a list of the elements of an array.
extern a to_array<a>(<a>List::list x)[];
extern <a>List::list from_array<a>(a[]);

// What is left when the elements that satisfy pred are REMOVED, in order.
extern <a>List::list filter<a>(bool pred(a), <a>List::list x);
extern <a>List::list filter_c<a,b>(bool pred(b,a), b env, <a>List::list x);
// Those that satisfy pred, and the others; both in order.
extern *(<a>List::list,<a>List::list) split_filter<a>(bool pred(a), <a>List::list x);
extern *(<a>List::list,<a>List::list) split_filter_c<a,b>(bool pred(b,a), b env, <a>List::list x);

// f(0), f(1), .. f(n-1); none if n is not positive.
extern <a>List::list tabulate<a>(int n, a f(int));
extern <a>List::list tabulate_c<a,b>(int n, a f(b,int), b env);

}}
#endif
