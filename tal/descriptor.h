// Allocation descriptors and what the runtime is told of exception payloads, both made from types by the linker and the loader.
#pragma once

#include "tal/image.h"
#include "tal/types.h"

namespace tal {

// For the type of a symbol of kind Desc: `ptr T`, `arr t` or `exn`. False if T has no layout.
[[nodiscard]] bool make_descriptor(TypeTable& types, TypeId type, tal_descriptor& descriptor);

// For the type of a symbol of kind ExnName.
tal_payload payload_kind(const TypeTable& types, TypeId exn_name);

} // namespace tal
