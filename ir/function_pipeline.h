// The pipeline for a module whose bodies are made one after the other (ir/lower.h, Lowering): what run_pipeline does, but all passes on
// one function before the next, while its body is in the processor's caches, and its memory serves for the next one.
//
// Functions meet in one place only, where calls are replaced by what they call. There a function sees earlier ones as they are after
// that pass, and later ones as they are before it; so it waits until everything that it calls has been made.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "ir/pipeline.h"

namespace ir {

class FunctionPipeline {
 public:
  // Of the options only `optimise` and `time_passes` count.
  FunctionPipeline(Module& module, const PipelineOptions& options);

  // The function has its body now.
  void add(FuncId function);
  // No more bodies will come: nothing is waited for any longer.
  void close() { is_closed_ = true; }
  // The next function, in the order of add(), with all passes done; none: not before further bodies are there. Its body belongs to the
  // caller until release(), which takes it out of the module and comes before next() is called again.
  std::optional<FuncId> next();
  void release();

  // As run_pipeline lists them.
  std::string times() const { return pass_times(times_); }

 private:
  struct Waiting {
    FuncId function;
    std::vector<FuncId> callees; // those that have no body yet
  };
  bool is_ready(Waiting& waiting);
  void run(size_t from, size_t to, Function& function);

  Module& module_;
  std::vector<const Pass*> passes_;
  size_t meeting_ = 0; // index of the pass that looks at other functions; behind the last, if there is none
  bool timed_ = false, is_closed_ = false;
  std::vector<PassTime> times_;
  std::vector<bool> has_come_; // by function
  std::deque<Waiting> waiting_;
  std::optional<FuncId> current_;
  std::optional<Function> to_copy_; // the current function as its callers are to see it, if they are
};

} // namespace ir
