// From objects to an executable: verify each, link check, fresh objects, the system linker, comparison of the result.
//
// popc is the only way to link Popcorn objects: the system linker never sees them, only what tal/link_object writes from their
// verified form (docs/linking.md). Library modules that the program refers to are added by themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tal/natives.h"

namespace driver {

struct LinkInput {
  std::string path;               // for messages
  std::vector<uint8_t> object;
};

struct LinkSettings {
  std::string output;
  bool updateable = false;
  std::string version;            // label of an updateable program
  std::vector<uint8_t> update_key; // that its patches must be signed with; empty: none
  std::vector<std::string> native_inputs;  // for the system linker as they are: C sources, objects, archives, -L and -l
  bool keep_temporaries = false;  // leave the fresh objects and say where
  bool verbose = false;           // print the command of the system linker
};

// Errors are printed. Exit status: 0, 1 (the program is wrong), 70 (an object of our compiler was refused, or a broken installation).
// `output` is replaced only when everything has succeeded.
int link_program(std::vector<LinkInput> inputs, const LinkSettings& settings, const tal::NativeInterface& natives);

}  // namespace driver
