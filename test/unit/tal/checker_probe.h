// Runs single instructions and conditions in the checker's state, for tests of transfer functions.
#pragma once

#include "tal/function_checker.h"

namespace tal {

class CheckerProbe {
public:
  CheckerProbe() : checker_(context_) {
    checker_.signature_ = &signature_;
    checker_.alive_ = true;
    state().reset();
  }
  State& state() { return checker_.state_; }
  // False: refused.
  bool step(const Bytes& code) {
    image_.text = code;
    checker_.at_ = 0;
    if (!decode(code, checker_.inst_))
      return false;
    if (state().crowded())
      state().collect();
    return checker_.step();
  }
  bool refine(State& s, Condition c) { return tal::refine(s, annotations_.types, c); }
  std::string why() { return checker_.error_.expected + " / " + checker_.error_.found; }

private:
  ObjectAnnotations annotations_;
  ObjectImage image_;
  Signature signature_;
  ModuleContext context_{annotations_.types, annotations_, image_, {}, {}, {}, 0, 0, 0, 1u << 20, 1u << 20, {}, {}, {}};
  FunctionChecker checker_;
};

} // namespace tal
