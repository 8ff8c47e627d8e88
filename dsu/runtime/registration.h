// What the runtime has to know of a loaded module: the record for the unwinder and for messages.
#pragma once

#include "dsu/runtime/program.h"

namespace dsu {

// Points into `module`, which must stay where it is; never freed.
tal_module* make_module_record(const LoadedModule& module);

}  // namespace dsu
