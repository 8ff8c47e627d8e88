// The text form of the IR. ir/parser.h reads it back: print(parse(print(m))) == print(m).
//
// Values and blocks are numbered in order of appearance, so the text does not depend on what was removed before.
// The grammar is in docs/ir.md.
#pragma once

#include <functional>
#include <string>

#include "ir/ir.h"

namespace ir {

struct PrintOptions {
  bool locations = false; // append `@line:column` (`@file/line:column`) to instructions and declarations
  // Printed under the instruction (none: under the block head) as comment lines; the verifier puts its errors here.
  std::function<std::string(BlockId, InstId)> annotate = {};
};

std::string print_type(const frontend::TypeStore& types, frontend::TypeId type);
std::string print_type(const frontend::TypeStore& types, Type type);
std::string print_module(const Module& module, const PrintOptions& options = {});
std::string print_function(const Module& module, const Function& function, const PrintOptions& options = {});

} // namespace ir
