// The global names of a module and what they mean.
//
// Built in three steps from the declarations, whose order does not matter: collect() registers every name under its full name and folds
// repeated declarations of a type together; resolve_types() gives the type declarations their fields; declare_values() gives functions,
// variables and exceptions their types and folds externs and definitions together. After that the environment only answers questions.
//
// Name resolution: a name means the global of exactly that name, or else what the prefixes opened around its place make of it, the
// innermost `open` first. `open A; open B;` also opens A::B.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "frontend/ast.h"
#include "frontend/frontend.h"
#include "frontend/typed_ast.h"

namespace frontend {

// Elements of a sized array, those of arrays within arrays counted.
inline constexpr int64_t kMaxArrayLength = int64_t{1} << 27;

// Index of a chain of `open`s; 0: none.
struct OpenScopeId {
  uint32_t value = 0;
};

struct PlacedDecl {
  const ast::Decl* decl = nullptr;
  Name name;           // full
  OpenScopeId opens;
  Name prefix;         // the innermost prefix around it
};

// Type variables in scope: the outermost binder and those of polymorphic function types within.
// Of a definition: its own type variables and the hidden types that are known at one place. The checker of machine code counts so far.
inline constexpr size_t kMaxTypeVariables = 16;

class TypeVariables {
 public:
  TypeVariables() = default;
  explicit TypeVariables(std::vector<Name> outermost, std::vector<Name> hidden = {}) : binders_{std::move(outermost)}, hidden_(std::move(hidden)) {}
  // None, inside a function with the variables `around`: those are known but not visible.
  static TypeVariables nested_in(const TypeVariables& around);

  void push(const std::vector<Name>& names) { binders_.push_back(names); }
  // Further variables of the outermost binder, behind those that it has: what a `with` opens.
  void open(const std::vector<Name>& names) { binders_.front().insert(binders_.front().end(), names.begin(), names.end()); }
  void close(size_t count) { binders_.front().resize(binders_.front().size() - count); }
  void pop() { binders_.pop_back(); }
  size_t depth() const { return binders_.size(); }
  // Depth and index of a variable, the innermost binder first.
  std::optional<std::pair<uint32_t, uint32_t>> find(Name name) const;
  bool is_hidden(Name name) const;
  std::vector<Name> visible() const;
  const std::vector<Name>& hidden() const { return hidden_; }
  TypeParamNames outermost() const { return binders_.empty() ? TypeParamNames() : TypeParamNames(binders_.front()); }

 private:
  std::vector<std::vector<Name>> binders_;
  std::vector<Name> hidden_;
};

// Of one union: cases without payload are numbers below 4096 at run time, and null is one more.
inline constexpr size_t kMaxCases = 4095;

class Environment {
 public:
  Environment(Session& session, typed::TypedModule& module);

  void collect(const ast::Module& module);
  void resolve_types();
  void declare_values();

  struct Value {
    enum Kind : uint8_t { Symbol, Constant } kind = Symbol;
    typed::SymbolId symbol;
    int64_t constant = 0;
  };
  const Value* find_value(Name name, OpenScopeId opens);
  std::optional<TypeDeclId> find_type(Name name, OpenScopeId opens);

  // An unknown type or a wrong number of arguments is reported and gives the error type.
  enum class Void : uint8_t { Forbidden, Allowed };
  TypeId type(const ast::Type& type, TypeVariables& variables, OpenScopeId opens, Void allow_void = Void::Forbidden);
  bool is_too_large(TypeId type) const;
  void report_too_large(TypeId type, SourceLoc loc);
  // Reports that there is more of something than the limit.
  void limit(SourceLoc loc, std::string_view what, size_t count, uint32_t most);
  // While set, `_` in a type stands for what this returns (local declarations only).
  std::function<TypeId()> infer_wildcard;

  // With a suggestion; a name is reported once per module.
  void report_unbound(SourceLoc loc, Name name, const std::vector<Name>& locals);
  void report_unknown_type(SourceLoc loc, Name name, const TypeVariables* variables = nullptr);
  void report_enclosing_local(SourceLoc loc, Name name, SourceLoc declared);

  // The one union that has a case of this name: reports if there is none or more than one.
  std::optional<TypeDeclId> union_of_case(Name name, SourceLoc loc);

  // Reports that a feature is not supported, once per feature and module.

  // A function of the runtime that source need not declare (printf's directives).
  typed::SymbolId runtime_function(std::string_view name, TypeId type);
  // A function hoisted out of the definition `around`, under a name of which `ordinal` says that it is the how manieth of its kind there.
  typed::SymbolId nested_function(const ast::FunctionDecl& decl, Name around, uint32_t ordinal, TypeVariables variables, OpenScopeId opens);

  // A typedef or enum inside a function: its names hide others until it is undone, the latest first. The type may mention the type variables
  // of that function, then it is visible with exactly those.
  void declare_local(const ast::Decl& decl, TypeVariables& variables, OpenScopeId opens, std::vector<Name>& constants);
  void undo_local();

  // The definitions to be checked, in source order.
  struct FunctionItem { typed::SymbolId symbol; PlacedDecl placed; };
  struct VariableItem { typed::SymbolId symbol; PlacedDecl placed; };
  const std::vector<FunctionItem>& functions() const { return functions_; }
  const std::vector<VariableItem>& variables() const { return variables_; }
  // The syntax of a struct field's type: array sizes are only there.
  const ast::Type* field_syntax(TypeDeclId decl, uint32_t field) const;
  const ast::Type* typedef_syntax(Name name, OpenScopeId opens);

