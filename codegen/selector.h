// Instruction selection for one function, from IR to machine IR. Internal to codegen/select*.cpp.
//
// Blocks map one to one; checks with a handler, pads and switches add blocks. Values:
//   * constants and addresses are made again where a register is needed and never live long;
//   * results of checks and retypings are other names of their operand's register;
//   * compares that only decide branches are emitted at the branch; loads with one use go into the user's memory operand
//     if nothing that writes memory comes between;
//   * two-address operations start with a copy that allocation removes where it can.
#pragma once

#include <optional>
#include <vector>

#include "codegen/facts.h"
#include "codegen/select.h"
#include "codegen/unit.h"
#include "ir/ir.h"

namespace codegen {

// Decides between two values: a branch on its result becomes a compare and a conditional jump.
inline bool is_compare(ir::Op op) { return ir::is_comparison(op) || op == ir::Op::ExnMatches || op == ir::Op::ExnIs; }

class Selector {
public:
  Selector(Unit& unit, const ir::Function& source, std::vector<Unsupported>& unsupported)
      : unit_(unit), source_(source), unsupported_(unsupported) {}
  SelectedFunction run();

private:
  // select.cpp: preparation, blocks
  void analyse();
  void analyse_block(ir::BlockId id);
  void null_tests(ir::BlockId id);
  bool access_tests(const ir::Inst& access, ir::ValueId pointer);
  void mask_test(const ir::Inst& inst);
  void entry();
  void block(ir::BlockId id);
  void instruction(const ir::Inst& inst);
  void terminator(const ir::Inst& inst);
  void split_critical_edges();
  mir::BlockId pad_for(const ir::Edge& unwind);
  // select_control.cpp
  void branch_if(const ir::Inst& inst);
  void switch_on(const ir::Inst& inst);
  // What a switch decides on: a number in a register, and the target of each key, in increasing order.
  struct Decision {
    const ir::Inst& inst;
    mir::Reg value;
    unsigned bits;
    bool teaches; // the tests tell of which case a union is
  };
  struct Key {
    uint64_t held;
    uint32_t target;
  };
  void switch_range(const Decision& on, std::span<const Key> keys, uint64_t low, uint64_t high);
  mir::Reg minus(mir::Reg from, int64_t amount, unsigned bits);
  bool switch_table(const Decision& on, std::span<const Key> keys, uint64_t low, uint64_t high);
  void jump_through(const Decision& on, std::span<const Key> keys, mir::Reg index, uint64_t first);
  void compare_key(const Decision& on, uint64_t key);
  // The values that a union may have, as codegen tells them apart.
  struct UnionShape {
    uint32_t first = 0, end = 0; // the constants; null is 0
    uint32_t boxed = 0;
  };
  UnionShape shape(ir::ValueId value);
  void switch_on_union(const ir::Inst& inst);
  mir::Cond compare_with_constants(const UnionShape& shape, mir::Reg value); // true: a constant
  void check_case(const ir::Inst& inst);
  void returns(const ir::Inst& inst);
  mir::Cond condition(ir::ValueId value);
  mir::Cond compare(const ir::Inst& inst);
  bool is_fused(ir::ValueId value) const;
  void learn_from_branch(ir::ValueId value, bool negated, const mir::Edge& if_true, const mir::Edge& if_false);
  void check(mir::Cond failing, const char* raise);
  void raise_if(mir::Cond failing, const char* raise);
  void fail_always(const char* raise);
  void learn(ValueFact fact);
  void check_null(const ir::Inst& inst);
  void check_bounds(const ir::Inst& inst);
  void assume_limit(const ir::Inst& inst);
  void assume_bounds(const ir::Inst& inst);
  void carry(ValueFact::What what, mir::Place a, mir::Reg b);
  void check_div(const ir::Inst& inst);
  mir::Edge edge(const ir::Edge& source);
  // select_arithmetic.cpp
  void arithmetic(const ir::Inst& inst);
  void add_or_sub(const ir::Inst& inst);
  // `(x << n) | (x >> (width - n))`: the two shifts, and the count. With constant counts also for + and ^; with others the
  // count is that of the left or the right shift, the other one being width minus it.
  struct Rotation {
    ir::ValueId of, left, right, count;
    int64_t amount = 0; // constant count to the left, or 0
    bool to_the_left = true;
  };
  std::optional<Rotation> rotation_of(const ir::Inst& inst);
  bool rotate(const ir::Inst& inst);
  void multiply(const ir::Inst& inst);
  void shift(const ir::Inst& inst);
  void divide(const ir::Inst& inst);
  bool divide_by_power(const ir::Inst& inst);
  bool divide_by_constant(const ir::Inst& inst);
  void convert(const ir::Inst& inst);
  void set_bool(const ir::Inst& inst);
  void narrow(const ir::Inst& inst, mir::Reg reg);
  // select_float.cpp
  void float_arithmetic(const ir::Inst& inst);
  void negate_float(const ir::Inst& inst);
  mir::Cond compare_floats(const ir::Inst& inst);
  mir::Reg float_equality(const ir::Inst& inst);
  void integer_to_float(const ir::Inst& inst);
  mir::Reg unsigned_long_to_float(mir::Reg from, bool is_float);
  void float_to_integer(const ir::Inst& inst);
  mir::Reg float_to_unsigned_long(mir::Reg from, bool is_float, bool truncate);
  void resize_float(const ir::Inst& inst);
  void convert_into(mir::Op op, mir::Reg d, mir::Reg from);
  mir::Reg load_float_constant(uint64_t bits, bool is_float);
  mir::Reg float_operation(mir::Op op, mir::Reg a, mir::Reg b, tal::TypeId type);
  std::optional<mir::Mem> foldable_float(ir::ValueId value);
  std::optional<uint64_t> float_constant(ir::ValueId value) const; // its bits
  bool is_floating(ir::ValueId value) const { return unit_.module().types->is_floating(source_.value(value).type.id); }
  bool is_float(ir::ValueId value) const { return source_.value(value).type.id == frontend::kFloatType; } // not double
  bool is_floating(tal::TypeId type) { return type == unit_.types().f32() || type == unit_.types().f64(); }
  mir::Place float_bits(ir::ValueId value);                // as an integer
  // select_memory.cpp
  void load(const ir::Inst& inst);
  void store(const ir::Inst& inst);
  mir::Mem address(const ir::Inst& inst, FieldPlace& place);
  void load_from(mir::Reg dst, const mir::Mem& mem, const FieldPlace& place);
  void store_to(const mir::Mem& mem, const FieldPlace& place, ir::ValueId value);
  std::optional<mir::Mem> foldable(ir::ValueId value, unsigned width);
  void new_object(const ir::Inst& inst);
  void new_exn(const ir::Inst& inst);
  void new_union(const ir::Inst& inst);
  void union_payload(const ir::Inst& inst);
  void new_array(const ir::Inst& inst);
  void array_of(const ir::Inst& inst);
  mir::Reg allocate(tal::TypeId address, const char* entry, std::vector<mir::Move> moves, const ir::Inst& inst);
  mir::Reg exception_name(ir::ExceptionId id);
  void exn_payload(const ir::Inst& inst);
  void place_addr(const ir::Inst& inst); // of a field or an element
  void rdtsc(const ir::Inst& inst);
  void address_of(const ir::Inst& inst);
  // select_calls.cpp
  void call(const ir::Inst& inst);
  // Where the arguments of a call or the parameters of this function are, in order (System V).
  struct ArgumentPlaces {
    uint32_t general = 0, floating = 0, stack = 0; // used so far
    std::optional<mir::Reg> next(bool is_float);   // none: on the stack, number stack - 1
  };
  void emit_call(mir::Inst call, mir::CallInfo info, std::vector<mir::Move> arguments, mir::Reg result);
  void raise(const ir::Inst& inst);

