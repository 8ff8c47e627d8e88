// TAL annotations of one emitted function: label records, exception ranges, instantiations, lines of call sites.
#pragma once

#include "codegen/allocation.h"
#include "codegen/block_order.h"
#include "codegen/emit.h"
#include "codegen/facts.h"
#include "tal/object.h"

namespace codegen {

// `base` is the function's offset in .text. Line entries get the number of their file as it is in the source locations.
void annotate(const mir::Function& function, const AllocatedFunction& allocated, const EmittedFunction& emitted,
              const std::vector<ValueFact>& facts, const Dominators& dominators, uint32_t base, tal::ObjectAnnotations& annotations);

} // namespace codegen
