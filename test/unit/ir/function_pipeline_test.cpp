// FunctionPipeline: the same code as run_pipeline makes, whatever calls what in which order.
#include "ir_text.h"

#include "ir/function_pipeline.h"

namespace ir::testing {
namespace {

// `first` calls what comes later, which calls what comes earlier; `twice` has room for a copy of `one` and is copied itself; the two
// at the end call each other.
const char* kProgram = R"(module "m"
func import print(int) -> void
func public first(int) -> int {
b0(v0: int):
  v1: int = call one v0
  v2: int = call twice v1
  v3: int = call even v2
  ret v3
}
func static one(int) -> int {
b0(v0: int):
  v1: int = iconst 1
  v2: int = add v0, v1
  ret v2
}
func static twice(int) -> int {
b0(v0: int):
  v1: int = call one v0
  v2: int = call one v1
  ret v2
}
func public loud(int) -> int {
b0(v0: int):
  v1: int = call twice v0
  call print v1
  ret v1
}
func static even(int) -> int {
b0(v0: int):
  v1: int = iconst 0
  v2: bool = eq v0, v1
  br_if v2, b1, b2
b1:
  ret v1
b2:
  v3: int = sub v0, v1
  v4: int = call odd v3
  ret v4
}
func static odd(int) -> int {
b0(v0: int):
  v1: int = call even v0
  v2: int = call first v1
  ret v2
}
)";

std::string by_function(Module& module, int optimise, std::vector<std::string>& order) {
  std::vector<Function> bodies(module.functions.size());
  for (size_t i = 0; i < bodies.size(); ++i) {
    bodies[i] = module.functions[i];
    module.functions[i].drop_body();
  }
  PipelineOptions options;
  options.optimise = optimise;
  FunctionPipeline pipeline(module, options);
  std::string text;
  const auto take = [&] {
    while (const std::optional<FuncId> ready = pipeline.next()) {
      order.push_back(module.function(*ready).name);
      text += print_function(module, module.function(*ready));
      pipeline.release();
    }
  };
  for (uint32_t i = 0; i < bodies.size(); ++i) {
    if (!bodies[i].has_body())
      continue;
    module.functions[i] = std::move(bodies[i]);
    pipeline.add({i});
    order.push_back("+" + module.functions[i].name);
    take();
  }
  pipeline.close();
  take();
  return text;
}

std::string as_a_whole(Module& module, int optimise) {
  PipelineOptions options;
  options.optimise = optimise;
  EXPECT_EQ(run_pipeline(module, options).error, "");
  std::string text;
  for (const Function& function : module.functions)
    if (function.has_body())
      text += print_function(module, function);
  return text;
}

TEST(FunctionPipeline, MakesTheSameCodeAsTheWholeModule) {
  for (const bool updateable : {false, true})
    for (const int optimise : {0, 1}) {
      TextModule one(kProgram), other(kProgram);
      one.module.updateable = other.module.updateable = updateable;
      std::vector<std::string> order;
      const std::string text = by_function(one.module, optimise, order);
      EXPECT_EQ(text, as_a_whole(other.module, optimise));
      EXPECT_EQ(text.find("call one") == std::string::npos, optimise == 1) << text;
    }
}

TEST(FunctionPipeline, WaitsForWhatIsCalled) {
  TextModule m(kProgram);
  std::vector<std::string> order;
  by_function(m.module, 1, order);
  const std::vector<std::string> expected = {"+first", "+one", "+twice", "+loud", "+even", "first", "one", "twice", "loud", "+odd", "even", "odd"};
  EXPECT_EQ(order, expected);
  TextModule again(kProgram);
  order.clear();
  by_function(again.module, 0, order);
  EXPECT_EQ(order[1], "first") << "without optimisation nothing is waited for";
}

// Bodies that never come do not hold up the others for ever.
TEST(FunctionPipeline, EndsWithoutTheBodiesThatDoNotCome) {
  TextModule m(kProgram);
  for (Function& function : m.module.functions)
    if (function.name != "first")
      function.drop_body();
  std::vector<std::string> order;
  by_function(m.module, 1, order);
  EXPECT_EQ(order, (std::vector<std::string>{"+first", "first"}));
}

} // namespace
} // namespace ir::testing
