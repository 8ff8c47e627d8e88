// The part of an update that happens at an update point, on the program's own thread: transform and commit.
//
//   register   the unwinder and the collector learn of the patch's modules
//   transform  init() of each module, in order, below a boundary that catches exceptions
//   commit     call sites and entries are rewritten, the tables of names are swapped
//
// An exception that leaves an init() ends the update before the commit: no binding, entry or call site has changed, though
// what init() itself did stays done (R46).
#pragma once

#include "dsu/runtime/prepare.h"
#include "stdlib/runtime/unwind.h"

namespace dsu {

// Carries out `update`, or says in `refusal` why not. In both cases the modules stay mapped and registered.
[[nodiscard]] bool run_transaction(Program& program, PreparedUpdate& update, const poprt::Registers& registers,
                                   Refusal& refusal);

// Adds the modules of an update that replaces nothing: no transformer runs, no call site changes. Needs no update point.
[[nodiscard]] bool add_modules(Program& program, PreparedUpdate& update, Refusal& refusal);

// "NAME(payload)", as the message of an uncaught exception shows it.
std::string describe_exception(const poprt::Exception& exception);

}  // namespace dsu
