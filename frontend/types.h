// The types of the source language, interned: equal types have equal ids.
//
// A TypeStore owns the types of one module, and the declarations (struct, union, abstype, abstract type) that named types refer to. It
// is filled by the type checker; later stages read it and may intern further types (they never add declarations).
//
// Type variables are de Bruijn indices: Var(depth, index) is the index-th variable of the depth-th enclosing binder, 0 being the
// innermost. Binders are polymorphic function types and, at the outside, the function or type declaration whose body is being read; so
// in the body of `a fst<a,b>(*(a,b) p)` the type of `p` is *(Var(0,0), Var(0,1)), and the type of `fst` itself, being closed, is the same
// id wherever it is written and whatever its variables are called. Names are only for printing.
//
// Array sizes are not part of a type (`int x[3]` is an `int[]` with an initializer).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "support/names.h"
#include "support/source.h"

namespace frontend {

using support::Name;
using support::SourceLoc;

struct TypeId {
  uint32_t value = 0;
  friend bool operator==(TypeId, TypeId) = default;
};

struct TypeDeclId {
  uint32_t value = UINT32_MAX;
  bool is_valid() const { return value != UINT32_MAX; }
  friend bool operator==(TypeDeclId, TypeDeclId) = default;
};

enum class TypeKind : uint8_t {
#define BASIC_TYPE(Kind, spelling, bytes, is_signed, cls) Kind,
#include "frontend/types.def"
#undef BASIC_TYPE
  Array,       // element
  ConstArray,  // element, index = length, nullable: `t[|n|]`, `t?[|n|]`
  Tuple,       // args, read_only
  Function,    // type_params, args = parameters, element = result, convention
  Named,       // decl, args = type arguments
  Var,         // depth, index
  Rep,         // element: `<t>rep`
  Exncon,      // element: `<t>exncon`, Void for none
  Infer,       // index: unification variable; never in a finished typed AST
};

// The id of a basic type is its kind.
constexpr TypeId basic_type(TypeKind kind) { return TypeId{static_cast<uint32_t>(kind)}; }
inline constexpr TypeId kErrorType = basic_type(TypeKind::Error);
inline constexpr TypeId kVoidType = basic_type(TypeKind::Void);
inline constexpr TypeId kBoolType = basic_type(TypeKind::Bool);
inline constexpr TypeId kCharType = basic_type(TypeKind::Char);
inline constexpr TypeId kIntType = basic_type(TypeKind::Int);
inline constexpr TypeId kUIntType = basic_type(TypeKind::UInt);
inline constexpr TypeId kLongType = basic_type(TypeKind::Long);
inline constexpr TypeId kULongType = basic_type(TypeKind::ULong);
inline constexpr TypeId kFloatType = basic_type(TypeKind::Float);
inline constexpr TypeId kDoubleType = basic_type(TypeKind::Double);
inline constexpr TypeId kStringType = basic_type(TypeKind::String);
inline constexpr TypeId kExnType = basic_type(TypeKind::Exn);

enum class Convention : uint8_t { Cdecl, Stdcall };

struct Type {
  TypeKind kind = TypeKind::Error;
  bool read_only = false;                       // Tuple: `%(..)`
  bool nullable = false;                        // ConstArray
  Convention convention = Convention::Cdecl;    // Function
  bool has_infer = false;                       // contains an Infer
  uint16_t height = 1;                          // as a tree; saturates, as does `size`
  uint32_t free_depth = 0;                      // 0: no free Var; else 1 + the greatest depth of a free Var, seen from outside
  uint32_t size = 1;                            // nodes, as a tree
  uint32_t type_params = 0;                     // Function: how many type variables it binds
  uint32_t bound_inside = 0;                    // the most variables that function types in it, and it, bind at one place
  uint32_t depth = 0;                           // Var
  uint32_t index = 0;                           // Var, Infer, ConstArray
  uint8_t width = 0;                            // Var in the code of a width entry: bytes of its values in arrays; 0: not known
  TypeDeclId decl;                              // Named
  TypeId element;                               // Array, ConstArray, Rep, Exncon; Function: the result
  std::span<const TypeId> args;                 // Tuple, Function, Named; stays valid as long as the store
};

enum class Scope : uint8_t { Public, Static, Abstract, Extern };

enum class TypeDeclKind : uint8_t {
  Struct,
  Union,
  Abstype,   // existential package
  Abstract,  // `extern T;`: nothing known but parameters and nullability
};

struct Field {
  Name name;
  TypeId type;  // the declaration's type parameters are Var(0, i); Void for a union case without payload
  bool is_const = false;
  SourceLoc loc;
};

struct TypeDecl {
  Name name;  // qualified
  TypeDeclKind kind = TypeDeclKind::Struct;
  Scope scope = Scope::Public;  // Extern: declared here, defined in another module
  bool nullable = false;
  std::vector<Name> params;
  uint64_t width_params = 0;         // bit i: values of the type can be made only where the width of parameter i is known (widths.h)
  std::vector<Field> fields;         // Struct, Union
  std::vector<Name> hidden_params;   // Abstype: the existential variables, Var(0, params.size() + i)
  TypeId representation;             // Abstype
  SourceLoc loc;
};

// Names for the variables of the outermost binder when printing; may be empty.
using TypeParamNames = std::span<const Name>;

class TypeStore {
 public:
  TypeStore();
  TypeStore(const TypeStore&) = delete;
  TypeStore& operator=(const TypeStore&) = delete;

