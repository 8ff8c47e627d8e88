// The typed AST: what the type checker hands to lowering (ir/) and to the patch generator (dsu/patch).
//
// A TypedModule is complete when returned: every name is resolved to a SymbolId or LocalId, every expression has its type, and whatever
// the source leaves implicit is a node here: numeric conversions (Convert), instantiation (FunctionRef::type_args), default initializers,
// destructuring patterns, jump targets, re-raising switches, the calls that printf stands for. Only run-time checks (null, bounds,
// division) are left to lowering: they follow from node kind and types.
//
// Nodes live in the vectors of a Body, one Body per function or global initializer, and refer to each other by ids. Lists of ids are
// ranges of a pool, read with Body::list. No error type (kErrorType) or unification variable occurs in a module for which check()
// succeeded.
//
// Evaluation order is written order: operands left to right, callee before arguments unless it is a FunctionRef. Stores evaluate the
// object and the index, then the value, then check (null, bounds), then store. See CompoundAssign for `op=`.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "frontend/types.h"
#include "support/names.h"
#include "support/source.h"

namespace frontend::typed {

template <class Tag>
struct Id {
  uint32_t value = UINT32_MAX;
  bool is_valid() const { return value != UINT32_MAX; }
  friend bool operator==(Id, Id) = default;
};
using ExprId = Id<struct ExprTag>;
using StmtId = Id<struct StmtTag>;
using LocalId = Id<struct LocalTag>;
using SymbolId = Id<struct SymbolTag>;      // index of TypedModule::symbols
using TargetId = Id<struct TargetTag>;      // what break and continue name: a loop or a labelled suffix; numbered per Body
using StringId = Id<struct StringTag>;      // index of TypedModule::strings

template <class T>
struct List {
  uint32_t first = 0;
  uint32_t count = 0;
};

// ---------------------------------------------------------------- expressions

enum class UnaryOp : uint8_t { Neg, BitNot, Not };

enum class BinaryOp : uint8_t {
  Add, Sub, Mul, Div, Rem,                      // operands and result of one numeric type
  And, Or, Xor, Shl, Shr, UShr,                 // integers of one type; Shr is arithmetic even on unsigned, UShr logical; count mod width
  Eq, Ne,                                       // operands of one type, any but void; result bool
  Lt, Gt, Le, Ge,                               // operands of one numeric type, signedness from the type; result bool
};

struct IntLiteral { uint64_t value; };          // bool, char, any integer type; two's complement in the width of the type, zero-extended
struct FloatLiteral { double value; };
struct StringLiteral { StringId text; };        // each literal is an object of its own, mutable
struct NullLiteral {};                          // the type says of what
struct LocalRef { LocalId local; };
struct GlobalRef { SymbolId symbol; };          // the value of a global variable
// Callee or function value. type_args: of all type variables, for a value also of the leading ones or none: then its type is polymorphic.
struct FunctionRef { SymbolId symbol; List<TypeId> type_args; };
struct Instantiate { ExprId function; List<TypeId> type_args; };   // of a polymorphic function value, in the same way
struct ExceptionRef { SymbolId symbol; };       // an exception name as a value; its type is an exncon
struct Unary { UnaryOp op; ExprId operand; };
struct Binary { BinaryOp op; ExprId left, right; };
struct Logical { bool is_and; ExprId left, right; };               // && and ||: the right operand only if needed
struct Conditional { ExprId condition, if_true, if_false; };       // may be void
struct Comma { ExprId first, second; };         // value and type of the second
struct Assign { ExprId target, value; };        // target: LocalRef, GlobalRef, Field, Component or Index; the value assigned
// `target op= value`, `++`, `--`. The old value is converted to compute_type (in which `value` already is), op applied, the result converted
// back to the type of the target. For a LocalRef or GlobalRef the old value is read before `value` is evaluated; for Field, Component
// and Index the object and the index are evaluated (once), then `value`, then the old value is read. yields_old: postfix forms, the
// expression is the value before.
struct CompoundAssign { BinaryOp op; bool yields_old; TypeId compute_type; ExprId target, value; };
struct Call { ExprId callee; List<ExprId> args; };                 // direct if the callee is a FunctionRef; not of a polymorphic type
// Numeric conversion from operand's type to this expression's. Narrowing keeps the low bits. Floating to integer rounds to nearest even,
// or toward zero if `truncate`.
struct Convert { ExprId operand; bool truncate = false; };
struct Coerce { ExprId operand; };              // same representation, other type: *(..) as %(..)
// object: struct type (null check if nullable), or union type: the payload, if it is of that case; else an exception.
struct FieldGet { ExprId object; uint32_t field; };
struct Component { ExprId object; uint32_t index; };               // of a tuple, from 0
struct Index { ExprId array; ExprId index; };   // array or string (element char); index: unsigned int or unsigned long, to be checked
struct Size { ExprId operand; };                // length of array or string, int
struct ArrayLiteral { List<ExprId> elements; };                    // a new object at each evaluation
// A new array of `count` elements (a constant), the element expression evaluated anew for each. Sized declarations.
struct ArrayRepeat { uint64_t count; ExprId element; };
// new_array(n, v): both evaluated once; a negative n raises Core::InvalidArg("new_array") (the native does).
struct NewArray { ExprId length, init; };
// The struct type is the expression's. args are in evaluation order; args[i] is the value of field fields[i], or of field i if `fields` is
// empty (positional form). Every field occurs once.
struct NewStruct { List<ExprId> args; List<uint32_t> fields; };
struct NewTuple { List<ExprId> components; };
struct NewExn { ExprId name, payload; };        // name: an exncon, mostly an ExceptionRef; payload invalid: none
struct NewUnion { uint32_t variant; ExprId payload; };             // the case's number from 0; payload invalid: none
struct NewAbstype { ExprId representation; List<TypeId> hidden; }; // [later]
struct Raise { ExprId exn; };                   // has whatever type its context wants; never returns
struct AddressOf { ExprId place; };             // GlobalRef, FieldGet, Component or Index, as a tuple of one component: `*(t)`
struct RepTerm { TypeId of; };                  // the representation of a type without type variables
struct Rdtsc {};                                // the processor's time-stamp counter, unsigned long

using ExprNode = std::variant<IntLiteral, FloatLiteral, StringLiteral, NullLiteral, LocalRef, GlobalRef, FunctionRef, Instantiate, ExceptionRef, Unary, Binary,
                              Logical, Conditional, Comma, Assign, CompoundAssign, Call, Convert, Coerce, FieldGet, Component, Index, Size,
                              ArrayLiteral, ArrayRepeat, NewArray, NewStruct, NewTuple, NewExn, NewUnion, NewAbstype, Raise, AddressOf, RepTerm, Rdtsc>;

struct Expr {
  TypeId type;
  SourceLoc loc;
  ExprNode node;
};

// ---------------------------------------------------------------- statements

struct ExprStmt { ExprId expr; };
struct Block { List<StmtId> stmts; };
struct Declare { LocalId local; ExprId init; };                    // init invalid: no initializer (definitely assigned before any use)
struct If { ExprId condition; StmtId if_true, if_false; };         // if_false may be invalid
struct While { TargetId target; ExprId condition; StmtId body; };
struct DoWhile { TargetId target; StmtId body; ExprId condition; };              // continue goes to the condition
struct For { TargetId target; StmtId init; ExprId condition, step; StmtId body; };  // each but body may be invalid; continue goes to the step
struct Labelled { TargetId target; StmtId body; };                 // break: behind it; continue: to its start
struct Return { ExprId value; };                // invalid in a void function; `return g();` of void is ExprStmt + Return
struct Break { TargetId target; };
struct Continue { TargetId target; };

// Integer and char switch: subject of type int, unsigned int, long, unsigned long or char; labels distinct, no fall-through.
struct SwitchCase { std::vector<uint64_t> values; StmtId body; SourceLoc loc; };
struct Switch { ExprId subject; std::vector<SwitchCase> cases; StmtId default_body; };
// Exception switch: tried in order. The names are ExceptionRefs or variables of exncon type, read when their turn comes. payload invalid:
// not bound. A switch without default in the source has one that re-raises.
struct ExnCase { std::vector<ExprId> names; LocalId payload; StmtId body; SourceLoc loc; };
struct ExnSwitch { ExprId subject; std::vector<ExnCase> cases; StmtId default_body; };
// Cases by number. default_body invalid: every case is there, and a null subject raises. payload valid: there is one variant, which has a payload.
struct UnionCase { std::vector<uint32_t> variants; LocalId payload; StmtId body; SourceLoc loc; };
struct UnionSwitch { ExprId subject; std::vector<UnionCase> cases; StmtId default_body; };
// The handler is outside the protected region. Locals keep the values they had when the exception was raised.
struct Try { StmtId body; LocalId exn; StmtId handler; };
// The cleanup runs once whenever control leaves the body: at its end, by an exception, by return (whose value is computed before), break
// or continue. Then control goes on where it was going, unless the cleanup itself leaves for another place.
struct Finally { StmtId body; StmtId cleanup; };
struct With { LocalId local; uint32_t first_hidden, hidden_count; ExprId package; StmtId body; };  // [later]

using StmtNode = std::variant<ExprStmt, Block, Declare, If, While, DoWhile, For, Labelled, Return, Break, Continue, Switch, ExnSwitch, UnionSwitch, Try,
                              Finally, With>;

struct Stmt {
  SourceLoc loc;
  StmtNode node;
};

struct Local {
  Name name;       // empty for a temporary
  TypeId type;
  SourceLoc loc;
  bool is_param = false;
  bool is_const = false;
};

struct Body {
  std::vector<Expr> exprs;
  std::vector<Stmt> stmts;
  std::vector<Local> locals;
  uint32_t target_count = 0;

