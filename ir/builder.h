// Appends blocks, parameters and instructions to a function.
//
// The builder holds an insertion block and a current source location; it derives result types from ir.def where the table
// fixes them and does no checking of its own (ir/verifier.h does). References into Function's arrays do not survive a call.
#pragma once

#include <initializer_list>
#include <span>

#include "ir/ir.h"

namespace ir {

class Builder {
 public:
  Builder(Module& module, Function& function) : module_(module), function_(function) {}

  Module& module() { return module_; }
  Function& function() { return function_; }

  // A new block, not yet in the layout order.
  BlockId create_block();
  // Puts the block behind all others in the layout and makes it the insertion block.
  void start_block(BlockId block);
  void set_block(BlockId block) { block_ = block; }
  BlockId block() const { return block_; }
  bool is_terminated() const;
  ValueId add_param(BlockId block, Type type);

  void set_loc(SourceLoc loc) { loc_ = loc; }
  SourceLoc loc() const { return loc_; }

  // Instructions whose result type the table fixes, or that have no result.
  ValueId emit(Op op, std::initializer_list<ValueId> operands, int64_t imm = 0);
  // Instructions with a stated result type.
  ValueId emit_typed(Op op, Type type, std::span<const ValueId> operands, int64_t imm = 0);
  ValueId emit_typed(Op op, Type type, std::initializer_list<ValueId> operands, int64_t imm = 0) {
    return emit_typed(op, type, std::span(operands.begin(), operands.size()), imm);
  }
  // Instructions that name a symbol. `type` of kVoidType: no result.
  ValueId emit_symbol(Op op, Type type, uint32_t symbol, std::span<const ValueId> operands = {},
                      std::span<const frontend::TypeId> type_args = {});

  ValueId iconst(frontend::TypeId type, int64_t value) { return emit_typed(Op::IConst, {type}, {}, value); }
  ValueId fconst(frontend::TypeId type, double value);
  ValueId call(FuncId callee, std::span<const frontend::TypeId> type_args, std::span<const ValueId> args, frontend::TypeId result);
  ValueId call_indirect(ValueId callee, std::span<const frontend::TypeId> type_args, std::span<const ValueId> args,
                        frontend::TypeId result);

  // Terminators.
  InstId br(BlockId target, std::vector<ValueId> args = {});
  InstId br_if(ValueId condition, Edge if_true, Edge if_false);
  InstId switch_on(ValueId subject, std::vector<int64_t> keys, std::vector<Edge> targets);
  InstId ret(ValueId value);
  InstId raise(ValueId exn);
  InstId unreachable();

  // The instruction appended last.
  InstId last() const { return last_; }

 private:
  InstId append(Inst inst);
  ValueId define(InstId inst, Type type);
  InstId terminate(Op op, std::vector<ValueId> operands, std::vector<Edge> targets = {});

  Module& module_;
  Function& function_;
  BlockId block_;
  SourceLoc loc_;
  InstId last_;
};

// The integer that a value of integer type or bool with these bits (zero-extended, any garbage above the width ignored) is
// in the source language: sign-extended for signed types. The form of IConst, switch keys and Constant::Int.
int64_t normalize_integer(const frontend::TypeStore& types, frontend::TypeId type, uint64_t bits);
// The number that FConst and Constant::Real carry, and its text.
double real_value(int64_t imm);
int64_t real_imm(double value);
std::string real_text(int64_t imm);
unsigned bit_width(const frontend::TypeStore& types, frontend::TypeId type);

} // namespace ir
