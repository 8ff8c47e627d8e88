// Definite assignment and definite return, on the typed AST.
//
// A state is the set of variables that are certainly assigned, and whether control certainly does not get there (`dead`). Only variables
// declared without initializer are tracked. Conditions give two states, for true and for false. The rules are the original's, which differ
// from Java's in loops: what a loop body assigns never counts behind the loop, `while (true)` is a loop like any other, and behind a loop or a
// labelled suffix control is taken to arrive. Unlike there, a `break` brings its own state along, so that no unassigned variable is read
// even where the condition would have assigned it.

#include "frontend/check/flow.h"

#include <vector>

namespace frontend {

using support::Diag;
using namespace typed;

namespace {

class State {
 public:
  bool dead = false;

  bool has(uint32_t i) const { return i / 64 >= bits_.size() ? all_ : (bits_[i / 64] >> (i % 64)) & 1; }
  void add(uint32_t i) {
    while (bits_.size() <= i / 64) bits_.push_back(all_ ? ~uint64_t{0} : 0);
    bits_[i / 64] |= uint64_t{1} << (i % 64);
  }
  // The state where control never is: everything holds there.
  static State everything(bool is_dead) {
    State state;
    state.all_ = true;
    state.dead = is_dead;
    return state;
  }
  void meet(const State& other) {
    const size_t words = std::max(bits_.size(), other.bits_.size());
    while (bits_.size() < words) bits_.push_back(all_ ? ~uint64_t{0} : 0);
    for (size_t i = 0; i < words; ++i) bits_[i] &= i < other.bits_.size() ? other.bits_[i] : (other.all_ ? ~uint64_t{0} : 0);
    all_ = all_ && other.all_;
    dead = dead && other.dead;
  }
  // Where control comes after both.
  void join(const State& other) {
    const size_t words = std::max(bits_.size(), other.bits_.size());
    while (bits_.size() < words) bits_.push_back(all_ ? ~uint64_t{0} : 0);
    for (size_t i = 0; i < words; ++i) bits_[i] |= i < other.bits_.size() ? other.bits_[i] : (other.all_ ? ~uint64_t{0} : 0);
    all_ = all_ || other.all_;
    dead = dead || other.dead;
  }

 private:
  bool all_ = false;  // of the variables beyond bits_
  std::vector<uint64_t> bits_;
};

struct Outcome {
  State if_true, if_false;
};

class Flow {
 public:
  Flow(Session& session, const Function& function) : session_(session), body_(function.body) {
    tracked_.assign(body_.locals.size(), false);
    breaks_.assign(body_.target_count, State::everything(true));
    continues_.assign(body_.target_count, State::everything(true));
  }

  bool reaches_end(StmtId block) {
    stmt(block);
    return !state_.dead;
  }

 private:
  // ---- expressions: change state_
  void expr(ExprId id) {
    if (!id.is_valid()) return;
    const Expr& e = body_.expr(id);
    loc_ = e.loc;
    std::visit([&](const auto& node) { visit(node); }, e.node);
  }
  void exprs(List<ExprId> list) {
    for (ExprId id : body_.list(list)) expr(id);
  }

  Outcome condition(ExprId id) {
    const Expr& e = body_.expr(id);
    if (const auto* literal = std::get_if<IntLiteral>(&e.node); literal && e.type == kBoolType) {
      Outcome out{state_, state_};
      (literal->value ? out.if_false : out.if_true) = State::everything(state_.dead);
      return out;
    }
    if (const auto* unary = std::get_if<Unary>(&e.node); unary && unary->op == UnaryOp::Not) {
      Outcome out = condition(unary->operand);
      std::swap(out.if_true, out.if_false);
      return out;
    }
    if (const auto* logical = std::get_if<Logical>(&e.node)) return logical_outcome(*logical);
    if (const auto* choice = std::get_if<Conditional>(&e.node)) {
      const Outcome first = condition(choice->condition);
      state_ = first.if_true;
      Outcome out = condition(choice->if_true);
      state_ = first.if_false;
      const Outcome other = condition(choice->if_false);
      out.if_true.meet(other.if_true);
      out.if_false.meet(other.if_false);
      return out;
    }
    expr(id);
    return {state_, state_};
  }

