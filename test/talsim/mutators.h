// Makes mutants of verified objects; see mutators.def.
#pragma once

#include "word.h"

#include "tal/decoder.h"
#include "tal/object_reader.h"

#include <optional>

namespace talsim {

enum class Mutator : uint8_t {
#define MUTATOR(id, name, weight) id,
#include "mutators.def"
  count_,
};
const char* mutator_name(Mutator m);
Mutator random_mutator(Random& random);

struct CodePlace {
  uint32_t at = 0;
  uint32_t symbol = 0;
  tal::Inst inst;
  unsigned prefix_bytes = 0; // with REX
  bool rex = false;
};

// An object that the checker accepts, taken apart.
struct Seed {
  std::string file;
  tal::Bytes bytes;
  tal::ObjectFile object;
  std::vector<CodePlace> code;
  struct Region {
    std::string name;
    size_t start = 0, size = 0;
  };
  std::vector<Region> regions; // sections and headers in the file
  size_t text = 0;             // file offset of .text
  std::vector<tal::TypeId> words;
};
bool read_seed(const std::string& file, tal::Bytes bytes, Seed& seed);

struct Mutant {
  tal::Bytes bytes;
  std::optional<uint32_t> touched; // text offset that says which function matters most
};
// False if this mutator has nothing to change in this seed.
bool mutate(Mutator how, const Seed& seed, const std::vector<Seed>& others, Random& random, Mutant& mutant);

// The part of mutate() that is in value_mutators.cpp.
bool change_values(Mutator how, const Seed& seed, Random& random, tal::ObjectFile& object, Mutant& mutant);

} // namespace talsim
