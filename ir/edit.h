// Changes shared by lowering and the passes.
#pragma once

#include "ir/ir.h"

namespace ir {

class Cfg;

// A map from values to the values that take their place; following chains, it ends at values that stay.
class Replacements {
 public:
  explicit Replacements(const Function& function) : to_(function.values.size()) {}
  bool empty() const { return empty_; }
  // From now on `with` stands for `value`. Must not create a cycle.
  void replace(ValueId value, ValueId with);
  ValueId resolve(ValueId value);
  // Rewrites all operands and edge arguments of the blocks in the layout.
  void apply(Function& function);

 private:
  std::vector<ValueId> to_;
  bool empty_ = true;
};

// Removes the parameters of `block` whose flag is set, together with the arguments on every edge that enters it.
struct DeadParams {
  BlockId block;
  std::vector<bool> remove;
};
void remove_params(Function& function, const std::vector<DeadParams>& dead);

// The following three take the function's Cfg or make one. The second leaves it valid, for it changes neither blocks nor targets.
//
// Takes blocks that cannot be reached from the entry out of the layout. True if there were any.
bool remove_unreachable_blocks(Function& function);
bool remove_unreachable_blocks(Function& function, const Cfg& cfg);
// Replaces parameters that always receive one value (or themselves) by that value. True if there were any.
bool remove_trivial_params(Function& function);
bool remove_trivial_params(Function& function, const Cfg& cfg);
// Appends a block to its only predecessor where neither needs an edge of its own. True if anything changed.
bool merge_blocks(Function& function);
bool merge_blocks(Function& function, const Cfg& cfg);

// Turns a branch into a jump along its target number `taken`.
void make_jump(Inst& branch, size_t taken);

// Takes away unwind edges of blocks in which nothing throws any more, and blocks that become unreachable. To be called after removing
// instructions that may throw. True if there were any.
bool drop_stale_unwinds(Function& function);

// Renumbers blocks, instructions and values densely in layout order, dropping those not in use.
void compact(Function& function);

} // namespace ir
