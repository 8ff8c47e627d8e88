// Instruction selection: one function of the IR as machine IR with virtual registers.
#pragma once

#include <string>
#include <vector>

#include "codegen/facts.h"
#include "codegen/mir.h"
#include "ir/ir.h"

namespace codegen {

class Unit;

// A construct that code generation does not translate; an error for the user, not a bug.
struct Unsupported {
  support::SourceLoc loc;
  std::string what;
};

struct SelectedFunction {
  mir::Function mir; // `order` not yet set
  std::vector<ValueFact> facts;
};

SelectedFunction select(Unit& unit, const ir::Function& function, std::vector<Unsupported>& unsupported);

} // namespace codegen
