// A world that does anything its types allow: natives and missing imports answer with random values, raise if they may, call
// back what they were given, and write random values of the right types into whatever is writable. Also makes the random
// arguments with which a function is started.
#pragma once

#include "machine.h"

namespace talsim {

class Havoc : public World {
public:
  explicit Havoc(uint64_t seed) : random_(seed) {}
  Outcome call(Machine& machine, const Closure& f, const std::vector<Word>& arguments, Word& result) override;
  Word initial(Machine& machine, TypeRef type, const std::string& name) override;
  bool out_of_memory(Machine&) override { return random_.one_in(24); }

  // A random value of a type. `depth` bounds new objects; false if the type seems to have none.
  bool make(Machine& machine, TypeRef type, unsigned depth, Word& value);
  // Starts a function of a module with random type arguments and arguments; false if none could be made.
  bool run(Machine& machine, uint32_t module, uint32_t symbol, Outcome& outcome);

private:
  uint64_t integer(unsigned bytes);
  bool make_object(Machine& machine, const Type& word, unsigned depth, Word& value);
  bool make_code(Machine& machine, TypeRef signature, Word& value);
  bool some_place(Machine& m, uint32_t id, FieldType& place);
  bool existing(Machine& machine, TypeRef type, Word& value);
  bool keep(Machine& machine, const std::vector<tal::SigFact>& facts, const std::vector<TypeRef>& types, std::vector<Word>& words);
  void write_something(Machine& machine);
  TypeRef random_type(Machine& machine, tal::Kind kind);

  Random random_;
  unsigned calls_back_ = 0;
};

} // namespace talsim
