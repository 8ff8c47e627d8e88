// Checks the result of register allocation by following values symbolically, independently of how it was found.
//
// Every general register and frame place is mapped to the set of values (virtual registers, constants, contents of
// general registers) that it holds; moves copy sets, definitions replace them, a join keeps what all predecessors agree
// on, to a fixed point. Each operand of each original instruction must then be found in the place that the rewritten one
// reads. Checked: operands, arguments of calls in their registers, block arguments, values across calls and into pads.
// Not checked: frame layout, encodings.
#pragma once

#include <string>

#include "codegen/mir.h"

namespace codegen {

// `before` is the function as it was given to allocate_registers, `after` its result. Empty: correct.
std::string check_allocation(const mir::Function& before, const mir::Function& after);

} // namespace codegen
