// Translates one function body. The members are spread over files by subject: statements.cpp, finally.cpp,
// switches.cpp, expressions.cpp, assignments.cpp, arithmetic.cpp, objects.cpp.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "ir/lower/module_lowering.h"
#include "ir/lower/ssa.h"

namespace ir::lowering {

class FunctionLowering {
 public:
  FunctionLowering(ModuleLowering& context, const typed::Function& source, FuncId target);
  void run();

 private:
  // Where break and continue of a TargetId go, and how many cleanups are around that. The handler in force there needs no record:
  // handlers belong to blocks.
  struct Target {
    BlockId on_break;
    BlockId on_continue;
    size_t cleanups = 0;
  };
  // A way to leave a statement.
  struct Jump {
    enum class Kind : uint8_t { Return, Break, Continue } kind;
    typed::TargetId target = {}; // not for Return
    friend bool operator==(const Jump&, const Jump&) = default;
  };
  // A `finally` clause while its body is translated, and the blocks in which jumps out of the body go on.
  struct Cleanup {
    Ssa::Variable result = 0; // holds the value of a return that is under way
    std::vector<std::pair<Jump, BlockId>> exits;
  };
  // A place to load from and store to, its object and index evaluated.
  struct Place {
    enum class Kind { Local, Global, Field, Element } kind;
    frontend::TypeId type;
    typed::LocalId local;
    GlobalId global;
    ValueId object; // not yet checked
    ValueId index;  // Element: not yet checked
    uint32_t field = 0;
  };

  // Statements (statements.cpp, switches.cpp).
  void stmt(typed::StmtId id);
  void lower(const typed::ExprStmt& node);
  void lower(const typed::Block& node);
  void lower(const typed::Declare& node);
  void lower(const typed::If& node);
  void lower(const typed::While& node);
  void lower(const typed::DoWhile& node);
  void lower(const typed::For& node);
  void lower(const typed::Labelled& node);
  void lower(const typed::Return& node);
  void lower(const typed::Break& node);
  void lower(const typed::Continue& node);
  void lower(const typed::Switch& node);
  void lower(const typed::ExnSwitch& node);
  void lower(const typed::UnionSwitch& node);
  void lower(const typed::Try& node);
  void lower(const typed::Finally& node);
  void lower(const typed::With& node);
  void body_then(typed::StmtId body, BlockId next);
  void jump(const Jump& way, ValueId result);
  BlockId exit_block(Cleanup& cleanup, const Jump& way);
  void clean_up(typed::StmtId cleanup);
  void exn_case(const typed::ExnCase& node, ValueId exn, BlockId next_case, BlockId end);
  // Whether `exn` has a name: that of an exception known here, or one held by a variable.
  struct ExnTest {
    ValueId matches;
    ExceptionId known;
    ValueId name;
    frontend::TypeId payload;
  };
  ExnTest test_exn(typed::ExprId name, ValueId exn, SourceLoc loc);
  ValueId payload(const ExnTest& test, ValueId exn);

