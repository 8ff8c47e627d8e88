// Xarray: arrays that grow.
//
// Elements are numbered from 0. Reading or writing beyond the length raises Core::InvalidArg. Adding takes constant time on average; the room that an
// array once took stays with it.
#ifndef XARRAY_H
#define XARRAY_H
prefix Xarray {
open Xarray {

// The type of growing arrays, abstract.
extern xarray<a>;

// How many elements there are.
extern int length<a>(<a>Xarray::xarray x);
// Element number i, and a new value for it.
extern a get<a>(<a>Xarray::xarray x, int i);
extern void set<a>(<a>Xarray::xarray x, int i, a v);

// No element, with room for `room` of them, which are `v` until they are added.
extern <a>Xarray::xarray create<a>(int room, a v);
// No element.
extern <a>Xarray::xarray create_empty<a>();
// One element, with room for `room`.
extern <a>Xarray::xarray singleton<a>(int room, a v);
// Puts an element at the end; add_ind says which number it got.
extern void add<a>(<a>Xarray::xarray x, a v);
extern int add_ind<a>(<a>Xarray::xarray x, a v);

// Copies of the elements.
extern a to_array<a>(<a>Xarray::xarray x)[];
extern <a>Xarray::xarray from_array<a>(a[]);
// A new array of the elements of x, then those of y.
extern <a>Xarray::xarray append<a>(<a>Xarray::xarray x, <a>Xarray::xarray y);
// Puts the elements of y at the end of x. They may be the same.
extern void imp_append<a>(<a>Xarray::xarray x, <a>Xarray::xarray y);

// Calls in order, the results are dropped. Elements that f adds get their call too. `_c`: with an environment.
extern void app<a,b>(b f(a), <a>Xarray::xarray x);
extern void app_c<a,b,c>(c f(a,b), a env, <b>Xarray::xarray x);
extern void iter<a>(void f(a), <a>Xarray::xarray x);
extern void iter_c<a,b>(void f(b,a), b env, <a>Xarray::xarray x);
// A new array of the results.
extern <b>Xarray::xarray map<a,b>(b f(a), <a>Xarray::xarray x);
extern <b>Xarray::xarray map_c<a,b,c>(b f(c,a), c env, <a>Xarray::xarray x);

// Takes all elements out; the room stays.
extern void reuse<a>(<a>Xarray::xarray x);
// Takes the last n elements out.
extern void delete<a>(<a>Xarray::xarray x, int n);
// Takes element number i out; those behind it move up.
extern void remove<a>(<a>Xarray::xarray x, int i);

}}
#endif
