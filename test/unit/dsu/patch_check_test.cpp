// tal::patch_check on interfaces made by hand: `m` defines f(int) and a global, `main` calls f twice.
#include "tal/interface.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tal {
namespace {

using ::testing::HasSubstr;

TypeId function_type(TypeTable& t, TypeId argument, TypeId result) {
  Signature s;
  s.args = {argument};
  s.result = result;
  return t.signature(s);
}

TypeId point(TypeTable& t, unsigned fields) {
  NamedId id = t.declare("point", {});
  std::vector<Field> list;
  for (unsigned i = 0; i < fields; i++)
    list.push_back({4 * i, t.i32(), Mutability::ReadWrite, false});
  t.define(id, t.struct_layout(list));
  EXPECT_TRUE(t.close());
  return t.ptr(t.named(id));
}

class PatchCheck : public ::testing::Test {
protected:
  void SetUp() override {
    define(m, "m", "f", function_type(m.types, m.types.i32(), m.types.i32()));
    main.module = "main";
    main.symbols.push_back({"f", SymbolKind::Function, Scope::Import, Section::None, 0, 0,
                            function_type(main.types, main.types.i32(), main.types.i32())});
    main.sites.push_back({Section::Text, Site::Kind::Call, 1, 0, -4});
    main.sites.push_back({Section::Text, Site::Kind::Address, 9, 0, -4});
    main.sites.push_back({Section::Text, Site::Kind::Jump, 20, 0, -4});
    running = {&m, &main};
    current = {{{0, 0}}, {{0, 0}}};
    patch = {&next};
  }
  static void define(Interface& i, const std::string& module, const std::string& name, TypeId type,
                     SymbolKind kind = SymbolKind::Function) {
    i.module = module;
    i.symbols.push_back({name, kind, Scope::Public, kind == SymbolKind::Function ? Section::Text : Section::Data, 0, 16, type});
  }
  PatchResult check() {
    std::vector<RunningModule> modules;
    Callers callers;
    AbstractTypes abstract_types;
    for (uint32_t i = 0; i < running.size(); i++) {
      modules.push_back({running[i], i < generations.size() ? generations[i] : 0, i < providers.size() ? providers[i] : std::vector<uint32_t>()});
      add_provided_types(*running[i], i, i, abstract_types);
      for (uint32_t k = 0; k < running[i]->sites.size(); k++)
        if (const Site& site = running[i]->sites[k]; site.is_caller())
          callers[current[i][site.symbol].key()].push_back({i, k});
    }
    const RunningProgram program{static_cast<uint32_t>(running.size()), [&](uint32_t i) -> const RunningModule& { return modules[i]; }, callers, abstract_types};
    return patch_check({program, patch, replacements, imports}, natives);
  }

  Interface m, main, next;
  std::vector<const Interface*> running, patch;
  std::vector<std::vector<Binding>> current;
  std::vector<uint32_t> generations;
  std::vector<std::vector<uint32_t>> providers;
  std::vector<PatchReplacement> replacements;
  std::vector<PatchImport> imports;
  NativeInterface natives;
};

// attack A40
TEST_F(PatchCheck, ReplacesAtTheSameTypeAndRelinksCallsOnly) {
  define(next, "m", "f", function_type(next.types, next.types.i32(), next.types.i32()));
  replacements = {{{0, 0}, {2, 0}}};
  PatchResult r = check();
  ASSERT_TRUE(r.ok()) << r.problems[0].message;
  ASSERT_EQ(r.relinks.size(), 2u);
  EXPECT_EQ(r.relinks[0].site, 0u);
  EXPECT_EQ(r.relinks[1].site, 2u);
  EXPECT_EQ(r.redirects.size(), 1u);
}

// attack A40
TEST_F(PatchCheck, RelinksReadOnlyPointersAtTheirTypeOnly) {
  main.sites.push_back({Section::Data, Site::Kind::Pointer, 0, 0, 0}); // the program may have stored something else there
  main.sites.push_back({Section::RelRo, Site::Kind::Pointer, 8, 0, 0});
  define(next, "m", "f", function_type(next.types, next.types.i32(), next.types.i32()));
  replacements = {{{0, 0}, {2, 0}}};
  PatchResult r = check();
  ASSERT_TRUE(r.ok()) << r.problems[0].message;
  ASSERT_EQ(r.relinks.size(), 3u);
  EXPECT_EQ(r.relinks[2].site, 4u);
  // A caller that knows the function at a smaller type than its own.
  main.sites = {{Section::RelRo, Site::Kind::Pointer, 8, 0, 0}};
  main.symbols[0].type = function_type(main.types, main.types.i32(), main.types.string());
  r = check();
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.problems[0].rule, "L9");
}

