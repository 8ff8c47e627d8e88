// Checks one function body, or one initializer, and builds its typed form.
//
// Every check function returns a node even when it reported an error; such a node has the error type, which is compatible with every
// other, so that one mistake gives one message. Types of nodes may contain unification variables until finish().
//
// The implementation is spread by subject: body_core.cpp (names, conversions), operators.cpp, access.cpp (fields, elements, literals),
// calls.cpp (calls, allocation, raise), statements.cpp, switches.cpp, unions.cpp, nested_functions.cpp, formats.cpp (printf), default_value.cpp.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "frontend/check/environment.h"
#include "frontend/check/unifier.h"

namespace frontend {

class BodyChecker {
 public:
  // `name`: of what is checked. `enclosing`: the checker of the function around a nested one.
  BodyChecker(Environment& env, OpenScopeId opens, std::vector<Name> type_params, typed::Body& body, Name name, const BodyChecker* enclosing = nullptr);

  // Parameters and body; `out.symbol` is set, `out.body` is the body given to the constructor.
  void check_function(const ast::FunctionDecl& function, TypeId type, typed::Function& out);
  // The initializer of a variable, converted to its type; its default value if `init` is null.
  typed::ExprId check_initializer(const ast::Expr* init, TypeId type, const ast::Type& syntax, Name name, SourceLoc loc);
  // Fills in all types. Call once, at the end.
  void finish();

 private:
  using ExprId = typed::ExprId;
  using StmtId = typed::StmtId;
  using LocalId = typed::LocalId;
  using TargetId = typed::TargetId;
  using SymbolId = typed::SymbolId;
  static constexpr TypeId kNoHint = kErrorType;

  // ---- core
  ExprId add(SourceLoc loc, TypeId type, typed::ExprNode node);
  ExprId error_expr(SourceLoc loc) { return add(loc, kErrorType, typed::IntLiteral{0}); }
  StmtId add_stmt(SourceLoc loc, typed::StmtNode node);
  StmtId block(SourceLoc loc, const std::vector<StmtId>& stmts);
  typed::List<ExprId> list(const std::vector<ExprId>& ids);
  typed::List<StmtId> list(const std::vector<StmtId>& ids);
  typed::List<TypeId> list(const std::vector<TypeId>& ids);
  TypeId type_of(ExprId id) { return unifier_.prune(body_.exprs[id.value].type); }
  SourceLoc loc_of(ExprId id) const { return body_.exprs[id.value].loc; }
  std::string show(TypeId type);
  TypeId limited(TypeId type, SourceLoc loc);
  bool is_error(ExprId id) { return type_of(id) == kErrorType; }

  LocalId add_local(Name name, TypeId type, SourceLoc loc);
  ExprId read_local(LocalId local, SourceLoc loc);
  // What a name within the body means: a local variable or a nested function.
  struct Binding {
    LocalId local;
    SymbolId function;
    bool is_valid() const { return local.is_valid() || function.is_valid(); }
  };
  void bind(Name name, Binding binding);
  void bind(Name name, LocalId local) { bind(name, Binding{local, {}}); }
  const Binding* find_binding(Name name) const;
  size_t open_scope() const { return shadowed_.size(); }
  void close_scope(size_t mark);
  TypeId local_type(const ast::Type& syntax);
  TypeId declared_type(const ast::Type& syntax);

  // Implicit conversion of an assignment-like position: false if there is none.
  bool convert(ExprId& id, TypeId target);
  void warn_if_loses_bits(ExprId id, TypeId target);
  void warn_if_rounds(SourceLoc loc, TypeId from, TypeId target);
  ExprId convert_number(ExprId id, TypeId target, bool truncate = false);
  template <class Report>
  ExprId expect(ExprId id, TypeId target, Report report) {
    if (!convert(id, target) && !report_not_instantiated(id, target)) report(show(type_of(id)), show(target));
    return id;
  }
  TypeId known_number(ExprId id);  // type of a numeric operand, or error
  TypeId common_type(TypeId a, TypeId b) const;

  // ---- expressions
  ExprId check(const ast::Expr& expr, TypeId hint = kNoHint);
  ExprId check_condition(const ast::Expr& expr);
  ExprId check_place(const ast::Expr& expr);
  void check_writable(ExprId place, SourceLoc loc);