  Outcome logical_outcome(const Logical& n) {
    Outcome left = condition(n.left);
    state_ = n.is_and ? left.if_true : left.if_false;
    Outcome right = condition(n.right);
    if (n.is_and) {
      right.if_false.meet(left.if_false);
    } else {
      right.if_true.meet(left.if_true);
    }
    return right;
  }

  void both(ExprId id) {
    Outcome out = condition(id);
    out.if_true.meet(out.if_false);
    state_ = out.if_true;
  }

  void read(LocalId local) {
    if (!tracked_[local.value] || state_.has(local.value) || state_.dead) return;
    session_.diagnostics.report<Diag::NotAssigned>(loc_, body_.local(local).name.view())
        .note<Diag::DeclaredHere>(body_.local(local).loc, body_.local(local).name.view());
    tracked_[local.value] = false;
  }

  void assign_target(ExprId target, ExprId value) {
    if (const auto* local = std::get_if<LocalRef>(&body_.expr(target).node)) {
      expr(value);
      state_.add(local->local.value);
    } else {
      expr(target);
      expr(value);
    }
  }

  void visit(const IntLiteral&) {}
  void visit(const FloatLiteral&) {}
  void visit(const StringLiteral&) {}
  void visit(const NullLiteral&) {}
  void visit(const LocalRef& n) { read(n.local); }
  void visit(const GlobalRef&) {}
  void visit(const FunctionRef&) {}
  void visit(const ExceptionRef&) {}
  void visit(const Unary& n) { n.op == UnaryOp::Not ? both(n.operand) : expr(n.operand); }
  void visit(const Binary& n) { expr(n.left), expr(n.right); }
  void visit(const Logical& n) {
    Outcome out = logical_outcome(n);
    out.if_true.meet(out.if_false);
    state_ = out.if_true;
  }
  void visit(const Conditional& n) {
    Outcome out = condition(n.condition);
    state_ = out.if_true;
    expr(n.if_true);
    const State after_true = state_;
    state_ = out.if_false;
    expr(n.if_false);
    state_.meet(after_true);
  }
  void visit(const Comma& n) { expr(n.first), expr(n.second); }
  void visit(const Assign& n) { assign_target(n.target, n.value); }
  void visit(const CompoundAssign& n) { expr(n.target), expr(n.value); }
  void visit(const Call& n) { expr(n.callee), exprs(n.args); }
  void visit(const Convert& n) { expr(n.operand); }
  void visit(const Instantiate& n) { expr(n.function); }
  void visit(const Coerce& n) { expr(n.operand); }
  void visit(const FieldGet& n) { expr(n.object); }
  void visit(const Component& n) { expr(n.object); }
  void visit(const Index& n) { expr(n.array), expr(n.index); }
  void visit(const Size& n) { expr(n.operand); }
  void visit(const ArrayLiteral& n) { exprs(n.elements); }
  void visit(const ArrayRepeat& n) { expr(n.element); }
  void visit(const NewArray& n) { expr(n.length), expr(n.init); }
  void visit(const NewStruct& n) { exprs(n.args); }
  void visit(const NewTuple& n) { exprs(n.components); }
  void visit(const NewExn& n) { expr(n.name), expr(n.payload); }
  void visit(const NewUnion& n) { expr(n.payload); }
  void visit(const NewAbstype& n) { expr(n.representation); }
  void visit(const Raise& n) {
    expr(n.exn);
    state_ = State::everything(true);
  }
  void visit(const AddressOf& n) { expr(n.place); }
  void visit(const RepTerm&) {}
  void visit(const Rdtsc&) {}

  // ---- statements
  void stmt(StmtId id) {
    if (!id.is_valid()) return;
    std::visit([&](const auto& node) { visit(node); }, body_.stmt(id).node);
  }

  void visit(const ExprStmt& n) { expr(n.expr); }
  void visit(const Block& n) {
    SourceLoc last;
    for (StmtId id : body_.list(n.stmts)) {
      const SourceLoc loc = body_.stmt(id).loc;
      warn_if_dead(loc, last);
      stmt(id);
      last = loc;
    }
  }
  // The first statement of those that control does not reach; one source statement can be several here.
  void warn_if_dead(SourceLoc loc, SourceLoc last) {
    if (state_.dead && !warned_ && loc != last && session_.options.warn_all) session_.diagnostics.report<Diag::UnreachableStatement>(loc);
    warned_ = state_.dead;
  }
  void visit(const Declare& n) {
    if (n.init.is_valid()) return expr(n.init);
    tracked_[n.local.value] = true;
  }
  void visit(const If& n) {
    const Outcome out = condition(n.condition);
    state_ = out.if_true;
    state_.dead = out.if_true.dead && out.if_false.dead;
    stmt(n.if_true);
    const State after_true = state_;
    state_ = out.if_false;
    stmt(n.if_false);
    state_.meet(after_true);
  }

