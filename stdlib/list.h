// List: linked lists with mutable fields; null is the empty list.
//
// A name with _c takes an extra value that is passed to the function first (an environment).
#ifndef LIST_H
#define LIST_H
#include "core.h"
prefix List {
open List {

// A cell: the first element and the rest.
extern ?struct <a>list { a hd; <a>list tl; }

// No element; lists of different lengths; no element of that number.
extern exception List_empty;
extern exception List_mismatch;
extern exception Nth;

// The number of elements; a new cell in front.
extern int length<a>(<a>list x);
extern <a>list cons<a>(a hd, <a>list tl);
// The first element; the others. Raise List_empty.
extern a hd<a>(<a>list x);
extern <a>list tl<a>(<a>list x);
// New cells with the same elements.
extern <a>list copy<a>(<a>list x);

// f of each element, in order.
extern <b>list map<a,b>(b f(a), <a>list x);
extern <b>list map_c<a,b,c>(b f(c,a), c env, <a>list x);
// f of the elements of two lists, pair by pair. Raises List_mismatch.
extern <c>list map2<a,b,c>(c f(a,b), <a>list x, <b>list y);

// Call f with each element, in order; app drops the results. The functions of two lists raise List_mismatch.
extern void app<a,b>(b f(a), <a>list x);
extern void app_c<a,b,c>(c f(a,b), a env, <b>list x);
extern void app2<a,b,c>(c f(a,b), <a>list x, <b>list y);
extern void app2_c<a,b,c,d>(d f(a,b,c), a env, <b>list x, <c>list y);
extern void iter<a>(void f(a), <a>list x);
extern void iter_c<a,b>(void f(b,a), b env, <a>list x);
extern void iter2<a,b>(void f(a,b), <a>list x, <b>list y);
extern void iter2_c<a,b,c>(void f(c,a,b), c env, <a>list x, <b>list y);

// f(..f(f(start, x0), x1).., xn)
extern a fold_left<a,b>(a f(a,b), a start, <b>list x);
extern a fold_left_c<a,b,c>(a f(c,a,b), c env, a start, <b>list x);
// f(x0, f(x1, ..f(xn, start)..)); the stack grows with the list.
extern b fold_right<a,b>(b f(a,b), <a>list x, b start);
extern b fold_right_c<a,b,c>(b f(c,a,b), c env, <a>list x, b start);

// The elements in the opposite order.
extern <a>list rev<a>(<a>list x);
// Reverses the list itself.
extern <a>list imp_rev<a>(<a>list x);
// The reverse of x, then y.
extern <a>list revappend<a>(<a>list x, <a>list y);
// x, then y, whose cells are shared.
extern <a>list append<a>(<a>list x, <a>list y);
// Changes the end of x.
extern <a>list imp_append<a>(<a>list x, <a>list y);
// All of the lists one after the other.
extern <a>list flatten<a>(<<a>list>list x);

// Sorting by a function that returns a number <= 0 when its first argument comes first. Stable.
extern <a>list merge_sort<a>(int le(a,a), <a>list x);
extern <a>list merge_sort_c<a,b>(int le(b,a,a), b env, <a>list x);
extern <a>list merge<a>(int le(a,a), <a>list x, <a>list y);
extern <a>list merge_c<a,b>(int le(b,a,a), b env, <a>list x, <a>list y);

// Element n, from 0; raises Nth.
extern a nth<a>(<a>list x, int n);
// Do all (does any) of the elements satisfy pred?
extern bool forall<a>(bool pred(a), <a>list x);
extern bool forall_c<a,b>(bool pred(a,b), a env, <b>list x);
extern bool exists<a>(bool pred(a), <a>list x);
extern bool exists_c<a,b>(bool pred(a,b), a env, <b>list x);

// Pairs of two lists, and back; zip raises List_mismatch.
extern <*(a,b)>list zip<a,b>(<a>list x, <b>list y);
extern *(<a>list,<b>list) split<a,b>(<*(a,b)>list x);
extern *(<a>list,<b>list,<c>list) split3<a,b,c>(<*(a,b,c)>list x);

// Is x an element, by identity?
extern bool memq<a>(<a>list l, a x);
// The same by a function that returns 0 for what is equal.
extern bool mem<a>(int cmp(a,a), <a>list l, a x);
// Remove the first such element from the list itself.
extern <a>list rmq<a>(<a>list l, a x);
extern <a>list rm<a>(<a>list l, a x, int cmp(a,a));

// What stands beside x in a list of pairs; raise Core::Not_found. mem_assoc only asks whether something does.
extern b assoc<a,b>(<*(a,b)>list l, a x);
extern b assoc_cmp<a,b>(int cmp(a,a), <*(a,b)>list l, a x);
extern bool mem_assoc<a,b>(<*(a,b)>list l, a x);

// An element of a sorted list that is there twice, or null.
extern <c>Core::Opt check_unique<c>(int cmp(c,c), <c>list x);

// A new array of the elements; a list of the elements of an array.
extern a to_array<a>(<a>list x)[];
extern <a>list from_array<a>(a[]);

// What is left when the elements that satisfy pred are REMOVED, in order.
extern <a>list filter<a>(bool pred(a), <a>list x);
extern <a>list filter_c<a,b>(bool pred(b,a), b env, <a>list x);
// Those that satisfy pred, and the others; both in order.
extern *(<a>list,<a>list) split_filter<a>(bool pred(a), <a>list x);
extern *(<a>list,<a>list) split_filter_c<a,b>(bool pred(b,a), b env, <a>list x);

// f(0), f(1), .. f(n-1); none if n is not positive.
extern <a>list tabulate<a>(int n, a f(int));
extern <a>list tabulate_c<a,b>(int n, a f(b,int), b env);

}}
#endif
