// A reference interpreter of the IR: slow, simple, and independent of code generation. Tests run a program through it and
// through the compiled executable and compare output and outcome.
//
// A program is one or more modules, joined by the names of their public symbols; what no module defines must be one of the
// natives of natives.cpp (printing, strings). Memory is never freed. Calls do not use the stack of the host.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/ir.h"

namespace ir::interp {

struct Options {
  uint64_t step_limit = 100'000'000; // instructions
  uint32_t depth_limit = 200'000;    // calls in progress
  std::vector<std::string> arguments = {}; // of the program: std_args(), and what an entry point with a parameter gets
};

struct Outcome {
  enum class Kind : uint8_t {
    Returned,  // value: the function's result, canonical
    Exited,    // the program called exit(value)
    Uncaught,  // exception: its name
    Failed,    // error: a limit, a missing function, or IR that does what it must not
  } kind = Kind::Failed;
  uint64_t value = 0;
  std::string exception;
  std::string output; // what was written to standard output
  std::string error;
};

// Calls the function of that (qualified) name with canonical arguments. One that has a parameter and gets no argument is an entry
// point: it gets the program's arguments.
[[nodiscard]] Outcome run(std::span<const Module* const> program, std::string_view function, std::span<const uint64_t> args = {},
                          const Options& options = {});

} // namespace ir::interp