// attack A40, F62
TEST_F(PatchCheck, OldCallersKeepTheirType) {
  define(next, "m", "f", function_type(next.types, next.types.string(), next.types.i32()));
  replacements = {{{0, 0}, {2, 0}}};
  PatchResult r = check();
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.problems[0].rule, "L9");
  EXPECT_THAT(r.problems[0].message, HasSubstr("callers assume (i32) -> i32"));
}

TEST_F(PatchCheck, ANarrowerResultFits) {
  define(next, "m", "f", function_type(next.types, next.types.i64(), next.types.i8()));
  replacements = {{{0, 0}, {2, 0}}};
  EXPECT_TRUE(check().ok());
}

// attack F38
TEST_F(PatchCheck, ANewVersionAsksForNoMoreAndSaysNoLess) {
  const auto with = [&](std::vector<SigFact> pre, std::vector<SigFact> post) {
    next = {};
    Signature s = next.types.sig(function_type(next.types, next.types.i32(), next.types.i32()));
    s.pre = std::move(pre);
    s.post = std::move(post);
    define(next, "m", "f", next.types.signature(s));
    replacements = {{{0, 0}, {2, 0}}};
    return check();
  };
  const SigFact small{SigFact::Of::Value, 0, SigFact::Of::Zero, 0, 9};
  EXPECT_TRUE(with({}, {}).ok());
  EXPECT_TRUE(with({}, {small}).ok());
  PatchResult r = with({small}, {});
  ASSERT_FALSE(r.ok()); // its callers were verified against a function that takes any number
  EXPECT_EQ(r.problems[0].rule, "L9");
  // The old version promised a small result, and a caller relies on it.
  Signature s = m.types.sig(m.symbols[0].type);
  s.post = {small};
  m.symbols[0].type = m.types.signature(s);
  main.symbols[0].type = main.types.signature({.args = {main.types.i32()}, .result = main.types.i32(), .post = {small}});
  EXPECT_TRUE(with({}, {small}).ok());
  EXPECT_FALSE(with({}, {}).ok());
  EXPECT_FALSE(with({}, {{SigFact::Of::Value, 0, SigFact::Of::Zero, 0, 10}}).ok());
}

// attack F38
TEST_F(PatchCheck, ImportsAskForWhatTheDefinitionDoes) {
  const SigFact small{SigFact::Of::Value, 0, SigFact::Of::Zero, 0, 9}, smaller{SigFact::Of::Value, 0, SigFact::Of::Zero, 0, 8};
  const auto links = [&](std::vector<SigFact> asked, std::vector<SigFact> proved) {
    Interface a, b;
    Signature s = a.types.sig(function_type(a.types, a.types.i32(), a.types.i32()));
    s.pre = std::move(asked);
    define(a, "a", "f", a.types.signature(s));
    b.module = "b";
    s.pre = std::move(proved);
    function_type(b.types, b.types.i32(), b.types.i32());
    b.symbols.push_back({"f", SymbolKind::Function, Scope::Import, Section::None, 0, 0, b.types.signature(s)});
    const std::vector<const Interface*> modules{&a, &b};
    return link_check(modules, natives).ok();
  };
  EXPECT_TRUE(links({small}, {small}));
  EXPECT_TRUE(links({small}, {smaller}));
  EXPECT_TRUE(links({}, {small}));
  EXPECT_FALSE(links({small}, {}));
  EXPECT_FALSE(links({smaller}, {small}));
}

