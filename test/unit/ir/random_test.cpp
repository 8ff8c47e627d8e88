// Random structured functions: every pass alone and the whole pipeline must leave well-formed IR that computes the same
// outcome (result, exception, output) in the interpreter.
#include "ir_text.h"

#include <random>

#include "ir/interp/interp.h"
#include "ir/lower/ssa.h"
#include "ir/pipeline.h"
#include "ir/verifier.h"

namespace ir::testing {
namespace {

using frontend::kBoolType;
using frontend::kExnType;
using frontend::kIntType;
using lowering::Ssa;

const char* kWorld = R"(module "m"
type public struct node nullable { value: int, next: node }
exception public Bad(int)
exception import NullPointer
global public g: int = 5
global public a: [int] = data d0
data d0: [int] = [3] length 6
func import fprint_int(int, int) -> void
func static helper(int) -> int {
b0(v0: int):
  v1: int = load_global g
  v2: int = add v1, v0
  store_global g v2
  v3: int = iconst 7
  v4: int = and v2, v3
  v5: [int] = load_global a
  v6: int = check_bounds v5, v4
  v7: int = load_elem v5, v6
  ret v7
}
func public f(int, int) -> int
)";

// Builds the body of f with int variables 0..5 and node variables 6..7.
class Generator {
 public:
  Generator(Module& module, uint32_t seed) : module_(module), function_(module.functions.back()), ssa_(module, function_), random_(seed) {
    node_ = module.types->named({0}, {});
  }

  void run() {
    BlockId entry = ssa_.create_block();
    ssa_.start_sealed(entry);
    for (int i = 0; i < 6; ++i)
      ssa_.add_variable(kIntType);
    for (int i = 0; i < 2; ++i)
      ssa_.add_variable(node_);
    for (uint32_t i = 0; i < 2; ++i)
      ssa_.write(i, b().add_param(entry, {kIntType}));
    for (uint32_t i = 2; i < 6; ++i)
      ssa_.write(i, constant());
    ssa_.write(6, b().emit_typed(Op::Null, {node_}, {}));
    ssa_.write(7, throwing(b().emit_typed(Op::NewObject, {node_, true}, {ssa_.read(0), ssa_.read(6)})));
    for (int i = 0; i < 3 && !ssa_.is_dead(); ++i)
      attempt(4);
    if (!ssa_.is_dead())
      finish();
    ssa_.finish();
  }

 private:
  // Shows every variable.
  void finish() {
    for (uint32_t i = 0; i < 6; ++i)
      b().call({0}, {}, std::vector{ssa_.read(i), ssa_.read(i)}, frontend::kVoidType);
    ssa_.ret(ssa_.read(pick(6)));
  }

  Builder& b() { return ssa_.builder(); }
  uint32_t pick(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(random_); }
  ValueId constant() {
    static const int64_t values[] = {0, 1, -1, 2, 3, 5, 7, 100, INT32_MIN, INT32_MAX};
    return b().iconst(kIntType, values[pick(10)]);
  }
  ValueId operand() { return pick(3) == 0 ? constant() : ssa_.read(pick(6)); }
  ValueId throwing(ValueId v) {
    if (!handlers_.empty())
      ssa_.split_with_unwind(handlers_.back());
    return v;
  }

  ValueId condition() {
    if (pick(3) == 0) {
      ValueId null = b().emit_typed(Op::Null, {node_}, {});
      return b().emit(pick(2) ? Op::Ne : Op::Eq, {ssa_.read(6 + pick(2)), null});
    }
    static const Op ops[] = {Op::Eq, Op::Ne, Op::SLt, Op::SGe, Op::ULt, Op::UGt};
    ValueId left = operand();
    return b().emit(ops[pick(6)], {left, operand()});
  }

  void statements(uint32_t count, int depth) {
    for (uint32_t i = 0; i < count && !ssa_.is_dead(); ++i)
      statement(depth);
  }

