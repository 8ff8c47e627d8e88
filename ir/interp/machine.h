// The state of an interpreted program. Values are 64-bit words: canonical integers, or pointers to Objects.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/interp/interp.h"

namespace ir::interp {

using Word = uint64_t;

// Anything on the heap: fields, elements (one word each, also those of strings), or an exception packet {identity, payload}.
struct Object {
  std::vector<Word> words;
  Word* cell = nullptr; // set: the one field is this word, which a variable or another object owns
};

// Exceptions are compared by the address of their identity.
struct ExceptionIdentity {
  std::string name;
};

class Machine;
// Returns false if it raised (Machine::raise was called) or ended the program.
using Native = bool (*)(Machine& machine, std::span<const Word> args, Word& result);
Native find_native(std::string_view name);

// What a function value points to.
struct Callable {
  const Module* module = nullptr;
  uint32_t module_index = 0;
  const Function* function = nullptr; // null: native
  Native native = nullptr;
  std::string name;
};

class Machine {
 public:
  Machine(std::span<const Module* const> program, const Options& options);
  Outcome run(std::string_view function, std::span<const Word> args);

  // For natives.
  Object* make(size_t size, Word fill = 0);
  Word make_string(std::string_view text);
  static Object* object(Word word) { return reinterpret_cast<Object*>(word); }
  static Word word(const Object* object) { return reinterpret_cast<Word>(object); }
  static std::string text(Word string);
  bool raise(std::string_view exception, Word payload = 0);
  bool exit(Word status);
  void fail(std::string error);
  Word program_arguments(); // as a new array of new strings
  void print(std::string_view text) { outcome_.output += text; }

 private:
  struct Frame {
    const Callable* callable;
    BlockId block;
    uint32_t next = 0; // index of the next instruction in the block
    std::vector<Word> values;
  };
  struct Linked { // a module's tables, resolved
    std::vector<Callable*> functions;
    std::vector<Word*> globals;
    std::vector<ExceptionIdentity*> exceptions;
    std::vector<Object*> data;
  };

  void link(uint32_t index);
  void link_functions(uint32_t index, Linked& linked);
  Callable* find_entry(std::string_view name) const;
  void link_globals(uint32_t index, Linked& linked);
  void initialize(uint32_t index);
  Word constant(uint32_t module, const Constant& constant, frontend::TypeId type);
  ExceptionIdentity* identity(std::string_view name);
  Word address_of(Word& cell);
  Word representation(const Module& module, frontend::TypeId type);

  void enter(const Callable* callable, std::vector<Word> args);
  void step();
  void execute(Frame& frame, const Inst& inst);
  Word case_word(const Frame& frame, ValueId v, int64_t index) const;
  static int64_t case_of(Word value); // -1: no payload
  void arithmetic(Frame& frame, const Inst& inst);
  void convert(Frame& frame, const Inst& inst);
  void check(Frame& frame, const Inst& inst);
  void assume(Frame& frame, const Inst& inst);
  void memory(Frame& frame, const Inst& inst);
  void allocate(Frame& frame, const Inst& inst);
  void exceptions(Frame& frame, const Inst& inst);
  void call(Frame& frame, const Inst& inst);
  void terminate(Frame& frame, const Inst& inst);
  void follow(Frame& frame, const Edge& edge, const Word* exception);
  void leave(Word result);
  void unwind(Word exception);

  Word get(const Frame& frame, ValueId v) const { return frame.values[v.value]; }
  void set(Frame& frame, const Inst& inst, Word w) {
    if (inst.result.is_valid())
      frame.values[inst.result.value] = w;
  }
  const Linked& linked(const Frame& frame) const { return linked_[frame.callable->module_index]; }
  frontend::TypeId type_of(const Frame& frame, ValueId v) const { return frame.callable->function->value(v).type.id; }
  unsigned width(const Frame& frame, ValueId v) const;

  std::vector<const Module*> program_;
  Options options_;
  Outcome outcome_;
  bool done_ = false;
  uint64_t steps_ = 0;
  std::vector<Frame> frames_;
  std::vector<Linked> linked_;
  std::deque<Object> heap_;
  std::deque<Callable> callables_;
  std::deque<Word> cells_;
  std::deque<ExceptionIdentity> identities_;
  std::unordered_map<Word*, Object*> addresses_; // the objects with a cell: one for each
  std::unordered_map<std::string, Object*> representations_; // by printed type
  std::unordered_map<std::string_view, ExceptionIdentity*> public_exceptions_;
  std::unordered_map<std::string_view, Callable*> public_functions_;
  std::unordered_map<std::string_view, Word*> public_globals_;
};

} // namespace ir::interp
