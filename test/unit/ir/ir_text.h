// A module made from text, with the stores it needs; and the text of its only function.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ir/parser.h"
#include "ir/printer.h"

namespace ir::testing {

struct TextModule {
  frontend::TypeStore types;
  support::NameTable names;
  Module module;

  explicit TextModule(const std::string& text) {
    ParseResult result = parse_module(text, types, names);
    EXPECT_TRUE(result.module) << result.error.line << ":" << result.error.column << ": " << result.error.text << "\n" << text;
    if (result.module)
      module = std::move(*result.module);
  }
  // The last function of the module.
  Function& function() { return module.functions.back(); }
  FuncId function_id() const { return {static_cast<uint32_t>(module.functions.size() - 1)}; }
};

} // namespace ir::testing
