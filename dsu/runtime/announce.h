// Tells debuggers and profilers of code that was loaded later.
//
// gdb: its JIT interface, a list of object files in memory (gdb manual, "JIT Compilation Interface"); always, because a debugger may
// come at any time. perf: the file /tmp/perf-PID.map (Linux, tools/perf/Documentation/jit-interface.txt); only if the environment
// variable POPCORN_PERF_MAP is set when the program starts, because files are to be asked for. Neither is relied on by anything.
#pragma once

#include <memory>
#include <span>

#include "dsu/runtime/program.h"

struct jit_code_entry;

namespace dsu {

struct FreeAnnouncement {
  void operator()(jit_code_entry* entry) const;
};
using Announcement = std::unique_ptr<jit_code_entry, FreeAnnouncement>;

// Everything that takes time, for the helper thread, when the module has its addresses. `object` is the file that it was verified from;
// the announcement has a copy. Null if there is no memory for it: then gdb is not told.
Announcement prepare_announcement(const LoadedModule& module, std::span<const uint8_t> object);
// On the program's thread, before the code runs. Kept for ever.
void announce(Announcement announcement);

} // namespace dsu
