// Checks the code of one function in one pass over its bytes (rules C1..C32 of docs/tal.md).
//
// The pass walks in address order with one abstract state. At a label with a record the state is replaced by the record's
// and every edge to it is compared with the record, so no edge needs a second look and nothing is iterated. A forward
// branch to an address without record hands its state over: that address may have no other way in.
//
// Structure: step() dispatches on the rule of the instruction's table row. Within a step, `require...` functions are the
// obligations and their discharge: they say no with a rule, or yes and change nothing. The transfer functions that follow
// them replace values and report nothing.
#pragma once

#include "tal/checker.h"
#include "tal/decoder.h"
#include "tal/refine.h"
#include "tal/rules.h"
#include "tal/state.h"

#include <map>
#include <set>

namespace tal {

// What all functions of an object share.
struct ModuleContext {
  TypeTable& types;                        // grows by unrolling and instantiation
  const ObjectAnnotations& annotations;    // symbols: natives have got their types
  const ObjectImage& image;
  std::vector<Special> specials = {};           // by symbol
  std::vector<int64_t> static_length = {};      // by symbol: length of a static array defined here, else -1
  std::map<std::vector<uint32_t>, TypeId> instances = {};   // memo: signature and arguments -> instance
  size_t next_reloc = 0;                   // cursors into the sorted lists
  size_t next_inst = 0;
  size_t next_eh = 0;
  uint64_t entry_budget = uint64_t{1} << 22;   // stack slots of labels (R52)
  uint64_t pending_budget = uint64_t{1} << 19; // values in the states that are pending now (R52)
  uint64_t work_budget = uint64_t{1} << 26;    // values copied or searched at branches and calls (R52)
  std::vector<tal_record> records = {};
  std::vector<Site> sites = {};
  VerifyStatistics statistics = {};
  Observer* observer = nullptr;
  size_t next_label = 0;   // one more cursor
};

class FunctionChecker {
public:
  explicit FunctionChecker(ModuleContext& module) : m_(module), types_(module.types) { look_ahead(); }

  // Checks function `symbol`, the `index`th in address order. False: see error().
  [[nodiscard]] bool check(uint32_t symbol, uint32_t index);
  const VerifyError& error() const { return error_; }

private:
  // --- function_checker.cpp: the walk, labels, edges
  bool enter_function();
  bool walk();
  inline bool pass();
  bool arrive();                                       // at at_: labels, pending states, excluded targets
  bool arrive_here();
  inline bool step_here();
  bool no_instruction(CheckRule rule, const char* expected);
  bool no_instruction_at(uint32_t target, const char* found);
  bool stray_reloc();
  bool is_target(uint32_t target);                     // C3

  // --- excluded.cpp: code that only ways lead to which the conditions exclude
  bool exclude(uint32_t target);
  bool arrive_excluded();
  bool skip_excluded();
  bool skip_reloc();
  bool edge(State& s, const LabelRecord& label);
  // The first thing in which a state is not at most a record: nothing, or the `at`th live location, saved register, pair or fact.
  struct Mismatch {
    enum class Part : uint8_t { None, Depth, Live, Saved, Same, Fact } part = Part::None;
    size_t at = 0;
  };
  Mismatch mismatch(State& s, const LabelRecord& label);
  void refuse_edge(State& s, const LabelRecord& label, Mismatch m);
  bool enter_label(const LabelRecord& label);
  bool branch_to(State& s, uint32_t target);
  bool hand_over(uint32_t target);                       // takes scratch() away
  static uint64_t size_of(const State& s) { return s.slots.size() + 3 * s.name_count() + sizeof(State) / sizeof(Value); } // in values
  State& scratch() { return scratch_.mapped(); }
  bool validate_labels();
  bool validate_label(const LabelRecord& label);
  const LabelRecord* label_at(uint32_t offset) const;
  static Value* location(State& s, int32_t where);
  Value fact_operand(State& s, const LabelRecord& label, const FactOperand& o, bool& ok);
  Value fact_operand(State& s, const Value& v, bool derived, bool& ok);
  bool facts_hold(const Signature& signature, bool of_result, std::span<const Value> values, bool known);
  bool finish();

  friend class CheckerProbe; // test/unit/tal/cpu_test.cpp runs single instructions and compares with the processor

  bool refine(State& s, Condition condition) const { return tal::refine(s, types_, condition); }

