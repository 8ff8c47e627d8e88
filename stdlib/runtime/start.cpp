// Start and end of a Popcorn program.
#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "stdlib/runtime/calls.h"
#include "stdlib/runtime/descriptors.h"
#include "stdlib/runtime/exceptions.h"
#include "stdlib/runtime/fatal.h"
#include "stdlib/runtime/memory.h"
#include "stdlib/runtime/modules.h"
#include "stdlib/runtime/streams.h"
#include "stdlib/runtime/system.h"
#include "stdlib/runtime/traps.h"
#include "stdlib/runtime/unwind.h"

using namespace poprt;

namespace {

void register_modules() {
  for (uint64_t i = 0; i < __tal_program.module_count; i++) {
    const tal_module& module = __tal_program.modules[i];
    if (!register_module(&module))
      fatal("modules overlap in memory");
    add_roots(module.data, module.data_size);
    add_roots(module.bss, module.bss_size);
  }
}

}  // namespace

int main(int argc, char** argv) {
  start_collector();
  register_modules();
  know_names(&__tal_program);
  install_fault_handlers();
  signal(SIGPIPE, SIG_IGN);  // a write to a closed connection is an error of that write
  hold_standard_descriptors();
  open_standard_streams();
  set_arguments(argc, argv);
  poprt_start_updates(&__tal_program);
  uint64_t argument = 0;
  if (__tal_program.entry_kind == TAL_ENTRY_INT_ARGS) {
    argument = reinterpret_cast<uint64_t>(argument_array());
    if (argument == 0)
      report_uncaught(&poprt_out_of_memory_value);
  }
  const uint64_t result = poprt_call(__tal_program.entry, argument);
  return __tal_program.entry_kind == TAL_ENTRY_IGNORE_RESULT ? 0 : to_int(result);
}