  ExprId expr(const ast::IntLit& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::FloatLit& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::CharLit& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::StringLit& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::BoolLit& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::NullLit& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::NameExpr& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::ArrayLit& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::ConstArrayLit& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Unary& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::IncDec& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Binary& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Conditional& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Comma& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Assign& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::CompoundAssign& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Call& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Instantiate& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Subscript& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::ConstSubscript& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Member& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::TupleMember& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::BuiltinCall& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::RaiseNew& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Raise& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::FunExpr& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Sprintf& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::NewNamed& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::NewLabelled& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::NewUnion& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::NewTuple& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Cast& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::AddressOf& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::RepTerm& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Codegen& n, SourceLoc loc, TypeId hint);
  ExprId expr(const ast::Fill& n, SourceLoc loc, TypeId hint);

  TypeId check_elements(std::span<ast::Expr* const> parts, TypeId element, std::vector<ExprId>& out);
  ExprId subscript(ExprId array, ExprId index, TypeId element, SourceLoc loc);
  ExprId rep_term(std::span<ast::Type* const> args, SourceLoc loc);
  ExprId symbol_value(SymbolId symbol, SourceLoc loc);
  ExprId arithmetic(ast::BinaryOp op, ExprId left, ExprId right, SourceLoc loc);
  ExprId comparison(ast::BinaryOp op, ExprId left, ExprId right, SourceLoc loc);
  ExprId equality(ast::BinaryOp op, ExprId left, ExprId right, SourceLoc loc);
  ExprId compound(ast::BinaryOp op, ExprId target, ExprId value, bool yields_old, SourceLoc loc);
  ExprId negate(ExprId operand, SourceLoc loc);
  bool operator_applies(ast::BinaryOp op, TypeId type, SourceLoc loc);
  std::optional<TypeDeclId> union_of_case(Name variant, TypeId hint, SourceLoc loc);
  std::optional<uint32_t> find_field(ExprId object, Name name, SourceLoc loc);

  SymbolId hoist(const ast::FunctionDecl& function);
  SymbolId hoist_expression(const ast::FunctionDecl& function);
  void report_unbound(SourceLoc loc, Name name);
  static std::string written_name(const typed::Symbol& function);

  std::optional<std::vector<TypeId>> type_arguments(const ast::List<ast::Type*>& written, TypeId function, std::string_view name, SourceLoc loc);
  ExprId function_ref(SymbolId symbol, const ast::List<ast::Type*>& explicit_args, SourceLoc loc);
  ExprId instantiated(ExprId function);
  bool report_not_instantiated(ExprId id, TypeId target);
  std::optional<SymbolId> named_function(const ast::Expr& callee, const ast::List<ast::Type*>*& explicit_args);
  ExprId new_array(const ast::Call& n, const ast::List<ast::Type*>* explicit_args, SourceLoc loc);
  bool is_new_array(SymbolId symbol);
  void check_args(std::span<ast::Expr* const> args, std::span<const TypeId> params, std::string_view callee, SourceLoc declared,
                  std::vector<ExprId>& out);
  ExprId new_struct(TypeDeclId decl, std::span<ast::Expr* const> args, SourceLoc loc);
  ExprId new_package(TypeDeclId decl, const std::vector<ast::Expr*>& args, SourceLoc loc);
  ExprId new_exception(ExprId name, std::string_view shown, std::span<ast::Expr* const> args, SourceLoc loc);
  std::optional<uint32_t> find_case(TypeDeclId id, Name name, SourceLoc loc);
  ExprId projection(ExprId object, Name name, SourceLoc loc);
  TypeId fresh_instance(TypeDeclId decl);
  bool names_exception(Name name);
  std::optional<ExprId> find_exception(Name name, SourceLoc loc);
  ExprId raise(ExprId exn, SourceLoc loc);

  // ---- statements
  void check(const ast::Stmt& stmt, std::vector<StmtId>& out);
  StmtId check_nested(const ast::Stmt& stmt);

  void stmt(const ast::EmptyStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::ExprStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::BlockStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::ReturnStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::BreakStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::ContinueStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::IfStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::WhileStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::DoStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::ForStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::SwitchStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::HandleStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::CatchStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::WithStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::PrintfStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::RdtscStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::CutStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::SpliceStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::DeclStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::LabelStmt& n, SourceLoc loc, std::vector<StmtId>& out);
  void stmt(const ast::TypeAliasStmt& n, SourceLoc loc, std::vector<StmtId>& out);

  void warn_if_shadows(const ast::Declarator& d);
  std::optional<TypeId> open_package(const ast::WithStmt& n, TypeId package, SourceLoc loc);
  StmtId try_catch(const ast::CatchStmt& n, SourceLoc loc);
  void declare(const ast::Declarator& d, bool is_const, std::vector<StmtId>& out);
  std::optional<TargetId> find_target(Name label, SourceLoc loc, bool is_break);
  TargetId new_target(Name label, bool is_loop);
  StmtId loop_body(const ast::Stmt& body, TargetId& target);

