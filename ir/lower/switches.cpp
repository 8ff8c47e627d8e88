// switch on integers, chars, unions and exceptions.
#include <utility>

#include "ir/lower/function_lowering.h"

namespace ir::lowering {

void FunctionLowering::lower(const typed::Switch& node) {
  ValueId subject = expr(node.subject);
  frontend::TypeId type = type_of(subject);
  BlockId end = ssa_.create_block();
  std::vector<int64_t> keys;
  std::vector<BlockId> targets, bodies;
  for (const typed::SwitchCase& c : node.cases) {
    bodies.push_back(ssa_.create_block());
    for (uint64_t value : c.values) {
      keys.push_back(normalize_integer(types(), type, value));
      targets.push_back(bodies.back());
    }
  }
  BlockId default_block = ssa_.create_block();
  targets.push_back(default_block);
  ssa_.switch_on(subject, std::move(keys), targets);
  for (size_t i = 0; i < bodies.size(); ++i) {
    ssa_.start_sealed(bodies[i]);
    body_then(node.cases[i].body, end);
  }
  ssa_.start_sealed(default_block);
  body_then(node.default_body, end);
  ssa_.start_sealed(end);
}

// Without default all cases are keys, and nothing remains. Null is one of the others.
void FunctionLowering::lower(const typed::UnionSwitch& node) {
  SourceLoc loc = builder_.loc();
  ValueId subject = expr(node.subject);
  builder_.set_loc(loc);
  if (!node.default_body.is_valid())
    subject = check_null(subject);
  frontend::TypeId type = type_of(subject);
  BlockId end = ssa_.create_block();
  std::vector<int64_t> keys;
  std::vector<BlockId> targets, bodies;
  for (const typed::UnionCase& c : node.cases) {
    bodies.push_back(ssa_.create_block());
    for (uint32_t variant : c.variants) {
      keys.push_back(variant);
      targets.push_back(bodies.back());
    }
  }
  BlockId default_block = ssa_.create_block();
  targets.push_back(default_block);
  ssa_.switch_on(subject, std::move(keys), targets);
  for (size_t i = 0; i < bodies.size(); ++i) {
    const typed::UnionCase& c = node.cases[i];
    ssa_.start_sealed(bodies[i]);
    if (c.payload.is_valid()) {
      builder_.set_loc(c.loc);
      ssa_.write(c.payload.value, builder_.emit_typed(Op::UnionPayload, {types().field_type(type, c.variants[0])}, {subject}, c.variants[0]));
    }
    body_then(c.body, end);
  }
  ssa_.start_sealed(default_block);
  if (node.default_body.is_valid())
    body_then(node.default_body, end);
  else
    ssa_.unreachable();
  ssa_.start_sealed(end);
}

void FunctionLowering::lower(const typed::ExnSwitch& node) {
  ValueId exn = expr(node.subject);
  BlockId end = ssa_.create_block();
  for (const typed::ExnCase& c : node.cases) {
    BlockId next = ssa_.create_block();
    exn_case(c, exn, next, end);
    ssa_.start_sealed(next);
  }
  body_then(node.default_body, end);
  ssa_.start_sealed(end);
}

// One clause: a comparison for each of its exceptions, then the body. A clause that binds a payload names one exception, or
// several with payloads of one type; each match then reads the payload where its own comparison holds.
void FunctionLowering::exn_case(const typed::ExnCase& node, ValueId exn, BlockId next_case, BlockId end) {
  BlockId body = ssa_.create_block();
  for (size_t i = 0; i < node.names.size(); ++i) {
    bool is_last = i + 1 == node.names.size();
    ExnTest test = test_exn(node.names[i], exn, node.loc);
    BlockId matched = node.payload.is_valid() ? ssa_.create_block() : body;
    BlockId other = is_last ? next_case : ssa_.create_block();
    ssa_.br_if(test.matches, matched, other);
    if (node.payload.is_valid()) {
      ssa_.start_sealed(matched);
      ssa_.write(node.payload.value, payload(test, exn));
      ssa_.br(body);
    }
    if (!is_last)
      ssa_.start_sealed(other);
  }
  ssa_.start_sealed(body);
  body_then(node.body, end);
}

FunctionLowering::ExnTest FunctionLowering::test_exn(typed::ExprId id, ValueId exn, SourceLoc loc) {
  const typed::Expr& name = body_.expr(id);
  ExnTest test{{}, {}, {}, types().get(name.type).element};
  if (const auto* known = std::get_if<typed::ExceptionRef>(&name.node)) {
    test.known = context_.exception(known->symbol);
    builder_.set_loc(loc);
    test.matches = builder_.emit_symbol(Op::ExnMatches, {frontend::kBoolType}, test.known.value, std::vector{exn});
  } else {
    test.name = expr(id);
    builder_.set_loc(loc);
    test.matches = builder_.emit(Op::ExnIs, {exn, test.name});
  }
  return test;
}

ValueId FunctionLowering::payload(const ExnTest& test, ValueId exn) {
  if (test.name.is_valid())
    return builder_.emit_typed(Op::ExnValue, {test.payload}, {exn, test.name});
  return builder_.emit_symbol(Op::ExnPayload, {test.payload}, test.known.value, std::vector{exn});
}

} // namespace ir::lowering
