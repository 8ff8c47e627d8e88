#include "ir_text.h"

#include "ir/string_text.h"
#include "ir/verifier.h"

namespace ir::testing {
namespace {

// Has every operation, attribute, kind of type, constant and declaration.
const char* kEverything = R"(module "everything"
type public struct point { x: int, const y: unsigned int } @1/3:8
type public struct List::list<a> nullable { hd: $0, tl: List::list<$0> }
type import opaque FILE nullable
type static union shape { dot: void, circle: int }
exception import NullPointer
exception public Bad(int) @9:1
exception static Other((int, string))
global public count: int = -3 @4:5
global static table: [string] = data d2
global static handler: (int) -> int = func twice
global import errno: int
global static names: List::list<string> = null
data d0: string = "a\"b\\\x0a\xff"
data d1: string = ""
data d2: [string] = [data d0, data d1] length 10
data d3: point = {1, 2}
data d4: %(int, string) = {4, data d0}
data d5: exn = Bad(7)
data d6: exn = NullPointer()
data d7: (int) = {12}
func import puts(string) -> void
func import List::map<a, b>(($0) -> $1, List::list<$0>) -> List::list<$1>
func import apply(<1>($0) -> $0, <1>($0, $1.0) -> int) -> void

func static twice(n: int) -> int @7:3 {
b0(v0: int):
  v1: int = add v0, v0 @7:20
  ret v1 @2/8:1
}

func public everything<a>(v: int, p: List::list<$0>, q: [int], e: exn, x: $0, f: (int) -> int) -> int {
b0(v0: int, v1: List::list<$0>, v2: [int], v3: exn, v4: $0, v5: (int) -> int):
  v6: int = iconst -1
  v7: bool = iconst 1
  v8: List::list<$0> = null
  v9: string = data_addr d0
  v10: (int) -> int = func_addr twice
  v11: (($0) -> int, List::list<$0>) -> List::list<int> = func_addr List::map<$0, int>
  v12: (int) = global_addr count
  v13: int = sub v6, v0
  v14: int = mul v13, v0
  v15: int = and v14, v0
  v16: int = or v15, v0
  v17: int = xor v16, v0
  v18: int = shl v17, v0
  v19: int = lshr v18, v0
  v20: int = ashr v19, v0
  v21: int = check_div v0
  v22: int = sdiv v0, v21
  v23: int = srem v0, v21
  v24: unsigned int = retype v21
  v25: unsigned int = check_div v24
  v26: unsigned int = udiv v24, v25
  v27: unsigned int = urem v24, v25
  v28: bool = eq v1, v8
  v29: bool = ne v4, v4
  v30: bool = slt v0, v6
  v31: bool = sle v0, v6
  v32: bool = sgt v0, v6
  v33: bool = sge v0, v6
  v34: bool = ult v0, v6
  v35: bool = ule v0, v6
  v36: bool = ugt v0, v6
  v37: bool = uge v0, v6
  v38: char = trunc v0
  v39: int = zext v38
  v40: byte = retype v38
  v41: long = sext v40
  br_if v28, b1, b2(v0, v41)
b1 unwind b4(v13):
  v42: List::list<$0>! = check_null v1
  br b3
b2(v43: int, v44: long):
  v45: List::list<$0>! = assume_nonnull v1
  v46: $0 = load_field .0 v45
  store_field .1 v45, v8
  v47: unsigned int = retype v43
  v48: unsigned int = check_bounds v2, v47
  v49: int = load_elem v2, v48
  store_elem v2, v48, v49
  v50: int = array_length v2
  v51: int = load_global count
  store_global count v51
  v52: point = new_object v51, v47
  v53: %(int, string) = data_addr d4
  v54: List::list<$0>! = new_object v46, v45
  v55: exn = new_exn Bad v49
  v56: exn = new_exn NullPointer
  v57: [int] = new_array v50, v49
  v58: [int] = array_of v49, v50
  v59: [string] = array_of
  v60: bool = exn_matches Bad v55
  v61: int = exn_payload Bad v55
  call puts v9
  v62: List::list<int> = call List::map<$0, int> v66, v54
  v63: int = call_indirect v5, v61
  switch v63, -1: b3, 7: b2(v63, v44), default: b5
b3:
  ret v13
b4(v64: exn, v65: int):
  raise v64
b5:
  unreachable
}
)";

std::string reprint(const std::string& text) {
  TextModule m(text);
  return print_module(m.module, {.locations = true, .annotate = {}});
}

TEST(IrParser, PrintsWhatItReads) {
  std::string text = kEverything;
  text.replace(text.find("v66"), 3, "v11"); // the wrong type, but the parser does not mind
  EXPECT_EQ(reprint(text), text);
}

TEST(IrParser, RenumbersInOrderOfAppearance) {
  std::string text = "module \"m\"\n\nfunc public f(int) -> int {\nb7(v3: int):\n  br b2\nb2:\n  v1: int = add v3, v3\n  ret v1\n}\n";
  EXPECT_EQ(reprint(text), "module \"m\"\n\nfunc public f(int) -> int {\nb0(v0: int):\n  br b1\nb1:\n  v1: int = add v0, v0\n  ret v1\n}\n");
}

TEST(IrParser, ReadsValuesBeforeTheirDefinition) {
  std::string text = "module \"m\"\n\nfunc public f() -> int {\nb0:\n  br b2\nb1:\n  ret v0\nb2:\n  v0: int = iconst 1\n  br b1\n}\n";
  TextModule m(text);
  EXPECT_TRUE(verify(m.module).empty()) << render(m.module, verify(m.module));
}

struct BadText {
  const char* text;
  uint32_t line;
  const char* message;
};

TEST(IrParser, RefusesBadText) {
  const BadText cases[] = {
      {"", 1, "expected `module`"},
      {"module m", 1, "expected a string"},
      {"module \"m\"\nfunk", 2, "expected a declaration"},
      {"module \"m\"\nglobal public g: frob = 1", 2, "unknown type `frob`"},
      {"module \"m\"\nglobal public g: int = 99999999999999999999", 2, "expected an integer"},
      {"module \"m\"\nfunc public f() -> void {\nb0:\n  frob\n}", 4, "expected an operation"},
      {"module \"m\"\nfunc public f() -> void {\nb0:\n  ret v1\n}", 6, "v1 of function f is not defined"},
      {"module \"m\"\nfunc public f() -> void {\nb0:\n  br b1\n}", 6, "b1 of function f is not defined"},
      {"module \"m\"\nfunc public f() -> void {\nb0:\n  v0: int = iconst 1\n  v0: int = iconst 1\n  ret\n}", 5, "defined twice"},
      {"module \"m\"\nfunc public f() -> void {\nb0:\n  call g\n  ret\n}", 4, "expected the name of a function"},
      {"module \"m\"\ntype public union u\ntype public struct u { }", 3, "declared twice"},
      {"module \"m\"\ndata d1: string = \"\"", 2, "numbered from d0"},
      {"module \"m\"\ndata d0: string = \"\\x1\"", 2, "expected a string"},
  };
  for (const BadText& bad : cases) {
    frontend::TypeStore types;
    support::NameTable names;
    ParseResult result = parse_module(bad.text, types, names);
    ASSERT_FALSE(result.module) << bad.text;
    EXPECT_NE(result.error.text.find(bad.message), std::string::npos) << result.error.text;
    if (bad.line <= 5) {
      EXPECT_EQ(result.error.line, bad.line) << bad.text;
    }
  }
}

TEST(IrStrings, QuoteAndUnquote) {
  std::string all;
  for (int c = 0; c < 256; ++c)
    all += static_cast<char>(c);
  std::string quoted = quote(all);
  EXPECT_EQ(unquote(std::string_view(quoted).substr(1, quoted.size() - 2)), all);
  EXPECT_EQ(unquote("\\q"), std::nullopt);
}

} // namespace
} // namespace ir::testing
