// From the difference of two versions to the files of a patch directory, as text.
#pragma once

#include "dsu/patch/differ.h"
#include "dsu/patch/patch_files.h"

namespace dsu {

struct GeneratedPatch {
  std::map<std::string, std::string> files;  // name in the directory -> content
  unsigned placeholders = 0;                 // Dsu::fill(..) left to the programmer
  unsigned generated_lines = 0;              // of interface code and conversions
  std::vector<std::string> warnings;
};

// Without any change there is a REPORT that says so and nothing else.
GeneratedPatch generate(const Version& before, const Version& after, const Difference& difference, TypeModel& types);

}  // namespace dsu
