// Statements, and the frame of a function.
#include <utility>

#include "ir/lower/function_lowering.h"

namespace ir::lowering {

FunctionLowering::FunctionLowering(ModuleLowering& context, const typed::Function& source, FuncId target)
    : context_(context), source_(source), body_(source.body), target_(target), work_(context.module().function(target)),
      ssa_(context.module(), work_), builder_(ssa_.builder()), targets_(source.body.target_count) {}

void lower_function(ModuleLowering& context, const typed::Function& source, FuncId target) {
  FunctionLowering(context, source, target).run();
}

void FunctionLowering::run() {
  BlockId entry = ssa_.create_block();
  ssa_.start_sealed(entry);
  for (const typed::Local& local : body_.locals)
    ssa_.add_variable(local.type); // variable numbers are LocalIds
  for (typed::LocalId param : source_.params)
    ssa_.write(param.value, builder_.add_param(entry, {body_.local(param).type}));
  stmt(source_.block);
  if (!ssa_.is_dead()) {
    builder_.set_loc(source_.end_loc);
    if (source_.result == frontend::kVoidType)
      ssa_.ret({});
    else
      ssa_.unreachable(); // the type checker saw that every path returns or raises
  }
  ssa_.finish();
  context_.module().function(target_) = std::move(work_);
}

// Code that nothing reaches is not translated: no label inside can be reached from elsewhere.
void FunctionLowering::stmt(typed::StmtId id) {
  if (!id.is_valid() || ssa_.is_dead())
    return;
  const typed::Stmt& s = body_.stmt(id);
  builder_.set_loc(s.loc);
  std::visit([&](const auto& node) { lower(node); }, s.node);
}

void FunctionLowering::body_then(typed::StmtId body, BlockId next) {
  stmt(body);
  ssa_.br(next);
}

void FunctionLowering::lower(const typed::ExprStmt& node) { expr(node.expr); }

void FunctionLowering::lower(const typed::Block& node) {
  for (typed::StmtId id : body_.list(node.stmts))
    stmt(id);
}

void FunctionLowering::lower(const typed::Declare& node) {
  if (node.init.is_valid())
    ssa_.write(node.local.value, expr(node.init));
}

void FunctionLowering::lower(const typed::If& node) {
  BlockId then_block = ssa_.create_block(), else_block = ssa_.create_block();
  condition(node.condition, then_block, else_block);
  if (!node.if_false.is_valid()) { // the else block is the end
    ssa_.start_sealed(then_block);
    body_then(node.if_true, else_block);
    ssa_.start_sealed(else_block);
    return;
  }
  BlockId end = ssa_.create_block();
  ssa_.start_sealed(then_block);
  body_then(node.if_true, end);
  ssa_.start_sealed(else_block);
  body_then(node.if_false, end);
  ssa_.start_sealed(end);
}

void FunctionLowering::lower(const typed::While& node) {
  BlockId header = ssa_.create_block(), body = ssa_.create_block(), end = ssa_.create_block();
  targets_[node.target.value] = {end, header, cleanups_.size()};
  ssa_.br(header);
  ssa_.start(header);
  condition(node.condition, body, end);
  ssa_.start_sealed(body);
  body_then(node.body, header);
  ssa_.seal(header);
  ssa_.start_sealed(end);
}

void FunctionLowering::lower(const typed::DoWhile& node) {
  BlockId body = ssa_.create_block(), test = ssa_.create_block(), end = ssa_.create_block();
  targets_[node.target.value] = {end, test, cleanups_.size()};
  ssa_.br(body);
  ssa_.start(body);
  body_then(node.body, test);
  ssa_.start_sealed(test);
  if (!ssa_.is_dead())
    condition(node.condition, body, end);
  ssa_.seal(body);
  ssa_.start_sealed(end);
}

void FunctionLowering::lower(const typed::For& node) {
  BlockId header = ssa_.create_block(), body = ssa_.create_block(), step = ssa_.create_block(), end = ssa_.create_block();
  targets_[node.target.value] = {end, step, cleanups_.size()};
  stmt(node.init);
  ssa_.br(header);
  ssa_.start(header);
  if (node.condition.is_valid())
    condition(node.condition, body, end);
  else
    ssa_.br(body);
  ssa_.start_sealed(body);
  body_then(node.body, step);
  ssa_.start_sealed(step);
  if (node.step.is_valid() && !ssa_.is_dead())
    expr(node.step);
  ssa_.br(header);
  ssa_.seal(header);
  ssa_.start_sealed(end);
}

void FunctionLowering::lower(const typed::Labelled& node) {
  BlockId start = ssa_.create_block(), end = ssa_.create_block();
  targets_[node.target.value] = {end, start, cleanups_.size()};
  ssa_.br(start);
  ssa_.start(start);
  body_then(node.body, end);
  ssa_.seal(start);
  ssa_.start_sealed(end);
}

void FunctionLowering::lower(const typed::Return& node) {
  SourceLoc loc = builder_.loc();
  ValueId value;
  if (node.value.is_valid())
    value = expr(node.value);
  builder_.set_loc(loc);
  jump({Jump::Kind::Return}, value);
}

void FunctionLowering::lower(const typed::Break& node) { jump({Jump::Kind::Break, node.target}, {}); }
void FunctionLowering::lower(const typed::Continue& node) { jump({Jump::Kind::Continue, node.target}, {}); }

// Leaving the body by break, continue or return needs no action: a block's handler follows from its place.
void FunctionLowering::lower(const typed::Try& node) {
  BlockId handler = ssa_.create_block(), end = ssa_.create_block();
  ValueId exn = builder_.add_param(handler, {frontend::kExnType});
  handlers_.push_back(handler);
  BlockId body = ssa_.create_block();
  ssa_.br(body); // instructions before the body must not share a block with its unwind edge
  ssa_.start_sealed(body);
  stmt(node.body);
  handlers_.pop_back();
  ssa_.br(end);
  ssa_.start_sealed(handler);
  ssa_.write(node.exn.value, exn);
  if (!ssa_.is_dead())
    body_then(node.handler, end);
  ssa_.start_sealed(end);
}

void FunctionLowering::lower(const typed::With& node) {
  SourceLoc loc = builder_.loc();
  ValueId package = expr(node.package);
  builder_.set_loc(loc);
  ssa_.write(node.local.value, builder_.emit_typed(Op::Open, {body_.local(node.local).type}, {package}, node.first_hidden));
  stmt(node.body);
}

} // namespace ir::lowering
