// Unification of types with variables: how types are inferred.
//
// A variable has a class that says what it may stand for: Any (`_`, the type of `raise`), Word (an instantiated type parameter: no
// floating type, no void), Option (`null`: nullable named types only). Bindings are never undone; a failed unify() may leave some behind,
// but then an error is reported anyway.
#pragma once

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
  // All bindings filled in. Variables nothing is known of become `int` (their value is never looked at); `null` of unknown type stays
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

  bool bind(TypeId variable, TypeId type);
  bool occurs(uint32_t variable, TypeId type);
  bool unify_parts(const Type& a, const Type& b);
  TypeId rebuild(TypeId type, bool use_defaults);

  TypeStore& types_;
  std::vector<Variable> variables_;
};

}  // namespace frontend
