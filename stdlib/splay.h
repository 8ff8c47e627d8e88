// Splay: binary search trees that bring what is looked for to the top, so that what is used often is found fast: a logarithmic number
// of steps on average over any sequence of uses.
#ifndef SPLAY_H
#define SPLAY_H
prefix Splay {
open Splay {

// A tree: nothing, or a cell that holds its top node.
extern union <a,b>tree {
  void Leaf;
  <a,b>Splay::noderef Node;
}
// The cell of a tree's top node.
extern struct <a,b>noderef { <a,b>Splay::node v; }
// A node: what is left of it comes before its key.
extern struct <a,b>node {
  a key;
  b data;
  <a,b>Splay::tree left;
  <a,b>Splay::tree right;
}

// Makes the node of a key, or of the last key met on the way to it, the top node. Was the key found? cmp returns a negative number,
// 0 or a positive number.
extern bool splay<a,b>(int cmp(a,a), a key, <a,b>Splay::tree t);

}}
#endif