// attack F40
TEST_F(PatchCheck, TheSameNameIsNotTheSameType) {
  Interface old_user, user;
  define(old_user, "g", "g", function_type(old_user.types, point(old_user.types, 2), old_user.types.i32()));
  define(user, "g", "g", function_type(user.types, point(user.types, 3), user.types.i32()));
  running.push_back(&old_user);
  current.push_back({{2, 0}});
  patch = {&user};
  replacements = {{{2, 0}, {3, 0}}};
  PatchResult r = check();
  ASSERT_FALSE(r.ok());
  EXPECT_THAT(r.problems[0].message, HasSubstr("a type of the same name has another definition"));
}

// attack F64
TEST_F(PatchCheck, ImportsMustBeBoundOnceAtAFittingType) {
  define(next, "n", "h", function_type(next.types, next.types.i32(), next.types.i32()));
  next.symbols.push_back({"f", SymbolKind::Function, Scope::Import, Section::None, 0, 0,
                          function_type(next.types, next.types.i32(), next.types.i32())});
  EXPECT_EQ(check().problems[0].message, "no definition for this import");
  imports = {{2, 1, {0, 0}}};
  PatchResult r = check();
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r.bindings[0][1].module, 0u);
  imports.push_back(imports[0]);
  EXPECT_FALSE(check().ok());
  imports = {{2, 1, {1, 0}}};  // an import is no definition
  EXPECT_FALSE(check().ok());
  imports = {{2, 1, {7, 0}}};
  EXPECT_FALSE(check().ok());
}

// attack F38, F64
TEST_F(PatchCheck, ImportsMayAskForLessThanTheDefinitionGives) {
  define(m, "m", "g", function_type(m.types, m.types.i64(), m.types.i8()));
  current[0].push_back({0, 1});
  next.module = "n";
  imports = {{2, 0, {0, 1}}};
  const auto imported_at = [&](TypeId argument, TypeId result) {
    next.symbols = {{"g", SymbolKind::Function, Scope::Import, Section::None, 0, 0, function_type(next.types, argument, result)}};
    return check();
  };
  TypeTable& t = next.types;
  EXPECT_TRUE(imported_at(t.i64(), t.i8()).ok());
  EXPECT_TRUE(imported_at(t.i32(), t.i32()).ok()); // the importer passes less and expects less
  EXPECT_TRUE(imported_at(t.string(), t.i8()).ok()); // an address is a number as well
  // The importer would pass what g does not take, or rely on what g does not promise.
  EXPECT_FALSE(imported_at(t.f64(), t.i8()).ok());
  PatchResult r = imported_at(t.i64(), t.string());
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.problems[0].rule, "L3");

  m.symbols[1].type = function_type(m.types, m.types.i8(), m.types.i64());
  EXPECT_TRUE(imported_at(t.i8(), t.i64()).ok());
  EXPECT_FALSE(imported_at(t.i64(), t.i64()).ok());
  EXPECT_FALSE(imported_at(t.i8(), t.i8()).ok());
}

// attack F38: the same direction where a program is linked.
TEST_F(PatchCheck, LinkingBindsImportsInTheSameDirection) {
  next.module = "n";
  const auto link = [&](TypeId argument, TypeId result) {
    main.symbols[0].type = function_type(main.types, argument, result);
    return link_check(running, natives).ok();
  };
  TypeTable& t = main.types;
  EXPECT_TRUE(link(t.i32(), t.i32()));
  EXPECT_TRUE(link(t.i8(), t.i64()));
  EXPECT_FALSE(link(t.i64(), t.i32()));
  EXPECT_FALSE(link(t.i32(), t.i8()));
}

