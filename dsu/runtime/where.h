// Where the program is while it reaches no update point: `popctl why-blocked`.
#pragma once

#include <sys/types.h>

#include "dsu/format/protocol.h"

namespace dsu {

// Asked by the helper thread about the program's thread, which goes on meanwhile; no module may be registered during the call.
Where find_where(pid_t program_thread);

} // namespace dsu