  void statement(int depth) {
    switch (pick(depth > 0 ? 14 : 10)) {
    case 0: case 1: case 2: return arithmetic();
    case 3: return element();
    case 4: return division();
    case 5: return field();
    case 6: return global();
    case 7: return call();
    case 8: return ssa_.write(6 + pick(2), ssa_.read(6 + pick(2)));
    case 9:
      if (pick(4) == 0)
        raise();
      return;
    case 10: case 11: return branch(depth);
    case 12: return loop(depth);
    default: return attempt(depth);
    }
  }

  void arithmetic() {
    static const Op ops[] = {Op::Add, Op::Sub, Op::Mul, Op::And, Op::Or, Op::Xor, Op::Shl, Op::LShr, Op::AShr};
    ValueId left = operand();
    ssa_.write(pick(6), b().emit(ops[pick(9)], {left, operand()}));
  }
  void element() {
    ValueId array = b().emit_symbol(Op::LoadGlobal, {module_.globals[1].type}, 1);
    ValueId mask = b().iconst(kIntType, 7);
    ValueId index = b().emit(Op::And, {ssa_.read(pick(6)), mask}); // 6 and 7 are out of bounds
    ValueId checked = throwing(b().emit_typed(Op::CheckBounds, {kIntType}, {array, index}));
    if (pick(2))
      ssa_.write(pick(6), b().emit_typed(Op::LoadElem, {kIntType}, {array, checked}));
    else
      b().emit(Op::StoreElem, {array, checked, ssa_.read(pick(6))});
  }
  void division() {
    ValueId divisor = throwing(b().emit(Op::CheckDiv, {ssa_.read(pick(6))}));
    ValueId u = b().emit_typed(Op::Retype, {frontend::kUIntType}, {divisor});
    ValueId checked = throwing(b().emit(Op::CheckDiv, {u}));
    ValueId left = b().emit_typed(Op::Retype, {frontend::kUIntType}, {ssa_.read(pick(6))});
    ssa_.write(pick(6), b().emit_typed(Op::Retype, {kIntType}, {b().emit(pick(2) ? Op::UDiv : Op::URem, {left, checked})}));
  }
  void field() {
    ValueId object = throwing(b().emit(Op::CheckNull, {ssa_.read(6 + pick(2))}));
    switch (pick(4)) {
    case 0: return ssa_.write(pick(6), b().emit_typed(Op::LoadField, {kIntType}, {object}, 0));
    case 1: b().emit(Op::StoreField, {object, ssa_.read(pick(6))}, 0); return;
    case 2: return ssa_.write(6 + pick(2), b().emit_typed(Op::LoadField, {node_}, {object}, 1));
    default: b().emit(Op::StoreField, {object, ssa_.read(6 + pick(2))}, 1); return;
    }
  }
  void global() {
    if (pick(2))
      ssa_.write(pick(6), b().emit_symbol(Op::LoadGlobal, {kIntType}, 0));
    else
      b().emit_symbol(Op::StoreGlobal, {frontend::kVoidType}, 0, std::vector{ssa_.read(pick(6))});
  }
  void call() {
    if (pick(3) == 0) {
      ValueId stream = constant();
      throwing(b().call({0}, {}, std::vector{stream, ssa_.read(pick(6))}, frontend::kVoidType));
    } else {
      ssa_.write(pick(6), throwing(b().call({1}, {}, std::vector{ssa_.read(pick(6))}, kIntType)));
    }
  }
  void raise() {
    ValueId exn = throwing(b().emit_symbol(Op::NewExn, {kExnType}, 0, std::vector{ssa_.read(pick(6))}));
    if (handlers_.empty())
      ssa_.raise(exn);
    else
      ssa_.br(handlers_.back(), {exn});
  }
  void branch(int depth) {
    BlockId yes = ssa_.create_block(), no = ssa_.create_block(), end = ssa_.create_block();
    ssa_.br_if(condition(), yes, no);
    ssa_.start_sealed(yes);
    statements(pick(4), depth - 1);
    ssa_.br(end);
    ssa_.start_sealed(no);
    statements(pick(3), depth - 1);
    ssa_.br(end);
    ssa_.start_sealed(end);
  }
  void loop(int depth) {
    Ssa::Variable counter = ssa_.add_variable(kIntType);
    ssa_.write(counter, b().iconst(kIntType, pick(4)));
    BlockId header = ssa_.create_block(), body = ssa_.create_block(), end = ssa_.create_block();
    ssa_.br(header);
    ssa_.start(header);
    ValueId zero = b().iconst(kIntType, 0);
    ssa_.br_if(b().emit(Op::SGt, {ssa_.read(counter), zero}), body, end);
    ssa_.start_sealed(body);
    statements(1 + pick(3), depth - 1);
    if (!ssa_.is_dead() && pick(4) == 0) { // break
      BlockId go_on = ssa_.create_block();
      ssa_.br_if(condition(), end, go_on);
      ssa_.start_sealed(go_on);
    }
    if (!ssa_.is_dead()) {
      ValueId one = b().iconst(kIntType, 1);
      ssa_.write(counter, b().emit(Op::Sub, {ssa_.read(counter), one}));
    }
    ssa_.br(header);
    ssa_.seal(header);
    ssa_.start_sealed(end);
  }
  void attempt(int depth) {
    BlockId handler = ssa_.create_block(), body = ssa_.create_block(), end = ssa_.create_block();
    ValueId exn = b().add_param(handler, {kExnType});
    handlers_.push_back(handler);
    ssa_.br(body);
    ssa_.start_sealed(body);
    statements(1 + pick(4), depth - 1);
    handlers_.pop_back();
    ssa_.br(end);
    ssa_.start_sealed(handler);
    if (!ssa_.is_dead()) {
      BlockId bad = ssa_.create_block(), other = ssa_.create_block();
      ssa_.br_if(b().emit_symbol(Op::ExnMatches, {kBoolType}, 0, std::vector{exn}), bad, other);
      ssa_.start_sealed(bad);
      ssa_.write(pick(6), b().emit_symbol(Op::ExnPayload, {kIntType}, 0, std::vector{exn}));
      ssa_.br(end);
      ssa_.start_sealed(other);
      statements(pick(3), depth - 1);
      ssa_.br(end);
    }
    ssa_.start_sealed(end);
  }