  void integer_switch(const ast::SwitchStmt& n, ExprId subject, SourceLoc loc, std::vector<StmtId>& out);
  StmtId exception_switch(const ast::List<ast::Clause>& clauses, ExprId subject, StmtId default_body, SourceLoc loc);
  StmtId union_switch(const ast::List<ast::Clause>& clauses, ExprId subject, SourceLoc loc);
  void union_label(const ast::CaseLabel& label, bool shares_body, TypeId payload, LocalId& local, std::vector<StmtId>& out);
  std::optional<uint64_t> integer_label(const ast::CaseLabel& label, bool is_char);
  void bind_errors(const ast::Pattern& pattern);
  void bind_pattern(const ast::CaseLabel& label, TypeId payload, LocalId& local, std::vector<StmtId>& out);
  const ast::Clause* find_default(const ast::List<ast::Clause>& clauses);
  StmtId clause_body(const ast::Clause& clause, std::vector<StmtId> first);

  // ---- printf
  struct Directive {
    std::string literal;   // text, if not a directive
    char conversion = 0;   // d u x o X c s f g e; 0: literal
    bool is_long = false;
    unsigned flags = 0;    // 1 `-`, 2 `0`, 4 `+`, 8 blank, 16 `#`
    int width = 0;
    int precision = -1;
    std::string text;      // as written
    bool is_plain() const { return flags == 0 && width == 0 && precision < 0; }
  };
  std::optional<std::vector<Directive>> parse_format(std::string_view format, SourceLoc loc);
  bool check_format_count(const std::vector<Directive>& directives, size_t args, SourceLoc loc);
  std::optional<ExprId> library_function(std::string_view name, SourceLoc loc);
  std::optional<ExprId> library_call(std::string_view name, std::vector<ExprId> args, SourceLoc loc);
  std::optional<ExprId> format_argument(const Directive& d, const ast::Expr& arg);
  std::optional<ExprId> print_directive(const Directive& d, ExprId file, const ast::Expr* arg, SourceLoc loc);
  std::optional<ExprId> directive_text(const Directive& d, const ast::Expr* arg, SourceLoc loc);
  ExprId runtime_call(std::string_view name, const Directive& d, std::optional<ExprId> file, ExprId value, SourceLoc loc);
  ExprId string_literal(std::string text, SourceLoc loc);
  ExprId int_literal(int64_t value, TypeId type, SourceLoc loc);

  // ---- default values
  ExprId default_value(TypeId type, const ast::Type* syntax, Name name, SourceLoc loc);
  ExprId default_array(TypeId type, const ast::Type* syntax, Name name, SourceLoc loc);
  ExprId default_aggregate(TypeId type, Name name, SourceLoc loc);
  ExprId default_const_array(TypeId type, const ast::Type* syntax, Name name, SourceLoc loc);
  ExprId repeated_default(TypeId type, uint64_t count, const ast::Type* element_syntax, Name name, SourceLoc loc);
  std::optional<uint64_t> array_size(const ast::Expr& size);
  const ast::Type* expand_typedef(const ast::Type* syntax);
  bool is_sized(const ast::Type& syntax);

  struct Target {
    Name label;
    bool is_loop;
    TargetId id;
  };

  Environment& env_;
  TypeStore& types_;
  support::Diagnostics& diagnostics_;
  Unifier unifier_;
  typed::Body& body_;
  OpenScopeId opens_;
  TypeVariables variables_;
  TypeId result_type_ = kVoidType;
  Name name_;
  const BodyChecker* enclosing_;
  std::unordered_map<Name, uint32_t> nested_counts_;  // by the name of nested functions
  std::unordered_map<Name, Binding> bindings_;
  std::vector<std::pair<Name, Binding>> shadowed_;  // what a binding replaced, invalid for nothing
  std::vector<Target> targets_;
  std::vector<TypeDeclId> default_stack_;
  uint64_t default_elements_ = 1;   // of the arrays around the default value being made
  uint32_t default_nodes_ = 0;
  bool has_large_type_ = false;     // was reported
};

// Body and flow of a function, which is added to the module.
void check_definition(Environment& env, const ast::FunctionDecl& decl, typed::SymbolId symbol, OpenScopeId opens, const BodyChecker* enclosing);

std::string_view op_text(ast::BinaryOp op);

}  // namespace frontend
