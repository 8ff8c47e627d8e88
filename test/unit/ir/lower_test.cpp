// Lowering of hand-made typed ASTs: only what needs no front end. test/ir has the rest.
#include <gtest/gtest.h>

#include "ir/interp/interp.h"
#include "ir/lower.h"
#include "ir/printer.h"
#include "ir/verifier.h"

namespace ir {
namespace {

namespace typed = frontend::typed;
using frontend::kBoolType;
using frontend::kExnType;
using frontend::kIntType;
using typed::BinaryOp;
using typed::ExprId;
using typed::LocalId;
using typed::StmtId;

// One public function `int f(int, ..)`.
struct TypedFunction {
  support::NameTable names;
  typed::TypedModule module;
  typed::Function function;

  explicit TypedFunction(uint32_t param_count) {
    module.name = "m";
    module.types = std::make_shared<frontend::TypeStore>();
    std::vector<frontend::TypeId> params(param_count, kIntType);
    typed::Symbol symbol;
    symbol.name = names.get("f");
    symbol.type = module.types->function(params, kIntType);
    module.symbols.push_back(symbol);
    function.symbol = {0};
    function.result = kIntType;
    for (uint32_t i = 0; i < param_count; ++i)
      function.params.push_back(local());
  }

  LocalId local(frontend::TypeId type = kIntType) {
    typed::Local l;
    l.name = names.get("l" + std::to_string(function.body.locals.size()));
    l.type = type;
    function.body.locals.push_back(l);
    return {static_cast<uint32_t>(function.body.locals.size() - 1)};
  }
  ExprId expr(frontend::TypeId type, typed::ExprNode node) {
    function.body.exprs.push_back({type, {}, std::move(node)});
    return {static_cast<uint32_t>(function.body.exprs.size() - 1)};
  }
  ExprId number(uint64_t value) { return expr(kIntType, typed::IntLiteral{value}); }
  ExprId use(LocalId l) { return expr(function.body.local(l).type, typed::LocalRef{l}); }
  ExprId binary(BinaryOp op, ExprId a, ExprId b, frontend::TypeId type = kIntType) { return expr(type, typed::Binary{op, a, b}); }
  StmtId stmt(typed::StmtNode node) {
    function.body.stmts.push_back({{}, std::move(node)});
    return {static_cast<uint32_t>(function.body.stmts.size() - 1)};
  }
  StmtId assign(LocalId l, ExprId value) { return stmt(typed::ExprStmt{expr(kIntType, typed::Assign{use(l), value})}); }
  StmtId block(std::vector<StmtId> list) {
    typed::List<StmtId> l{static_cast<uint32_t>(function.body.stmt_pool.size()), static_cast<uint32_t>(list.size())};
    function.body.stmt_pool.insert(function.body.stmt_pool.end(), list.begin(), list.end());
    return stmt(typed::Block{l});
  }