  std::vector<ExprId> expr_pool;
  std::vector<StmtId> stmt_pool;
  std::vector<TypeId> type_pool;
  std::vector<uint32_t> number_pool;

  const Expr& expr(ExprId id) const { return exprs[id.value]; }
  const Stmt& stmt(StmtId id) const { return stmts[id.value]; }
  const Local& local(LocalId id) const { return locals[id.value]; }
  std::span<const ExprId> list(List<ExprId> l) const { return std::span(expr_pool).subspan(l.first, l.count); }
  std::span<const StmtId> list(List<StmtId> l) const { return std::span(stmt_pool).subspan(l.first, l.count); }
  std::span<const TypeId> list(List<TypeId> l) const { return std::span(type_pool).subspan(l.first, l.count); }
  std::span<const uint32_t> list(List<uint32_t> l) const { return std::span(number_pool).subspan(l.first, l.count); }
};

// ---------------------------------------------------------------- modules

enum class SymbolKind : uint8_t { Function, Variable, Exception };

struct Symbol {
  Name name;                    // qualified: "List::map"
  SymbolKind kind = SymbolKind::Function;
  Scope scope = Scope::Public;  // Extern: defined in another module (or by the runtime)
  TypeId type;                  // Function: its function type; Variable: its type; Exception: the payload's type, Void if none
  SourceLoc loc;
  bool is_const = false;        // Variable that is never assigned
  uint64_t width_params = 0;    // Function: bit i: it exists once for each width of type variable i (check/widths.h)
  bool is_referenced = false;   // an Extern that is not referenced is not imported at all
  bool is_builtin = false;      // NullPointer, ArrayBounds, ...: extern exceptions declared in every module
  bool is_nested = false;       // static Function hoisted out of another definition: nested, or of a `fun`. Its name cannot be written:
                                // that of the definition around it, then `_`, its number if that is needed, its own name: "A::f::_g"
  // An extern of function type does not say whether it is a function or a variable holding one: it is a Function.
};

struct Function {
  SymbolId symbol;
  std::vector<Name> type_params;   // Var(0, i) in the body's types
  std::vector<LocalId> params;
  TypeId result;
  Body body;
  StmtId block;                    // always a Block
  SourceLoc loc;                   // of the name
  SourceLoc end_loc;               // of the closing brace: an implicit return of a void function
};

struct Global {
  SymbolId symbol;
  Body body;
  // Constant: IntLiteral, FloatLiteral, StringLiteral, NullLiteral, FunctionRef, ExceptionRef, ArrayLiteral, ArrayRepeat, NewStruct, NewTuple,
  // NewExn of an ExceptionRef, AddressOf a GlobalRef, RepTerm, NewUnion, NewAbstype, Coerce.
  ExprId init;                     // always valid: a missing initializer is the default value of the type
  SourceLoc loc;
};

struct TypedModule {
  std::string name;                        // "server" for path/server.pop
  std::shared_ptr<TypeStore> types;
  std::vector<Symbol> symbols;
  std::vector<std::string> strings;
  std::vector<Function> functions;         // in source order, but nested ones before the one around them
  std::vector<Global> globals;             // in source order
  std::vector<SymbolId> exceptions;        // those defined here
  std::vector<TypeDeclId> type_decls;      // all, in source order; scope says which are defined here

  const Symbol& symbol(SymbolId id) const { return symbols[id.value]; }
};

}  // namespace frontend::typed