  Session& session() { return session_; }
  typed::TypedModule& module() { return module_; }
  TypeStore& types() { return types_; }
  void mark_referenced(typed::SymbolId symbol) { module_.symbols[symbol.value].is_referenced = true; }

  struct Number { int64_t value; bool is_wide; };
  // What `const` variables were found to be; nothing: no constant, or being evaluated.
  std::unordered_map<uint32_t, std::optional<Number>>& constant_numbers() { return constant_numbers_; }
  // The initializer of a `const` variable of this module, for constant expressions.
  const PlacedDecl* constant_definition(typed::SymbolId symbol) const;

 private:
  struct OpenScope {
    OpenScopeId parent;
    std::vector<Name> prefixes;  // the opened one, then those that earlier opens make of it
  };
  struct TypeEntry {
    std::vector<PlacedDecl> decls;
    TypeDeclId id;              // invalid for a typedef or enum
    TypeId alias = kErrorType;  // typedef, enum
    const TypeVariables* owner = nullptr;  // of a local typedef
    enum State : uint8_t { Unresolved, Resolving, Resolved } state = Unresolved;
  };
  // What the names of a local declaration meant before it.
  struct LocalDecl {
    std::vector<std::pair<Name, std::optional<TypeEntry>>> types;
    std::vector<std::pair<Name, std::optional<Value>>> values;
  };
  struct PendingEnum {
    const ast::EnumDecl* decl;
    Name prefix;
    OpenScopeId opens;
  };

  void collect_list(const ast::List<ast::Decl*>& decls, Name prefix, OpenScopeId opens);
  void declare_enumerators(const PendingEnum& pending);
  void note_prefixes(Name full);
  OpenScopeId push_open(Name prefix, OpenScopeId parent);
  Name join(Name prefix, Name name);

  void make_type_decl(Name name, TypeEntry& entry);
  const PlacedDecl& primary(const TypeEntry& entry) const;
  TypeId representation_of(const ast::AbstypeDecl& decl, const PlacedDecl& placed);
  void resolve_aggregate(TypeDeclId id, const PlacedDecl& placed);
  void enter_cases(TypeDeclId id);
  void check_repeats(TypeDeclId id, const TypeEntry& entry);
  void compare_repeat(TypeDeclId id, const PlacedDecl& other);
  TypeId alias(TypeEntry& entry, SourceLoc loc);
  std::vector<Field> fields_of(const ast::AggregateDecl& decl, const PlacedDecl& placed, bool reports);

  TypeId named_type(const ast::NamedType& node, SourceLoc loc, TypeVariables& variables, OpenScopeId opens);
  TypeId limited(TypeId id, SourceLoc loc);
  TypeId function_type(const ast::FunctionType& node, TypeVariables& variables, OpenScopeId opens);
  TypeEntry* type_entry(Name name, OpenScopeId opens);

  void add_builtin_exceptions();
  void add_new_array();
  void declare_value(const PlacedDecl& placed);
  void declare_symbol(const PlacedDecl& placed, typed::Symbol symbol, bool is_definition);
  void merge(typed::SymbolId old, const typed::Symbol& symbol, bool is_definition);
  void report_disagreement(const typed::Symbol& old, const typed::Symbol& symbol);
  void check_scope_of_definition(const PlacedDecl& placed, const typed::Symbol& symbol, bool is_definition);
  bool mentions_static(TypeId type, std::unordered_set<uint32_t>& seen, TypeDeclId& which);
  void check_duplicates(const std::vector<Name>& names, SourceLoc loc);

  template <class Map>
  typename Map::mapped_type* resolve(Map& map, Name name, OpenScopeId opens);

  Session& session_;
  typed::TypedModule& module_;
  TypeStore& types_;

  std::vector<OpenScope> open_scopes_;
  std::unordered_set<Name> known_prefixes_;
  std::unordered_map<Name, TypeEntry> type_names_;
  std::vector<Name> type_order_;
  std::unordered_map<Name, Value> values_;
  std::vector<PlacedDecl> value_decls_;
  std::vector<PendingEnum> enums_;
  std::vector<LocalDecl> local_decls_;
  std::unordered_map<uint32_t, const ast::AggregateDecl*> aggregates_;  // by TypeDeclId
  std::unordered_map<Name, std::vector<TypeDeclId>> unions_of_case_;
  std::unordered_map<uint32_t, SourceLoc> definitions_;                 // by SymbolId: where it is defined
  std::vector<FunctionItem> functions_;
  std::vector<VariableItem> variables_;
  std::unordered_map<uint32_t, size_t> variable_index_;                 // by SymbolId
  std::unordered_map<uint32_t, std::optional<Number>> constant_numbers_;  // by SymbolId
  std::unordered_set<Name> reported_names_;
};


// Adds a note that says what may have been meant by an unknown name: `open`, or another spelling.
void suggest(support::Diagnostics::Builder report, Name name, const std::vector<Name>& candidates);
// The same for a field or case, with a note where they are declared.
void suggest_field(support::Diagnostics::Builder report, Name name, const TypeDecl& decl);

}  // namespace frontend
