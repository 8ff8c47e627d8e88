// The AST: the program as written, after preprocessing, with nothing resolved.
//
// Nodes and lists live in the Module's arena, are trivially copyable, and refer to each other by plain pointers; they may be edited before check() (the patch compiler renames
// definitions and turns some into externs). Names are spelled as in the source: `prefix` is still a declaration with members, so a
// definition's full name is its prefixes plus its own. The type of a declarator is already folded: `int t[](char)` is an ArrayType of
// FunctionType. Every construct of the language has a node; what the checker does not accept yet it says itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frontend/types.h"
#include "support/arena.h"

namespace frontend::ast {

template <class T>
using List = support::ArenaList<T>;

struct Expr;
struct Stmt;
struct Type;
struct Decl;
struct FunctionDecl;

// ---------------------------------------------------------------- types

struct Param {
  Type* type = nullptr;
  Name name;  // may be empty
  SourceLoc loc;
};

struct BasicType { TypeKind kind; };
struct NamedType { Name name; List<Type*> args; };               // a type variable too
struct TupleType { bool read_only; List<Param> components; };
struct ArrayType { Type* element; Expr* size; };                        // size may be null
struct ConstArrayType { Type* element; uint64_t length; bool nullable; };  // `t[|n|]`, `t?[|n|]`
struct FunctionType {
  Convention convention = Convention::Cdecl;
  List<Name> type_params;
  List<Param> params;
  Type* result = nullptr;
};
struct RepType { Type* of; };
struct ExnconType { Type* payload; };
struct InferredType {};                                                 // `_`

using TypeNode = std::variant<BasicType, NamedType, TupleType, ArrayType, ConstArrayType, FunctionType, RepType, ExnconType, InferredType>;

struct Type {
  SourceLoc loc;
  uint32_t depth = 1;  // height of the tree, bounded by the parser
  TypeNode node;
};

// ---------------------------------------------------------------- expressions

enum class UnaryOp : uint8_t { Neg, BitNot, Not };
enum class BinaryOp : uint8_t { Add, Sub, Mul, Div, Rem, And, Or, Xor, Shl, Shr, UShr, Eq, Ne, Lt, Gt, Le, Ge, LogicalAnd, LogicalOr };
enum class Builtin : uint8_t { Size, Ord, Chr };

struct IntLit { uint64_t value; TypeKind kind; };
struct FloatLit { double value; TypeKind kind; };
struct CharLit { uint8_t value; };
struct StringLit { std::string_view value; };
struct BoolLit { bool value; };
struct NullLit {};
struct NameExpr { Name name; };
struct ArrayLit { List<Expr*> elements; Type* empty_of; };       // `{: t}` has empty_of
struct ConstArrayLit { List<Expr*> elements; };                  // `{|..|}`
struct Unary { UnaryOp op; Expr* operand; };
struct IncDec { bool is_increment, is_prefix; Expr* target; };
struct Binary { BinaryOp op; Expr *left, *right; };
struct Conditional { Expr *condition, *if_true, *if_false; };
struct Comma { Expr *first, *second; };
struct Assign { Expr *target, *value; };
struct CompoundAssign { BinaryOp op; Expr *target, *value; };
struct Call { Expr* callee; List<Expr*> args; };
struct Instantiate { Expr* function; List<Type*> args; };
struct Subscript { Expr *array, *index; };
struct ConstSubscript { Expr *array, *index; };                         // `a[|i|]`
struct Member { Expr* object; Name name; };
struct TupleMember { Expr* object; uint64_t number; };                  // as written, from 1
struct BuiltinCall { Builtin builtin; Expr* operand; };
struct RaiseNew { Name exception; Expr* payload; };                     // `raise E(e)`; payload may be null
struct Raise { Expr* exn; };                                            // `raise(e)`
struct FunExpr { FunctionDecl* function; };
struct Sprintf { std::string_view format; SourceLoc format_loc; List<Expr*> args; };
struct NewNamed { Name name; List<Expr*> args; };                // struct, exception or abstype
struct Label { Name name; Expr* value; SourceLoc loc; };
struct NewLabelled { Name name; List<Label> fields; };
struct NewUnion { Name union_name, variant; Expr* payload; };           // union_name may be empty: `^.C(e)`
struct NewTuple { List<Expr*> components; };
struct Cast { Type* type; Expr* operand; bool c_style; };
struct AddressOf { Expr* place; };
struct RepTerm {};
struct Codegen { FunctionDecl* function; };
struct Fill { Expr* value; };

using ExprNode = std::variant<IntLit, FloatLit, CharLit, StringLit, BoolLit, NullLit, NameExpr, ArrayLit, ConstArrayLit, Unary, IncDec, Binary, Conditional,
                              Comma, Assign, CompoundAssign, Call, Instantiate, Subscript, ConstSubscript, Member, TupleMember, BuiltinCall, RaiseNew,
                              Raise, FunExpr, Sprintf, NewNamed, NewLabelled, NewUnion, NewTuple, Cast, AddressOf, RepTerm, Codegen, Fill>;

struct Expr {
  SourceLoc loc;  // of the operator for infix and postfix forms, else of the first token
  uint32_t depth = 1;
  bool parenthesised = false;
  ExprNode node;
};

// ---------------------------------------------------------------- statements

struct Pattern {
  enum Kind : uint8_t { None, Whole, Tuple } kind = None;
  List<Name> names;  // Whole: one; an empty name is `_`
  List<SourceLoc> locs;
};

struct CaseLabel {
  enum Kind : uint8_t { Int, Char, Named } kind = Int;
  uint64_t value = 0;
  Name name;
  Pattern pattern;
  SourceLoc loc;
};

struct Clause {
  List<CaseLabel> labels;
  bool is_default = false;  // may also have labels
  Stmt* body = nullptr;     // a Block
  SourceLoc loc;
};

struct Declarator {
  Name name;
  SourceLoc loc;
  Type* type = nullptr;
  Expr* init = nullptr;              // may be null
  FunctionDecl* function = nullptr;  // nested function
};

struct EmptyStmt {};
struct ExprStmt { Expr* expr; };
struct BlockStmt { List<Stmt*> stmts; SourceLoc end; };
struct ReturnStmt { Expr* value; };
struct BreakStmt { Name label; };
struct ContinueStmt { Name label; };
struct IfStmt { Expr* condition; Stmt *if_true, *if_false; };
struct WhileStmt { Expr* condition; Stmt* body; };
struct DoStmt { Stmt* body; Expr* condition; };
struct ForStmt { Stmt* init; Expr *condition, *step; Stmt* body; };     // init: ExprStmt, DeclStmt or null
struct SwitchStmt { Expr* subject; List<Clause> clauses; };
struct HandleStmt { Stmt* body; Name exn; SourceLoc exn_loc; Stmt* handler; };
struct CatchStmt { Stmt* body; bool has_catch; List<Clause> clauses; Stmt* finally; };
struct WithStmt { Name name; List<Name> hidden; Expr* package; Stmt* body; };
struct PrintfStmt { Name file; SourceLoc file_loc; std::string_view format; SourceLoc format_loc; List<Expr*> args; };  // file empty: printf
struct RdtscStmt { Expr *high, *low; };
struct CutStmt { Stmt* body; };
struct SpliceStmt { Stmt* body; };
struct DeclStmt { bool is_const; List<Declarator> declarators; };
struct LabelStmt { Name label; List<Stmt*> stmts; };             // the rest of the block
struct TypeAliasStmt { Decl* decl; };                                   // a local typedef or enum

using StmtNode = std::variant<EmptyStmt, ExprStmt, BlockStmt, ReturnStmt, BreakStmt, ContinueStmt, IfStmt, WhileStmt, DoStmt, ForStmt, SwitchStmt, HandleStmt,
                              CatchStmt, WithStmt, PrintfStmt, RdtscStmt, CutStmt, SpliceStmt, DeclStmt, LabelStmt, TypeAliasStmt>;

struct Stmt {
  SourceLoc loc;
  uint32_t depth = 1;
  StmtNode node;
};

// ---------------------------------------------------------------- declarations

struct FieldDecl {
  Name name;
  Type* type = nullptr;
  bool is_const = false;
  SourceLoc loc;
};

struct FunctionDecl {
  Name name;               // empty for `fun t _(..)`
  Type* type = nullptr;    // a FunctionType
  Stmt* body = nullptr;    // a Block
  SourceLoc loc;
};

struct AggregateDecl {
  TypeDeclKind kind = TypeDeclKind::Struct;  // or Union
  bool nullable = false;
  List<Name> type_params;
  Name name;
  List<FieldDecl> fields;
};
struct AbstypeDecl { List<Name> type_params; Name name; List<Name> hidden; Type* representation = nullptr; };
struct AbstractDecl { Name name; bool nullable = false; List<Name> type_params; };  // `extern T?<a,b>;`
struct ExceptionDecl { Name name; Type* payload = nullptr; };
// A variable, an extern or (scope Extern) a prototype.
// is_static_promise: `static t f(..);` without initializer, a function that is defined in this module.
struct ValueDecl { Name name; Type* type = nullptr; Expr* init = nullptr; bool is_const = false; bool is_static_promise = false; };
struct TypedefDecl { Name name; Type* type = nullptr; };
struct Enumerator { Name name; Expr* value = nullptr; SourceLoc loc; };
struct EnumDecl { Name name; List<Enumerator> enumerators; };     // name may be empty
struct PrefixDecl { Name prefix; List<Decl*> members; bool braces = false; };
struct OpenDecl { Name prefix; List<Decl*> members; bool braces = false; };

using DeclNode = std::variant<FunctionDecl, AggregateDecl, AbstypeDecl, AbstractDecl, ExceptionDecl, ValueDecl, TypedefDecl, EnumDecl, PrefixDecl, OpenDecl>;

struct Decl {
  SourceLoc loc;  // of the declared name
  Scope scope = Scope::Public;
  bool is_explicit_public = false;
  DeclNode node;
};

struct Module {
  std::string name;                       // "server" for path/server.pop
  List<Decl*> decls;
  std::vector<std::string> dependencies;  // headers read by the preprocessor

  Type* new_type(SourceLoc loc, TypeNode node);
  Expr* new_expr(SourceLoc loc, ExprNode node);
  Stmt* new_stmt(SourceLoc loc, StmtNode node);
  Decl* new_decl(SourceLoc loc, Scope scope, DeclNode node);
  FunctionDecl* new_function(FunctionDecl function);

  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  support::Arena arena;  // of all nodes, lists and string literals
};

// The name a declaration declares, without prefixes; empty for prefix, open and enum.
Name declared_name(const Decl& decl);

}  // namespace frontend::ast
