// What counts as a change: fingerprints of definitions, through the real front end.
#include "dsu/pass/describe_module.h"
#include "dsu/pass/retained.h"
#include "ir/lower.h"
#include "tal/types.h"

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
    TypeModel types;
    if (module) {
      const ModuleInfo info = describe_module(*module, "", types);
      if (auto value = info.values.find(name); value != info.values.end())
        return value->second.fingerprint;
      for (const TypeInfo& type : info.declarations)
        if (type.name == name)
          return type.form;
    }
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

TEST(Suspensions, UpdatePointsAreFound) {
  frontend::Session session;
  auto source = frontend::source_from_text(session, "m.pop", "extern void Dsu::update_point(); void loop() { Dsu::update_point(); } void other() { }");
  auto module = frontend::check(session, *frontend::parse(session, *source));
  ASSERT_TRUE(module);
  const ir::LowerResult lowered = ir::lower(*module);
  const std::vector<Suspension> suspensions = find_suspensions(lowered.module, [](const std::string&) { return true; });
  ASSERT_EQ(suspensions.size(), 1u);
  EXPECT_EQ(suspensions[0].function, "loop");
  EXPECT_EQ(suspensions[0].callee, "Dsu::update_point");
}

// What stands before the call on every path is not retained; what a loop may come back to is, and so is what a handler does.
TEST(Suspensions, WhatIsUsedBehindTheCallIsRetained) {
  frontend::Session session;
  auto source = frontend::source_from_text(session, "m.pop",
                                           "extern void Dsu::update_point(); exception Bad;"
                                           "struct before { int n; } struct looped { int n; } struct behind { int n; } struct handled { int n; }"
                                           "before b = ^before(1); looped l = ^looped(1); handled h = ^handled(1);"
                                           "void deeper() { Dsu::update_point(); }"
                                           "behind loop() { int x = b.n; while (x > 0) { x = l.n; deeper(); } return ^behind(x); }"
                                           "void caught() { try deeper(); handle e { h.n = 1; } }");
  auto module = frontend::check(session, *frontend::parse(session, *source));
  ASSERT_TRUE(module);
  const ir::LowerResult lowered = ir::lower(*module);
  const std::vector<Suspension> s = find_suspensions(lowered.module, [](const std::string&) { return true; });
  ASSERT_EQ(s.size(), 3u);
  EXPECT_EQ(s[0].function, "caught");
  EXPECT_EQ(s[0].types, (std::set<std::string>{"handled"}));
  EXPECT_EQ(s[1].function, "deeper");
  EXPECT_TRUE(s[1].types.empty());
  EXPECT_EQ(s[2].function, "loop");
  EXPECT_EQ(s[2].callee, "deeper");
  EXPECT_EQ(s[2].types, (std::set<std::string>{"behind", "looped"}));
  EXPECT_EQ(s[2].values, (std::set<std::string>{"deeper", "l"}));
}

// What the section says is what the front end said.
TEST(Description, RoundTripAndDamage) {
  frontend::Session session;
  auto source = frontend::source_from_text(session, "m.pop",
                                           "?struct <a>cell { const a hd; <a>cell tl; } union u { void A; %(int,u) B; } abstype <a>pack[b] = *(b, a(b));"
                                           "static <int>cell all[] = {: <int>cell }; exception Bad(u); extern void other();"
                                           "a id<a>(a x) { return x; } int f(int g[](u), string c) { int h(int x) { return x; }; other(); return h(1); }");
  auto tree = source ? frontend::parse(session, *source) : nullptr;
  auto module = tree ? frontend::check(session, *tree) : nullptr;
  ASSERT_TRUE(module) << support::print_text(session.diagnostics, session.sources, {});
  TypeModel types;
  const ModuleInfo info = describe_module(*module, "v1", types);
  const Manifest manifest = make_manifest(info);
  const std::optional<ModuleInfo> back = read_description(manifest, types);
  ASSERT_TRUE(back);
  EXPECT_EQ(encode_description(*back), manifest.description);
  EXPECT_EQ(module_hash(*back), info.hash);
  EXPECT_EQ(back->values.at("f").type, info.values.at("f").type);
  EXPECT_TRUE(back->values.at("all").is_static);
  EXPECT_EQ(back->values.at("f").uses, (std::set<std::string>{"f::_h", "other"}));
  Manifest damaged = manifest;
  for (size_t i = 0; i < manifest.description.size(); i++) {
    damaged.description = manifest.description;
    damaged.description.resize(i);
    EXPECT_FALSE(read_description(damaged, types)) << i;
    damaged.description = manifest.description;
    damaged.description[i] ^= 0x55;
    read_description(damaged, types);  // whatever it says, it says it without harm
  }
}

// Names of type variables are made when a description is printed: a number of them that no program has must not be believed.
TEST(Description, TypeVariablesAreFew) {
  TypeModel types;
  PatchType result;
  result.kind = frontend::TypeKind::Void;
  for (const uint32_t count : {tal::max_type_vars, tal::max_type_vars + 1}) {
    PatchType function;
    function.kind = frontend::TypeKind::Function;
    function.element = types.intern(result);
    function.type_params = count;
    ModuleInfo polymorphic, hiding;
    polymorphic.values["f"].type = types.intern(function);
    TypeInfo pack;
    pack.name = "pack";
    pack.kind = frontend::TypeDeclKind::Abstype;
    pack.fields.push_back({"", types.intern(result), false});
    pack.hidden = count;
    hiding.declarations.push_back(pack);
    for (const ModuleInfo* module : {&polymorphic, &hiding})
      EXPECT_EQ(read_description(make_manifest(*module), types).has_value(), count == tal::max_type_vars);
  }
}

// A tuple of a tuple of ... twice each: few types, and a text that nobody can print. Nor can a few long names be said a million times.
TEST(Description, WhatIsWrittenInFullIsLimited) {
  for (const unsigned height : {14u, 17u, 60u}) {
    TypeModel types;
    ModuleInfo module;
    PatchType leaf;
    leaf.kind = frontend::TypeKind::Int;
    TypeRef type = types.intern(leaf);
    for (unsigned i = 0; i < height; i++) {
      PatchType tuple;
      tuple.kind = frontend::TypeKind::Tuple;
      tuple.args = {type, type};
      type = types.intern(tuple);
    }
    module.values["v"].kind = DefinitionKind::Variable;
    module.values["v"].type = type;
    EXPECT_EQ(read_description(make_manifest(module), types).has_value(), height == 14) << height;
  }
  for (const unsigned uses : {1u, 100u}) {
    TypeModel types;
    ModuleInfo module;
    const std::string callee(size_t{4} << 20, 'x');
    for (unsigned i = 0; i < uses; i++)
      module.suspensions.push_back({"f", callee, {}, {}});
    EXPECT_EQ(read_description(make_manifest(module), types).has_value(), uses == 1) << uses;
  }
}

}  // namespace
}  // namespace dsu
