// The reference semantics: a machine that runs verified code over tagged words and stops at the first untyped act.
//
// The stack is one array of words; a frame knows the address at which its return address stands. Whatever a call destroys
// becomes junk, whatever a callee must preserve is a token while the callee runs, and the unwinder uses the checker's records
// as the real one does. At a label record the claims of the record are checked, and the machine goes on with what the record
// says: registers that it does not list are junk, integers are no pointers.
#pragma once

#include "heap.h"
#include "program.h"

#include <functional>

namespace talsim {

class Machine;

enum class Outcome : uint8_t { Returned, Thrown, Stopped };

// A function: of a module, or of the world around it (natives, imports that nobody defines).
struct Closure {
  uint32_t module = UINT32_MAX, symbol = 0; // UINT32_MAX: the world
  EnvRef env = 0;                           // its type arguments
  TypeRef signature = 0;                    // with them filled in
  std::string name;                         // of one of the world
};

// What is not verified code: natives and missing imports.
class World {
public:
  virtual ~World() = default;
  // Runs function `f` of the world on its arguments. Thrown: machine.exception is set.
  virtual Outcome call(Machine& machine, const Closure& f, const std::vector<Word>& arguments, Word& result) = 0;
  // First contents of a variable that is defined elsewhere.
  virtual Word initial(Machine& machine, TypeRef type, const std::string& name) = 0;
  // An allocation fails now and then if the world wants so.
  virtual bool out_of_memory(Machine&) { return false; }
};

struct Stop {
  enum class Why : uint8_t { Nothing, Violation, Limit, Trap, Exit } why = Why::Nothing;
  std::string function, reason;
  uint32_t module = 0, at = 0;
  int status = 0;
};

struct Flags {
  bool carry = false, parity = false, zero = false, sign = false, overflow = false;
  uint8_t undefined = 31; // bits of carry, parity, zero, sign, overflow in this order
};

// Sixteen bytes, any.
struct Xmm {
  uint64_t low = 0, high = 0;
};

// Where System V puts the arguments of a signature, or its result.
struct Place {
  enum class Where : uint8_t { General, Xmm, Stack } where = Where::General;
  uint8_t number = 0; // of the register, or of the stack word
};

class Machine {
public:
  Machine(Types& types, const tal::NativeInterface& natives, World& world, uint64_t seed);

  Types& types;
  Heap heap;
  std::vector<std::unique_ptr<Module>> modules;
  const tal::NativeInterface& natives;
  World& world;
  Random random;
  Stop stop;
  Word exception;                  // after Outcome::Thrown
  uint64_t steps = 0, step_limit = 10000;
  uint64_t longest_array = 4096;   // what is longer fails like memory that is used up
  unsigned collect_every = 1;      // safepoints
  bool checks_claims = true;       // label records
  bool has_records = true;         // else the machine finds out itself where registers are (objects that were not verified)
  std::function<void(Machine&)> after_step;

  // Makes the static objects of all modules and checks them word by word. Call once, after bind().
  bool start();
  // Forgets frames and the reason to stop; objects stay.
  void reset();
  // Calls a function from outside. `arguments` are values of its parameters' types.
  Outcome call(uint32_t code, const std::vector<Word>& arguments, Word& result);
  // Code words. 0 if the types do not fit.
  uint32_t closure(uint32_t module, uint32_t symbol, EnvRef env);
  uint32_t world_closure(const std::string& name, TypeRef signature, EnvRef env = 0);
  uint32_t instance(uint32_t code, EnvRef more);
  const Closure& closure_of(uint32_t id) const { return closures_[id]; }
  size_t closure_count() const { return closures_.size(); }
  Word code_word(uint32_t id) const;
  Word symbol_address(uint32_t module, uint32_t symbol);
  Word representation(TypeRef rep);
  uint32_t exception_name(const std::string& native);    // an object
  Outcome raise_native(const std::string& name);          // makes a packet without payload and says Thrown
  void collect(const std::vector<Word>& also = {});
  void safepoint(const std::vector<Word>& also);
  // The first of these conditions of a signature that the words do not keep, or nothing.
  const tal::SigFact* broken(const std::vector<tal::SigFact>& facts, const std::vector<Word>& words);
  Wide fact_operand(tal::SigFact::Of of, uint8_t number, const std::vector<Word>& words);
  Outcome violate(std::string reason);
  Outcome limit(std::string reason);

  // For comparison with the processor.
  std::array<Word, 16>& registers() { return reg_; }
  std::array<Xmm, 16>& xmm_registers() { return xmm_; }
  Flags& flags() { return flags_; }
  uint32_t current_module() const { return frames_.empty() ? 0 : frames_.back().module; }
  uint32_t pc() const { return pc_; }
  bool run_straight(std::span<const uint8_t> code);       // instructions without memory or control flow, outside any module

private:
  struct Frame {
    uint32_t id = 0, module = 0, symbol = 0, code = 0;
    EnvRef env = 0;
    TypeRef signature = 0;
    uint64_t entry = 0;                 // address of its return address
    uint32_t return_to = 0;             // text offset in the caller
    uint32_t call_return = 0;           // of the call that it is in
    std::array<Word, 6> saved{};        // callee-saved registers of its caller
    std::vector<TypeRef> promised;      // signatures that its caller believes, if tail calls led here
    bool base = false;                  // called from outside
    unsigned stack_arguments = 0;
    tal_record record{};                // of the call that it is in
  };

