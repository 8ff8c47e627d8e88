// A lexer as Popcorn source, for the module Lexing of the library.
#pragma once

#include "frontend/lexgen/automaton.h"

namespace frontend::lexgen {

// `source` and `output` are the names of the files, for #line directives.
std::string write_lexer(const LexerSpec& spec, const Automaton& automaton, std::string_view source, std::string_view output);

} // namespace frontend::lexgen
