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

// Plug-ins need the checker, which only updateable programs carry.
POPRT_THROWING(uint64_t, Dlpop__load, (const poprt::PointerArray*, poprt::PointerArray*)) { return 3; }
POPRT_THROWING(poprt::String*, Dlpop__problem, ()) { return poprt::new_string_from("the program was not linked with `popc -dsu`"); }
POPRT_THROWING(uint64_t, Dlpop__find, (const poprt::String*, const poprt::String*, const void*)) { return 1; }
POPRT_THROWING(uint64_t, Dlpop__value, (const poprt::String*, const poprt::String*, const void*)) {
  poprt::raise_invalid_argument("dlsym");
  return 0;
}
POPRT_THROWING(void, Dlpop__close, (const poprt::String*)) {}
POPRT_THROWING(uint64_t, Dlpop__find_updated, (uint64_t, const void*, const void*)) { return 1; }
POPRT_THROWING(uint64_t, Dlpop__updated, (uint64_t, const void*, const void*)) {
  poprt::raise_invalid_argument("updated_sym");
  return 0;
}
POPRT_THROWING(poprt::PointerArray*, Dlpop__names, (const poprt::String*)) { return poprt::new_pointer_array(0); }
