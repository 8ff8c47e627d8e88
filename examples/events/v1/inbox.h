// A first-in first-out queue: what has been read but not handled yet.
#ifndef INBOX_H
#define INBOX_H
prefix Inbox {
open Inbox {

extern ?struct <a>node {
  const a item;
  <a>node next;
}

extern struct <a>inbox {
  <a>node first;
  <a>node last;
  int length;
}

extern exception Empty;

extern <a>inbox create<a>();
extern void put<a>(<a>inbox box, a item);
extern a take<a>(<a>inbox box);

}}
#endif
