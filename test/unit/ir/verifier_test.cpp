// Each rule of the verifier refuses a function that breaks it and nothing else. What text cannot express is broken by hand.
#include "ir_text.h"

#include <functional>

#include "ir/verifier.h"

namespace ir::testing {
namespace {

const char* kDecls = R"(module "m"
type public struct point { x: int, y: int }
type public struct node nullable { value: int, next: node }
exception public E(int)
exception public None
global public g: int = 0
data d0: string = "s"
func import callee(int) -> int
func import poly<a>($0) -> $0

)";

std::string rules(const Module& module) {
  std::string out;
  for (const VerifyError& e : verify(module))
    out += std::string(out.empty() ? "" : " ") + e.rule;
  return out;
}

// The body of `func public f(i: int, n: node, p: point, a: [int]) -> int`, values v0 to v3.
std::string rules_of(const std::string& body) {
  TextModule m(kDecls + std::string("func public f(int, node, point, [int]) -> int {\nb0(v0: int, v1: node, v2: point, v3: [int])") + body + "}\n");
  return rules(m.module);
}

TEST(Verifier, AcceptsASoundFunction) {
  EXPECT_EQ(rules_of(" unwind b2(v0):\n  v4: node! = check_null v1\n  br b1\nb1:\n  v5: int = load_field .0 v4\n  ret v5\nb2(v6: exn, v7: int):\n  ret v7\n"), "");
}

struct Case {
  const char* rules;
  const char* body;
};

TEST(Verifier, RefusesBrokenBodies) {
  const Case cases[] = {
      // S4: shape
      {"S4", ":\n  v4: int = add v0\n  ret v0\n"},
      {"S4", ":\n  add v0, v0\n  ret v0\n"},
      {"S4", ":\n  v4: int = store_global g v0\n  ret v0\n"},
      // S5: edges
      {"S5", ":\n  br b1\nb1(v4: int):\n  ret v4\n"},
      {"S5", ":\n  br b0(v0, v1, v2, v3)\n"},
      // S6: parameters
      {"S6", "x"},
      // S7: unwind edges
      {"S7", " unwind b2:\n  v4: int = add v0, v0\n  br b1\nb1:\n  ret v0\nb2(v5: exn):\n  ret v0\n"},
      {"S7", " unwind b2:\n  v4: int = call callee v0\n  v5: int = call callee v0\n  br b1\nb1:\n  ret v0\nb2(v6: exn):\n  ret v0\n"},
      {"S7", " unwind b2:\n  v4: int = call callee v0\n  v5: int = add v4, v4\n  br b1\nb1:\n  ret v0\nb2(v6: exn):\n  ret v0\n"},
      {"S7", " unwind b2(v0):\n  v4: int = call callee v0\n  br b1\nb1:\n  ret v0\nb2(v5: int, v6: int):\n  ret v0\n"},
      {"S7", " unwind b2:\n  v4: exn = new_exn None\n  raise v4\nb2(v5: exn):\n  ret v0\n"},
      // S8: switch keys
      {"S8", ":\n  switch v0, 1: b1, 1: b1, default: b1\nb1:\n  ret v0\n"},
      {"S8", ":\n  switch v0, 4294967295: b1, default: b1\nb1:\n  ret v0\n"},
      // V1: dominance
      {"V1", ":\n  v5: bool = eq v0, v0\n  br_if v5, b1, b2\nb1:\n  v4: int = add v0, v0\n  br b2\nb2:\n  ret v4\n"},
      {"V1", ":\n  v4: int = add v5, v0\n  v5: int = add v0, v0\n  ret v4\n"},
      {"V1", " unwind b2:\n  v4: int = call callee v0\n  br b1\nb1:\n  ret v4\nb2(v5: exn):\n  ret v4\n"},
      {"V1", " unwind b2(v4):\n  v4: int = call callee v0\n  br b1\nb1:\n  ret v4\nb2(v5: exn, v6: int):\n  ret v6\n"},
      // V2, V3
      {"V2", ":\n  v4: int = undef\n  ret v4\n"},
      {"V3", ":\n  ret v0\nb1:\n  ret v0\n"},
      // T1: operands, results, own rules
      {"T1", ":\n  v4: node = add v1, v1\n  ret v0\n"},
      {"T1", ":\n  v4: int = add v0, v1\n  ret v0\n"},
      {"T1", ":\n  v4: unsigned int = add v0, v0\n  ret v0\n"},
      {"T1", ":\n  v4: int = eq v0, v0\n  ret v0\n"},
      {"T1", ":\n  v4: int = load_field .0 v1\n  ret v0\n"},
      {"T1", ":\n  v4: int = load_field .2 v2\n  ret v0\n"},
      {"T1", ":\n  v4: char = load_field .0 v2\n  ret v0\n"},
      {"T1", ":\n  v4: char = iconst 300\n  ret v0\n"},
      {"T1", ":\n  v4: int = fconst \"1.5\"\n  ret v0\n"},
      {"T1", ":\n  v4: float = fconst \"0.1\"\n  ret v0\n"}, // not a float
      {"T1", ":\n  v4: double = fconst \"1.5\"\n  v5: double = add v4, v4\n  ret v0\n"},
      {"T1", ":\n  v4: double = fconst \"1.5\"\n  v5: bool = eq v4, v4\n  ret v0\n"},
      {"T1", ":\n  v4: double = fconst \"1.5\"\n  v5: double = fadd v4, v0\n  ret v0\n"},
      {"T1", ":\n  v4: double = fconst \"1.5\"\n  v5: char = ftoi_zero v4\n  ret v0\n"},
      {"T1", ":\n  v4: double = fconst \"1.5\"\n  v5: double = fresize v4\n  ret v0\n"},
      {"T1", ":\n  v4: int = itof v0\n  ret v0\n"},
      {"T1", ":\n  v4: int = iconst 4294967295\n  ret v0\n"},
      {"T1", ":\n  v4: point = null\n  ret v0\n"},
      {"T1", ":\n  v4: char = zext v0\n  ret v0\n"},
      {"T1", ":\n  v4: long = trunc v0\n  ret v0\n"},
      {"T1", ":\n  v4: char = retype v0\n  ret v0\n"},
      {"T1", ":\n  v4: [int] = data_addr d0\n  ret v0\n"},
      {"T1", ":\n  v4: point = new_object v0\n  ret v0\n"},
      {"T1", ":\n  v4: node = new_object v0, v1\n  ret v0\n"},
      {"T1", ":\n  v4: exn = new_exn E\n  ret v0\n"},
      {"T1", ":\n  v4: exn = new_exn None v0\n  ret v0\n"},
      {"T1", ":\n  v4: int = call poly v0\n  ret v0\n"},
      {"T1", ":\n  v4: int = call poly<int, int> v0\n  ret v0\n"},
      {"T1", ":\n  call callee v0\n  ret v0\n"},
      {"T1", ":\n  v4: (int) -> int = func_addr poly\n  ret v0\n"},
      {"T1", ":\n  v4: unsigned int = array_length v3\n  ret v0\n"},
      // T2: destinations
      {"T2", ":\n  br b1(v1)\nb1(v4: int):\n  ret v4\n"},
      {"T2", ":\n  br b1(v1)\nb1(v4: node!):\n  ret v0\n"},
      {"T2", ":\n  v4: int = call callee v1\n  ret v0\n"},
      {"T2", ":\n  v4: int = call callee v0, v0\n  ret v0\n"},
      {"T2", ":\n  store_field .0 v2, v1\n  ret v0\n"},
      {"T2", ":\n  store_global g v1\n  ret v0\n"},
      {"T2", ":\n  ret v1\n"},
      {"T2", ":\n  ret\n"},
      {"T2", ":\n  v4: [int] = array_of v0, v1\n  ret v0\n"},
      // T3, T4, T5
      {"T3", ":\n  br b1(v2)\nb1(v4: point!):\n  ret v0\n"},
      {"T4", ":\n  v4: int = sdiv v0, v0\n  ret v4\n"},
      {"T4", ":\n  v4: int = iconst 0\n  v5: int = srem v0, v4\n  ret v5\n"},
      {"T5", ":\n  v4: int = load_elem v3, v0\n  ret v4\n"},
      {"T5", ":\n  v4: (int) = elem_addr v3, v0\n  ret v0\n"},
      {"T1", ":\n  v4: int = check_bounds v3, v0\n  v5: (bool) = elem_addr v3, v4\n  ret v0\n"},
      {"T5", ":\n  v4: [int] = array_of v0\n  v5: int = check_bounds v4, v0\n  v6: int = load_elem v3, v5\n  ret v6\n"},
  };
  for (const Case& c : cases) {
    std::string body = c.body;
    if (body == "x") { // S6: the header says otherwise
      TextModule m(kDecls + std::string("func public f(int) -> void {\nb0:\n  ret\n}\n"));
      EXPECT_EQ(rules(m.module), c.rules);
    } else {
      std::string got = rules_of(body);
      EXPECT_NE(got.find(c.rules), std::string::npos) << body << "got: " << got;
    }
  }
}

TEST(Verifier, CollectsAllErrors) {
  EXPECT_EQ(rules_of(":\n  v4: int = add v0, v1\n  v5: int = sdiv v0, v0\n  ret v1\n"), "T1 T4 T2");
}

TEST(Verifier, PrintsErrorsUnderTheirLines) {
  TextModule m(kDecls + std::string("func public f(int) -> int {\nb0(v0: int):\n  v1: int = sdiv v0, v0\n  ret v1\n}\n"));
  std::string text = render(m.module, verify(m.module));
  EXPECT_NE(text.find("sdiv v0, v0\n; ^ T4: "), std::string::npos) << text;
}

// What the text form cannot say.
struct Damage {
  const char* rule;
  std::function<void(Function&)> break_it;
};

TEST(Verifier, RefusesBrokenStructures) {
  const Damage cases[] = {
      {"S1", [](Function& f) { f.order.push_back(f.order.back()); }},
      {"S1", [](Function& f) { f.order.push_back({99}); }},
      {"S1", [](Function& f) { f.insts[0].operands[0] = {1000}; }},
      {"S1", [](Function& f) { f.block(f.order[1]).insts.insert(f.block(f.order[1]).insts.begin(), {1000}); }},
      {"S2", [](Function& f) { f.block(f.order[1]).insts.clear(); }},
      {"S2", [](Function& f) { f.block(f.order[0]).insts.pop_back(); }},
      {"S2", [](Function& f) {
         f.block(f.order[1]).insts.insert(f.block(f.order[1]).insts.begin(), InstId{static_cast<uint32_t>(f.insts.size())});
         f.insts.push_back({});
         f.insts.back().block = f.order[1];
       }},
      {"S3", [](Function& f) { f.insts[0].block = f.order[1]; }},
      {"S3", [](Function& f) { f.value(f.insts[0].result).def = {1}; }},
      {"S3", [](Function& f) { f.value(f.block(f.order[1]).params[0]).param_index = 7; }},
      {"S4", [](Function& f) { f.terminator(f.order[0]).targets.clear(); }},
      {"S4", [](Function& f) { f.insts[1].symbol = 1000; }},
      {"T6", [](Function& f) { f.value(f.insts[0].result).type.id = frontend::kErrorType; }},
  };
  for (const Damage& damage : cases) {
    TextModule m(kDecls + std::string("func public f(int) -> int {\nb0(v0: int):\n  v1: int = add v0, v0\n  v2: int = call callee v1\n  br b1(v2)\nb1(v3: int):\n  ret v3\n}\n"));
    ASSERT_EQ(rules(m.module), "");
    damage.break_it(m.function());
    std::vector<VerifyError> errors = verify(m.module);
    ASSERT_FALSE(errors.empty()) << damage.rule;
    EXPECT_STREQ(errors[0].rule, damage.rule) << errors[0].text;
    EXPECT_FALSE(render(m.module, errors).empty());
  }
}

TEST(Verifier, RefusesValuesOfRemovedInstructions) {
  TextModule m(kDecls + std::string("func public f(int) -> int {\nb0(v0: int):\n  v1: int = add v0, v0\n  ret v1\n}\n"));
  auto& insts = m.function().block(m.function().entry()).insts;
  insts.erase(insts.begin());
  EXPECT_EQ(rules(m.module), "V1");
}

TEST(Verifier, RefusesBrokenModules) {
  const Case cases[] = {
      {"M1", "global public x: int = 1\nglobal public x: int = 1\n"},
      {"M1", "exception public X\nexception public X(int)\n"},
      {"M2", "global public x: char = 256\n"},
      {"M2", "global public x: string = data d1\ndata d1: [int] = [1]\n"},
      {"M2", "data d1: [string] = [data d2]\ndata d2: string = \"\"\n"},
      {"M2", "data d1: point = {1}\n"},
      {"M2", "data d1: point = {1, null}\n"},
      {"M2", "data d1: [int] = [1, 2] length 1\n"},
      {"M2", "data d1: exn = E()\n"},
      {"M2", "global public x: (int) -> int = func poly\n"},
      {"", "global public x: (int) -> int = func poly<int>\n"},
      {"", "data d1: point = {1, 2}\nglobal public x: point = data d1\nglobal public y: node = null\n"},
  };
  for (const Case& c : cases) {
    TextModule m(kDecls + std::string(c.body));
    EXPECT_EQ(rules(m.module), c.rules) << c.body;
  }
}

} // namespace
} // namespace ir::testing
