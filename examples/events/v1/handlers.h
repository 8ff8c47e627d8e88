// What to do with a request: a table of functions, looked up by verb.
#ifndef HANDLERS_H
#define HANDLERS_H
#include "event.h"
prefix Handlers {
open Handlers {

extern struct handler {
  const string verb;
  void run(Event::event);
}

extern handler table[];

// The handler for a verb; the last one, for `other`, if there is none.
extern handler find(string verb);

}}
#endif
