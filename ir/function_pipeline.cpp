#include "ir/function_pipeline.h"

#include <algorithm>
#include <utility>

#include "ir/opt/passes.h"

namespace ir {

FunctionPipeline::FunctionPipeline(Module& module, const PipelineOptions& options) : module_(module), timed_(options.time_passes) {
  for (const std::string& name : pass_sequence(options))
    passes_.push_back(find_pass(name));
  const auto meets = [](const Pass* pass) { return pass->run == inline_calls; };
  meeting_ = static_cast<size_t>(std::find_if(passes_.begin(), passes_.end(), meets) - passes_.begin());
  for (const Pass* pass : passes_)
    times_.push_back({pass->name, {}});
}

void FunctionPipeline::run(size_t from, size_t to, Function& function) {
  for (size_t i = from; i < to; ++i) {
    if (!timed_) {
      passes_[i]->run(module_, function);
      continue;
    }
    const auto start = std::chrono::steady_clock::now();
    passes_[i]->run(module_, function);
    times_[i].duration += std::chrono::steady_clock::now() - start;
  }
}

void FunctionPipeline::add(FuncId id) {
  has_come_.resize(std::max<size_t>(has_come_.size(), module_.functions.size()));
  has_come_[id.value] = true;
  run(0, meeting_, module_.function(id));
  Waiting waiting{id, {}};
  if (meeting_ < passes_.size())
    for (BlockId block : module_.function(id).order)
      for (InstId inst : module_.function(id).block(block).insts)
        if (const Inst& call = module_.function(id).inst(inst); call.op == Op::Call && !has_come_[call.symbol])
          waiting.callees.push_back(call.func());
  waiting_.push_back(std::move(waiting));
}

bool FunctionPipeline::is_ready(Waiting& waiting) {
  while (!is_closed_ && !waiting.callees.empty()) {
    const FuncId callee = waiting.callees.back();
    if (module_.function(callee).linkage != Linkage::Import && !has_come_[callee.value])
      return false;
    waiting.callees.pop_back();
  }
  return true;
}

std::optional<FuncId> FunctionPipeline::next() {
  if (waiting_.empty() || !is_ready(waiting_.front()))
    return std::nullopt;
  current_ = waiting_.front().function;
  waiting_.pop_front();
  Function& function = module_.function(*current_);
  if (meeting_ < passes_.size()) {
    run(meeting_, meeting_ + 1, function);
    if (may_be_inlined(function))
      to_copy_ = function;
    run(meeting_ + 1, passes_.size(), function);
  }
  return current_;
}

void FunctionPipeline::release() {
  if (to_copy_)
    module_.function(*current_) = std::move(*to_copy_);
  else
    module_.function(*current_).drop_body();
  to_copy_.reset();
}

} // namespace ir