  Module& module_;
  Function& function_;
  Ssa ssa_;
  std::mt19937 random_;
  frontend::TypeId node_;
  std::vector<BlockId> handlers_;
};

std::string outcome(const Module& module) {
  const Module* modules[] = {&module};
  std::string all;
  for (uint64_t x : {0u, 1u, 6u, 0xffffffffu}) {
    interp::Outcome o = interp::run(modules, "f", std::vector<uint64_t>{x, 3}, {.step_limit = 100000});
    all += std::to_string(static_cast<int>(o.kind)) + " " + std::to_string(o.value) + " " + o.exception + " " + o.output + " " + o.error + "\n";
  }
  return all;
}

void check_sequence(const Module& original, const std::string& before, const std::vector<std::string>& passes, uint32_t seed) {
  Module copy = original;
  PipelineOptions options;
  options.run_passes = passes;
  options.verify_each = true;
  PipelineResult result = run_pipeline(copy, options);
  ASSERT_EQ(result.error, "") << "seed " << seed << "\n" << print_function(original, original.functions.back());
  ASSERT_EQ(outcome(copy), before) << "seed " << seed << " passes from " << passes.front() << "\n"
                                   << print_function(original, original.functions.back()) << print_function(copy, copy.functions.back());
}

TEST(Random, PassesKeepTheMeaning) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    TextModule m(kWorld);
    Generator(m.module, seed).run();
    ASSERT_TRUE(verify(m.module).empty()) << "seed " << seed << "\n" << render(m.module, verify(m.module));
    std::string before = outcome(m.module);
    for (const Pass& pass : all_passes())
      ASSERT_NO_FATAL_FAILURE(check_sequence(m.module, before, {pass.name}, seed));
    ASSERT_NO_FATAL_FAILURE(check_sequence(m.module, before, default_pipeline(), seed));
  }
}

TEST(Random, TextFormIsComplete) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    TextModule m(kWorld);
    Generator(m.module, seed).run();
    std::string text = print_module(m.module);
    TextModule again(text);
    ASSERT_EQ(print_module(again.module), text);
  }
}

} // namespace
} // namespace ir::testing
