// What a program that is not updateable has in place of dsu/runtime. An archive of its own (libpopstatic.a), linked when
// libpopdsu.a is not.
#include "stdlib/runtime/calls.h"
#include "stdlib/runtime/raise.h"

extern "C" void poprt_start_updates(const tal_program*) {}

// An update point where nothing is ever pending.
extern "C" void __tal_update() {}
POPRT_NATIVE(void, Dsu__update_point, ()) {}

POPRT_THROWING(poprt::String*, Dsu__version, ()) { return poprt::new_string_from(""); }
POPRT_THROWING(poprt::String*, Dsu__last_error, ()) { return poprt::new_string_from(""); }
POPRT_NATIVE(uint64_t, Dsu__pending, ()) { return 0; }
POPRT_NATIVE(uint64_t, Dsu__updates, ()) { return 0; }
POPRT_NATIVE(uint64_t, Dsu__listen, (const poprt::String*)) { return 0; }
POPRT_NATIVE(uint64_t, Dsu__apply, (const poprt::String*)) { return 0; }
