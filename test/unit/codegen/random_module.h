// Random, well-formed IR modules for tests: integer functions with nested ifs and bounded loops, many values live at once,
// calls, stack arguments, array accesses with their checks, and (optionally) handlers.
#pragma once

#include <random>

#include "ir/builder.h"

namespace codegen::testing {

struct RandomOptions {
  int functions = 3;
  int size = 40;         // statements per function, about
  bool handlers = false;
};

// Function number i is "f<i>": (int x 1..9) -> int; each may call those before it.
class RandomModule {
public:
  RandomModule(ir::Module& module, unsigned seed, RandomOptions options) : module_(module), random_(seed), options_(options) {}

  void generate() {
    module_.name = "random";
    // Room for all, so that references into the table stay valid.
    module_.functions.reserve(size_t(options_.functions));
    for (int i = 0; i < options_.functions; ++i) function(i);
  }

private:
  using ValueId = ir::ValueId;
  static constexpr frontend::TypeId int_type = frontend::kIntType, unsigned_type = frontend::kUIntType;

  int pick(int n) { return int(random_() % unsigned(n)); }
  ValueId any() { return values_[size_t(pick(int(values_.size())))]; }
  ValueId recent() {
    int n = int(values_.size());
    return values_[size_t(n - 1 - pick(std::min(n, 4)))];
  }
  ValueId constant() {
    static const int64_t interesting[] = {0, 1, 2, 3, 7, 8, 16, -1, -2, 127, 128, 255, 65535, INT32_MAX, INT32_MIN, 1000003};
    return b_->iconst(int_type, pick(3) ? interesting[pick(16)] : int64_t(int32_t(random_())));
  }
  ValueId operand() { return pick(5) == 0 ? constant() : pick(2) ? recent() : any(); }

  void function(int number) {
    frontend::TypeStore& types = *module_.types;
    int params = 1 + pick(9);
    std::vector<frontend::TypeId> param_types(size_t(params), int_type);
    module_.functions.emplace_back();
    ir::Function& f = module_.functions.back();
    f.name = "f" + std::to_string(number);
    f.param_types = param_types;
    f.return_type = int_type;
    f.type = types.function(param_types, int_type);
    f.param_names.assign(size_t(params), "p");
    ir::Builder builder(module_, f);
    b_ = &builder;
    number_ = number;
    ir::BlockId entry = builder.create_block();
    values_.clear();
    builder.start_block(entry);
    for (int i = 0; i < params; ++i) values_.push_back(builder.add_param(entry, {int_type}));
    budget_ = options_.size;
    statements(0);
    builder.ret(combine());
  }

  // Many values in one result, so that they are all live to the end.
  ValueId combine() {
    ValueId sum = any();
    for (int i = 0, n = pick(int(values_.size()) + 1); i < n; ++i) {
      ValueId other = values_[size_t(i)];
      sum = b_->emit(pick(2) ? ir::Op::Add : ir::Op::Xor, {sum, other});
    }
    return sum;
  }

  void statements(int depth) {
    int n = 2 + pick(8);
    for (int i = 0; i < n && budget_ > 0; ++i) {
      --budget_;
      int kind = pick(20);
      if (kind < 2 && depth < 3) conditional(depth);
      else if (kind < 4 && depth < 3) loop(depth);
      else if (kind < 6 && number_ > 0) call();
      else if (kind < 7) divide();
      else if (kind < 8) as_bool();
      else if (kind < 9 && depth < 3) select_case(depth);
      else arithmetic();
    }
  }

  void arithmetic() {
    static const ir::Op ops[] = {ir::Op::Add, ir::Op::Sub, ir::Op::Mul, ir::Op::And, ir::Op::Or, ir::Op::Xor, ir::Op::Shl, ir::Op::LShr, ir::Op::AShr};
    ValueId a = operand(), c = operand();
    values_.push_back(b_->emit(ops[pick(9)], {a, c}));
  }

  ValueId condition() {
    static const ir::Op ops[] = {ir::Op::Eq, ir::Op::Ne, ir::Op::SLt, ir::Op::SLe, ir::Op::SGt, ir::Op::SGe, ir::Op::ULt, ir::Op::ULe, ir::Op::UGt, ir::Op::UGe};
    ValueId a = operand(), c = operand();
    ValueId value = b_->emit(ops[pick(10)], {a, c});
    if (pick(4)) return value;
    return b_->emit(ir::Op::Xor, {value, b_->iconst(frontend::kBoolType, 1)});
  }

  void as_bool() {
    ValueId left = condition(), right = condition();
    ValueId both = b_->emit(pick(2) ? ir::Op::And : ir::Op::Or, {left, right});
    ir::BlockId yes = b_->create_block(), no = b_->create_block(), join = b_->create_block();
    b_->br_if(both, {yes, {}}, {no, {}});
    b_->start_block(yes);
    b_->br(join, {any()});
    b_->start_block(no);
    b_->br(join, {any()});
    b_->start_block(join);
    values_.push_back(b_->add_param(join, {int_type}));
  }

