// What the runtime has to know of a loaded module: the record for the unwinder and messages, descriptors for allocation.
#pragma once

#include "dsu/runtime/program.h"

namespace dsu {

// Points into `module`, which must stay where it is; never freed.
tal_module* make_module_record(const LoadedModule& module);

// `type`: `ptr T` or `arr t`, as of a symbol of kind Desc (R32, R36).
tal_descriptor make_descriptor(tal::TypeTable& types, tal::TypeId type);

}  // namespace dsu
