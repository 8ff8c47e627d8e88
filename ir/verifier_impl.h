// Shared by the verifier's files: where errors go, and the type rules (verify_types.cpp).
#pragma once

#include <utility>

#include "ir/verifier.h"

namespace ir::verifying {

class Report {
 public:
  Report(std::vector<VerifyError>& errors, FuncId function) : errors_(errors), function_(function) {}
  void at(BlockId block, InstId inst) {
    block_ = block;
    inst_ = inst;
  }
  void error(const char* rule, std::string text) { errors_.push_back({rule, function_, block_, inst_, std::move(text)}); }
  size_t count() const { return errors_.size(); }

 private:
  std::vector<VerifyError>& errors_;
  FuncId function_;
  BlockId block_;
  InstId inst_;
};

void verify_types(const Module& module, const Function& function, Report& report);
void verify_constants(const Module& module, std::vector<VerifyError>& errors);

// May a value of type `from` be used where `to` is expected?
inline bool fits(Type from, Type to) { return from.id == to.id && (from.nonnull || !to.nonnull); }

} // namespace ir::verifying