  const Type& get(TypeId id) const { return types_[id.value]; }
  TypeKind kind(TypeId id) const { return get(id).kind; }
  uint32_t size() const { return static_cast<uint32_t>(types_.size()); }

  TypeId array(TypeId element);
  TypeId const_array(TypeId element, uint32_t length, bool nullable = false);
  TypeId tuple(std::span<const TypeId> components, bool read_only = false);
  TypeId function(std::span<const TypeId> params, TypeId result, uint32_t type_params = 0, Convention convention = Convention::Cdecl);
  TypeId named(TypeDeclId decl, std::span<const TypeId> args);
  TypeId var(uint32_t depth, uint32_t index, unsigned width = 0);
  TypeId rep(TypeId of);
  TypeId exncon(TypeId payload);
  TypeId infer(uint32_t number);

  // Replaces Var(0, i), as seen from outside `type`, by args[i] (for i < args.size()). Variables of outer binders keep their depth: use
  // this for the fields of a declaration and for bodies, and `instantiate` to apply a polymorphic function type.
  TypeId substitute(TypeId type, std::span<const TypeId> args);
  // A polymorphic function type applied to type arguments. If they are fewer than its variables, the leading ones are replaced and the
  // others stay bound.
  TypeId instantiate(TypeId function, std::span<const TypeId> args);
  // As the type reads under so many more binders, or outside as many, of which it must not mention a variable.
  TypeId moved_under(TypeId type, uint32_t binders) { return shift(type, static_cast<int32_t>(binders), 0); }
  TypeId moved_out(TypeId type, uint32_t binders) { return shift(type, -static_cast<int32_t>(binders), 0); }
  bool mentions_binders(TypeId type, uint32_t nearest) const;
  // Does a variable of the outermost binder with at least this index occur?
  bool mentions_var(TypeId type, uint32_t least) const { return mentions_var(type, least, 0); }
  // The type of field `index` of the struct type `object`, its type arguments filled in.
  TypeId field_type(TypeId object, uint32_t index);

  // How a case of a union is told apart at run time: cases without payload are numbered by themselves (from 1 if null is a value,
  // else from 0), and so are those with payload, from 0.
  struct CaseNumber {
    bool is_constant;
    uint32_t number;
  };
  CaseNumber case_number(const TypeDecl& decl, uint32_t index) const;

  TypeDeclId add_decl(TypeDecl decl);
  const TypeDecl& decl(TypeDeclId id) const { return decls_[id.value]; }
  TypeDecl& decl(TypeDeclId id) { return decls_[id.value]; }
  const TypeDecl& decl_of(TypeId named) const { return decl(get(named).decl); }
  uint32_t decl_count() const { return static_cast<uint32_t>(decls_.size()); }

  // Questions with the language's meaning.
  bool is_integer(TypeId id) const;     // bool is not one; char is
  bool is_floating(TypeId id) const;
  bool is_numeric(TypeId id) const { return is_integer(id) || is_floating(id); }
  bool is_signed(TypeId id) const;
  bool is_nullable(TypeId id) const;    // `?struct`, `extern T?`, `t?[|n|]`
  bool is_union(TypeId id) const;
  bool is_pointer(TypeId id) const;     // a heap (or static) object, or null
  unsigned byte_size(TypeId id) const;  // of an array element or a field of exactly this type; 0 for void

  // Popcorn syntax, e.g. `<int>List::list[]`, for messages and dumps.
  std::string print(TypeId id, TypeParamNames names = {}) const;

 private:
  struct Key {
    Type type;
    bool operator==(const Key&) const;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const noexcept;
  };
  TypeId intern(Type type);
  TypeId rewrite(TypeId type, std::span<const TypeId> args, uint32_t depth, bool drop_binder);
  bool mentions_var(TypeId type, uint32_t least, uint32_t depth) const;
  TypeId shift(TypeId type, int32_t by, uint32_t depth);
  std::span<const TypeId> store_args(std::span<const TypeId> args);

  std::deque<Type> types_;  // so that references from get() stay valid
  std::unordered_map<Key, TypeId, KeyHash> index_;
  std::vector<std::unique_ptr<TypeId[]>> blocks_;
  size_t block_used_ = 0;
  size_t block_size_ = 0;
  std::deque<TypeDecl> decls_;
};

}  // namespace frontend
