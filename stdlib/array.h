// Array: sorting.
//
// One function for arrays of every element type. Elements are dense: a char[] is sorted in place, byte by byte.
#ifndef ARRAY_H
#define ARRAY_H
prefix Array {
open Array {

// Sorts the `len` elements from number `ofs` on, in place. `cmp(x, y)` is negative if x belongs before y, positive if behind, 0 if that does not
// matter; elements that are equal by it may change places. About n log n calls, whatever the order. A `cmp` that contradicts itself gives some order.
// Raises Core::InvalidArg if these are not elements of the array.
extern void qsort<a>(int cmp(a,a), a[], int ofs, int len);

}}
#endif