  // values
  mir::Reg reg(ir::ValueId value);                         // in a register, emitting what is needed
  mir::Place operand(ir::ValueId value);                   // a constant or a register
  std::optional<int64_t> constant(ir::ValueId value) const; // as held: zero-extended
  mir::Reg result(const ir::Inst& inst);                   // a fresh register for the result
  void typed_move(const ir::Inst& inst);
  void alias(const ir::Inst& inst, ir::ValueId of);
  const ir::Inst* def(ir::ValueId value) const;
  tal::TypeId type_of(ir::ValueId value);
  unsigned width(ir::ValueId value);                       // bits of the source type
  bool is_wide(ir::ValueId value) { return width(value) == 64; }
  mir::Reg fresh(tal::TypeId type);
  bool is_narrow(tal::TypeId type);
  mir::Reg load_constant(int64_t value, tal::TypeId type);

  // emission
  mir::Inst& emit(mir::Op op);
  void emit_dd(mir::Op op, mir::Reg d, mir::Reg b);
  void emit_di(mir::Op op, mir::Reg d, int64_t imm);
  void emit_copy(mir::Reg d, mir::Reg b, tal::TypeId type);
  void emit_moves(std::vector<mir::Move> moves);
  void start(mir::BlockId block) { current_ = block; }
  mir::Block& here() { return out_.mir.block(current_); }
  void jump(mir::Edge to);
  void branch(mir::Cond cond, mir::Edge if_true, mir::Edge if_false);
  void unsupported(std::string what);

  Unit& unit_;
  const ir::Function& source_;
  std::vector<Unsupported>& unsupported_;
  SelectedFunction out_;
  mir::BlockId current_;
  std::vector<uint32_t> entering_; // by block made for a source block: edges into it
  ir::BlockId source_block_;
  support::SourceLoc loc_;
  const ir::Edge* unwind_ = nullptr; // of the present block
  bool ended_ = false;               // the rest of the present block is never reached

  struct ValueInfo {
    mir::Reg reg;
    uint32_t uses = 0;        // all uses
    bool deferred = false;    // emitted when asked for (fused compare, folded load)
    bool divides = false;     // the divisor of a signed division
  };
  std::vector<ValueInfo> values_;
  std::vector<uint8_t> tested_by_access_; // by the result of a check_null: the access that follows is the test
  std::vector<ir::ValueId> tests_;        // by instruction: the result of the check_null that this access does, if any
  std::vector<mir::BlockId> blocks_; // by IR block
  std::vector<size_t> bounds_fact_;  // by IR value: index of the fact of a check_bounds result + 1
  std::vector<size_t> nonzero_fact_; // the same of check_div
};

} // namespace codegen
