// Runs the passes over a module and does what all of them have in common: printing, checking, timing, stopping.
//
// The driver fills PipelineOptions from the command line. Nothing is written to files here: listings come back as text.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "ir/ir.h"

namespace ir {

// What a pass establishes, relies on, or destroys; the order of the pipeline is checked against it.
namespace facts {
inline constexpr unsigned NoTrivialParams = 1; // no parameter receives one value only
inline constexpr unsigned FoldedBranches = 2;  // no branch on a constant
inline constexpr unsigned NoDeadCode = 4;
inline constexpr unsigned SortedOperands = 8;  // constants of commutative operations are on the right
}

struct Pass {
  const char* name;
  const char* summary;
  bool (*run)(Module& module, Function& function);
  unsigned needs, gives, breaks; // facts; `breaks` takes effect before `gives`
  bool required;                 // runs at -O0 too
};

// The table of passes, and the order in which the optimising pipeline runs them.
const std::vector<Pass>& all_passes();
const Pass* find_pass(std::string_view name);
const std::vector<std::string>& default_pipeline();
// Why the sequence does not respect needs and breaks; empty if it does.
std::string check_order(const std::vector<std::string>& names);
// One line per pass, for --list-passes.
std::string list_passes();

struct PipelineOptions {
  int optimise = 1;                      // 0: required passes only
  std::vector<std::string> run_passes;   // not empty: exactly these, in this order
  std::vector<std::string> print_before; // pass names
  std::vector<std::string> print_after;  // pass names; "lower" is the input of the pipeline
  bool print_after_all = false;
  std::vector<std::string> print_func;   // not empty: listings show only these functions
  bool print_locations = false;
  bool verify_each = false;              // verify the input and after each pass
  bool time_passes = false;
  std::string stop_after;                // pass name, or "lower"
};

struct PipelineResult {
  std::string listing; // everything that was asked to be printed, timing last
  std::string error;   // not empty: a pass name is unknown or a function is broken (an internal error)
  bool stopped = false; // stop_after was reached
};

[[nodiscard]] PipelineResult run_pipeline(Module& module, const PipelineOptions& options);

// The names of the passes that run_pipeline runs.
std::vector<std::string> pass_sequence(const PipelineOptions& options);

struct PassTime {
  const char* name;
  std::chrono::steady_clock::duration duration;
};
// As part of a listing.
std::string pass_times(const std::vector<PassTime>& times);

} // namespace ir
