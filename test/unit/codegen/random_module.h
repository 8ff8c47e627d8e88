// Random, well-formed IR modules for tests: integer functions, floating point inside, with nested ifs and bounded loops, many values live at once,
// calls, stack arguments; optionally objects, arrays, their checks and handlers (then they need the runtime to run).
#pragma once

#include <random>

#include "ir/builder.h"

namespace codegen::testing {

struct RandomOptions {
  int functions = 3;
  int size = 40;         // statements per function, about
  bool objects = false;  // arrays, structs, checks, handlers
};

// Function number i is "f<i>": (int x 1..9) -> int; each may call those before it.
class RandomModule {
public:
  RandomModule(ir::Module& module, unsigned seed, RandomOptions options) : module_(module), random_(seed), options_(options) {}
  RandomModule(const RandomModule&) = delete; // the types refer to its names
  RandomModule& operator=(const RandomModule&) = delete;

  void generate() {
    module_.name = "random";
    if (options_.objects) declare_types();
    // Room for all, so that references into the table stay valid.
    module_.functions.reserve(size_t(options_.functions));
    for (int i = 0; i < options_.functions; ++i) function(i);
  }

private:
  using ValueId = ir::ValueId;
  static constexpr frontend::TypeId int_type = frontend::kIntType, unsigned_type = frontend::kUIntType;

