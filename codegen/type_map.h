// Source types as TAL types.
//
// Layout: C rules over the declared field types, computed before substitution; a field declared at a type variable has
// eight bytes in every instance, and so has every component of a tuple.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "frontend/types.h"
#include "tal/types.h"

namespace codegen {

// A struct or tuple component as code generation sees it.
struct FieldPlace {
  uint32_t offset = 0;
  unsigned size = 8;     // bytes in memory
  bool slot = false;     // eight bytes, whatever the type
  bool read_only = false;
  tal::TypeId type = {}; // of the value, type arguments filled in
};

class TypeMap {
public:
  TypeMap(frontend::TypeStore& source, tal::TypeTable& target) : source_(source), target_(target) {}

  // The word type of values of a source type; no_type (with `problem` set) if there is none yet.
  tal::TypeId word(frontend::TypeId type, bool nonnull = false);
  // What a struct, tuple or abstract type points at.
  tal::TypeId memory(frontend::TypeId type);
  // The signature of a function type, quantified if it is polymorphic; widths: of its type variables, as in ir::Function.
  tal::TypeId signature(frontend::TypeId function, std::span<const uint8_t> widths = {});
  // The variables that stand for the hidden types of a package from number `first` on.
  std::vector<tal::TypeId> hidden(frontend::TypeId package, uint32_t first);
  FieldPlace field(frontend::TypeId object, uint32_t index);
  // Where a boxed variant of a union has its payload.
  FieldPlace payload(frontend::TypeId union_type, uint32_t index);

  const std::string& problem() const { return problem_; }
  void clear_problem() { problem_.clear(); }

private:
  using Pairs = std::set<std::pair<uint32_t, uint32_t>>;
  tal::NamedId declare(frontend::TypeDeclId decl);
  tal::NamedId declare_new(frontend::TypeDeclId decl);
  bool is_address(frontend::TypeId id) const;
  bool same_layout(frontend::TypeDeclId a, frontend::TypeDeclId b, Pairs& assumed) const;
  bool same_type(frontend::TypeId a, frontend::TypeId b, Pairs& assumed) const;
  std::vector<frontend::TypeId> variables_in(const frontend::TypeDecl& decl);
  void define(frontend::TypeDeclId decl, tal::NamedId id);
  tal::TypeId fail(frontend::TypeId type, const char* what);
  std::vector<tal::TypeId> words(std::span<const frontend::TypeId> types);

  frontend::TypeStore& source_;
  tal::TypeTable& target_;
  // How many variables each of the function types around the type being mapped binds, the innermost last; `contexts_` numbers the lists.
  std::vector<uint32_t> binders_;
  std::map<std::vector<uint32_t>, uint32_t> contexts_;
  std::unordered_map<uint64_t, tal::TypeId> words_; // by type and, if it has free variables, context
  std::unordered_map<uint32_t, tal::NamedId> named_;
  std::unordered_map<frontend::Name, std::vector<uint32_t>> by_name_; // declarations that named_ has, without such as share another's type
  std::string problem_;
};

} // namespace codegen
