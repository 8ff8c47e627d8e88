// From the (untrusted) manifests of a patch to the question that tal::patch_check answers: which running definition each new
// one replaces, and where each import of the patch is to be bound. A manifest can only choose among definitions; whether their
// types fit is decided there.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dsu/runtime/prepare.h"

namespace dsu {

// `changing`: the modules of the program that the patch replaces or removes.
[[nodiscard]] bool make_link_request(const Program& program, const std::vector<PreparedModule>& modules, const std::set<std::string>& changing,
                                     tal::PatchRequest& request, Refusal& refusal);

// The names of the program that a patch module defines, with its symbols.
std::vector<std::pair<std::string, uint32_t>> provided_names(const PreparedModule& module);
// The names that it goes on with from running definitions (ImportOfSymbol::provides).
std::vector<std::pair<std::string, tal::Binding>> shared_names(const Program& program, const PreparedModule& module);

}  // namespace dsu
