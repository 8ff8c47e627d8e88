// SSA construction on the fly for local variables: Braun, Buchwald, Hack, Leissa, Mallon and Zwinkau, "Simple and
// Efficient Construction of Static Single Assignment Form" (CC 2013), with block parameters in the place of phis.
//
// All control flow goes through this class, so that it knows the predecessors of each block. A block is *sealed* when all
// its predecessors are known. A read in a block with several predecessors (or one not yet sealed) makes a parameter; those that
// turn out to receive one value only are left to remove_trivial_params, which finish() calls. Reads are iterative: long
// functions do not cost stack.
#pragma once

#include <unordered_map>

#include "ir/builder.h"
#include "ir/cfg.h"

namespace ir::lowering {

class Ssa {
 public:
  Ssa(Module& module, Function& function) : builder_(module, function), function_(function) {}

  Builder& builder() { return builder_; }

  using Variable = uint32_t;
  Variable add_variable(frontend::TypeId type);
  void write(Variable variable, ValueId value) { write_in(builder_.block(), variable, value); }
  ValueId read(Variable variable);

  BlockId create_block();
  void start(BlockId block) { builder_.start_block(block); }
  void seal(BlockId block);
  void start_sealed(BlockId block) {
    seal(block);
    start(block);
  }
  // Nothing jumps here: code appended now will never run.
  bool is_dead() const;
  bool has_preds(BlockId block) const { return !preds_[block.value].empty(); }

  // Terminators. Arguments are for the parameters the target was given explicitly.
  void br(BlockId target, std::vector<ValueId> args = {});
  void br_if(ValueId condition, BlockId if_true, BlockId if_false);
  void switch_on(ValueId subject, std::vector<int64_t> keys, const std::vector<BlockId>& targets);
  void ret(ValueId value);
  void raise(ValueId exn);
  void unreachable();
  // The instruction just appended may raise: exceptions go to `handler`, a new block goes on.
  void split_with_unwind(BlockId handler);

  void finish();

 private:
  void write_in(BlockId block, Variable variable, ValueId value);
  ValueId read_in(BlockId block, Variable variable);
  void fill(Variable variable, BlockId block);
  void drain();
  ValueId undef(BlockId block, frontend::TypeId type);
  void add_edges(BlockId from);
  void start_dead_block();

  struct Pending {
    BlockId block;
    Variable variable;
  };

  Builder builder_;
  Function& function_;
  std::vector<frontend::TypeId> variables_;
  std::unordered_map<uint64_t, ValueId> definitions_; // (block, variable)
  std::vector<std::vector<EdgeRef>> preds_;
  std::vector<bool> sealed_;
  std::unordered_map<uint32_t, std::vector<Pending>> incomplete_; // by unsealed block
  std::vector<Pending> work_;
  std::vector<BlockId> path_; // of one read; kept for its memory
};

} // namespace ir::lowering
