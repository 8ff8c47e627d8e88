// The types that talsim knows at run time: closed, with type arguments filled in. They are made from an object's type table by
// substitution of talsim's own; layouts, subtypes and inhabitation are talsim's own as well.
#pragma once

#include "tal/types.h"

#include <deque>
#include <map>
#include <unordered_map>

namespace talsim {

using TypeRef = uint32_t; // 0: none
using EnvRef = uint32_t;  // an interned list of types for the variables of a function; 0: none, variables stand for themselves

enum class Sort : uint8_t { None, I8, I16, I32, I64, F32, F64, Exn, Ptr, Arr, Fn, ExnName, Union, Rep, Var, Named, Struct, Cases, Sig, Unknown };

struct FieldType {
  uint32_t offset = 0, bytes = 0;
  TypeRef type = 0;
  bool writable = false, slot = false;
};

struct Type {
  Sort sort = Sort::None;
  bool nullable = false, writable = false;
  tal::Kind kind = tal::Kind::None; // of a variable
  TypeRef target = 0;               // pointee, element, signature, payload, cases of a union
  uint32_t number = 0, end = 0;     // of a variable, or of a named type; of cases: the first constant and the end of them
  std::vector<TypeRef> list;        // arguments: of a named type, of a signature; payloads of the variants of cases
  std::vector<FieldType> fields;
  std::vector<tal::Kind> vars;
  TypeRef result = 0;
  bool noret = false, throws = false;
  std::vector<tal::SigFact> pre, post; // of a signature
};

class Types {
public:
  Types();
  const Type& operator[](TypeRef t) const { return types_[t]; }
  size_t size() const { return types_.size(); }
  bool has_unknown() const { return has_unknown_; } // some type was of a sort that talsim does not know

  TypeRef of(const tal::TypeTable& table, tal::TypeId id, EnvRef env = 0);
  // A polymorphic signature with its leading variables filled in; 0 if these types do not fit.
  TypeRef instance(TypeRef signature, const std::vector<TypeRef>& arguments);
  // No variables but quantified ones.
  bool is_closed(TypeRef t) const { return free_[t] == 0; }
  EnvRef environment(const std::vector<TypeRef>& types);
  const std::vector<TypeRef>& types_of(EnvRef env) const { return environments_[env]; }

  TypeRef integer(unsigned bytes) const { return bytes == 1 ? 1 : bytes == 2 ? 2 : bytes == 4 ? 3 : 4; }
  TypeRef exn() const { return 7; }
  TypeRef exn_name(TypeRef payload);
  TypeRef rep(TypeRef of);
  TypeRef array(TypeRef element, bool writable);
  TypeRef function(TypeRef signature);
  TypeRef pointer_to(bool is_array, TypeRef type_of_object);
  TypeRef layout(TypeRef memory);   // a Struct, or the Cases of a union; 0 for abstract types
  TypeRef nonnull(TypeRef word);
  TypeRef nullable(TypeRef word);            // 0 if there is no such form
  TypeRef field_pointer(const FieldType& f); // to this field alone
  bool is_integer(TypeRef t) const { return t >= 1 && t <= 4; }
  unsigned width(TypeRef word) const; // bytes in a dense array or plain field
  uint32_t object_size(TypeRef layout) const;
  bool zero_is_legal(TypeRef word) const;
  bool may_hold_address(TypeRef word) const { return types_[word].sort > Sort::F64; }
  // The constants of a union: first <= c < second; null, where it is allowed, is not among them.
  std::pair<uint64_t, uint64_t> constants_of(TypeRef union_word) const;
  bool is_constant_of(TypeRef union_word, uint64_t value) const;
  // Packages: named types that hide some of their types.
  bool is_package(TypeRef t) const;
  const std::vector<tal::Kind>& hidden_kinds(TypeRef package) const;
  TypeRef content(TypeRef package, const std::vector<TypeRef>& hidden); // 0 if the kinds do not fit
  // Hidden types that make a package's content be of this type, as far as the shapes tell; others are 0.
  std::vector<TypeRef> match_hidden(TypeRef package, TypeRef inside);
  // Type arguments that make one signature be another, in the same way; those of which nothing is seen are i64.
  std::vector<TypeRef> match_arguments(TypeRef signature, TypeRef wanted) const;
  tal::Kind kind_of(TypeRef word) const;
  static bool fits(tal::Kind a, tal::Kind b);

  bool at_most(TypeRef a, TypeRef b);
  bool signature_at_most(TypeRef a, TypeRef b);
  // Whatever keeps all of `given` keeps all of `wanted`, as far as single conditions tell.
  static bool follow(const std::vector<tal::SigFact>& wanted, const std::vector<tal::SigFact>& given);
  // An object whose memory type is `a` may be pointed at by `ptr b`.
  bool is_object_of(TypeRef a, TypeRef b) const;
  std::string name(TypeRef t) const;
  void append_name(TypeRef t, std::string& out) const; // to about 1,000 characters

private:
  struct NamedDefinition {
    const tal::TypeTable* table;
    tal::NamedId id;
  };
  TypeRef convert(const tal::TypeTable& table, tal::TypeId id, EnvRef env);
  TypeRef intern(Type t);
  uint32_t free_in(const Type& t) const;
  FieldType field(uint32_t offset, TypeRef type, bool writable, bool slot) const;
  TypeRef variable(uint32_t number, tal::Kind kind);
  // With the free variables replaced by `arguments`, those behind them numbered after `kept` others. `inside`: of which so many are
  // quantified here already.
  TypeRef replace(TypeRef t, const std::vector<TypeRef>& arguments, uint32_t kept, uint32_t inside = 0);
  void match(TypeRef pattern, TypeRef t, std::vector<TypeRef>& bound, unsigned depth, size_t inside = 0) const;
  uint32_t named_number(const tal::TypeTable& table, tal::NamedId id);

  std::deque<Type> types_; // references stay valid while it grows
  bool has_unknown_ = false;
  std::vector<uint32_t> free_; // how many variables must be filled in for a type to be closed
  std::map<std::string, TypeRef> interned_;
  std::vector<std::vector<TypeRef>> environments_{{}};
  std::map<std::vector<TypeRef>, EnvRef> environment_numbers_;
  std::vector<NamedDefinition> named_;
  std::map<std::pair<std::string, tal::Fingerprint>, uint32_t> named_numbers_;
  std::map<std::pair<const tal::TypeTable*, uint64_t>, TypeRef> converted_;
  std::unordered_map<TypeRef, TypeRef> layouts_;
};

} // namespace talsim
