// Balanced: search trees that are never changed, from keys to data, balanced by weight. What Dict and Set are made of; their users need not know it.
//
// Every function but those that walk a whole tree takes a number of steps that grows as the logarithm of the size. The comparison
// function returns a negative number, 0 or a positive number, and must be the same for all trees that meet.
#ifndef BALANCED_H
#define BALANCED_H
#include "core.h"
#include "list.h"
prefix Balanced {
open Balanced {

// A tree; null is the empty one. `weight` counts its keys.
extern ?struct <a,b>tree {
  const a key;
  const b data;
  const <a,b>Balanced::tree left;
  const <a,b>Balanced::tree right;
  const int weight;
}

// What is less than a key, the key's own node or null, and what is greater.
extern struct <a,b>parts {
  const <a,b>Balanced::tree below;
  const <a,b>Balanced::tree at;
  const <a,b>Balanced::tree above;
}

// How many keys a tree has; null has none.
extern int count<a,b>(<a,b>Balanced::tree t);
// The node of a key, or null.
extern <a,b>Balanced::tree find<a,b>(int cmp(a,a), <a,b>Balanced::tree t, a key);
// With a key's data put in, or replaced.
extern <a,b>Balanced::tree insert<a,b>(int cmp(a,a), <a,b>Balanced::tree t, a key, b data);
// Without a key; the same tree if it is not there.
extern <a,b>Balanced::tree delete<a,b>(int cmp(a,a), <a,b>Balanced::tree t, a key);
// The nodes of the least and of the greatest key, or null.
extern <a,b>Balanced::tree least<a,b>(<a,b>Balanced::tree t);
extern <a,b>Balanced::tree greatest<a,b>(<a,b>Balanced::tree t);

// A tree of all nodes, when every key of `below` is less than key and every key of `above` greater.
extern <a,b>Balanced::tree join<a,b>(<a,b>Balanced::tree below, a key, b data, <a,b>Balanced::tree above);
// The same without a key between them.
extern <a,b>Balanced::tree join_two<a,b>(<a,b>Balanced::tree below, <a,b>Balanced::tree above);
extern <a,b>Balanced::parts split<a,b>(int cmp(a,a), <a,b>Balanced::tree t, a key);

// All keys of both, of both at once, of x but not of y. Data come from x.
extern <a,b>Balanced::tree unite<a,b>(int cmp(a,a), <a,b>Balanced::tree x, <a,b>Balanced::tree y);
extern <a,b>Balanced::tree intersect<a,b>(int cmp(a,a), <a,b>Balanced::tree x, <a,b>Balanced::tree y);
extern <a,b>Balanced::tree subtract<a,b>(int cmp(a,a), <a,b>Balanced::tree x, <a,b>Balanced::tree y);

// env goes first to f. In the order of keys; the fold begins with the greatest: f(env, k0, d0, f(env, k1, d1, .. start)).
extern void iter<a,b,c>(void f(c,a,b), c env, <a,b>Balanced::tree t);
extern d fold<a,b,c,d>(d f(c,a,b,d), c env, <a,b>Balanced::tree t, d start);
extern <a,c>Balanced::tree map<a,b,c,d>(c f(d,b), d env, <a,b>Balanced::tree t);

// The nodes from the least key on, one at a time: a list of what is still to come.
extern <<a,b>Balanced::tree>List::list nodes<a,b>(<a,b>Balanced::tree t);
extern <<a,b>Balanced::tree>List::list next<a,b>(<<a,b>Balanced::tree>List::list rest);

}}
#endif