  // --- transfer.cpp: one instruction
  bool step();
  bool step_mov();
  bool step_typed_move();
  bool step_package(TypeId package, std::span<const TypeId> hidden);
  bool require_hidden(TypeId package, std::span<const TypeId> hidden);
  bool step_extend();
  bool step_lea();
  bool step_arithmetic();
  bool step_compare();
  bool step_shift();
  bool step_multiply();
  bool step_divide();
  bool step_set();
  bool step_sign_fill();
  bool step_rdtsc();
  bool step_nop();
  bool step_int3();
  bool step_ud2();
  bool step_cmov();
  bool step_xchg();
  bool step_sse();
  bool step_jcc();
  bool step_jmp();
  bool step_jmp_table();
  bool branch_target(uint32_t& target);
  bool jump_dest(const Value& a, const Value& b, Value& dest) const;
  Value result_of(const Row& row, const Value& a, const Value& b); // and the flags
  Value arithmetic(Rule rule, unsigned bytes, const Value& a, const Value& b);
  Value add_values(unsigned bytes, const Value& a, const Value& b, bool subtract);
  Value affine(unsigned bytes, const Value& a, Wide k);
  Value exact(unsigned bytes, Wide lo, Wide hi);
  Value truncated(const Value& v, unsigned bytes);
  Interval image(const Value& v, unsigned bytes) const;
  Interval signed_image(const Value& v, unsigned bytes) const;
  Value immediate(unsigned bytes) const;
  void set_arith_flags(const Value& result);

  // --- frame.cpp: stack, calls, returns, unwind records
  bool adjust_stack(int64_t bytes);
  bool stack_form();
  bool step_push();
  bool step_pop();
  bool step_call();
  bool step_call_indirect();
  bool step_ret();
  bool call(TypeId signature);
  bool call_special(Special special);
  bool require_arguments(const Signature& s, size_t& on_stack);
  bool require_alignment();
  bool trap_site(const Value& base, bool is_near);
  bool may_raise(bool throws, unsigned trap);
  bool finish_call(const Value& result, bool noret, bool throws, size_t stack_arguments);
  bool require_frame_left(const char* when);
  bool find_pad(const LabelRecord*& pad);
  bool add_record(bool throws, const LabelRecord* pad, unsigned trap);
  int16_t find_token(uint8_t reg) const;
  bool instance(TypeId signature, TypeId& result);
  bool instance(TypeId signature, std::span<const TypeId> args, TypeId& result);
  bool callee(TypeId signature, TypeId& result);
  bool has_reloc() const { return reloc_at_ < at_ + inst_.length; }
  bool has_inst() const { return inst_at_ == at_; }
  const Instantiation& next_inst();                          // and goes on to the one behind it
  void look_ahead();
  bool in_scope(TypeId type) const { return types_.vars_fit(type, signature_->vars, true); }
  bool tail_call(uint32_t symbol);

  // --- memory.cpp: typed access
  struct Access {
    enum class Kind : uint8_t { Slot, Length, Element, Field, ExnName, Tag, Payload } kind = Kind::Slot;
    TypeId type;               // of what is there
    unsigned size = 8;         // bytes it occupies
    unsigned part = 0;         // first byte accessed within it
    bool writable = false;
    bool canonical_slot = false;   // an integer in an 8-byte slot
    int32_t slot = 0;
    uint64_t missing_bit = 0;      // of an object under construction: what a store to this field completes
    bool once = false;             // may be written only while that bit is set
    Value base, index;             // index: of an element
  };
  bool resolve(unsigned bytes, Access& a);
  bool resolve_slot(unsigned bytes, Access& a);
  bool resolve_typed(const Value& base, const Value* index, unsigned scale, int64_t disp, unsigned bytes, Access& a);
  bool resolve_field(int64_t disp, unsigned bytes, Access& a);
  bool resolve_element(const Value* index, unsigned scale, int64_t disp, unsigned bytes, Access& a);
  bool resolve_packet(int64_t disp, unsigned bytes, TypeId payload, Access& a);
  const char* find_element(const Value* index, unsigned scale, int64_t disp, Access& a);
  TypeId place_pointer(const Value& base, const Value* index);
  bool load(unsigned bytes, Value& v);                       // memory operand, zero-extended
  bool load_any(Value& v);                                   // 8 bytes, tokens and junk too (mov, pop)
  bool load_from(const Access& a, unsigned bytes, Value& v);
  bool load_slot(const Access& a, unsigned bytes, Value& v);
  bool store(unsigned bytes, const Value& v);
  bool store_to(const Access& a, unsigned bytes, const Value& v);
  bool store_slot(const Access& a, unsigned bytes, const Value& v);
  bool store_new(const Access& a, unsigned bytes, const Value& v);
  bool require_content(const Access& a, unsigned bytes, const Value& v);
  Value* slot_at(int32_t slot) { return location(state_, slot_location(slot)); }
  bool must_init(const Field& f) const { return f.mutability == Mutability::ReadOnly || !types_.zero_is_legal(f.type); } // R7
  bool symbol_value(uint32_t symbol, Value& v);
  bool rip_symbol(uint32_t& symbol, int64_t& offset);        // consumes the relocation of the operand
  bool take_reloc(uint32_t field, const Reloc*& reloc);      // null if there is none

