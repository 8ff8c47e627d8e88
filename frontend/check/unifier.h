// Unification of types with variables: how types are inferred.
//
// A variable has a class that says what it may stand for: Any (`_`, the type of `raise`), Word (an instantiated type parameter: no
// floating type, no void), Option (`null`: nullable named types only). Bindings are never undone; a failed unify() may leave some behind,
// but then an error is reported anyway. What a variable stands for is a type of the body that is being checked: inside a polymorphic
// function type it can mention the variables of the body, never those that the function type binds.
#pragma once

#include <array>
#include <set>
#include <unordered_map>
#include <vector>

#include "frontend/types.h"

namespace frontend {

class Unifier {
 public:
  enum class Class : uint8_t { Any, Word, Option };

  explicit Unifier(TypeStore& types) : types_(types) {}

  TypeId fresh(Class cls);
  // The type itself if it is known, else the representative variable.
  TypeId prune(TypeId type);
  bool unify(TypeId a, TypeId b);
  // All bindings filled in, when there will be no more of them. Variables nothing is known of become `int` (their value is never looked at); `null` of unknown type stays
  // a variable, which the caller reports.
  TypeId resolve(TypeId type);
  // Is this the type of a `null` of which nothing more is known?
  bool is_open_option(TypeId type);
  // Bindings filled in, unbound variables kept: for messages.
  TypeId known_part(TypeId type);

 private:
  struct Variable {
    Class cls;
    TypeId binding;  // itself: unbound
  };

  // `binders`: the function types around this part of the types.
  TypeId prune(TypeId type, uint32_t binders);
  // Types with shared parts can be much larger as trees than as graphs: a walk that takes many steps remembers where it has been.
  struct Walk {
    uint32_t steps = 0;
    std::set<std::array<uint32_t, 3>> seen;
    bool again(TypeId a, TypeId b, uint32_t binders) { return ++steps > 1000 && !seen.insert({a.value, b.value, binders}).second; }
  };
  using Rebuilt = std::unordered_map<uint64_t, TypeId>;  // by type and binders

  bool unify(TypeId a, TypeId b, uint32_t binders, Walk& walk);
  bool bind(TypeId variable, TypeId type, uint32_t binders);
  bool occurs(uint32_t variable, TypeId type, Walk& walk);
  bool unify_parts(const Type& a, const Type& b, uint32_t binders, Walk& walk);
  TypeId rebuild(TypeId type, bool use_defaults, Rebuilt& done, uint32_t binders = 0);
  TypeId rebuild_parts(TypeId type, bool use_defaults, Rebuilt& done, uint32_t binders);

  TypeStore& types_;
  std::vector<Variable> variables_;
  Rebuilt resolved_;
};

}  // namespace frontend
