// What has been counted so far, per kind of request and for all of them.
#ifndef STATISTICS_H
#define STATISTICS_H
#include "event.h"
prefix Statistics {
open Statistics {

extern struct total {
  const string name;
  int count;
  int bytes;
  int errors;
  int largest;
}

extern total totals[];
// The total with the most requests: one of `totals`, not a copy of it.
extern total busiest;

// The total called `name`; the last one, `other`, if there is none.
extern total find(string name);
// Counts the request; true if it failed.
extern bool add(total t, Event::event e);
extern void rank(total t);
extern int average(total t);
extern void print(total t);

}}
#endif
