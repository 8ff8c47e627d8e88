// Small improvements after register allocation, on general registers.
#pragma once

#include "codegen/mir.h"

namespace codegen {

// A copy followed by an addition becomes one lea, where the copy could not be avoided:
//   mov d, a; add d, i    ->  lea d, [a + i]
//   mov d, a; add d, b    ->  lea d, [a + b]
//   mov d, a; shl d, 1    ->  lea d, [a + a]
// Nothing reads the flags of these additions: selection reads flags only from compares and tests.
void use_lea(mir::Function& function);

} // namespace codegen
