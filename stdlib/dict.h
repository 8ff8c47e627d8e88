// Dict: finite maps from keys with a total order to data. A map never changes: inserting and deleting make new ones, which share
// most of the old, in logarithmic time. A comparison function returns a negative number, 0 or a positive number.
#ifndef DICT_H
#define DICT_H
#include "core.h"
#include "list.h"
prefix Dict {
open Dict {

// The type of maps, abstract.
extern dict<a,b>;

// A key that is there already; that is not there.
extern exception Present;
extern exception Absent;

// The map without keys, ordered by a comparison function.
extern <a,b>Dict::dict empty<a,b>(int cmp(a,a));
extern bool is_empty<a,b>(<a,b>Dict::dict d);
extern bool member<a,b>(<a,b>Dict::dict d, a key);
// How many keys there are, in constant time.
extern int cardinality<a,b>(<a,b>Dict::dict d);

// With a key's data; what it had before is replaced.
extern <a,b>Dict::dict insert<a,b>(<a,b>Dict::dict d, a key, b data);
// The same, but raises Present if the key is there.
extern <a,b>Dict::dict insert_new<a,b>(<a,b>Dict::dict d, a key, b data);
// insert for each pair of a list, in order.
extern <a,b>Dict::dict inserts<a,b>(<a,b>Dict::dict d, <*(a,b)>List::list pairs);
// The map of one key.
extern <a,b>Dict::dict singleton<a,b>(int cmp(a,a), a key, b data);

// The data of a key. Raises Absent; the second one returns null.
extern b lookup<a,b>(<a,b>Dict::dict d, a key);
extern <b>Core::Opt lookup_opt<a,b>(<a,b>Dict::dict d, a key);

// Without a key, which need not be there; the second one raises Absent then.
extern <a,b>Dict::dict delete<a,b>(<a,b>Dict::dict d, a key);
extern <a,b>Dict::dict delete_present<a,b>(<a,b>Dict::dict d, a key);

// f(k0, d0, f(k1, d1, .. f(kn, dn, start))), keys ascending; with _c an environment goes first.
extern c fold<a,b,c>(c f(a,b,c), <a,b>Dict::dict d, c start);
extern c fold_c<a,b,c,d>(c f(d,a,b,c), d env, <a,b>Dict::dict map, c start);

// Calls for every key, ascending; app drops the results.
extern void app<a,b,c>(c f(a,b), <a,b>Dict::dict d);
extern void app_c<a,b,c,d>(c f(d,a,b), d env, <a,b>Dict::dict map);
extern void iter<a,b>(void f(a,b), <a,b>Dict::dict d);
extern void iter_c<a,b,c>(void f(c,a,b), c env, <a,b>Dict::dict d);

// The same keys with f of their data.
extern <a,c>Dict::dict map<a,b,c>(c f(b), <a,b>Dict::dict d);
extern <a,c>Dict::dict map_c<a,b,c,d>(c f(d,b), d env, <a,b>Dict::dict map);

// The least key and its data; raises Absent if there is none.
extern *(a,b) choose<a,b>(<a,b>Dict::dict d);
// All of them, keys ascending.
extern <*(a,b)>List::list to_list<a,b>(<a,b>Dict::dict d);

}}
#endif