  // --- obligations
  bool require_value(const Value& v, std::string_view what);           // C27: a word, readable
  bool require_type(CheckRule rule, State& s, const Value& v, TypeId type, std::string_view what);
  bool has_type(const State& s, const Value& v, TypeId type);
  inline bool fits(const State& s, const Value& v, TypeId type); // the same, for function_checker.cpp
  bool is_lesser(const State& s, const Value& v, TypeId type);   // a complete word of another type than this, not narrow, type
  bool is_subtype(TypeId a, TypeId b);                       // paid for: types may be large (O8)
  bool is_complete(const State& s, const Value& v) const;
  bool is_nonnull(const State& s, const Value& v) const;
  bool set(uint8_t reg, const Value& v);                     // C10: not rsp
  bool set_low(uint8_t reg, unsigned bytes, Interval range); // 8- or 16-bit destination (R2)
  bool read(uint8_t reg, unsigned bytes, Value& v) {         // register as an operand of this width
    v = state_.reg[reg];
    return (v.tag == Value::Tag::Word && reg != rsp) || read_other(reg, bytes, v);
  }
  bool read_other(uint8_t reg, unsigned bytes, Value& v);
  bool read_source(Value& v);                                // the last operand of the instruction
  Value as_int(const Value& v) { return v.is_int() ? v : state_.integer(); } // forget types

  bool charge(uint64_t cost);                                // O8: from the budget of work
  bool charge_frame();                                       // in proportion to the frame
  bool fail(CheckRule rule, std::string expected, std::string found);
  bool fail_at(uint32_t offset, CheckRule rule, std::string expected, std::string found);
  std::string describe(const State& s, const Value& v) const;
  std::string operand_name(uint8_t reg) const { return std::string(register_name(reg, 8)); }

  ModuleContext& m_;
  TypeTable& types_;
  VerifyError error_;

  const Symbol* function_ = nullptr;
  uint32_t function_index_ = 0;
  const Signature* signature_ = nullptr;
  uint32_t start_ = 0, end_ = 0;        // of the function in text
  uint32_t at_ = 0;                     // of the current instruction
  size_t incoming_ = 0;                 // stack arguments of this function
  Inst inst_;
  bool alive_ = false;                  // a state reaches at_
  bool excluded_ = false;               // only an excluded way reaches at_
  bool excluded_table_ = false;         // an excluded jump through a table was met in this function
  std::set<uint32_t> excluded_targets_; // of excluded ways, ahead of at_, without label record
  uint32_t next_stop_ = 0;              // no label record, pending state or excluded target is before
  uint32_t reloc_at_ = 0, inst_at_ = 0; // where the next ones are; UINT32_MAX: there are no more
  State state_;
  std::vector<Value> values_;           // of the arguments, while those of a function or a call are looked at
  std::span<const LabelRecord> labels_; // of this function
  size_t next_label_ = 0;
  using Pending = std::map<uint32_t, State>;
  Pending pending_;                     // by target: forward branches without a record
  std::vector<Pending::node_type> pool_;
  Pending::node_type scratch_ = new_node(); // a state on its way to become pending, or to be compared with a record
  Pending::node_type new_node();
};

inline constexpr uint8_t callee_saved[] = {rbx, rbp, r12, r13, r14, r15};
inline constexpr uint8_t argument_registers[] = {rdi, rsi, rdx, rcx, r8, r9};
inline constexpr size_t float_registers = 8;   // xmm0 to xmm7 carry the first arguments of types f32 and f64

// Where the arguments of a signature are, in order (System V): the two kinds of registers fill independently, what finds none
// goes to the stack.
struct ArgumentPlaces {
  enum class Place : uint8_t { General, Xmm, Stack };
  size_t general = 0, floating = 0, stack = 0;   // used so far
  Place next(bool is_float) {
    if (is_float ? floating == float_registers : general == std::size(argument_registers))
      return stack++, Place::Stack;
    return is_float ? (floating++, Place::Xmm) : (general++, Place::General);
  }
};
inline constexpr uint32_t max_depth = 61440;   // R41

} // namespace tal