// attack F64: what is static in a module is reached by patches that bring code of the module, and by nobody else.
TEST_F(PatchCheck, StaticSymbolsAreSeenWithCodeOfTheirModuleOnly) {
  define(m, "m", "hidden", function_type(m.types, m.types.i32(), m.types.i32()));
  m.symbols[1].scope = Scope::Static;
  define(m, "m", "count", m.types.ptr(m.types.single(m.types.i32())), SymbolKind::Data);
  m.symbols[2].scope = Scope::Static;
  current[0].insert(current[0].end(), {{0, 1}, {0, 2}});
  next.symbols = {{"hidden", SymbolKind::Function, Scope::Import, Section::None, 0, 0,
                   function_type(next.types, next.types.i32(), next.types.i32())},
                  {"count", SymbolKind::Data, Scope::Import, Section::None, 0, 0, next.types.ptr(next.types.single(next.types.i32()))}};
  imports = {{2, 0, {0, 1}}, {2, 1, {0, 2}}};
  next.module = "m";
  EXPECT_TRUE(check().ok());
  next.module = "n";
  PatchResult r = check();
  ASSERT_GE(r.problems.size(), 2u);
  EXPECT_EQ(r.problems[0].rule, "L8");
  EXPECT_EQ(r.problems[0].message, "a static symbol of another module");
  EXPECT_EQ(r.problems[1].rule, "L8");
  // A patch that brings code for `m` could reach them through that.
  Interface own;
  own.module = "m";
  patch.push_back(&own);
  EXPECT_TRUE(check().ok());
  patch.pop_back();
  m.symbols[1].scope = m.symbols[2].scope = Scope::Public;
  EXPECT_TRUE(check().ok());
}

// attack F37
TEST_F(PatchCheck, DataBindAtEqualTypesOnly) {
  define(m, "m", "limit", m.types.ptr(m.types.single(m.types.i32())), SymbolKind::Data);
  current[0].push_back({0, 1});
  next.module = "n";
  next.symbols.push_back({"limit", SymbolKind::Data, Scope::Import, Section::None, 0, 0,
                          next.types.ptr(next.types.single(next.types.i64()))});
  imports = {{2, 0, {0, 1}}};
  EXPECT_FALSE(check().ok());
  next.symbols[0].type = next.types.ptr(next.types.single(next.types.i32()));
  EXPECT_TRUE(check().ok());
}

TEST_F(PatchCheck, NothingIsReplacedTwiceOrByTheRunningProgram) {
  define(next, "m", "f", function_type(next.types, next.types.i32(), next.types.i32()));
  replacements = {{{0, 0}, {2, 0}}, {{0, 0}, {2, 0}}};
  EXPECT_FALSE(check().ok());
  replacements = {{{0, 0}, {0, 0}}};
  EXPECT_FALSE(check().ok());
  replacements = {{{2, 0}, {2, 0}}};
  EXPECT_FALSE(check().ok());
}

// attack F62
TEST_F(PatchCheck, AStubIsItselfRelinkedLater) {
  // After an earlier update the site of `main` leads to module 2, the earlier patch.
  Interface earlier;
  define(earlier, "m", "f", function_type(earlier.types, earlier.types.i32(), earlier.types.i32()));
  running.push_back(&earlier);
  current = {{{2, 0}}, {{2, 0}}, {{2, 0}}};
  define(next, "m", "f", function_type(next.types, next.types.i32(), next.types.i32()));
  replacements = {{{2, 0}, {3, 0}}};
  PatchResult r = check();
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r.relinks.size(), 2u);
}

// L10: `shapes` defines the abstract type `shape`, with one field and, in generation 1, with two; `user` was linked with the first.
class AbstractTypesOfPatches : public PatchCheck {
protected:
  void SetUp() override {
    provide(first, 1);
    provide(second, 2);
    use(user, "use", Scope::Public);
    user.module = "user";
    running = {&first, &user, &second};
    current = {{{0, 0}}, {{1, 0}}, {{2, 0}}};
    generations = {0, 0, 1};
    providers = {{}, {0}, {}};
    next.module = "next";
    patch = {&next};
  }
  static void provide(Interface& i, unsigned fields) {
    NamedId id = i.types.declare("shape", {});
    i.types.provide(id);
    std::vector<Field> list;
    for (unsigned f = 0; f < fields; f++)
      list.push_back({4 * f, i.types.i32(), Mutability::ReadWrite, false});
    i.types.define(id, i.types.struct_layout(list));
    EXPECT_TRUE(i.types.close());
    define(i, "shapes", "area", function_type(i.types, i.types.ptr(i.types.named(id)), i.types.i32()));
  }
  // A function of the type that is known by its name only.
  static void use(Interface& i, const std::string& name, Scope scope) {
    NamedId id = i.types.declare("shape", {}, NamedSort::Abstract, Kind::P);
    EXPECT_TRUE(i.types.close());
    i.symbols.push_back({name, SymbolKind::Function, scope, scope == Scope::Public ? Section::Text : Section::None, 0, 16, function_type(i.types, i.types.ptr(i.types.named(id)), i.types.i32())});
  }

