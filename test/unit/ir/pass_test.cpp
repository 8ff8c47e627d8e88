#include "ir_text.h"

#include "ir/edit.h"
#include "ir/opt/passes.h"
#include "ir/pipeline.h"
#include "ir/verifier.h"

namespace ir::testing {
namespace {

TEST(Pipeline, OrderRespectsNeedsAndBreaks) {
  EXPECT_EQ(check_order(default_pipeline()), "");
  EXPECT_NE(check_order({"gvn"}), "");
  EXPECT_NE(check_order({"frob"}), "");
}

TEST(Pipeline, RefusesUnknownNames) {
  TextModule m("module \"m\"\n");
  PipelineOptions options;
  options.print_after = {"frob"};
  EXPECT_EQ(run_pipeline(m.module, options).error, "unknown pass `frob`");
}

TEST(Pipeline, NamesPassAndFunctionOfABrokenFunction) {
  TextModule m("module \"m\"\n\nfunc public f(int) -> int {\nb0(v0: int):\n  v1: int = sdiv v0, v0\n  ret v1\n}\n");
  PipelineOptions options;
  options.verify_each = true;
  std::string error = run_pipeline(m.module, options).error;
  EXPECT_EQ(error.substr(0, error.find('\n')), "broken function `f` after pass `lower`");
}

TEST(Pipeline, PrintsAndStops) {
  TextModule m("module \"m\"\n\nfunc public f() -> void {\nb0:\n  ret\n}\n\nfunc public g() -> void {\nb0:\n  ret\n}\n");
  PipelineOptions options;
  options.print_after = {"lower", "gvn"};
  options.print_before = {"gvn"};
  options.print_func = {"g"};
  options.stop_after = "gvn";
  options.time_passes = true;
  PipelineResult result = run_pipeline(m.module, options);
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.error, "");
  EXPECT_NE(result.listing.find("; ---- after lower\nfunc public g()"), std::string::npos);
  EXPECT_NE(result.listing.find("; ---- before gvn\nfunc public g()"), std::string::npos);
  EXPECT_EQ(result.listing.find("func public f()"), std::string::npos);
  EXPECT_NE(result.listing.find("ms  gvn"), std::string::npos);
}

// A long chain of joins with many variables must not take quadratic time or deep recursion.
TEST(Pipeline, CopesWithLongFunctions) {
  std::string text = "module \"m\"\n\nfunc public f(bool, int) -> int {\nb0(v0: bool, v1: int):\n  br b1(v1)\n";
  const uint32_t count = 20000;
  uint32_t next_value = 2;
  for (uint32_t i = 0; i < count; ++i) {
    std::string p = "v" + std::to_string(next_value++), b = std::to_string(3 * i + 1), t = std::to_string(3 * i + 2), e = std::to_string(3 * i + 3);
    std::string sum = "v" + std::to_string(next_value++);
    text += "b" + b + "(" + p + ": int):\n  br_if v0, b" + t + ", b" + e + "\n";
    text += "b" + t + ":\n  " + sum + ": int = add " + p + ", v1\n  br b" + std::to_string(3 * i + 4) + "(" + sum + ")\n";
    text += "b" + e + ":\n  br b" + std::to_string(3 * i + 4) + "(" + p + ")\n";
  }
  std::string last = "v" + std::to_string(next_value);
  text += "b" + std::to_string(3 * count + 1) + "(" + last + ": int):\n  ret " + last + "\n}\n";
  TextModule m(text);
  PipelineOptions options;
  options.verify_each = true;
  EXPECT_EQ(run_pipeline(m.module, options).error, "");
}

TEST(Compact, DropsWhatIsNotInUse) {
  TextModule m("module \"m\"\n\nfunc public f(int) -> int {\nb0(v0: int):\n  v1: int = add v0, v0\n  ret v0\nb1:\n  ret v0\n}\n");
  remove_unreachable_blocks(m.function());
  eliminate_dead_code(m.module, m.function());
  compact(m.function());
  EXPECT_EQ(m.function().blocks.size(), 1u);
  EXPECT_EQ(m.function().insts.size(), 1u);
  EXPECT_EQ(m.function().values.size(), 1u);
  EXPECT_TRUE(verify(m.module).empty());
}

} // namespace
} // namespace ir::testing