  void divide() {
    static const ir::Op signed_ops[] = {ir::Op::SDiv, ir::Op::SRem}, unsigned_ops[] = {ir::Op::UDiv, ir::Op::URem};
    ValueId a = operand();
    if (pick(2)) {
      static const int64_t divisors[] = {2, 4, 8, 3, 10, 1024, 7, -3, 1000, 1};
      values_.push_back(b_->emit(signed_ops[pick(2)], {a, b_->iconst(int_type, divisors[pick(10)])}));
      return;
    }
    ValueId x = b_->emit_typed(ir::Op::Retype, {unsigned_type}, {a});
    ValueId d = b_->emit_typed(ir::Op::Retype, {unsigned_type}, {operand()});
    ValueId one = b_->iconst(unsigned_type, 1);
    ValueId checked = pick(4) == 0 ? b_->iconst(unsigned_type, 1 << pick(20))
                                   : b_->emit(ir::Op::CheckDiv, {b_->emit(ir::Op::Or, {d, one})});
    ValueId q = b_->emit(unsigned_ops[pick(2)], {x, checked});
    values_.push_back(b_->emit_typed(ir::Op::Retype, {int_type}, {q}));
  }

  void call() {
    uint32_t callee = uint32_t(pick(number_));
    std::vector<ValueId> args;
    for (size_t i = 0; i < module_.functions[callee].param_types.size(); ++i) args.push_back(operand());
    values_.push_back(b_->call({callee}, {}, args, int_type));
  }

  void conditional(int depth) {
    ir::BlockId yes = b_->create_block(), no = b_->create_block(), join = b_->create_block();
    b_->br_if(condition(), {yes, {}}, {no, {}});
    size_t known = values_.size();
    b_->start_block(yes);
    statements(depth + 1);
    ValueId from_yes = recent();
    b_->br(join, {from_yes, values_[size_t(pick(int(known)))]});
    values_.resize(known);
    b_->start_block(no);
    if (pick(2)) statements(depth + 1);
    ValueId from_no = recent();
    b_->br(join, {from_no, constant()});
    values_.resize(known);
    b_->start_block(join);
    values_.push_back(b_->add_param(join, {int_type}));
    values_.push_back(b_->add_param(join, {int_type}));
  }

  void select_case(int depth) {
    ir::BlockId join = b_->create_block();
    std::vector<int64_t> keys;
    std::vector<ir::Edge> targets;
    std::vector<ir::BlockId> blocks;
    int n = 1 + pick(9);
    for (int i = 0; i < n; ++i) {
      keys.push_back(i * 3 - 6);
      blocks.push_back(b_->create_block());
      targets.push_back({blocks.back(), {}});
    }
    targets.push_back({join, {any()}});
    ValueId subject = b_->emit(ir::Op::And, {operand(), b_->iconst(int_type, 15)});
    b_->switch_on(subject, keys, targets);
    size_t known = values_.size();
    for (ir::BlockId block : blocks) {
      b_->start_block(block);
      arithmetic();
      if (depth < 1) statements(3);
      b_->br(join, {recent()});
      values_.resize(known);
    }
    b_->start_block(join);
    values_.push_back(b_->add_param(join, {int_type}));
  }

  // A counted loop with a few values carried round, sometimes swapping them.
  void loop(int depth) {
    ir::BlockId head = b_->create_block(), body = b_->create_block(), exit = b_->create_block();
    int carried = 1 + pick(4);
    std::vector<ValueId> init{b_->iconst(int_type, 0)};
    for (int i = 0; i < carried; ++i) init.push_back(operand());
    b_->br(head, init);
    b_->start_block(head);
    ValueId counter = b_->add_param(head, {int_type});
    std::vector<ValueId> params;
    for (int i = 0; i < carried; ++i) params.push_back(b_->add_param(head, {int_type}));
    values_.insert(values_.end(), params.begin(), params.end());
    values_.push_back(counter);
    ValueId limit = b_->iconst(int_type, 1 + pick(6));
    b_->br_if(b_->emit(ir::Op::SLt, {counter, limit}), {body, {}}, {exit, {}});
    size_t in_head = values_.size();
    b_->start_block(body);
    statements(depth + 1);
    std::vector<ValueId> next{b_->emit(ir::Op::Add, {counter, b_->iconst(int_type, 1)})};
    for (int i = 0; i < carried; ++i) next.push_back(pick(3) ? params[size_t(pick(carried))] : operand());
    b_->br(head, next);
    values_.resize(in_head);
    b_->start_block(exit);
  }

  ir::Module& module_;
  std::mt19937 random_;
  RandomOptions options_;
  ir::Builder* b_ = nullptr;
  int number_ = 0, budget_ = 0;
  std::vector<ValueId> values_;
};

} // namespace codegen::testing
