#include "dsu/patch/generate.h"

#include "dsu/patch/compose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dsu {
namespace {

using frontend::TypeKind;
using ::testing::HasSubstr;
using ::testing::Not;

// Two versions made by hand: what the front end would have said about them.
class Generate : public ::testing::Test {
protected:
  TypeRef basic(TypeKind kind) { return types.intern({kind, "", {}, nullptr, false, 0, 0, 0, false}); }
  TypeRef named(const std::string& name, std::vector<TypeRef> args = {}) {
    return types.intern({TypeKind::Named, name, std::move(args), nullptr, false, 0, 0, 0, false});
  }
  TypeRef array(TypeRef element) { return types.intern({TypeKind::Array, "", {}, element, false, 0, 0, 0, false}); }
  TypeRef var(uint32_t index) { return types.intern({TypeKind::Var, "", {}, nullptr, false, 0, 0, index, false}); }
  TypeRef function(std::vector<TypeRef> parameters, TypeRef result) {
    return types.intern({TypeKind::Function, "", std::move(parameters), result, false, 0, 0, 0, false});
  }

  static void add_struct(Version& v, const std::string& name, std::vector<FieldInfo> fields, uint8_t form, bool nullable = false) {
    TypeInfo info;
    info.name = name;
    info.nullable = nullable;
    info.fields = std::move(fields);
    info.form = Hash{form};
    info.module = "m";
    v.types[name] = info;
    v.modules["m"].types.insert(name);
  }
  static void add_value(Version& v, const std::string& name, DefinitionKind kind, TypeRef type, uint8_t fingerprint = 0,
                        bool is_static = false) {
    v.modules["m"].values[name] = {kind, type, is_static, Hash{fingerprint}, false, {}};
  }

  GeneratedPatch patch() {
    for (Version* v : {&before, &after}) {
      v->modules["m"].name = "m";
      v->modules["m"].path = "/src/m.pop";
    }
    before.modules["m"].hash = Hash{1};
    after.modules["m"].hash = Hash{2};
    before.label = "v1";
    after.label = "v2";
    return generate(before, after, compare(before, after), types);
  }

