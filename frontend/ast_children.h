// The direct parts of an AST node, in source order: for walks that treat most nodes alike (heights, renaming, collecting references).
//
// `visit` is called with Expr*, Type*, Stmt* or FunctionDecl*; missing parts are passed over.
#pragma once

#include "frontend/ast.h"

namespace frontend::ast {

template <class F>
class ChildVisitor {
 public:
  explicit ChildVisitor(F& visit) : visit_(visit) {}

  // types
  void operator()(const BasicType&) {}
  void operator()(const NamedType& n) { each(n.args); }
  void operator()(const TupleType& n) { params(n.components); }
  void operator()(const ArrayType& n) { one(n.element), one(n.size); }
  void operator()(const ConstArrayType& n) { one(n.element); }
  void operator()(const FunctionType& n) { params(n.params), one(n.result); }
  void operator()(const RepType& n) { one(n.of); }
  void operator()(const ExnconType& n) { one(n.payload); }
  void operator()(const InferredType&) {}

  // expressions
  void operator()(const IntLit&) {}
  void operator()(const FloatLit&) {}
  void operator()(const CharLit&) {}
  void operator()(const StringLit&) {}
  void operator()(const BoolLit&) {}
  void operator()(const NullLit&) {}
  void operator()(const NameExpr&) {}
  void operator()(const ArrayLit& n) { each(n.elements), one(n.empty_of); }
  void operator()(const ConstArrayLit& n) { each(n.elements); }
  void operator()(const Unary& n) { one(n.operand); }
  void operator()(const IncDec& n) { one(n.target); }
  void operator()(const Binary& n) { one(n.left), one(n.right); }
  void operator()(const Conditional& n) { one(n.condition), one(n.if_true), one(n.if_false); }
  void operator()(const Comma& n) { one(n.first), one(n.second); }
  void operator()(const Assign& n) { one(n.target), one(n.value); }
  void operator()(const CompoundAssign& n) { one(n.target), one(n.value); }
  void operator()(const Call& n) { one(n.callee), each(n.args); }
  void operator()(const Instantiate& n) { one(n.function), each(n.args); }
  void operator()(const Subscript& n) { one(n.array), one(n.index); }
  void operator()(const ConstSubscript& n) { one(n.array), one(n.index); }
  void operator()(const Member& n) { one(n.object); }
  void operator()(const TupleMember& n) { one(n.object); }
  void operator()(const BuiltinCall& n) { one(n.operand); }
  void operator()(const RaiseNew& n) { one(n.payload); }
  void operator()(const Raise& n) { one(n.exn); }
  void operator()(const FunExpr& n) { one(n.function); }
  void operator()(const Sprintf& n) { each(n.args); }
  void operator()(const NewNamed& n) { each(n.args); }
  void operator()(const NewLabelled& n) { for (const Label& label : n.fields) one(label.value); }
  void operator()(const NewUnion& n) { one(n.payload); }
  void operator()(const NewTuple& n) { each(n.components); }
  void operator()(const Cast& n) { one(n.type), one(n.operand); }
  void operator()(const AddressOf& n) { one(n.place); }
  void operator()(const RepTerm&) {}
  void operator()(const Codegen& n) { one(n.function); }
  void operator()(const Fill& n) { one(n.value); }

  // statements
  void operator()(const EmptyStmt&) {}
  void operator()(const ExprStmt& n) { one(n.expr); }
  void operator()(const BlockStmt& n) { each(n.stmts); }
  void operator()(const ReturnStmt& n) { one(n.value); }
  void operator()(const BreakStmt&) {}
  void operator()(const ContinueStmt&) {}
  void operator()(const IfStmt& n) { one(n.condition), one(n.if_true), one(n.if_false); }
  void operator()(const WhileStmt& n) { one(n.condition), one(n.body); }
  void operator()(const DoStmt& n) { one(n.body), one(n.condition); }
  void operator()(const ForStmt& n) { one(n.init), one(n.condition), one(n.step), one(n.body); }
  void operator()(const SwitchStmt& n) { one(n.subject), clauses(n.clauses); }
  void operator()(const HandleStmt& n) { one(n.body), one(n.handler); }
  void operator()(const CatchStmt& n) { one(n.body), clauses(n.clauses), one(n.finally); }
  void operator()(const WithStmt& n) { one(n.package), one(n.body); }
  void operator()(const PrintfStmt& n) { each(n.args); }
  void operator()(const RdtscStmt& n) { one(n.high), one(n.low); }
  void operator()(const CutStmt& n) { one(n.body); }
  void operator()(const SpliceStmt& n) { one(n.body); }
  void operator()(const DeclStmt& n) {
    for (const Declarator& d : n.declarators) one(d.type), one(d.init), one(d.function);
  }
  void operator()(const LabelStmt& n) { each(n.stmts); }
  void operator()(const TypeAliasStmt&) {}

  // functions
  void operator()(const FunctionDecl& n) { one(n.type), one(n.body); }

 private:
  template <class T>
  void one(T* part) {
    if (part) visit_(part);
  }
  template <class T>
  void each(const List<T*>& parts) {
    for (T* part : parts) one(part);
  }
  void params(const List<Param>& list) {
    for (const Param& param : list) one(param.type);
  }
  void clauses(const List<Clause>& list) {
    for (const Clause& clause : list) one(clause.body);
  }

  F& visit_;
};

template <class Node, class F>
void for_each_child(const Node& node, F visit) {
  ChildVisitor<F> visitor(visit);
  if constexpr (requires { node.node; }) {
    std::visit(visitor, node.node);
  } else {
    visitor(node);
  }
}

}  // namespace frontend::ast
