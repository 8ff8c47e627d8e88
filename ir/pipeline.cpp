#include "ir/pipeline.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "ir/edit.h"
#include "ir/opt/passes.h"
#include "ir/printer.h"
#include "ir/verifier.h"

namespace ir {

using namespace facts;

const std::vector<Pass>& all_passes() {
  static const std::vector<Pass> passes = {
      // name, summary, function, needs, gives, breaks, required
      {"simplify-cfg", "fold known branches, skip empty blocks, merge straight lines", simplify_cfg, 0, FoldedBranches | NoTrivialParams, 0, false},
      {"copy-prop", "remove single-valued parameters and conversions or checks without effect", propagate_copies, 0, NoTrivialParams, NoDeadCode, false},
      {"const-fold", "fold constants, apply algebraic identities", fold_constants, NoTrivialParams, SortedOperands, FoldedBranches | NoDeadCode, false},
      {"tail-recursion", "turn recursion at the end of a function into a loop", make_loops_of_recursion, NoTrivialParams, 0, NoTrivialParams | NoDeadCode, false},
      {"inline", "copy small functions of the module to their calls", inline_calls, 0, 0, NoTrivialParams | FoldedBranches | SortedOperands | NoDeadCode, false},
      {"gvn", "global value numbering; repeated checks and loads", number_values, NoTrivialParams | SortedOperands, 0, NoDeadCode | NoTrivialParams, false},
      {"if-convert", "count by adding the condition instead of branching on it", convert_ifs, 0, 0, NoDeadCode, false},
      {"licm", "move loop-invariant computations in front of loops", move_loop_invariants, 0, 0, NoTrivialParams, false},
      {"loop-versioning", "copies of loops without bounds checks, behind a test that none would fail", version_loops, 0, 0, NoTrivialParams | NoDeadCode, false},
      {"known-facts", "end blocks behind checks that cannot succeed, decide branches of known outcome", use_known_facts, 0, 0, NoTrivialParams | NoDeadCode, true},
      {"dce", "remove instructions and parameters that nobody needs", eliminate_dead_code, 0, NoDeadCode, 0, false},
  };
  return passes;
}

// Numbering makes operands equal, so folding comes before and after it, and moves nothing out of a loop that it could have
// removed; dead code is removed once nothing makes any. Known facts are used when all constants are known, and first, while
// every check is still there (numbering takes for granted that the earlier of two checks has succeeded). Bodies are copied when they are
// simplified, and then facts are used again, for arguments are known now.
const std::vector<std::string>& default_pipeline() {
  static const std::vector<std::string> order = {"known-facts", "simplify-cfg", "tail-recursion", "inline", "known-facts", "simplify-cfg", "const-fold", "gvn", "copy-prop", "const-fold", "simplify-cfg", "if-convert", "licm", "loop-versioning", "known-facts", "dce", "simplify-cfg"};
  return order;
}

const Pass* find_pass(std::string_view name) {
  for (const Pass& pass : all_passes())
    if (pass.name == name)
      return &pass;
  return nullptr;
}

std::string check_order(const std::vector<std::string>& names) {
  unsigned holds = 0;
  for (const std::string& name : names) {
    const Pass* pass = find_pass(name);
    if (!pass)
      return "unknown pass `" + name + "`";
    if ((pass->needs & holds) != pass->needs)
      return "pass `" + name + "` needs a fact that no earlier pass gives";
    holds = (holds & ~pass->breaks) | pass->gives;
  }
  return {};
}

std::string list_passes() {
  std::string out;
  for (const Pass& pass : all_passes()) {
    std::string name = pass.name;
    name.resize(std::max<size_t>(name.size() + 1, 16), ' ');
    out += name + pass.summary + (pass.required ? " (always runs)" : "") + "\n";
  }
  return out;
}

std::vector<std::string> pass_sequence(const PipelineOptions& options) {
  if (!options.run_passes.empty())
    return options.run_passes;
  if (options.optimise != 0)
    return default_pipeline();
  std::vector<std::string> required;
  for (const Pass& pass : all_passes())
    if (pass.required)
      required.push_back(pass.name);
  return required;
}

std::string pass_times(const std::vector<PassTime>& times) {
  std::string text = "; ---- time per pass\n";
  for (const PassTime& time : times) {
    char line[96];
    std::snprintf(line, sizeof line, "; %8.3f ms  %s\n", std::chrono::duration<double, std::milli>(time.duration).count(), time.name);
    text += line;
  }
  return text;
}

namespace {

class Runner {
 public:
  Runner(Module& module, const PipelineOptions& options) : module_(module), options_(options) {}

  PipelineResult run() {
    std::vector<std::string> names = pass_sequence(options_);
    if (!names_exist(names))
      return std::move(result_);
    if (!finish_stage("lower"))
      return std::move(result_);
    for (const std::string& name : names) {
      print_if(options_.print_before, name, "before");
      run_pass(*find_pass(name));
      if (!finish_stage(name))
        break;
    }
    if (options_.time_passes)
      result_.listing += pass_times(times_);
    return std::move(result_);
  }

 private:
  bool names_exist(const std::vector<std::string>& names) {
    for (const auto* list : {&names, &options_.print_before, &options_.print_after})
      for (const std::string& name : *list)
        if (!find_pass(name) && !(list == &options_.print_after && name == "lower"))
          result_.error = "unknown pass `" + name + "`";
    if (!options_.stop_after.empty() && options_.stop_after != "lower" && !find_pass(options_.stop_after))
      result_.error = "unknown pass `" + options_.stop_after + "`";
    return result_.error.empty();
  }

  void run_pass(const Pass& pass) {
    auto start = std::chrono::steady_clock::now();
    for (Function& function : module_.functions)
      if (function.has_body())
        pass.run(module_, function);
    times_.push_back({pass.name, std::chrono::steady_clock::now() - start});
  }

  // False: do not go on.
  bool finish_stage(const std::string& name) {
    print_if(options_.print_after, name, "after");
    if (options_.verify_each && !verify_all(name))
      return false;
    result_.stopped = options_.stop_after == name;
    return !result_.stopped;
  }

  bool verify_all(const std::string& name) {
    std::vector<VerifyError> errors = verify(module_);
    if (errors.empty())
      return true;
    const VerifyError& first = errors.front();
    std::string where = first.function.is_valid() ? "function `" + module_.function(first.function).name + "`" : "module";
    result_.error = "broken " + where + " after pass `" + name + "`\n" + render(module_, errors);
    return false;
  }

  void print_if(const std::vector<std::string>& wanted, const std::string& name, const char* when) {
    bool all = options_.print_after_all && std::string_view(when) == "after";
    if (!all && std::find(wanted.begin(), wanted.end(), name) == wanted.end())
      return;
    result_.listing += std::string("; ---- ") + when + " " + name + "\n";
    PrintOptions print;
    print.locations = options_.print_locations;
    if (options_.print_func.empty()) {
      result_.listing += print_module(module_, print);
      return;
    }
    for (const Function& f : module_.functions)
      if (f.has_body() && std::find(options_.print_func.begin(), options_.print_func.end(), f.name) != options_.print_func.end())
        result_.listing += print_function(module_, f, print);
  }

  Module& module_;
  const PipelineOptions& options_;
  PipelineResult result_;
  std::vector<PassTime> times_;
};

} // namespace

PipelineResult run_pipeline(Module& module, const PipelineOptions& options) { return Runner(module, options).run(); }

} // namespace ir