  // machine.cpp: control
  bool step();
  bool fetch(Instruction& inst);
  bool sweep(const Module& m, uint32_t symbol);
  bool enter(uint32_t code, const std::vector<Word>& arguments, bool tail);
  bool arrive_at_label(const tal::LabelRecord& label);
  bool jump(const Instruction& inst);
  bool jump_to_register(const Instruction& inst);
  bool trap(const Instruction& inst);
  bool call_instruction(const Instruction& inst, bool indirect);
  bool call_code(uint32_t code);
  bool call_special(tal::Special special);
  bool check_record(bool throws);
  tal_record derive_record();
  bool return_from_function();
  bool tail_call(uint32_t symbol);
  bool finish_native(Outcome outcome);
  bool throw_from_call();
  bool leave_frame(const char* how);
  std::vector<Place> places_of(TypeRef signature, unsigned& stack_words) const;
  bool is_float(TypeRef t) const { return types[t].sort == Sort::F32 || types[t].sort == Sort::F64; }
  Word result_of(TypeRef signature) const;
  void after_call(const Word& result, unsigned stack_arguments);
  bool gather_arguments(TypeRef signature, std::vector<Word>& arguments);
  Outcome run(size_t base);
  bool type_arguments(uint32_t at, EnvRef& env);
  bool typed_move(const Instruction& inst, const tal::Instantiation& record);
  bool move_instance(const Instruction& inst, const tal::Instantiation& record, TypeRef function);
  Word* location(int32_t where);
  bool fact_value(const tal::LabelRecord& label, const tal::FactOperand& o, Wide& value);

  // execute.cpp: data instructions
  bool execute(const Instruction& inst);
  bool execute_stack_pointer(const Instruction& inst);
  bool execute_two(const Instruction& inst);
  bool execute_shift(const Instruction& inst);
  bool execute_multiply(const Instruction& inst);
  bool execute_divide(const Instruction& inst);
  bool execute_float(const Instruction& inst);
  bool execute_lea(const Instruction& inst);
  bool read_register(uint8_t r, unsigned bytes, uint64_t& v);
  bool write_register(uint8_t r, unsigned bytes, uint64_t v);
  bool set_register(uint8_t r, const Word& w);
  bool load(const Instruction& inst, unsigned bytes, Word& w, bool any = false);
  bool store(const Instruction& inst, unsigned bytes, const Word& w);
  bool operand_address(const Instruction& inst, Word& pointer, uint64_t& offset);
  bool rip_operand(const Instruction& inst, Word& pointer, uint64_t& offset, bool address);
  Word* stack_word(uint64_t address, unsigned bytes);
  bool push(const Word& w);
  bool move_stack(uint64_t to);
  bool holds(uint8_t condition);
  void result_flags(uint64_t result, unsigned bytes);
  void junk_flags(uint8_t mask = 31) { flags_.undefined = static_cast<uint8_t>(flags_.undefined | mask); }
  bool wrong(std::string reason) {
    violate(std::move(reason));
    return false;
  }

  Word symbol_address_in(uint32_t module, uint32_t symbol, EnvRef env, bool& ok);
  bool make_static(uint32_t module, uint32_t symbol);
  bool fill_static(uint32_t module, uint32_t symbol);
  static constexpr uint64_t stack_top = 0x7FFF00000000;
  static constexpr size_t max_stack_words = 1 << 17;
  Word& stack_at(uint64_t address) { return stack_[(stack_top - (address & ~uint64_t{7})) / 8]; }
  Word junk() { return undefined(random.next()); }

  std::vector<Closure> closures_{1};
  std::vector<TypeRef> closure_types_{0};
  std::map<std::tuple<uint32_t, uint32_t, EnvRef, std::string, TypeRef>, uint32_t> closure_numbers_;
  std::map<std::string, uint32_t> native_objects_; // variables and exception names of the world
  std::array<Word, 16> reg_{};
  uint64_t rsp_ = 0;
  uint32_t pc_ = 0;
  Flags flags_;
  std::array<Xmm, 16> xmm_{};
  std::vector<Word> stack_;
  std::vector<Frame> frames_;
  uint32_t next_frame_ = 1;
  std::vector<Word> held_;               // by the world below calls back, and the registers of those who called it
  unsigned nesting_ = 0;
  unsigned safepoints_ = 0;
  bool trapped_ = false;                 // the instruction reaches into the lowest page
};

} // namespace talsim
