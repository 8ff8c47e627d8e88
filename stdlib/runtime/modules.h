// The modules of the running program: which one an address belongs to, and the records of its call sites.
//
// Read by the unwinder at every raise, so look-ups never allocate: two binary searches, or one probe for a return address that
// this thread has looked up lately. Modules are added at start-up and by the patch loader and never removed (R46).
#ifndef STDLIB_RUNTIME_MODULES_H
#define STDLIB_RUNTIME_MODULES_H

#include <cstdint>

#include "tal/link/image.h"

namespace poprt {

struct CallSite {
  const tal_module* module = nullptr;
  const tal_record* record = nullptr;
  explicit operator bool() const { return record != nullptr; }
  const uint8_t* pad() const;  // null: none
};

// `module` must stay valid for ever. False when it overlaps a registered one or there is no memory. Not thread-safe.
bool register_module(const tal_module* module);

const tal_module* find_module(const void* address);          // by text
CallSite find_call_site(const void* return_address);
CallSite find_trap_site(const void* instruction);           // for signal handlers

// For messages; "?" and 0 where nothing is known.
struct SourcePosition {
  const char* function = "?";
  const char* file = "?";
  uint32_t line = 0;
};
SourcePosition describe_call_site(const void* return_address);
SourcePosition describe_address(const void* address);       // any instruction: its function, and the line of the next call

const tal_exception_name* find_exception(const void* name);

}  // namespace poprt

#endif
