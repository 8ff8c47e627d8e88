#include "ir_text.h"

#include "ir/interp/interp.h"
#include "ir/verifier.h"

namespace ir::testing {
namespace {

using interp::Outcome;

Outcome run(const TextModule& m, std::vector<uint64_t> args, const interp::Options& options = {}) {
  EXPECT_TRUE(verify(m.module).empty()) << render(m.module, verify(m.module));
  const Module* modules[] = {&m.module};
  return interp::run(modules, "f", args, options);
}

TEST(Interpreter, Factorial) {
  TextModule m(R"(module "m"
func public f(int) -> int {
b0(v0: int):
  v1: int = iconst 1
  v2: bool = sle v0, v1
  br_if v2, b1, b2
b1:
  ret v1
b2:
  v3: int = sub v0, v1
  v4: int = call f v3
  v5: int = mul v0, v4
  ret v5
}
)");
  Outcome o = run(m, {10});
  EXPECT_EQ(o.kind, Outcome::Kind::Returned) << o.error;
  EXPECT_EQ(o.value, 3628800u);
  EXPECT_EQ(run(m, {100000}, {.step_limit = 1'000'000'000, .depth_limit = 1000}).error, "too many calls in progress");
  EXPECT_EQ(run(m, {100000}, {.step_limit = 1000}).error, "step limit reached");
}

// Parameters of a loop are assigned at once.
TEST(Interpreter, SwapsInParallel) {
  TextModule m(R"(module "m"
func public f(int, int) -> int {
b0(v0: int, v1: int):
  v2: int = iconst 1
  v3: int = iconst 0
  br b1(v0, v1, v2)
b1(v4: int, v5: int, v6: int):
  v7: bool = eq v6, v3
  br_if v7, b2, b1(v5, v4, v3)
b2:
  v8: int = sub v4, v5
  ret v8
}
)");
  EXPECT_EQ(run(m, {10, 3}).value, static_cast<uint32_t>(-7));
}

const char* kExceptions = R"(module "m"
type public struct node nullable { value: int, next: node }
exception public Bad(int)
exception import ArrayBounds
exception import NullPointer
func static thrower([int], int, node) -> int {
b0(v0: [int], v1: int, v2: node):
  v3: int = check_bounds v0, v1
  v4: int = load_elem v0, v3
  v5: node! = check_null v2
  v6: int = load_field .0 v5
  v7: exn = new_exn Bad v6
  raise v7
}
func public f(int, int) -> int {
b0(v0: int, v1: int):
  v2: [int] = array_of v0, v0
  v3: node = null
  v4: int = iconst 0
  v5: bool = eq v0, v4
  br_if v5, b2(v3), b1
b1:
  v6: node! = new_object v0, v3
  br b2(v6)
b2(v7: node) unwind b4(v0):
  v8: int = call thrower v2, v1, v7
  br b3
b3:
  ret v8
b4(v9: exn, v10: int):
  v11: bool = exn_matches Bad v9
  br_if v11, b5, b6
b5:
  v12: int = exn_payload Bad v9
  v13: int = add v12, v10
  ret v13
b6:
  v14: bool = exn_matches NullPointer v9
  br_if v14, b7, b8
b7:
  v15: int = iconst -1
  ret v15
b8:
  raise v9
}
)";

TEST(Interpreter, Exceptions) {
  TextModule m(kExceptions);
  EXPECT_EQ(run(m, {21, 0}).value, 42u) << "payload and a value passed on the unwind edge";
  EXPECT_EQ(run(m, {0, 1}).value, 0xffffffffu) << "NullPointer";
  Outcome o = run(m, {1, 2});
  EXPECT_EQ(o.kind, Outcome::Kind::Uncaught);
  EXPECT_EQ(o.exception, "ArrayBounds");
  EXPECT_EQ(run(m, {1, 0xffffffff}).exception, "ArrayBounds") << "negative index";
}

TEST(Interpreter, StaticDataAndNatives) {
  TextModule m(R"(module "m"
global static table: [string] = data d2
global import tal_stdout: string
data d0: string = "x"
data d1: string = "y"
data d2: [string] = [data d0, data d1] length 4
func import fprint_string(string, string) -> void
func import exit(int) -> void
func public f(int) -> int {
b0(v0: int):
  v1: [string] = load_global table
  v2: int = check_bounds v1, v0
  v3: string = load_elem v1, v2
  v4: string = load_global tal_stdout
  call fprint_string v4, v3
  call exit v0
  ret v0
}
)");
  Outcome o = run(m, {3});
  EXPECT_EQ(o.kind, Outcome::Kind::Exited) << o.error;
  EXPECT_EQ(o.output, "y");
  EXPECT_EQ(o.value, 3u);
}

} // namespace
} // namespace ir::testing
