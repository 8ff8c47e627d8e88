// DLList: lists linked both ways: a cell can be taken out of its list in constant time, without knowing the list. null is the empty list.
//
// A list begins at a place that refers to its first cell: a tuple `*(<a>DLList::dllist)` of one component, which a cell's `prev` is, too.
#ifndef DLLIST_H
#define DLLIST_H
prefix DLList {
open DLList {

// A cell: its element, the cell after it, and the place that refers to it: the `tl` of the cell before it, or where the list begins.
extern ?struct <a>dllist { a hd; <a>DLList::dllist tl; *(<a>DLList::dllist) prev; }

// What excise raises when there is no cell.
extern exception DLList_empty;

// Puts a new cell at a place, before what was there.
extern void cons<a>(a x, *(<a>DLList::dllist) place);
// Takes a cell out of its list; its `tl` stays. A cell that is in no list stays so.
extern void excise<a>(<a>DLList::dllist x);
// Takes the first cell from l on out whose element is x, by a function that returns 0 for what is equal.
extern void rm<a>(<a>DLList::dllist l, a x, int cmp(a,a));
// Calls f with each element from x on, in order. f may take that element's cell out.
extern void iter<a>(void f(a), <a>DLList::dllist x);
// The number of elements from x on.
extern int length<a>(<a>DLList::dllist x);

}}
#endif
