// Reads the text form of a module (docs/ir.md), as ir/printer.h writes it. Used by tests and by --run-pass.
//
// The reader checks syntax and that names exist; everything else is the verifier's business. Types go into the given
// store; declarations are added to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ir/ir.h"
#include "support/names.h"

namespace ir {

struct ParseError {
  uint32_t line = 0;
  uint32_t column = 0;
  std::string text;
};

struct ParseResult {
  std::optional<Module> module;
  ParseError error; // if there is no module
};

[[nodiscard]] ParseResult parse_module(std::string_view text, frontend::TypeStore& types, support::NameTable& names);

} // namespace ir
