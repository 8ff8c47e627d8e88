#include "frontend/types.h"

#include <gtest/gtest.h>

#include "frontend/check/unifier.h"

using namespace frontend;

namespace {

class Types : public ::testing::Test {
 protected:
  TypeId list_of(TypeId element) { return types.named(list, std::vector<TypeId>{element}); }
  TypeId function(std::vector<TypeId> params, TypeId result, uint32_t type_params = 0) { return types.function(params, result, type_params); }

  void SetUp() override {
    TypeDecl decl;
    decl.name = names.get("list");
    decl.nullable = true;
    decl.params = {names.get("a")};
    list = types.add_decl(decl);
    types.decl(list).fields = {{names.get("hd"), types.var(0, 0), false, {}}, {names.get("tl"), list_of(types.var(0, 0)), false, {}}};
  }

  support::NameTable names;
  TypeStore types;
  TypeDeclId list;
};

TEST_F(Types, EqualTypesHaveEqualIds) {
  EXPECT_EQ(types.array(kIntType), types.array(kIntType));
  EXPECT_NE(types.array(kIntType), types.array(kUIntType));
  EXPECT_EQ(function({kIntType}, kBoolType), function({kIntType}, kBoolType));
  EXPECT_NE(types.tuple(std::vector{kIntType}), types.tuple(std::vector{kIntType}, true));
  EXPECT_NE(types.tuple({}), function({}, kErrorType));
  EXPECT_EQ(list_of(kIntType), list_of(kIntType));
}

TEST_F(Types, NamesOfBoundVariablesDoNotMatter) {
  // b <a,b>(a, b) written twice is one type, and not a <a,b>(a, b).
  const TypeId a = types.var(0, 0), b = types.var(0, 1);
  EXPECT_EQ(function({a, b}, b, 2), function({a, b}, b, 2));
  EXPECT_NE(function({a, b}, b, 2), function({a, b}, a, 2));
}

TEST_F(Types, FieldTypesOfInstances) {
  EXPECT_EQ(types.field_type(list_of(kIntType), 0), kIntType);
  EXPECT_EQ(types.field_type(list_of(kStringType), 1), list_of(kStringType));
}

TEST_F(Types, InstantiateReplacesTheBinder) {
  const TypeId a = types.var(0, 0);
  EXPECT_EQ(types.instantiate(function({a, list_of(a)}, list_of(a), 1), std::vector{kIntType}), function({kIntType, list_of(kIntType)}, list_of(kIntType)));
}

TEST_F(Types, SubstitutionGoesUnderBinders) {
  // In `bool <b>(a, b)`, a is one binder further out.
  const TypeId inner = function({types.var(1, 0), types.var(0, 0)}, kBoolType, 1);
  EXPECT_EQ(types.get(inner).free_depth, 1u);
  EXPECT_EQ(types.substitute(inner, std::vector{kIntType}), function({kIntType, types.var(0, 0)}, kBoolType, 1));
  // What is put in is shifted, so that its variables are not captured.
  const TypeId outer = types.var(0, 3);
  EXPECT_EQ(types.substitute(inner, std::vector{outer}), function({types.var(1, 3), types.var(0, 0)}, kBoolType, 1));
}

TEST_F(Types, Print) {
  EXPECT_EQ(types.print(types.array(list_of(kIntType))), "<int>list[]");
  EXPECT_EQ(types.print(types.array(function({kCharType}, kIntType))), "int[](char)");
  EXPECT_EQ(types.print(function({kCharType}, types.array(kIntType))), "int (char)[]");
  EXPECT_EQ(types.print(function({types.var(0, 0)}, types.var(0, 1), 2)), "b <a,b>(a)");
  const std::vector<Name> in_scope{names.get("a")};
  EXPECT_EQ(types.print(function({types.var(1, 0), types.var(0, 0)}, kVoidType, 1), in_scope), "void <b>(a,b)");
}

TEST_F(Types, UnifyInfersAndRefuses) {
  Unifier unifier(types);
  const TypeId word = unifier.fresh(Unifier::Class::Word);
  EXPECT_TRUE(unifier.unify(list_of(word), list_of(kIntType)));
  EXPECT_EQ(unifier.resolve(types.array(word)), types.array(kIntType));
  EXPECT_FALSE(unifier.unify(word, kCharType));
  EXPECT_FALSE(unifier.unify(unifier.fresh(Unifier::Class::Word), kDoubleType));
  EXPECT_FALSE(unifier.unify(unifier.fresh(Unifier::Class::Word), kVoidType));
  EXPECT_TRUE(unifier.unify(unifier.fresh(Unifier::Class::Any), kVoidType));
}

TEST_F(Types, NullIsOfNullableTypesOnly) {
  Unifier unifier(types);
  const TypeId null = unifier.fresh(Unifier::Class::Option), other = unifier.fresh(Unifier::Class::Word);
  EXPECT_FALSE(unifier.unify(null, kStringType));
  EXPECT_TRUE(unifier.unify(other, null));  // what null is unified with becomes as strict
  EXPECT_FALSE(unifier.unify(other, kIntType));
  EXPECT_TRUE(unifier.unify(other, list_of(kIntType)));
  EXPECT_EQ(unifier.resolve(null), list_of(kIntType));
}

TEST_F(Types, NoInfiniteTypes) {
  Unifier unifier(types);
  const TypeId any = unifier.fresh(Unifier::Class::Any);
  EXPECT_FALSE(unifier.unify(any, types.array(any)));
  EXPECT_TRUE(unifier.unify(any, any));
}

}  // namespace