  TypeModel types;
  Version before, after;
  TypeRef int_type = basic(TypeKind::Int), void_type = basic(TypeKind::Void), string_type = basic(TypeKind::String);
};

TEST_F(Generate, NothingChanged) {
  Difference d = compare(before, after);
  GeneratedPatch p = generate(before, after, d, types);
  EXPECT_EQ(p.files.size(), 1u);
  EXPECT_THAT(p.files["REPORT"], HasSubstr("Nothing changed"));
}

TEST_F(Generate, ChangedBodyNeedsNoInterfaceCode) {
  add_value(before, "f", DefinitionKind::Function, function({int_type}, int_type), 1);
  add_value(after, "f", DefinitionKind::Function, function({int_type}, int_type), 2);
  GeneratedPatch p = patch();
  EXPECT_TRUE(p.files.contains("m.patch"));
  EXPECT_FALSE(p.files.contains("m_patch.pop"));
  EXPECT_THAT(p.files["REPORT"], HasSubstr("Functions with another body: f"));
}

TEST_F(Generate, AddedFieldIsConvertedThroughAnArrayAndGetsAStub) {
  add_struct(before, "t", {{"a", int_type, false}, {"b", int_type, false}}, 1);
  add_struct(after, "t", {{"a", int_type, false}, {"b", int_type, false}, {"c", int_type, false}}, 2);
  for (Version* v : {&before, &after}) {
    add_value(*v, "someTs", DefinitionKind::Variable, array(named("t")));
    add_value(*v, "f", DefinitionKind::Function, function({named("t")}, int_type));
    add_value(*v, "count", DefinitionKind::Variable, int_type);
  }
  GeneratedPatch p = patch();
  EXPECT_EQ(p.placeholders, 0u);
  const std::string& code = p.files["m_patch.pop"];
  EXPECT_THAT(code, HasSubstr("extern t someTs[];"));
  EXPECT_THAT(code, HasSubstr("extern New::t New::someTs[];"));
  EXPECT_THAT(code, HasSubstr("New::someTs = convert1__old2new(someTs);"));
  EXPECT_THAT(code, HasSubstr("int f(t v0) {\n  return New::f(t__old2new(v0));"));
  EXPECT_THAT(p.files["convert_patch.pop"], HasSubstr("New::t y = ^New::t(x.a, x.b, 0);"));
  EXPECT_THAT(p.files["m.patch"], HasSubstr("sharing: count"));
  EXPECT_THAT(p.files["m.patch"], Not(HasSubstr("someTs")));
}

TEST_F(Generate, CyclesAreClosedAfterTheObjectIsRemembered) {
  TypeRef node = named("node");
  add_struct(before, "node", {{"next", node, false}, {"value", int_type, false}}, 1, true);
  add_struct(after, "node", {{"next", node, false}, {"value", int_type, false}, {"mark", int_type, false}}, 2, true);
  for (Version* v : {&before, &after})
    add_value(*v, "head", DefinitionKind::Variable, node, 0, true);
  GeneratedPatch p = patch();
  const std::string& code = p.files["convert_patch.pop"];
  EXPECT_THAT(code, HasSubstr("^New::node(null, x.value, 0);"));
  // No recursion: a list may be longer than the stack is deep.
  EXPECT_LT(code.find("remember(node__old2new_pairs, x, y"), code.find("y.next = node__old2new_make(x.next);"));
  EXPECT_THAT(code, HasSubstr("finish_old2new();"));
  EXPECT_THAT(code, Not(HasSubstr("node__old2new(x.next)")));
  EXPECT_THAT(p.files["m.patch"], HasSubstr("old-static: head"));
  EXPECT_THAT(p.files["m.patch"], HasSubstr("new-static: head"));
}

TEST_F(Generate, BothDirectionsRememberTheSamePairs) {
  add_struct(before, "t", {{"a", int_type, false}}, 1);
  add_struct(after, "t", {{"a", int_type, false}, {"b", int_type, false}}, 2);
  for (Version* v : {&before, &after})
    add_value(*v, "pick", DefinitionKind::Function, function({named("t")}, named("t")));
  GeneratedPatch p = patch();
  EXPECT_THAT(p.files["m_patch.pop"], HasSubstr("return t__new2old(New::pick(t__old2new(v0)));"));
  EXPECT_THAT(p.files["convert_patch.pop"], HasSubstr("remember(t__old2new_pairs, x, y);\n  remember(t__new2old_pairs, y, x);"));
  EXPECT_THAT(p.files["convert_patch.pop"], HasSubstr("remember(t__new2old_pairs, x, y);\n  remember(t__old2new_pairs, y, x);"));
}

TEST_F(Generate, OtherReferencesAreAssignedAfterTheObjectIsRemembered) {
  TypeRef tree = named("tree");
  add_struct(before, "tree", {{"left", tree, false}, {"right", tree, false}}, 1, true);
  add_struct(after, "tree", {{"left", tree, false}, {"right", tree, false}, {"mark", int_type, false}}, 2, true);
  for (Version* v : {&before, &after})
    add_value(*v, "root", DefinitionKind::Variable, tree);
  const std::string code = patch().files["convert_patch.pop"];
  EXPECT_THAT(code, HasSubstr("^New::tree(null, null, 0);"));
  EXPECT_LT(code.find("remember(tree__old2new_pairs, x, y"), code.find("y.right = tree__old2new_make(x.right);"));
}

TEST_F(Generate, PolymorphicContainersAreConverted) {
  add_struct(before, "t", {{"a", int_type, false}}, 1);
  add_struct(after, "t", {{"a", int_type, false}, {"b", string_type, false}}, 2);
  TypeInfo list;
  list.name = "list";
  list.nullable = true;
  list.params = {"a"};
  list.fields = {{"hd", var(0), false}, {"tl", named("list", {var(0)}), false}};
  before.types["list"] = after.types["list"] = list;
  for (Version* v : {&before, &after})
    add_value(*v, "all", DefinitionKind::Variable, named("list", {named("t")}));
  GeneratedPatch p = patch();
  const std::string& code = p.files["convert_patch.pop"];
  EXPECT_THAT(code, HasSubstr("<New::t>list convert1__old2new_make(<t>list x)"));
  EXPECT_THAT(code, HasSubstr("^New::t(x.a, \"\")"));
  EXPECT_EQ(p.placeholders, 0u);
}

TEST_F(Generate, WhatCannotBeDerivedIsAPlaceholder) {
  add_struct(before, "t", {{"a", int_type, false}}, 1);
  add_struct(after, "t", {{"a", string_type, false}, {"f", function({int_type}, int_type), false}}, 2);
  for (Version* v : {&before, &after})
    add_value(*v, "x", DefinitionKind::Variable, named("t"));
  add_value(before, "g", DefinitionKind::Function, function({int_type}, int_type));
  add_value(after, "g", DefinitionKind::Function, function({int_type, int_type}, void_type));
  GeneratedPatch p = patch();
  EXPECT_THAT(p.files["convert_patch.pop"], HasSubstr("Dsu::fill(\"t.a: no way from int to string\")"));
  EXPECT_THAT(p.files["convert_patch.pop"], HasSubstr("Dsu::fill(\"t.f: no old value\")"));
  EXPECT_THAT(p.files["m_patch.pop"], HasSubstr("Dsu::fill(\"g: no result for old callers\")"));
  EXPECT_THAT(p.files["REPORT"], HasSubstr("Placeholders left to the programmer: 3"));
}

TEST_F(Generate, TablesOfFunctionsAreLeftToTheProgrammerAsAWhole) {
  add_struct(before, "event", {{"a", int_type, false}}, 1);
  add_struct(after, "event", {{"a", int_type, false}, {"b", int_type, false}}, 2);
  for (auto [v, form] : {std::pair{&before, 3}, std::pair{&after, 4}}) {
    add_struct(*v, "handler", {{"verb", string_type, true}, {"run", function({named("event")}, void_type), false}}, static_cast<uint8_t>(form));
    add_value(*v, "table", DefinitionKind::Variable, array(named("handler")));
  }
  GeneratedPatch p = patch();
  EXPECT_THAT(p.files["m_patch.pop"], HasSubstr("New::table = Dsu::fill(\"table leads to functions whose type changed"));
  EXPECT_FALSE(p.files.contains("convert_patch.pop"));
  EXPECT_EQ(p.placeholders, 1u);
}

TEST_F(Generate, AnotherInitialValueIsReportedAndShared) {
  add_value(before, "limit", DefinitionKind::Variable, int_type, 1);
  add_value(after, "limit", DefinitionKind::Variable, int_type, 2);
  GeneratedPatch p = patch();
  EXPECT_THAT(p.files["m.patch"], HasSubstr("sharing: limit"));
  EXPECT_THAT(p.files["REPORT"], HasSubstr("keep their present value: limit"));
}

TEST(PatchFiles, RoundTrip) {
  ModulePatch patch;
  patch.module = "m";
  patch.implementation = "/src/m.pop";
  patch.interface = "m_patch.pop";
  patch.sharing = {"a", "A::b"};
  patch.from = Hash{9};
  std::string problem;
  auto back = parse_module_patch(write_module_patch(patch), "m", problem);
  ASSERT_TRUE(back.has_value()) << problem;
  EXPECT_EQ(back->sharing, patch.sharing);
  EXPECT_EQ(back->from, Hash{9});
  EXPECT_FALSE(parse_module_patch("implementation: a wrong: b", "m", problem).has_value());
  EXPECT_EQ(problem, "unknown keyword `wrong:`");
  EXPECT_FALSE(parse_module_patch("sharing: a", "m", problem).has_value());
}

// A program prepares each part with tables of its own.
TEST(Compose, AtMostAsManyPartsAsAProgramTakes) {
  const NamedPatch nothing{"nothing.pup", write_container({})};
  for (const size_t count : {max_parts, max_parts + 1}) {
    PatchFile composed;
    std::string problem;
    EXPECT_EQ(compose(std::vector<NamedPatch>(count, nothing), composed, problem), count == max_parts);
    EXPECT_EQ(problem, count == max_parts ? "" : "nothing.pup: more than 64 patches in one; apply those before it first");
  }
}

}  // namespace
}  // namespace dsu
