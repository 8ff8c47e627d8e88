// What counts as a change: fingerprints of definitions, through the real front end.
#include "dsu/pass/describe_module.h"

#include <gtest/gtest.h>

#include "frontend/ast.h"
#include "frontend/frontend.h"
#include "support/diagnostic_printer.h"

namespace dsu {
namespace {

class Canonical : public ::testing::Test {
protected:
  Hash of(const std::string& text, const std::string& name) {
    frontend::Session session;
    auto source = frontend::source_from_text(session, "m.pop", text);
    auto tree = source ? frontend::parse(session, *source) : nullptr;
    auto module = tree ? frontend::check(session, *tree) : nullptr;
    EXPECT_TRUE(module) << support::print_text(session.diagnostics, session.sources, {});
    if (module)
      for (const Definition& d : describe_module(*module, "").definitions)
        if (d.name == name)
          return d.fingerprint;
    ADD_FAILURE() << "no definition of " << name;
    return {};
  }
  bool same(const std::string& a, const std::string& b, const std::string& name = "f") { return of(a, name) == of(b, name); }
};

TEST_F(Canonical, LayoutCommentsAndLocalNamesDoNotCount) {
  EXPECT_TRUE(same("int f(int a) { int b = a; return b + 1; }",
                   "// comment\nint f(int x)\n{\n  int y = x;\n  return (y + 1);\n}"));
  EXPECT_TRUE(same("a f<a>(a x) { return x; }", "b f<b>(b y) { return y; }"));
}

TEST_F(Canonical, BodiesCount) {
  EXPECT_FALSE(same("int f(int a) { return a + 1; }", "int f(int a) { return a + 2; }"));
  EXPECT_FALSE(same("int f(int a, int b) { return a - b; }", "int f(int a, int b) { return b - a; }"));
  EXPECT_FALSE(same("bool f(int a) { return a < 1; }", "bool f(int a) { return a <= 1; }"));
  EXPECT_FALSE(same("string f() { return \"a\"; }", "string f() { return \"b\"; }"));
  EXPECT_FALSE(same("int f(int a) { while (a > 0) a--; return a; }", "int f(int a) { do a--; while (a > 0); return a; }"));
}

TEST_F(Canonical, ACalleeCountsByNameAndTypeOnly) {
  const std::string caller = "int f(int a) { return g(a); }";
  EXPECT_TRUE(same(caller + "int g(int x) { return x; }", caller + "int g(int x) { return x + 1; }"));
  EXPECT_FALSE(same(caller + "int g(int x) { return x; }", caller + "int g(unsigned int x) { return 1; }"));
  EXPECT_FALSE(same("int g(int x) { return x; } int h(int x) { return x; } int f(int a) { return g(a); }",
                    "int g(int x) { return x; } int h(int x) { return x; } int f(int a) { return h(a); }"));
}

// attack F41
TEST_F(Canonical, AChangedTypeChangesWhatReachesIt) {
  const std::string user = "struct outer { inner i; } int f(outer o) { return 1; }";
  EXPECT_TRUE(same("struct inner { int a; }" + user, user + "struct inner { int a; }"));
  EXPECT_FALSE(same("struct inner { int a; }" + user, "struct inner { int a; int b; }" + user));
  EXPECT_FALSE(same("struct inner { int a; }" + user, "struct inner { const int a; }" + user));
  EXPECT_FALSE(same("struct inner { int a; }" + user, "struct inner { int b; }" + user));
}

TEST_F(Canonical, RecursiveTypesEnd) {
  const std::string list = "?struct <a>cell { a hd; <a>cell tl; } ";
  EXPECT_TRUE(same(list + "int f(<int>cell c) { return c.hd; }", list + "int f(<int>cell d) { return d.hd; }"));
  EXPECT_FALSE(same(list + "int f(<int>cell c) { return c.hd; }", "?struct <a>cell { <a>cell tl; a hd; } int f(<int>cell c) { return c.hd; }"));
  const std::string pair = "?struct x { y other; } ?struct y { x other; } int f(x v) { return 1; }";
  EXPECT_TRUE(same(pair, pair));
}

TEST_F(Canonical, Data) {
  EXPECT_TRUE(same("int f = 3;", "int f = 3; // three", "f"));
  EXPECT_FALSE(same("int f = 3;", "int f = 4;", "f"));
  EXPECT_TRUE(same("exception E(int);", "exception E(int);", "E"));
  EXPECT_FALSE(same("exception E(int);", "exception E(string);", "E"));
}

TEST_F(Canonical, UpdatePointsAreFound) {
  frontend::Session session;
  auto source = frontend::source_from_text(session, "m.pop", "extern void Dsu::update_point(); void loop() { Dsu::update_point(); } void other() { }");
  auto module = frontend::check(session, *frontend::parse(session, *source));
  ASSERT_TRUE(module);
  EXPECT_EQ(describe_module(*module, "").update_points, std::vector<std::string>{"loop"});
}

}  // namespace
}  // namespace dsu
