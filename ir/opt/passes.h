// The optimisation passes: each a function on one function of a module, without state between runs, in a file of its own
// under ir/opt/. True: something changed. What each needs and breaks is in the table of ir/pipeline.cpp; how to add one, in
// docs/adding-a-pass.md.
#pragma once

#include "ir/ir.h"

namespace ir {

// Removes unreachable blocks, merges straight lines, turns branches on constants into jumps, passes over empty blocks.
bool simplify_cfg(Module& module, Function& function);
// Removes what only renames a value: parameters with one incoming value, conversions to the same type, checks of proven values.
bool propagate_copies(Module& module, Function& function);
// Computes operations on constants, applies algebraic identities, puts constants of commutative operations on the right.
bool fold_constants(Module& module, Function& function);
// Makes loops of functions whose only calls are of themselves, at their ends.
bool make_loops_of_recursion(Module& module, Function& function);
// Copies the bodies of small functions that call nothing to their calls.
bool inline_calls(Module& module, Function& function);
// Might that pass copy this function?
bool may_be_inlined(const Function& function);
// Dominator-based global value numbering; also removes repeated checks and loads.
bool number_values(Module& module, Function& function);
// Counts what a condition decides without a branch.
bool convert_ifs(Module& module, Function& function);
// Moves what a loop computes anew without need in front of it.
bool move_loop_invariants(Module& module, Function& function);
// Makes copies of loops that have no bounds checks, and tests in front of them that none would fail.
bool version_loops(Module& module, Function& function);
// Ends blocks behind checks that cannot succeed and decides branches whose outcome is known. Required: see known_facts.cpp.
bool use_known_facts(Module& module, Function& function);
// Removes instructions and block parameters whose results nobody needs.
bool eliminate_dead_code(Module& module, Function& function);

} // namespace ir
