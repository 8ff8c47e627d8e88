// Prints AST back as Popcorn source. Parsing the result gives the same tree; layout and comments of the original are gone.
#pragma once

#include <string>

#include "frontend/ast.h"

namespace frontend::ast {

std::string print(const Module& module);
std::string print(const Decl& decl, unsigned indent = 0);
std::string print(const Stmt& stmt, unsigned indent = 0);
std::string print(const Expr& expr);
// A declaration of `name` (may be empty) with this type: `int f(char)`.
std::string print(const Type& type, std::string_view name = {});

// A string literal with quotes and escapes.
std::string quote_string(std::string_view value);
// A character literal.
std::string quote_char(uint8_t value);

}  // namespace frontend::ast
