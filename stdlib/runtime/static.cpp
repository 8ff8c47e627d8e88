// What a program that is not updateable has in place of dsu/runtime. An archive of its own (libpopstatic.a), linked when
// libpopdsu.a is not.
#include "stdlib/runtime/calls.h"

extern "C" void poprt_start_updates(const tal_program*) {}

// An update point where nothing is ever pending.
extern "C" void __tal_update() {}
