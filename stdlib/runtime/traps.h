// Faults of verified code. Verified code has no access that can fault, apart from running out of stack; everything else that
// arrives here is a broken invariant and ends the process with a clear message.
#ifndef STDLIB_RUNTIME_TRAPS_H
#define STDLIB_RUNTIME_TRAPS_H

namespace poprt {

// Call on the main thread, before the first verified code runs.
void install_fault_handlers();

}  // namespace poprt

#endif
