// `poppatch --compose`: patches that follow each other as one, which is applied whole or not at all.
//
// Patch files are composed, not patch directories: what was compiled, verified and tried out is what will be applied, and the sources of
// versions in between, or what a person wrote into their interface code, need not be there any more.
#pragma once

#include <string>
#include <vector>

#include "dsu/format/container.h"

namespace dsu {

struct NamedPatch {
  std::string name;  // for messages
  tal::Bytes bytes;
};

// The parts of the patches, in order; their signatures are not kept. False with a message, e.g. if one does not follow the one before.
[[nodiscard]] bool compose(const std::vector<NamedPatch>& patches, PatchFile& composed, std::string& problem);

}  // namespace dsu
