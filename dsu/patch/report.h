// The REPORT of a patch directory: what changed, in numbers and by name, and what is left to the programmer.
#pragma once

#include "dsu/patch/generate.h"

namespace dsu {

std::string write_report(const Version& before, const Version& after, const Difference& difference, const GeneratedPatch& patch);

}  // namespace dsu