  // Expressions: the value, or none for void ones.
  ValueId expr(typed::ExprId id);
  std::vector<ValueId> exprs(typed::List<typed::ExprId> list);
  ValueId lower(const typed::Expr& e, const typed::IntLiteral& node);
  ValueId lower(const typed::Expr& e, const typed::FloatLiteral& node);
  ValueId lower(const typed::Expr& e, const typed::StringLiteral& node);
  ValueId lower(const typed::Expr& e, const typed::NullLiteral& node);
  ValueId lower(const typed::Expr& e, const typed::LocalRef& node);
  ValueId lower(const typed::Expr& e, const typed::GlobalRef& node);
  ValueId lower(const typed::Expr& e, const typed::FunctionRef& node);
  ValueId lower(const typed::Expr& e, const typed::ExceptionRef& node);
  ValueId lower(const typed::Expr& e, const typed::Unary& node);
  ValueId lower(const typed::Expr& e, const typed::Binary& node);
  ValueId lower(const typed::Expr& e, const typed::Logical& node);
  ValueId lower(const typed::Expr& e, const typed::Conditional& node);
  ValueId lower(const typed::Expr& e, const typed::Comma& node);
  ValueId lower(const typed::Expr& e, const typed::Assign& node);
  ValueId lower(const typed::Expr& e, const typed::CompoundAssign& node);
  ValueId lower(const typed::Expr& e, const typed::Call& node);
  ValueId lower(const typed::Expr& e, const typed::Convert& node);
  ValueId lower(const typed::Expr& e, const typed::Instantiate& node);
  ValueId lower(const typed::Expr& e, const typed::Coerce& node);
  ValueId lower(const typed::Expr& e, const typed::FieldGet& node);
  ValueId lower(const typed::Expr& e, const typed::Component& node);
  ValueId lower(const typed::Expr& e, const typed::Index& node);
  ValueId lower(const typed::Expr& e, const typed::Size& node);
  ValueId lower(const typed::Expr& e, const typed::ArrayLiteral& node);
  ValueId lower(const typed::Expr& e, const typed::ArrayRepeat& node);
  ValueId lower(const typed::Expr& e, const typed::NewArray& node);
  ValueId lower(const typed::Expr& e, const typed::NewStruct& node);
  ValueId lower(const typed::Expr& e, const typed::NewTuple& node);
  ValueId lower(const typed::Expr& e, const typed::NewExn& node);
  ValueId lower(const typed::Expr& e, const typed::NewUnion& node);
  ValueId lower(const typed::Expr& e, const typed::NewAbstype& node);
  ValueId lower(const typed::Expr& e, const typed::Raise& node);
  ValueId lower(const typed::Expr& e, const typed::AddressOf& node);
  ValueId lower(const typed::Expr& e, const typed::RepTerm& node);
  ValueId lower(const typed::Expr& e, const typed::Rdtsc& node);

  // Control flow of a bool expression: jumps to one of two blocks, both still open for further edges.
  void condition(typed::ExprId id, BlockId if_true, BlockId if_false);
  // A void or value join of two branches already lowered into it.
  ValueId select_by(typed::ExprId cond, frontend::TypeId type, typed::ExprId if_true, typed::ExprId if_false);

  // Places.
  Place place(typed::ExprId id);
  ValueId load(const Place& place);
  void store(const Place& place, ValueId value);

  // Arithmetic.
  ValueId binary(typed::BinaryOp op, ValueId left, ValueId right);
  ValueId divide(bool remainder, ValueId left, ValueId right);
  ValueId divide_by_unknown(bool remainder, ValueId left, ValueId divisor);
  ValueId convert(ValueId value, frontend::TypeId to, bool truncate = false);
  ValueId convert_float(ValueId value, frontend::TypeId to, bool truncate);
  std::optional<int64_t> constant(ValueId value) const;

  // Emission helpers. Every instruction that may raise goes through throwing(), which ends the block inside `try`.
  ValueId throwing(ValueId result);
  void raise(ValueId exn);
  ValueId check_null(ValueId object);
  ValueId check_bounds(ValueId array, ValueId index);
  ValueId fill_array(frontend::TypeId type, uint64_t count, typed::ExprId element);
  bool is_repeatable(typed::ExprId id) const;
  ValueId unsupported(const typed::Expr& e, const char* what);
  ValueId undef(frontend::TypeId type) { return builder_.emit_typed(Op::Undef, {type}, {}); }

  frontend::TypeStore& types() { return context_.types(); }
  frontend::TypeId type_of(ValueId value) const { return work_.value(value).type.id; }

  ModuleLowering& context_;
  const typed::Function& source_;
  const typed::Body& body_;
  FuncId target_;
  Function work_; // built here, moved into the module at the end: entering imports may move the module's functions
  Ssa ssa_;
  Builder& builder_;
  std::vector<Target> targets_;    // by TargetId
  std::vector<BlockId> handlers_;  // of the enclosing try statements, innermost last
  std::vector<Cleanup> cleanups_;  // of the enclosing finally statements, innermost last
  uint32_t cleanup_depth_ = 0;     // cleanups that are being translated
  uint32_t nested_cleanups_ = 0;   // how often a cleanup was translated within another
};

} // namespace ir::lowering
