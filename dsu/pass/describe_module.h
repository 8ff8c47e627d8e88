// The description of a module from its typed AST, and the section `.tal.dsu` (dsu/format/manifest.h) that popc makes of it.
#pragma once

#include <functional>

#include "dsu/pass/description.h"
#include "frontend/typed_ast.h"
#include "ir/ir.h"

namespace dsu {

// Without suspensions, which only the code tells.
ModuleInfo describe_module(const frontend::typed::TypedModule& module, std::string label, TypeModel& types);

tal::Bytes manifest_section(const frontend::typed::TypedModule& module, std::string label);
// The section with what only the code tells. One that is empty stays so: the module is not to be updated.
tal::Bytes add_suspensions(tal::Bytes section, std::vector<Suspension> suspensions);

}  // namespace dsu