  Interface first, second, user;
};

TEST_F(AbstractTypesOfPatches, ThePatchGetsTheLatestDefinition) {
  use(next, "area", Scope::Import);
  imports = {{3, 0, {2, 0}}};
  const PatchResult r = check();
  ASSERT_TRUE(r.ok()) << r.problems[0].message;
  EXPECT_THAT(r.providers, ::testing::ElementsAre(::testing::ElementsAre(2u)));
  imports = {{3, 0, {0, 0}}};
  EXPECT_THAT(check().problems[0].message, HasSubstr("a type of the same name has another definition"));
}

TEST_F(AbstractTypesOfPatches, WhoWasLinkedWithAnEarlierOneKeepsIt) {
  use(next, "use", Scope::Import);
  imports = {{3, 0, {1, 0}}};
  EXPECT_THAT(check().problems[0].message, HasSubstr("a type of the same name has another definition"));
  // A module that knows the first definition in full fits the user, although nothing that the patch names defines it.
  Interface same;
  provide(same, 1);
  same.module = "next";
  same.symbols[0].scope = Scope::Import;
  same.symbols[0].section = Section::None;
  same.symbols[0].name = "use";
  patch = {&same};
  const PatchResult r = check();
  EXPECT_TRUE(r.ok()) << r.problems[0].message;
}

TEST_F(PatchCheck, NativesMustBeOffered) {
  define(next, "m", "f", function_type(next.types, next.types.i32(), next.types.i32()));
  next.symbols.push_back({"Core::nothing", SymbolKind::Function, Scope::Native, Section::None, 0, 0, no_type});
  EXPECT_THAT(check().problems[0].message, HasSubstr("no such native"));
}

// A function of fifteen structs of some 4,000 fields each, at a variable of the kind.
TypeId large_signature(TypeTable& t, Kind kind, TypeId result) {
  Signature s;
  s.vars = {kind};
  s.result = result;
  for (uint32_t i = 0; i < 15; i++) {
    std::vector<Field> fields;
    for (uint32_t f = 0; f < 4000 + i; f++)
      fields.push_back({8 * f, t.var(0, kind), Mutability::ReadWrite, true});
    s.args.push_back(t.ptr(t.struct_layout(std::move(fields))));
  }
  return t.signature(std::move(s));
}

// What the link check says of `symbols` imports, whose type the definitions have at a greater kind and with this result.
std::vector<LinkProblem> problems_of_large_types(uint32_t symbols, bool same_result) {
  Interface provider, user;
  provider.module = "provider";
  user.module = "user";
  const TypeId defined = large_signature(provider.types, Kind::W, provider.types.i32());
  const TypeId wanted = large_signature(user.types, Kind::P, same_result ? user.types.i32() : user.types.i8());
  for (uint32_t i = 0; i < symbols; i++) {
    provider.symbols.push_back({"f" + std::to_string(i), SymbolKind::Function, Scope::Public, Section::Text, 16 * i, 16, defined});
    user.symbols.push_back({"f" + std::to_string(i), SymbolKind::Function, Scope::Import, Section::None, 0, 0, wanted});
  }
  const Interface* modules[] = {&provider, &user};
  const NativeInterface natives;
  return link_check(modules, natives).problems;
}

TEST(LinkCheck, WorkOnLargeTypesIsLimited) {
  EXPECT_EQ(problems_of_large_types(50, true).size(), 0u);
  EXPECT_GT(problems_of_large_types(700, true).size(), 0u);
  size_t bytes = 0;
  for (const LinkProblem& p : problems_of_large_types(700, false))
    bytes += p.message.size();
  EXPECT_GT(bytes, size_t{1} << 20); // a few are written down
  EXPECT_LT(bytes, size_t{1} << 28);
}

}  // namespace
}  // namespace tal
