// The type table: well-formedness, identity across tables, substitution, subtyping, text.
#include "tal/bytes.h"
#include "tal/natives/type_parser.h"
#include "tal/types.h"
#include "tal/write/write.h"
#include "tal/write/byte_writer.h"

#include <gtest/gtest.h>

using namespace tal;

namespace {

NamedId list_type(TypeTable& t, const std::string& name = "list", TypeId extra = no_type) {
  NamedId id = t.declare(name, {Kind::W});
  TypeId a = t.var(0, Kind::W);
  TypeId self = t.ptr(t.named(id, std::vector<TypeId>{a}), true);
  std::vector<Field> fields{{0, a, Mutability::ReadWrite, true}, {8, self, Mutability::ReadWrite, false}};
  if (extra)
    fields.push_back({16, extra, Mutability::ReadWrite, false});
  EXPECT_TRUE(t.define(id, t.struct_layout(std::move(fields))));
  return id;
}

TEST(Types, AreInterned) {
  TypeTable t;
  EXPECT_EQ(t.arr(t.i32()), t.arr(t.i32()));
  EXPECT_NE(t.arr(t.i32()), t.arr(t.i32(), Mutability::ReadOnly));
  EXPECT_NE(t.arr(t.i32()), t.arr(t.i32(), Mutability::ReadWrite, true));
  EXPECT_EQ(t.with_nullable(t.with_nullable(t.arr(t.i8()), true), false), t.arr(t.i8()));
  EXPECT_EQ(t.with_nullable(t.i32(), true), t.i32());
}

// attack A47
TEST(Types, IllFormedOnesDoNotExist) {
  TypeTable t;
  TypeId w = t.var(0, Kind::W), layout = t.struct_layout({{0, t.i32(), Mutability::ReadWrite, false}});
  EXPECT_FALSE(t.arr(w)); // width unknown
  EXPECT_TRUE(t.arr(t.var(0, Kind::W4)));
  EXPECT_FALSE(t.arr(layout));
  EXPECT_FALSE(t.ptr(t.i32()));
  EXPECT_FALSE(t.struct_layout({{4, t.i64(), Mutability::ReadWrite, false}}));                                             // not aligned
  EXPECT_FALSE(t.struct_layout({{0, t.i64(), Mutability::ReadWrite, false}, {4, t.i32(), Mutability::ReadWrite, false}})); // overlap
  EXPECT_FALSE(t.struct_layout({{8, t.i32(), Mutability::ReadWrite, false}, {0, t.i32(), Mutability::ReadWrite, false}})); // order
  EXPECT_FALSE(t.struct_layout({{0, w, Mutability::ReadWrite, false}}));                                                   // not a slot
  EXPECT_FALSE(t.struct_layout({{0, layout, Mutability::ReadWrite, false}}));                                              // inline struct
  EXPECT_FALSE(t.signature({.vars = {Kind::P}, .args = {w}}));                                                             // another kind
  EXPECT_FALSE(t.is_closed(t.signature({.vars = {Kind::W}, .args = {t.var(1, Kind::W)}})));                                // of the context
  EXPECT_FALSE(t.fn(t.signature({.vars = {Kind::D}, .args = {t.i32()}})));                                                 // of no code
  EXPECT_FALSE(t.signature({.vars = {Kind::W}, .args = {w, t.fn(t.signature({.vars = {Kind::W}, .args = {t.var(1, Kind::P)}}))}})); // two kinds
  EXPECT_FALSE(tuple(t, std::vector<TypeId>{w, t.var(0, Kind::P)}));                                                        // two kinds
  EXPECT_FALSE(t.ptr(TypeId{9999}));
}

// Polymorphic function values, T6. The text form shows the numbers of variables.
TEST(Types, QuantifiersBindTheirOwnVariablesOnly) {
  TypeTable t;
  const TypeId v0 = t.var(0, Kind::W), v1 = t.var(1, Kind::W);
  const TypeId open = t.fn(t.signature({.vars = {Kind::W}, .args = {v0, v1}, .result = v1}));
  EXPECT_EQ(t.print(open), "fn [<$0:W>($0, $1) -> $1]");
  EXPECT_TRUE(t.vars_fit(open, std::vector<Kind>{Kind::W}));
  EXPECT_FALSE(t.vars_fit(open, std::vector<Kind>{Kind::P}));
  EXPECT_TRUE(t.mentions(open, v0));
  EXPECT_FALSE(t.mentions(open, v1));
  EXPECT_EQ(t.print(t.substitute(open, std::vector<TypeId>{t.string()})), "fn [<$0:W>($0, arr i8) -> arr i8]");
  EXPECT_EQ(t.substitute(open, std::vector<TypeId>{v0}), open); // not captured
  EXPECT_EQ(t.print(t.substitute(open, std::vector<TypeId>{open})), "fn [<$0:W>($0, fn [<$0:W>($0, $2) -> $2]) -> fn [<$0:W>($0, $2) -> $2]]");
  EXPECT_FALSE(t.substitute(open, std::vector<TypeId>{t.f64()}));
  EXPECT_FALSE(t.substitute(open, std::vector<TypeId>{t.var(15, Kind::W)})); // no number is left for it inside
  EXPECT_TRUE(t.substitute(open, std::vector<TypeId>{t.var(14, Kind::W)}));
  // A variable that is not mentioned under the quantifier has nothing to fear there.
  const TypeId closed = t.fn(t.signature({.vars = {Kind::W}, .args = {v0}}));
  EXPECT_TRUE(t.is_closed(closed));
  EXPECT_EQ(t.substitute(closed, std::vector<TypeId>{t.i32()}), closed);
}

TEST(Types, InstantiationTakesLeadingVariables) {
  TypeTable t;
  const TypeId v0 = t.var(0, Kind::W), v1 = t.var(1, Kind::W), v2 = t.var(2, Kind::W), v3 = t.var(3, Kind::W);
  const TypeId inner = t.fn(t.signature({.vars = {Kind::W}, .args = {v0, v1, v2}, .result = v3}));
  // <a, b>(a, b, x, fn <c>(c, a, b) -> x) -> a, where x is the first variable of the context
  const TypeId s = t.signature({.vars = {Kind::W, Kind::W}, .args = {v0, v1, v2, inner}, .result = v0});
  EXPECT_EQ(t.print(s), "<$0:W, $1:W>($0, $1, $2, fn [<$0:W>($0, $1, $2) -> $3]) -> $0");
  EXPECT_EQ(t.print(t.instantiate(s, std::vector<TypeId>{t.i32(), t.exn()})), "(i32, exn, $0, fn [<$0:W>($0, i32, exn) -> $1]) -> i32");
  EXPECT_EQ(t.print(t.instantiate(s, std::vector<TypeId>{v0, v1})), "($0, $1, $0, fn [<$0:W>($0, $1, $2) -> $1]) -> $0");
  const TypeId half = t.instantiate(s, std::vector<TypeId>{v1});
  EXPECT_EQ(t.print(half), "<$0:W>($2, $0, $1, fn [<$0:W>($0, $3, $1) -> $2]) -> $2");
  EXPECT_EQ(t.instantiate(half, std::vector<TypeId>{t.exn()}), t.instantiate(s, std::vector<TypeId>{v1, t.exn()}));
  EXPECT_EQ(t.instantiate(s, {}), s);
  EXPECT_FALSE(t.instantiate(s, std::vector<TypeId>{v0, v0, v0}));
  EXPECT_FALSE(t.instantiate(t.instantiate(half, std::vector<TypeId>{t.exn()}), std::vector<TypeId>{t.exn()})); // once too often
  EXPECT_FALSE(t.instantiate(s, std::vector<TypeId>{t.f64()}));
  const TypeId narrow = t.signature({.vars = {Kind::W, Kind::W4}, .args = {v0, t.arr(t.var(1, Kind::W4))}});
  EXPECT_EQ(t.print(t.instantiate(narrow, std::vector<TypeId>{v0})), "<$0:W4>($1, arr $0:W4) -> void");
  EXPECT_FALSE(t.instantiate(narrow, std::vector<TypeId>{v0, t.i64()}));
  EXPECT_FALSE(t.instantiate(narrow, std::vector<TypeId>{v0, v1}));
}

TEST(Types, PolymorphicValuesAreRelatedVariableForVariable) {
  TypeTable t;
  auto fn = [&](std::vector<Kind> vars, std::vector<TypeId> args, TypeId result) {
    return t.fn(t.signature({.vars = std::move(vars), .args = std::move(args), .result = result}));
  };
  const TypeId w = t.var(0, Kind::W), p = t.var(0, Kind::P), v1 = t.var(1, Kind::W);
  const TypeId id = fn({Kind::W}, {w}, w), of_pointers = fn({Kind::P}, {p}, p);
  EXPECT_TRUE(t.is_subtype(id, of_pointers));
  EXPECT_FALSE(t.is_subtype(of_pointers, id));
  EXPECT_TRUE(t.is_subtype(id, t.with_nullable(id, true)));
  EXPECT_FALSE(t.is_subtype(id, fn({}, {t.i32()}, t.i32()))); // an instance is not a supertype: C35 makes it
  EXPECT_FALSE(t.is_subtype(id, fn({}, {w}, w)));
  EXPECT_FALSE(t.is_subtype(fn({}, {w}, w), id)); // the variable of the context is not any type
  EXPECT_FALSE(t.is_subtype(fn({Kind::W}, {w}, v1), fn({Kind::W}, {w}, w)));
  EXPECT_FALSE(t.is_subtype(fn({Kind::W, Kind::W}, {w}, w), id));
  EXPECT_TRUE(t.is_subtype(fn({Kind::W}, {t.i64()}, w), fn({Kind::P}, {p}, p))); // arguments the other way, at P
  // At the lesser kind the variable of the context stays itself.
  EXPECT_TRUE(t.is_subtype(fn({Kind::W}, {w}, v1), fn({Kind::P}, {p}, v1)));
  EXPECT_FALSE(t.is_subtype(fn({Kind::W}, {w}, v1), fn({Kind::P}, {p}, p)));
}

TEST(Types, PolymorphicValuesKeepTheirIdentityAcrossTables) {
  TypeTable a, b, target;
  const TypeId w = a.var(0, Kind::W), v1 = a.var(1, Kind::W);
  const TypeId swap = a.fn(a.signature({.vars = {Kind::W, Kind::W}, .args = {w, v1}, .result = a.ptr(tuple(a, std::vector<TypeId>{v1, w}))}));
  const TypeId other = a.fn(a.signature({.vars = {Kind::W, Kind::W}, .args = {w, v1}, .result = a.ptr(tuple(a, std::vector<TypeId>{w, v1}))}));
  EXPECT_NE(a.canonical(swap), a.canonical(other));
  EXPECT_NE(a.canonical(a.fn(a.signature({.vars = {Kind::W}, .args = {a.fn(a.signature({.args = {w}}))}}))),
            a.canonical(a.fn(a.signature({.args = {a.fn(a.signature({.vars = {Kind::W}, .args = {w}}))}})))); // where it is quantified
  ASSERT_TRUE(a.close());
  ByteWriter out;
  write_types(a, out);
  Bytes bytes = out.take();
  ByteReader in(bytes);
  std::string problem;
  ASSERT_TRUE(read_types(in, b, problem)) << problem;
  EXPECT_EQ(b.print(swap), a.print(swap));
  TypeImporter from_a(a, target), from_b(b, target);
  EXPECT_EQ(from_a.import(swap), from_b.import(swap));
  EXPECT_EQ(target.canonical(from_a.import(swap)), a.canonical(swap));
}

TEST(Types, HiddenTypesAreNotGuessedToBeQuantifiedVariables) {
  TypeTable t;
  const TypeId v0 = t.var(0, Kind::W), v1 = t.var(1, Kind::W);
  // visitor[c] = fn <a>(a, c) -> c
  const NamedId id = t.declare("visitor", {}, NamedSort::Package, Kind::P, {Kind::W});
  ASSERT_TRUE(t.define(id, t.fn(t.signature({.vars = {Kind::W}, .args = {v0, v1}, .result = v1}))));
  const TypeId package = t.named(id), good = t.fn(t.signature({.vars = {Kind::W}, .args = {v0, t.exn()}, .result = t.exn()}));
  EXPECT_EQ(t.guess_hidden(package, good), std::vector<TypeId>{t.exn()});
  EXPECT_EQ(t.open(package, std::vector<TypeId>{t.exn()}), good);
  const TypeId bad = t.fn(t.signature({.vars = {Kind::W}, .args = {v0, v0}, .result = v0}));
  EXPECT_NE(t.open(package, t.guess_hidden(package, bad)), bad);
}

// closure<a>[c] = (fn [(c) -> a], c)
NamedId closure_type(TypeTable& t, Kind kind = Kind::P) {
  NamedId id = t.declare("closure", {Kind::W}, NamedSort::Package, kind, {Kind::W});
  TypeId a = t.var(0, Kind::W), c = t.var(1, Kind::W);
  TypeId code = t.fn(t.signature({.args = {c}, .result = a}));
  EXPECT_TRUE(t.define(id, t.ptr(tuple(t, std::vector<TypeId>{code, c}))));
  return id;
}

TEST(Types, PackagesAreWordsAndOpenAtTypesOfTheirKinds) {
  TypeTable t;
  NamedId id = closure_type(t), known = t.declare("known", {}, NamedSort::Package, Kind::P, {Kind::W8});
  EXPECT_TRUE(t.define(known, t.arr(t.var(0, Kind::W8))));
  NamedId forged = t.declare("forged", {}, NamedSort::Package, Kind::P, {Kind::W});
  EXPECT_FALSE(t.define(forged, t.var(0, Kind::W))); // perhaps no address
  EXPECT_FALSE(t.define(forged, t.ptr(tuple(t, std::vector<TypeId>{t.var(1, Kind::W)}))));
  TypeId package = t.named(id, std::vector<TypeId>{t.i32()});
  EXPECT_TRUE(t.is_word(package));
  EXPECT_FALSE(t.is_memory(package));
  EXPECT_FALSE(t.expand(package));
  EXPECT_TRUE(t.arr(package));
  EXPECT_FALSE(t.zero_is_legal(package));
  EXPECT_FALSE(t.struct_layout({{0, package, Mutability::ReadWrite, false}})); // not a slot
  EXPECT_EQ(t.print(t.open(package, std::vector<TypeId>{t.string()})), "ptr {0: fn [(arr i8) -> i32]; 8: arr i8}");
  EXPECT_FALSE(t.open(package, {}));
  EXPECT_FALSE(t.open(t.named(known), std::vector<TypeId>{t.i32()}));
  EXPECT_TRUE(t.open(t.named(known), std::vector<TypeId>{t.exn()}));
  EXPECT_EQ(t.guess_hidden(package, t.open(package, std::vector<TypeId>{t.string()})), std::vector<TypeId>{t.string()});
}

TEST(Types, PackagesKeepTheirIdentityAcrossTables) {
  TypeTable a, b, c, target;
  NamedId ia = closure_type(a), ib = closure_type(b), ic = closure_type(c, Kind::W8);
  ASSERT_TRUE(a.close() && b.close() && c.close());
  TypeImporter from_a(a, target), from_b(b, target), from_c(c, target);
  TypeId ta = from_a.import(a.named(ia, std::vector<TypeId>{a.i32()}));
  EXPECT_TRUE(ta);
  EXPECT_EQ(ta, from_b.import(b.named(ib, std::vector<TypeId>{b.i32()})));
  EXPECT_NE(ta, from_c.import(c.named(ic, std::vector<TypeId>{c.i32()})));
  ByteWriter out;
  write_types(a, out);
  Bytes bytes = out.take();
  ByteReader in(bytes);
  TypeTable read;
  std::string problem;
  ASSERT_TRUE(read_types(in, read, problem)) << problem;
  EXPECT_EQ(read.named_type(NamedId{0}).fingerprint, a.named_type(ia).fingerprint);
  EXPECT_EQ(read.named_type(NamedId{0}).hidden, std::vector<Kind>{Kind::W});
}

// attack F26
TEST(Types, ArgumentsHaveTheKindsOfParameters) {
  TypeTable t;
  NamedId id = t.declare("box", {Kind::W8});
  EXPECT_FALSE(t.named(id, std::vector<TypeId>{t.i32()}));
  EXPECT_TRUE(t.named(id, std::vector<TypeId>{t.i64()}));
  EXPECT_TRUE(t.named(id, std::vector<TypeId>{t.exn()})); // P <= W8
  EXPECT_FALSE(t.named(id, std::vector<TypeId>{t.f64()}));
  EXPECT_FALSE(t.named(id));
}

// attack F25
TEST(Types, SlotsKeepTheirWidthInInstances) {
  TypeTable t;
  NamedId id = list_type(t);
  TypeId layout = t.expand(t.named(id, std::vector<TypeId>{t.i8()}));
  ASSERT_TRUE(layout);
  EXPECT_EQ(t.fields(layout)[0].type, t.i8());
  EXPECT_EQ(t.field_size(t.fields(layout)[0]), 8u);
  EXPECT_EQ(t.fields(layout)[1].offset, 8u);
  TypeId pair = tuple(t, std::vector<TypeId>{t.var(0, Kind::W), t.i32()});
  EXPECT_EQ(t.substitute(pair, std::vector<TypeId>{t.i32()}), tuple(t, std::vector<TypeId>{t.i32(), t.i32()}));
}

// attack A47, F68
TEST(Types, SizeAsATreeIsLimited) {
  TypeTable t;
  TypeId type = t.i32();
  int steps = 0;
  while (TypeId next = t.ptr(tuple(t, std::vector<TypeId>{type, type}))) {
    type = next;
    ASSERT_LT(++steps, 40); // 2^16 nodes
  }
  TypeId deep = t.i32();
  for (steps = 0; TypeId next = t.arr(deep); steps++)
    deep = next;
  EXPECT_EQ(steps, 63);
}

// attack A47, F68
TEST(Types, NonRegularTypesStopGrowing) {
  TypeTable t;
  NamedId id = t.declare("grow", {Kind::W});
  TypeId a = t.var(0, Kind::W);
  TypeId pair = t.ptr(tuple(t, std::vector<TypeId>{a, a}));
  ASSERT_TRUE(t.define(id, t.struct_layout({{0, t.ptr(t.named(id, std::vector<TypeId>{pair})), Mutability::ReadWrite, false}})));
  ASSERT_TRUE(t.close());
  TypeId at = t.named(id, std::vector<TypeId>{t.i32()});
  int steps = 0;
  while (TypeId layout = t.expand(at)) {
    at = t.target(t.fields(layout)[0].type);
    ASSERT_LT(++steps, 64);
  }
}

// attack A39, F41
TEST(Types, IdentityIsNameAndEverythingBelow) {
  TypeTable a, b, c, all;
  NamedId ia = list_type(a), ib = list_type(b), ic = list_type(c, "list", c.i64());
  ASSERT_TRUE(a.close() && b.close() && c.close());
  EXPECT_EQ(a.named_type(ia).fingerprint, b.named_type(ib).fingerprint);
  EXPECT_NE(a.named_type(ia).fingerprint, c.named_type(ic).fingerprint);
  TypeImporter from_a(a, all), from_b(b, all), from_c(c, all);
  TypeId ta = from_a.import(a.named(ia, std::vector<TypeId>{a.i32()})), tb = from_b.import(b.named(ib, std::vector<TypeId>{b.i32()})),
         tc = from_c.import(c.named(ic, std::vector<TypeId>{c.i32()}));
  EXPECT_TRUE(ta && ta == tb);
  EXPECT_NE(ta, tc); // the same name, another type: both live in one table
  // A change far below changes everything above.
  auto holder = [](TypeTable& t, NamedId list) {
    NamedId id = t.declare("holder", {});
    EXPECT_TRUE(t.define(id, t.struct_layout({{0, t.ptr(t.named(list, std::vector<TypeId>{t.i32()})), Mutability::ReadWrite, false}})));
    EXPECT_TRUE(t.close());
    return id;
  };
  NamedId ha = holder(a, ia), hc = holder(c, ic);
  EXPECT_NE(a.named_type(ha).fingerprint, c.named_type(hc).fingerprint);
  EXPECT_NE(from_a.import(a.named(ha)), from_c.import(c.named(hc)));
}

TEST(Types, GroupsDoNotDependOnTheOrderOfDeclaration) {
  auto build = [](bool swapped) {
    TypeTable t;
    NamedId first = t.declare(swapped ? "B" : "A", {}), second = t.declare(swapped ? "A" : "B", {});
    NamedId a = swapped ? second : first, b = swapped ? first : second;
    EXPECT_TRUE(t.define(a, t.struct_layout({{0, t.ptr(t.named(b)), Mutability::ReadWrite, false}})));
    EXPECT_TRUE(t.define(b, t.struct_layout({{0, t.ptr(t.named(a)), Mutability::ReadWrite, false}, {8, t.i32(), Mutability::ReadWrite, false}})));
    EXPECT_TRUE(t.close());
    return t.canonical(t.ptr(t.named(a)));
  };
  EXPECT_EQ(build(false), build(true));
}

TEST(Types, DeclaringOneTwiceIsAnError) {
  TypeTable t;
  list_type(t);
  list_type(t);
  std::string problem;
  EXPECT_FALSE(t.close(&problem));
  EXPECT_NE(problem.find("twice"), std::string::npos);
}

TEST(Types, SubtypingIsAtTheTop) {
  TypeTable t;
  NamedId list = list_type(t);
  TypeId p = t.ptr(t.named(list, std::vector<TypeId>{t.i32()})), q = t.ptr(t.named(list, std::vector<TypeId>{t.i64()}));
  EXPECT_TRUE(t.is_subtype(p, t.with_nullable(p, true)));
  EXPECT_FALSE(t.is_subtype(t.with_nullable(p, true), p));
  EXPECT_TRUE(t.is_subtype(p, t.i64()));
  EXPECT_FALSE(t.is_subtype(t.i64(), p));
  EXPECT_FALSE(t.is_subtype(p, t.i32()));
  EXPECT_FALSE(t.is_subtype(p, q));
  EXPECT_TRUE(t.is_subtype(t.i8(), t.i32()));
  EXPECT_FALSE(t.is_subtype(t.arr(t.i8()), t.arr(t.i32())));
  EXPECT_FALSE(t.is_subtype(t.exn_name(t.i32()), t.exn_name(t.i64()))); // invariant
  EXPECT_FALSE(t.is_subtype(t.f64(), t.i64()));
  auto fn = [&](TypeId arg, TypeId result, bool throws = true) { return t.fn(t.signature({.args = {arg}, .result = result, .throws = throws})); };
  EXPECT_TRUE(t.is_subtype(fn(t.i32(), t.i8()), fn(t.i8(), t.i32())));
  EXPECT_FALSE(t.is_subtype(fn(t.i8(), t.i8()), fn(t.i32(), t.i8())));
  EXPECT_TRUE(t.is_subtype(fn(t.i32(), t.i32(), false), fn(t.i32(), t.i32())));
  EXPECT_FALSE(t.is_subtype(fn(t.i32(), t.i32()), fn(t.i32(), t.i32(), false)));
  TypeId noret = t.fn(t.signature({.args = {t.i32()}, .noret = true}));
  EXPECT_TRUE(t.is_subtype(noret, fn(t.i32(), p)));
  EXPECT_FALSE(t.is_subtype(fn(t.i32(), p), noret));
  EXPECT_FALSE(t.is_subtype(fn(t.i32(), no_type), fn(t.i32(), p)));
}

// attack F38
TEST(Types, SignaturesWithConditionsKeepThem) {
  TypeTable t;
  SigFact fact{SigFact::Of::Value, 0, SigFact::Of::Zero, 0, 10};
  TypeId plain = t.signature({.args = {t.i32()}, .result = t.i32()});
  TypeId needs = t.signature({.args = {t.i32()}, .result = t.i32(), .pre = {fact}});
  TypeId gives = t.signature({.args = {t.i32()}, .result = t.i32(), .post = {fact}});
  EXPECT_FALSE(t.sig_at_most(needs, plain)); // a caller at `plain` would not keep the condition
  EXPECT_TRUE(t.sig_at_most(plain, needs));
  EXPECT_TRUE(t.sig_at_most(gives, plain));
  EXPECT_FALSE(t.sig_at_most(plain, gives));
}

TEST(Types, ConditionsAreAboutNumbersUnionsAndLengths) {
  using Of = SigFact::Of;
  TypeTable t;
  const TypeId word = t.var(0, Kind::W), array = t.arr(t.var(0, Kind::W4)), cases = t.cases(0, 2, std::vector<TypeId>{t.i64()});
  const auto fits = [&](TypeId a, std::vector<SigFact> pre, std::vector<SigFact> post = {}, TypeId result = no_type) {
    return static_cast<bool>(t.signature({.vars = {}, .args = {a, t.i32()}, .result = result, .pre = std::move(pre), .post = std::move(post)}));
  };
  const auto below = [](Of x, uint8_t i, Of y, uint8_t j, int64_t c = 3) { return SigFact{x, i, y, j, c}; };
  for (TypeId a : {t.i8(), t.i64(), t.union_word(cases), t.union_word(cases, true)}) {
    EXPECT_TRUE(fits(a, {below(Of::Value, 0, Of::Zero, 0)})) << t.print(a);
    EXPECT_TRUE(fits(a, {below(Of::Zero, 0, Of::Value, 0)})) << t.print(a);
    EXPECT_FALSE(fits(a, {below(Of::Length, 0, Of::Zero, 0)})) << t.print(a);
    EXPECT_TRUE(fits(t.i32(), {}, {below(Of::Value, 0, Of::Zero, 0)}, a)) << t.print(a);
  }
  for (TypeId a : {t.arr(t.i32()), t.string(), array}) {
    EXPECT_TRUE(fits(a, {below(Of::Value, 1, Of::Length, 0)})) << t.print(a);
    EXPECT_FALSE(fits(a, {below(Of::Value, 0, Of::Zero, 0)})) << t.print(a);
  }
  // What is no number at all, may be null, or depends on a type argument.
  for (TypeId a : {t.f64(), t.exn(), t.string(true), t.ptr(tuple(t, std::vector<TypeId>{t.i32()})), word, t.var(0, Kind::W8), t.var(0, Kind::W4)}) {
    EXPECT_FALSE(fits(a, {below(Of::Value, 0, Of::Zero, 0)})) << t.print(a);
    EXPECT_FALSE(fits(a, {below(Of::Value, 1, Of::Length, 0)})) << t.print(a);
    EXPECT_FALSE(fits(t.i32(), {}, {below(Of::Zero, 0, Of::Length, 0)}, a)) << t.print(a);
  }
  EXPECT_FALSE(fits(t.i32(), {below(Of::Value, 2, Of::Zero, 0)})); // there is no third
  EXPECT_FALSE(fits(t.i32(), {below(Of::Value, 0, Of::Zero, 1)})); // one spelling of zero
  EXPECT_FALSE(fits(t.i32(), {below(Of::Zero, 0, Of::Zero, 0)}));
  EXPECT_FALSE(fits(t.i32(), {below(Of::Value, 1, Of::Value, 1)}));
  EXPECT_FALSE(fits(t.i32(), {}, {below(Of::Value, 0, Of::Zero, 0)})); // no result
  EXPECT_FALSE(fits(t.i32(), {}, {below(Of::Value, 1, Of::Zero, 0)}, t.i32()));
  EXPECT_FALSE(t.signature({.args = {}, .noret = true, .post = {below(Of::Value, 0, Of::Zero, 0)}}));
  // One order, and one fact for a pair.
  const SigFact first = below(Of::Value, 0, Of::Zero, 0), second = below(Of::Value, 0, Of::Value, 1);
  EXPECT_TRUE(fits(t.i32(), {first, second}));
  EXPECT_FALSE(fits(t.i32(), {second, first}));
  EXPECT_FALSE(fits(t.i32(), {first, first}));
  EXPECT_FALSE(fits(t.i32(), {below(Of::Value, 0, Of::Zero, 0, 2), first}));
  EXPECT_FALSE(fits(t.i32(), {below(Of::Value, 0, Of::Zero, 0, INT64_MAX - 1), below(Of::Value, 0, Of::Zero, 0, INT64_MAX)}));
}

TEST(Types, AtMostSixteenConditions) {
  TypeTable t;
  for (uint8_t n : {16, 17}) {
    Signature s{.args = std::vector<TypeId>(20, t.i32()), .result = t.i32()};
    for (uint8_t i = 0; i < n; i++)
      s.pre.push_back({SigFact::Of::Value, i, SigFact::Of::Zero, 0, 5});
    EXPECT_EQ(static_cast<bool>(t.signature(s)), n == 16);
  }
}

// What follows holds wherever the other does, for all small numbers; and the relation is an order.
TEST(Types, ConditionsThatFollowHold) {
  using Of = SigFact::Of;
  const std::pair<Of, uint8_t> operands[] = {{Of::Zero, 0}, {Of::Value, 0}, {Of::Value, 1}};
  std::vector<std::vector<SigFact>> sets{{}};
  for (auto [x_of, x] : operands)
    for (auto [y_of, y] : operands)
      if (std::pair(x_of, x) != std::pair(y_of, y))
        for (size_t n = sets.size(), i = 0; i < n; i++)
          if (sets[i].size() < 2)
            for (int64_t c : {-1, 0, 1}) {
              sets.push_back(sets[i]);
              sets.back().push_back({x_of, x, y_of, y, c});
            }
  const auto holds = [](const std::vector<SigFact>& facts, int64_t a, int64_t b) {
    const auto value = [&](Of of, uint8_t i) { return of == Of::Zero ? 0 : i == 0 ? a : b; };
    return std::all_of(facts.begin(), facts.end(), [&](const SigFact& f) { return value(f.x_of, f.x) - value(f.y_of, f.y) <= f.c; });
  };
  size_t related = 0;
  for (const auto& given : sets)
    for (const auto& wanted : sets) {
      if (!entails(given, wanted))
        continue;
      related++;
      for (int64_t a = -2; a <= 2; a++)
        for (int64_t b = -2; b <= 2; b++)
          EXPECT_TRUE(!holds(given, a, b) || holds(wanted, a, b));
      for (size_t i = 0; i < sets.size(); i += 7)
        EXPECT_TRUE(!entails(wanted, sets[i]) || entails(given, sets[i]));
    }
  EXPECT_GT(related, sets.size() * 3);
}

// A caller at the supertype proves no less than the function asks for, and believes no more than it says.
TEST(Types, ConditionsTravelLikeArgumentsAndResults) {
  TypeTable t;
  const auto sig = [&](int64_t asks, int64_t says) {
    return t.signature({.args = {t.i32()}, .result = t.i32(), .pre = {{SigFact::Of::Value, 0, SigFact::Of::Zero, 0, asks}},
                        .post = {{SigFact::Of::Value, 0, SigFact::Of::Zero, 0, says}}});
  };
  for (int64_t asks : {4, 5, 6})
    for (int64_t says : {4, 5, 6}) {
      EXPECT_EQ(t.sig_at_most(sig(asks, says), sig(5, 5)), asks >= 5 && says <= 5) << asks << " " << says;
      // One level further in they travel back.
      const auto takes = [&](TypeId s) { return t.signature({.args = {t.fn(s)}}); };
      EXPECT_EQ(t.sig_at_most(takes(sig(asks, says)), takes(sig(5, 5))), asks <= 5 && says >= 5) << asks << " " << says;
    }
  EXPECT_TRUE(t.sig_at_most(t.signature({.args = {t.i32()}, .noret = true}), sig(5, 5)));
}

TEST(Types, BytesComeBackWithTheSameIds) {
  TypeTable t;
  NamedId list = list_type(t);
  TypeId s = t.signature({.vars = {Kind::W}, .args = {t.var(0, Kind::W), t.ptr(t.named(list, std::vector<TypeId>{t.var(0, Kind::W)}), true)},
                          .result = t.with_nullable(t.exn(), true)});
  t.fn(t.signature({.args = {t.exn_name(t.i32()), t.string()}, .noret = true, .throws = false}));
  t.fn(t.signature({.args = {t.string(), t.i32()}, .result = t.i64(), .pre = {{SigFact::Of::Value, 1, SigFact::Of::Length, 0, -1}},
                    .post = {{SigFact::Of::Zero, 0, SigFact::Of::Value, 0, 0}, {SigFact::Of::Value, 0, SigFact::Of::Zero, 0, 300}}}));
  ASSERT_TRUE(t.close());
  ByteWriter out;
  write_types(t, out);
  TypeTable back;
  std::string problem;
  ByteReader in(out.bytes());
  ASSERT_TRUE(read_types(in, back, problem)) << problem;
  ASSERT_EQ(back.size(), t.size());
  for (uint32_t i = 1; i < t.size(); i++)
    EXPECT_EQ(back.print(TypeId{i}), t.print(TypeId{i}));
  EXPECT_EQ(back.canonical(s), t.canonical(s));
  // Damaged in any byte: refused, or a table that can be printed.
  for (size_t at = 0; at < out.size(); at++)
    for (int bit = 0; bit < 8; bit++) {
      Bytes bytes = out.bytes();
      bytes[at] ^= static_cast<uint8_t>(1 << bit);
      TypeTable damaged;
      ByteReader reader(bytes);
      if (read_types(reader, damaged, problem))
        for (uint32_t i = 1; i < damaged.size(); i++)
          damaged.print(TypeId{i});
    }
}

TEST(Types, TextComesBack) {
  TypeTable t;
  TypeParser parser(t);
  auto parse = [&](const char* text, TypeId (TypeParser::*read)(TokenStream&)) {
    std::vector<Token> tokens;
    std::string problem;
    EXPECT_TRUE(lex_line(text, tokens, problem)) << problem;
    TokenStream in(std::move(tokens));
    TypeId type = (parser.*read)(in);
    EXPECT_TRUE(type && in.end()) << text << ": " << in.problem();
    return type;
  };
  std::vector<Token> tokens;
  std::string problem;
  ASSERT_TRUE(lex_line("List::list<a:W> = {0: a slot; 8: ptr? List::list<a>}", tokens, problem));
  TokenStream declaration(tokens), definition(tokens);
  ASSERT_TRUE(parser.declare(declaration));
  ASSERT_TRUE(parser.define(definition)) << definition.problem();
  for (const char* text : {"i8", "arr? ro i32", "ptr {0: i32; 4: i16 ro; 8: i8 slot}", "fn? [(i32, ptr? List::list<i64>) -> noret nothrow]",
                           "exnname void", "exnname arr i8", "$1:W4", "arr arr i8"})
    EXPECT_EQ(t.print(parse(text, &TypeParser::type)), text);
  for (const char* text : {"<$0:W, $1:P>($0, $1:P) -> ptr List::list<$0>", "() -> void nothrow", "() -> noret",
                           "(arr i8, i32) -> arr i8 nothrow pre 0 - a1 <= -1, a1 - len(a0) <= -1 post 0 - len(result) <= -2", "(i64) -> i64 post result - 0 <= 7",
                           "(fn [(i64) -> void pre a0 - 0 <= 1], i64) -> void pre a1 - 0 <= -2"})
    EXPECT_EQ(t.print(parse(text, &TypeParser::signature)), text);
}

// What an interface keeps of an object's types.
TEST(Types, KeepsWhatIsReached) {
  TypeTable t;
  const NamedId gone = t.declare("gone", {}), list = t.declare("list", {Kind::W}), file = t.declare("FILE", {}, NamedSort::Abstract, Kind::P);
  const TypeId w = t.var(0, Kind::W), unused = t.ptr(t.named(gone), true);
  const TypeId next = t.ptr(t.named(list, std::vector<TypeId>{w}), true);
  ASSERT_TRUE(t.define(gone, t.struct_layout({{0, unused, Mutability::ReadWrite, false}, {8, t.ptr(t.named(list, std::vector<TypeId>{t.i8()})), Mutability::ReadWrite, false}})));
  ASSERT_TRUE(t.define(list, t.struct_layout({{0, w, Mutability::ReadWrite, true}, {8, next, Mutability::ReadWrite, false}})));
  ASSERT_TRUE(t.close());
  ASSERT_TRUE(t.expand(t.named(list, std::vector<TypeId>{t.i64()})));
  const TypeId sig = t.signature({.vars = {Kind::W}, .args = {next, t.ptr(t.named(file))}, .result = w});
  std::vector<TypeId> roots{t.fn(sig), no_type, t.i32(), sig};
  const std::string before = t.canonical(roots[0]), text = t.print(roots[0]);
  t.keep_only(roots);
  EXPECT_EQ(t.canonical(roots[0]), before);
  EXPECT_EQ(t.print(roots[0]), text);
  EXPECT_EQ(roots[1], no_type);
  EXPECT_EQ(roots[2], t.i32());
  ASSERT_EQ(t.named_count(), 2u);
  EXPECT_EQ(t.named_type(NamedId{0}).name, "list");
  EXPECT_EQ(t.named_type(NamedId{0}).params, std::vector<Kind>{Kind::W});
  EXPECT_EQ(t.size(), 8u + 8u); // the variable, list<var>, its pointer, the layout, FILE, its pointer, the signature, the function
  // It can be added to, and imported from, as any other.
  const size_t size = t.size();
  EXPECT_EQ(t.fn(roots[3]), roots[0]);
  EXPECT_EQ(t.size(), size);
  ASSERT_TRUE(t.expand(t.named(NamedId{0}, std::vector<TypeId>{t.i64()})));
  TypeTable target;
  TypeImporter importer(t, target);
  EXPECT_EQ(target.canonical(importer.import(roots[0])), before);
  TypeImporter again(t, target);
  EXPECT_EQ(again.import(roots[3]), target.target(importer.import(roots[0])));
}

} // namespace
