// Correct timing: which functions may be on the stack at an update point and go on with what the update changes. All that is safe; whether it is
// meant is for the author to judge.
//
// Calls are followed by name through all modules of the program, and calls of function values to functions that are in the initial value of
// some variable. Functions of the library that call function values are not looked into.
#pragma once

#include "dsu/patch/differ.h"

namespace dsu {

struct TimingNote {
  std::string module, function;
  std::set<std::string> waits_in;   // what it has called then
  bool code_changes = false;        // it goes on in its old version
  std::set<std::string> types;      // changed types whose old version it goes on using
  std::set<std::string> data;       // variables whose old storage it goes on using
};

std::vector<TimingNote> find_timing_notes(const Version& before, const Difference& difference);

// "pop_main (server), while it waits in Dsu::update_point: goes on in its old version, ..."
std::string text(const TimingNote& note);

}  // namespace dsu