  // Behind a loop: the condition was false, or a break. A constant condition says nothing.
  void leave_loop(TargetId target, const Outcome& out, ExprId condition_id) {
    state_ = out.if_false;
    const bool is_constant = !condition_id.is_valid() || std::holds_alternative<IntLiteral>(body_.expr(condition_id).node);
    if (is_constant) state_.meet(out.if_true);
    state_.meet(breaks_[target.value]);
    state_.dead = false;
  }

  void visit(const While& n) {
    const Outcome out = condition(n.condition);
    state_ = out.if_true;
    stmt(n.body);
    leave_loop(n.target, out, n.condition);
  }
  void visit(const DoWhile& n) {
    State before = state_;
    stmt(n.body);
    state_.meet(continues_[n.target.value]);
    state_.dead = false;
    both(n.condition);
    state_ = std::move(before);
    state_.dead = false;
  }
  void visit(const For& n) {
    stmt(n.init);
    const Outcome out = n.condition.is_valid() ? condition(n.condition) : Outcome{state_, state_};
    state_ = out.if_true;
    stmt(n.body);
    state_.meet(continues_[n.target.value]);
    expr(n.step);
    leave_loop(n.target, out, n.condition);
  }
  void visit(const Labelled& n) {
    State before = state_;
    stmt(n.body);
    state_ = std::move(before);
    state_.dead = false;
  }
  void visit(const Return& n) {
    expr(n.value);
    state_ = State::everything(true);
  }
  void visit(const Break& n) {
    breaks_[n.target.value].meet(state_);
    state_ = State::everything(true);
  }
  void visit(const Continue& n) {
    continues_[n.target.value].meet(state_);
    state_ = State::everything(true);
  }

  // Branches from the same state; no default: the subject may match none, unless the cases are all there are.
  template <class Cases>
  void branches(ExprId subject, const Cases& cases, StmtId default_body, bool exhaustive = false) {
    expr(subject);
    const State before = state_;
    State after = default_body.is_valid() || exhaustive ? State::everything(true) : before;
    for (const auto& item : cases) {
      state_ = before;
      stmt(item.body);
      after.meet(state_);
    }
    if (default_body.is_valid()) {
      state_ = before;
      stmt(default_body);
      after.meet(state_);
    }
    state_ = std::move(after);
  }
  void visit(const Switch& n) { branches(n.subject, n.cases, n.default_body); }
  void visit(const ExnSwitch& n) {
    for (const ExnCase& item : n.cases) {
      for (ExprId name : item.names) expr(name);
    }
    branches(n.subject, n.cases, n.default_body);
  }
  void visit(const UnionSwitch& n) { branches(n.subject, n.cases, n.default_body, true); }
  void visit(const Try& n) {
    State before = state_;
    stmt(n.body);
    const State after_body = state_;
    state_ = std::move(before);
    stmt(n.handler);
    state_.meet(after_body);
  }
  // The cleanup may run after any part of the body; behind it, all of both has run.
  void visit(const Finally& n) {
    State before = state_;
    stmt(n.body);
    const State after_body = state_;
    state_ = std::move(before);
    stmt(n.cleanup);
    state_.join(after_body);
  }
  void visit(const With& n) { expr(n.package), stmt(n.body); }

  Session& session_;
  const Body& body_;
  State state_;
  SourceLoc loc_;
  bool warned_ = false;  // that control does not get where it is
  std::vector<bool> tracked_;
  std::vector<State> breaks_, continues_;  // by target: what holds at every jump there
};

}  // namespace

void check_flow(Session& session, const TypeStore& types, const typed::Function& function) {
  const bool falls_off = Flow(session, function).reaches_end(function.block);
  if (falls_off && function.result != kVoidType && function.result != kErrorType) {
    session.diagnostics.report<Diag::MissingReturn>(function.end_loc, types.print(function.result, function.type_params));
  }
}

}  // namespace frontend