  LowerResult lower_block(std::vector<StmtId> list) {
    function.block = block(std::move(list));
    module.functions.push_back(function);
    LowerResult result = lower(module);
    EXPECT_TRUE(result.unsupported.empty());
    EXPECT_TRUE(verify(result.module).empty()) << render(result.module, verify(result.module));
    return result;
  }
};

interp::Outcome call(const Module& module, std::vector<uint64_t> args) {
  const Module* modules[] = {&module};
  return interp::run(modules, "f", args, {.step_limit = 100000});
}

TEST(Lower, Add) {
  TypedFunction f(2);
  LowerResult r = f.lower_block({f.stmt(typed::Return{f.binary(BinaryOp::Add, f.use({0}), f.use({1}))})});
  EXPECT_EQ(print_module(r.module), "module \"m\"\n\nfunc public f(l0: int, l1: int) -> int {\nb0(v0: int, v1: int):\n"
                                    "  v2: int = add v0, v1\n  ret v2\n}\n");
}

TEST(Lower, LoopKeepsOnlyChangingVariables) {
  TypedFunction f(1);
  LocalId sum = f.local(), step = f.local();
  f.function.body.target_count = 1;
  StmtId body = f.block({f.assign(sum, f.binary(BinaryOp::Add, f.use(sum), f.use({0}))),
                         f.assign({0}, f.binary(BinaryOp::Sub, f.use({0}), f.use(step)))});
  LowerResult r = f.lower_block({f.stmt(typed::Declare{sum, f.number(0)}), f.stmt(typed::Declare{step, f.number(1)}),
                                 f.stmt(typed::While{{0}, f.binary(BinaryOp::Gt, f.use({0}), f.number(0), kBoolType), body}),
                                 f.stmt(typed::Return{f.use(sum)})});
  EXPECT_EQ(call(r.module, {10}).value, 55u);
  for (BlockId block : r.module.functions[0].order)
    EXPECT_LE(r.module.functions[0].block(block).params.size(), 2u) << print_module(r.module);
}

TEST(Lower, DivisionOfTheLeastNumber) {
  TypedFunction f(2);
  LowerResult r = f.lower_block({f.stmt(typed::Return{f.binary(BinaryOp::Add, f.binary(BinaryOp::Div, f.use({0}), f.use({1})),
                                                               f.binary(BinaryOp::Rem, f.use({0}), f.use({1})))})});
  EXPECT_EQ(call(r.module, {0x80000000u, 0xffffffffu}).value, 0x80000000u);
  EXPECT_EQ(call(r.module, {7, 2}).value, 4u);
  EXPECT_EQ(call(r.module, {7, 0}).exception, "DivideByZero");
}

// try { x = 1; x = x / l0; x = 3; } handle e { } return x;   the handler sees x as it was at the division
TEST(Lower, HandlerSeesVariablesAsTheyWere) {
  TypedFunction f(1);
  LocalId x = f.local(), e = f.local(kExnType);
  StmtId body = f.block({f.assign(x, f.number(1)), f.assign(x, f.binary(BinaryOp::Div, f.number(20), f.use({0}))), f.assign(x, f.number(3))});
  StmtId handler = f.block({f.assign(x, f.binary(BinaryOp::Add, f.use(x), f.number(100)))});
  LowerResult r = f.lower_block({f.stmt(typed::Declare{x, f.number(0)}), f.stmt(typed::Try{body, e, handler}), f.stmt(typed::Return{f.use(x)})});
  EXPECT_EQ(call(r.module, {5}).value, 3u);
  EXPECT_EQ(call(r.module, {0}).value, 101u);
}

TEST(Lower, CodeBehindReturnIsNotTranslated) {
  TypedFunction f(1);
  LowerResult r = f.lower_block({f.stmt(typed::Return{f.use({0})}), f.stmt(typed::Return{f.binary(BinaryOp::Div, f.number(1), f.use({0}))})});
  EXPECT_EQ(r.module.functions[0].order.size(), 1u);
}

TEST(Lower, ReportsWhatItCannotTranslate) {
  TypedFunction f(1);
  ExprId huge = f.expr(f.module.types->array(kIntType), typed::ArrayRepeat{uint64_t{1} << 40, f.number(0)});
  f.function.block = f.block({f.stmt(typed::ExprStmt{huge}), f.stmt(typed::Return{f.use({0})})});
  f.module.functions.push_back(f.function);
  LowerResult r = lower(f.module);
  ASSERT_EQ(r.unsupported.size(), 1u);
  EXPECT_EQ(r.unsupported[0].what, "an array of more than 2147483647 elements");
}

// 50,000 statements that each join control flow must not overflow the stack.
TEST(Lower, LongFunctions) {
  TypedFunction f(1);
  LocalId x = f.local();
  std::vector<StmtId> list{f.stmt(typed::Declare{x, f.number(0)})};
  for (int i = 0; i < 50000; ++i)
    list.push_back(f.stmt(typed::If{f.binary(BinaryOp::Gt, f.use({0}), f.number(0), kBoolType), f.block({}), {}}));
  list.push_back(f.stmt(typed::Return{f.use(x)}));
  LowerResult r = f.lower_block(std::move(list));
  EXPECT_EQ(call(r.module, {0}).kind, interp::Outcome::Kind::Failed) << "more steps than allowed";
}

} // namespace
} // namespace ir