  void declare_types() {
    frontend::TypeStore& types = *module_.types;
    frontend::TypeDecl decl;
    decl.name = names_.get("node");
    decl.nullable = true;
    frontend::TypeDeclId id = types.add_decl(decl);
    node_type_ = types.named(id, {});
    for (const char* name : {"value", "next", "flag"}) {
      frontend::Field field;
      field.name = names_.get(name);
      field.type = name[0] == 'v' ? int_type : name[0] == 'n' ? node_type_ : frontend::kCharType;
      types.decl(id).fields.push_back(field);
    }
    array_type_ = types.array(int_type);
    ir::Exception exception;
    exception.name = "Failed";
    exception.payload = int_type;
    module_.exceptions.push_back(exception);
  }

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
    handler_ = {};
    if (options_.objects) {
      arrays_ = {make_array()};
      nodes_ = {builder.emit_typed(ir::Op::Null, {node_type_}, {})};
      nodes_.push_back(make_node());
    }
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
      else if (options_.objects && kind < 16) object_statement(depth);
      else arithmetic();
    }
  }

  // `x << n | x >> 32 - n`, which is one instruction.
  void rotation() {
    ValueId x = any(), n = pick(2) ? b_->iconst(int_type, 1 + pick(31)) : any();
    ValueId m = b_->emit(ir::Op::Sub, {b_->iconst(int_type, 32), n});
    bool left = pick(2);
    ValueId a = b_->emit(left ? ir::Op::Shl : ir::Op::LShr, {x, n}), c = b_->emit(left ? ir::Op::LShr : ir::Op::Shl, {x, m});
    values_.push_back(b_->emit(ir::Op::Or, {a, c}));
  }

  // Up to 20 doubles or floats alive at once, more than there are registers for, made of integers and turned back into one.
  void floating() {
    frontend::TypeId type = pick(2) ? frontend::kDoubleType : frontend::kFloatType;
    static const ir::Op ops[] = {ir::Op::FAdd, ir::Op::FSub, ir::Op::FMul, ir::Op::FDiv};
    static const ir::Op orders[] = {ir::Op::FEq, ir::Op::FNe, ir::Op::FLt, ir::Op::FLe, ir::Op::FGt, ir::Op::FGe};
    static const double constants[] = {0, -0.0, 1, 0.5, -2.5, 1e9, 4294967296.0};
    std::vector<ValueId> reals;
    for (int i = 2 + pick(19); i > 0; --i)
      reals.push_back(pick(4) ? b_->emit_typed(ir::Op::IToF, {type}, {operand()}) : b_->fconst(type, constants[pick(7)]));
    auto real = [&] { return reals[size_t(pick(int(reals.size())))]; };
    ValueId sum = real();
    for (ValueId other : reals) sum = b_->emit(ops[pick(4)], {pick(3) ? sum : b_->emit(ir::Op::FNeg, {sum}), pick(4) ? other : real()});
    ValueId order = b_->emit(orders[pick(6)], {sum, real()});
    if (pick(3) == 0) sum = b_->emit_typed(ir::Op::FResize, {type == frontend::kDoubleType ? frontend::kFloatType : frontend::kDoubleType}, {sum});
    ValueId back = b_->emit_typed(pick(2) ? ir::Op::FToINear : ir::Op::FToIZero, {int_type}, {sum});
    ir::BlockId yes = b_->create_block(), no = b_->create_block(), join = b_->create_block();
    b_->br_if(order, {yes, {}}, {no, {}});
    b_->start_block(yes);
    b_->br(join, {real(), any()});
    b_->start_block(no);
    b_->br(join, {reals[0], back});
    b_->start_block(join);
    ValueId chosen = b_->add_param(join, {type});
    values_.push_back(b_->add_param(join, {int_type}));
    values_.push_back(b_->emit_typed(ir::Op::FToINear, {int_type}, {chosen}));
  }

  void arithmetic() {
    if (pick(12) == 0) return rotation();
    if (pick(12) == 0) return floating();
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
    ValueId checked;
    if (pick(4) == 0) {
      checked = b_->iconst(unsigned_type, 1 << pick(20));
    } else {
      // Without objects nothing may raise: the divisor is odd.
      checked = b_->emit(ir::Op::CheckDiv, {options_.objects ? d : b_->emit(ir::Op::Or, {d, one})});
      after_throwing();
    }
    ValueId q = b_->emit(unsigned_ops[pick(2)], {x, checked});
    values_.push_back(b_->emit_typed(ir::Op::Retype, {int_type}, {q}));
  }

  void call() {
    uint32_t callee = uint32_t(pick(number_));
    std::vector<ValueId> args;
    for (size_t i = 0; i < module_.functions[callee].param_types.size(); ++i) args.push_back(operand());
    ValueId result = b_->call({callee}, {}, args, int_type);
    after_throwing();
    values_.push_back(result);
  }

  void conditional(int depth) {
    ir::BlockId yes = b_->create_block(), no = b_->create_block(), join = b_->create_block();
    b_->br_if(condition(), {yes, {}}, {no, {}});
    size_t known = values_.size(), arrays = arrays_.size(), nodes = nodes_.size();
    b_->start_block(yes);
    statements(depth + 1);
    ValueId from_yes = recent();
    b_->br(join, {from_yes, values_[size_t(pick(int(known)))]});
    values_.resize(known), arrays_.resize(arrays), nodes_.resize(nodes);
    b_->start_block(no);
    if (pick(2)) statements(depth + 1);
    ValueId from_no = recent();
    b_->br(join, {from_no, constant()});
    values_.resize(known), arrays_.resize(arrays), nodes_.resize(nodes);
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
    size_t known = values_.size(), arrays = arrays_.size(), nodes = nodes_.size();
    for (ir::BlockId block : blocks) {
      b_->start_block(block);
      arithmetic();
      if (depth < 1) statements(3);
      b_->br(join, {recent()});
      values_.resize(known), arrays_.resize(arrays), nodes_.resize(nodes);
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
    size_t in_head = values_.size(), arrays = arrays_.size(), nodes = nodes_.size();
    b_->start_block(body);
    statements(depth + 1);
    std::vector<ValueId> next{b_->emit(ir::Op::Add, {counter, b_->iconst(int_type, 1)})};
    for (int i = 0; i < carried; ++i) next.push_back(pick(3) ? params[size_t(pick(carried))] : operand());
    b_->br(head, next);
    values_.resize(in_head), arrays_.resize(arrays), nodes_.resize(nodes);
    b_->start_block(exit);
  }

  // ---- objects ----------------------------------------------------------------------------------------------------------

  // Inside `try`, the throwing instruction ends its block.
  void after_throwing() {
    if (!handler_.is_valid()) return;
    ir::Edge unwind{handler_, {}};
    for (size_t i = 0; i < handler_args_; ++i) unwind.args.push_back(pick(3) ? any() : constant());
    // Constants made now would stand behind the throwing instruction.
    std::vector<ir::InstId>& insts = b_->function().block(b_->block()).insts;
    size_t last = insts.size();
    while (last > 0 && !ir::may_throw(b_->function().inst(insts[last - 1]).op)) --last;
    std::rotate(insts.begin() + long(last) - 1, insts.begin() + long(last), insts.end());
    b_->function().block(b_->block()).unwind = std::move(unwind);
    ir::BlockId next = b_->create_block();
    b_->br(next);
    b_->start_block(next);
  }

  ValueId make_array() {
    ValueId length = b_->emit(ir::Op::And, {any(), b_->iconst(int_type, 15)});
    ValueId array = b_->emit_typed(ir::Op::NewArray, {array_type_}, {length, any()});
    after_throwing();
    return array;
  }
  ValueId make_node() {
    ValueId flag = b_->iconst(frontend::kCharType, 7);
    ValueId next = nodes_.empty() ? b_->emit_typed(ir::Op::Null, {node_type_}, {}) : nodes_[size_t(pick(int(nodes_.size())))];
    ValueId node = b_->emit_typed(ir::Op::NewObject, {node_type_, true}, {any(), next, flag});
    after_throwing();
    return b_->emit_typed(ir::Op::Retype, {node_type_}, {node});
  }

  void object_statement(int depth) {
    switch (pick(7)) {
    case 0: arrays_.push_back(pick(2) ? make_array() : array_literal()); return;
    case 1: nodes_.push_back(make_node()); return;
    case 2: case 3: return element();
    case 4: return field();
    case 5: return raise_sometimes();
    default:
      if (depth < 3 && !handler_.is_valid()) try_catch(depth);
    }
  }

  ValueId array_literal() {
    std::vector<ValueId> elements;
    for (int i = pick(5); i >= 0; --i) elements.push_back(any());
    ValueId array = b_->emit_typed(ir::Op::ArrayOf, {array_type_}, elements);
    after_throwing();
    return array;
  }

  void element() {
    ValueId array = arrays_[size_t(pick(int(arrays_.size())))], index = operand();
    ValueId checked = b_->emit_typed(ir::Op::CheckBounds, {int_type}, {array, index});
    after_throwing();
    if (pick(3) == 0) conditional(2); // the fact has to survive a join
    if (pick(2)) b_->emit(ir::Op::StoreElem, {array, checked, any()});
    else values_.push_back(b_->emit_typed(ir::Op::LoadElem, {int_type}, {array, checked}));
    if (pick(2)) values_.push_back(b_->emit_typed(ir::Op::ArrayLength, {int_type}, {array}));
  }

  void field() {
    ValueId node = nodes_[size_t(pick(int(nodes_.size())))];
    ValueId checked = b_->emit(ir::Op::CheckNull, {node});
    after_throwing();
    if (pick(3) == 0) conditional(2);
    if (pick(3) == 0) b_->emit(ir::Op::StoreField, {checked, any()}, 0);
    else if (pick(2)) values_.push_back(b_->emit_typed(ir::Op::LoadField, {int_type}, {checked}, 0));
    else nodes_.push_back(b_->emit_typed(ir::Op::LoadField, {node_type_}, {checked}, 1));
  }

  void raise_sometimes() {
    ir::BlockId yes = b_->create_block(), no = b_->create_block();
    b_->br_if(condition(), {yes, {}}, {no, {}});
    b_->start_block(yes);
    ir::BlockId handler = handler_;
    handler_ = {};
    std::vector<ValueId> payload{any()};
    b_->raise(b_->emit_symbol(ir::Op::NewExn, {frontend::kExnType}, 0, payload));
    handler_ = handler;
    b_->start_block(no);
  }

  void try_catch(int depth) {
    ir::BlockId handler = b_->create_block(), join = b_->create_block();
    size_t known = values_.size(), arrays = arrays_.size(), nodes = nodes_.size();
    auto forget = [&] { values_.resize(known), arrays_.resize(arrays), nodes_.resize(nodes); };
    ir::BlockId inside = b_->create_block();
    b_->br(inside);
    b_->start_block(inside);
    handler_ = handler;
    handler_args_ = size_t(pick(3));
    element();
    statements(depth + 1);
    handler_ = {};
    b_->br(join, {recent()});
    forget();
    b_->start_block(handler);
    ValueId exn = b_->add_param(handler, {frontend::kExnType});
    for (size_t i = 0; i < handler_args_; ++i) values_.push_back(b_->add_param(handler, {int_type}));
    ir::BlockId matched = b_->create_block(), other = b_->create_block();
    b_->br_if(b_->emit_symbol(ir::Op::ExnMatches, {frontend::kBoolType}, 0, std::vector<ValueId>{exn}), {matched, {}}, {other, {}});
    b_->start_block(matched);
    ValueId payload = b_->emit_symbol(ir::Op::ExnPayload, {int_type}, 0, std::vector<ValueId>{exn});
    b_->br(join, {payload});
    b_->start_block(other);
    arithmetic();
    if (pick(2)) b_->br(join, {recent()});
    else b_->raise(exn);
    forget();
    b_->start_block(join);
    values_.push_back(b_->add_param(join, {int_type}));
  }

  ir::Module& module_;
  support::NameTable names_;
  frontend::TypeId node_type_, array_type_;
  ir::BlockId handler_;
  size_t handler_args_ = 0;
  std::vector<ValueId> arrays_, nodes_;
  std::mt19937 random_;
  RandomOptions options_;
  ir::Builder* b_ = nullptr;
  int number_ = 0, budget_ = 0;
  std::vector<ValueId> values_;
};

} // namespace codegen::testing
