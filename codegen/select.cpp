#include "codegen/select.h"

#include <algorithm>

#include "codegen/selector.h"
#include "ir/cfg.h"

namespace codegen {

using namespace mir;

SelectedFunction select(Unit& unit, const ir::Function& function, std::vector<Unsupported>& unsupported) {
  return Selector(unit, function, unsupported).run();
}

SelectedFunction Selector::run() {
  Function& mir = out_.mir;
  mir.name = source_.name;
  mir.loc = loc_ = source_.loc;
  values_.resize(source_.values.size());
  bounds_fact_.resize(source_.values.size());
  nonzero_fact_.resize(source_.values.size());
  blocks_.resize(source_.blocks.size());
  analyse();
  current_ = mir.new_block(); // the entry, which nothing branches to
  for (ir::BlockId id : source_.order) blocks_[id.value] = mir.new_block();
  entering_.resize(mir.blocks.size());
  for (ir::BlockId id : source_.order)
    ir::for_each_edge(source_, id, [&](ir::EdgeRef, const ir::Edge& e) { ++entering_[blocks_[e.target.value].value]; });
  entry();
  // Definitions before uses: an alias needs its operand's register.
  const ir::Cfg cfg(source_);
  for (ir::BlockId id : cfg.rpo()) block(id);
  split_critical_edges();
  return std::move(out_);
}

// ---- preparation --------------------------------------------------------------------------------------------------------

namespace {

bool is_load(ir::Op op) { return op == ir::Op::LoadField || op == ir::Op::LoadElem || op == ir::Op::LoadGlobal; }
// No code of its own: a constant, or an address that is made where it is used.
bool is_remade(ir::Op op) {
  return op == ir::Op::IConst || op == ir::Op::FConst || op == ir::Op::Null || op == ir::Op::UnionConst || op == ir::Op::DataAddr || op == ir::Op::FuncAddr || op == ir::Op::GlobalAddr ||
         op == ir::Op::ExceptionAddr || op == ir::Op::RepAddr || op == ir::Op::Undef;
}

} // namespace

void Selector::analyse() {
  auto count = [&](const std::vector<ir::ValueId>& list) {
    for (ir::ValueId value : list) ++values_[value.value].uses;
  };
  for (ir::BlockId id : source_.order) {
    for (ir::InstId inst : source_.block(id).insts) {
      count(source_.inst(inst).operands);
      const ir::Op op = source_.inst(inst).op;
      if (op == ir::Op::SDiv || op == ir::Op::SRem) values_[source_.inst(inst).operands[1].value].divides = true;
      for (const ir::Edge& target : source_.inst(inst).targets) count(target.args);
    }
    count(source_.block(id).unwind.args);
  }
  tested_by_access_.resize(source_.values.size());
  tests_.resize(source_.insts.size());
  for (ir::BlockId id : source_.order) null_tests(id), analyse_block(id);
}

// An access through null near address 0 faults, and the runtime raises NullPointer (C37): then a check_null needs no instruction of its
// own. The access has to be the next thing in the block that can be observed; handlers want the call that they know.
void Selector::null_tests(ir::BlockId id) {
  if (source_.block(id).has_unwind()) return;
  const std::vector<ir::InstId>& insts = source_.block(id).insts;
  for (uint32_t i = 0; i < insts.size(); ++i) {
    const ir::Inst& check = source_.inst(insts[i]);
    if (check.op != ir::Op::CheckNull || constant(check.operands[0])) continue;
    const tal::TypeTag tag = unit_.types().tag(type_of(check.operands[0]));
    if (tag != tal::TypeTag::Ptr && tag != tal::TypeTag::Arr) continue;
    for (uint32_t k = i + 1; k < insts.size(); ++k) {
      const ir::Inst& next = source_.inst(insts[k]);
      if (access_tests(next, check.result)) {
        tested_by_access_[check.result.value] = true;
        tests_[insts[k].value] = check.result;
        break;
      }
      const bool uses = std::find(next.operands.begin(), next.operands.end(), check.result) != next.operands.end();
      if (uses || (!ir::is_pure(next.op) && !is_load(next.op))) break;
    }
  }
}

// Will the code of this instruction begin to use memory with an access near the pointer?
bool Selector::access_tests(const ir::Inst& access, ir::ValueId pointer) {
  if (access.operands.empty() || !(access.operands[0] == pointer)) return false;
  constexpr uint32_t page = 4096, largest = 8;
  switch (access.op) {
  case ir::Op::LoadField: case ir::Op::StoreField:
    return unit_.map().field(source_.value(pointer).type.id, uint32_t(access.imm)).offset <= page - largest;
  case ir::Op::ArrayLength: return values_[access.result.value].uses != 0;
  case ir::Op::CheckBounds: {
    std::optional<int64_t> index = constant(access.operands[1]);
    return !index || uint64_t(*index) < INT32_MAX; // others fail without a look at the array
  }
  default: return false;
  }
}

// Decides which values of the block are emitted only where they are used.
void Selector::analyse_block(ir::BlockId id) {
  const std::vector<ir::InstId>& insts = source_.block(id).insts;
  // For each value of this block with one use in this block: which instruction that is.
  std::vector<std::pair<uint32_t, uint32_t>> loads; // value, index
  for (uint32_t i = 0; i < insts.size(); ++i) {
    const ir::Inst& inst = source_.inst(insts[i]);
    if (!inst.result.is_valid()) continue;
    ValueInfo& value = values_[inst.result.value];
    if (is_remade(inst.op)) value.deferred = true;
    if (is_load(inst.op) && value.uses == 1 && !tests_[insts[i].value].is_valid()) loads.push_back({inst.result.value, i});
    bool condition = is_compare(inst.op) ||
                     (inst.op == ir::Op::Xor && source_.value(inst.operands[0]).type.id == frontend::kBoolType);
    // A condition with one use, by the branch that ends the block (perhaps through a negation).
    const ir::Inst& last = source_.inst(insts.back());
    if (condition && value.uses == 1 && last.op == ir::Op::BrIf) {
      if (last.operands[0] == inst.result) value.deferred = true;
      const ir::Inst* decided = def(last.operands[0]);
      if (decided && decided->op == ir::Op::Xor && decided->block == id && values_[decided->result.value].uses == 1 &&
          decided->operands[0] == inst.result && constant(decided->operands[1]) == 1)
        value.deferred = true;
    }
  }
  for (ir::InstId id_of : insts) {
    mask_test(source_.inst(id_of));
    if (std::optional<Rotation> rotation = rotation_of(source_.inst(id_of))) {
      values_[rotation->left.value].deferred = values_[rotation->right.value].deferred = true;
      // What computes the other count is not needed either.
      ir::ValueId other = def(rotation->to_the_left ? rotation->right : rotation->left)->operands[1];
      for (const ir::Inst* inst = def(other); inst && values_[inst->result.value].uses == 1 && !rotation->amount; inst = def(other)) {
        if (inst->op != ir::Op::Retype && inst->op != ir::Op::Sub) break;
        values_[inst->result.value].deferred = true;
        if (inst->op == ir::Op::Sub) break;
        other = inst->operands[0];
      }
    }
  }
  // Loads: the user must be in the block, with no write to memory from the load to the point where the user is emitted.
  std::vector<uint32_t> writes(insts.size() + 1);
  for (uint32_t i = 0; i < insts.size(); ++i)
    writes[i + 1] = writes[i] + ((ir::info(source_.inst(insts[i]).op).flags & (ir::flags::Writes | ir::flags::Alloc)) != 0);
  for (auto [value, index] : loads) {
    for (uint32_t i = index + 1; i < insts.size(); ++i) {
      const ir::Inst& user = source_.inst(insts[i]);
      if (std::none_of(user.operands.begin(), user.operands.end(), [&](ir::ValueId v) { return v.value == value; })) continue;
      bool at_end = user.result.is_valid() && values_[user.result.value].deferred;
      uint32_t at = at_end ? uint32_t(insts.size() - 1) : i;
      if (writes[at] == writes[index + 1]) values_[value].deferred = true;
      break;
    }
  }
}

// `(x & constant) == 0` is one test instruction.
void Selector::mask_test(const ir::Inst& inst) {
  if ((inst.op != ir::Op::Eq && inst.op != ir::Op::Ne) || constant(inst.operands[1]) != 0) return;
  const ir::Inst* mask = def(inst.operands[0]);
  if (!mask || mask->op != ir::Op::And || !(mask->block == inst.block) || values_[mask->result.value].uses != 1) return;
  if (width(mask->result) <= 32 && constant(mask->operands[1])) values_[mask->result.value].deferred = true;
}

// ---- blocks -------------------------------------------------------------------------------------------------------------

void Selector::entry() {
  const std::vector<ir::ValueId>& params = source_.block(source_.entry()).params;
  std::vector<Move> moves;
  std::vector<Place> args;
  ArgumentPlaces places;
  for (ir::ValueId param : params) {
    Reg reg = fresh(type_of(param));
    std::optional<Reg> place = places.next(is_floating(param));
    moves.push_back({Place::reg(reg), place ? Place::reg(*place) : Place::in_arg(places.stack - 1)});
    args.push_back(Place::reg(reg));
  }
  out_.mir.in_args = places.stack;
  if (!moves.empty()) emit_moves(std::move(moves));
  jump({blocks_[source_.entry().value], std::move(args)});
}

void Selector::block(ir::BlockId id) {
  const ir::Block& block = source_.block(id);
  start(blocks_[id.value]);
  source_block_ = id;
  std::vector<Reg> params;
  for (ir::ValueId param : block.params) {
    // Parameters exist as registers from the first branch to the block on.
    Reg& reg = values_[param.value].reg;
    if (!reg.is_valid()) reg = fresh(type_of(param));
    params.push_back(reg);
  }
  here().params = std::move(params);
  unwind_ = block.has_unwind() ? &block.unwind : nullptr;
  ended_ = false;
  for (size_t i = 0; i + 1 < block.insts.size() && !ended_; ++i) {
    const ir::Inst& inst = source_.inst(block.insts[i]);
    loc_ = inst.loc;
    if (inst.result.is_valid() && values_[inst.result.value].deferred) continue;
    if (inst.result.is_valid() && values_[inst.result.value].uses == 0 && ir::is_pure(inst.op)) continue;
    const BlockId block_of = current_;
    const size_t emitted = here().insts.size();
    instruction(inst);
    if (const ir::ValueId pointer = tests_[block.insts[i].value]; pointer.is_valid()) {
      std::vector<Inst>& code = out_.mir.block(block_of).insts;
      auto first = std::find_if(code.begin() + std::ptrdiff_t(emitted), code.end(), [&](const Inst& c) { return c.mem.base == values_[pointer.value].reg; });
      if (first != code.end()) first->traps = true;
    }
  }
  if (ended_) return;
  const ir::Inst& last = source_.inst(block.insts.back());
  loc_ = last.loc;
  terminator(last);
}

void Selector::instruction(const ir::Inst& inst) {
  using ir::Op;
  switch (inst.op) {
  case Op::IConst: case Op::FConst: case Op::Null: case Op::UnionConst: case Op::DataAddr: case Op::FuncAddr: case Op::GlobalAddr:
  case Op::ExceptionAddr: case Op::RepAddr: case Op::Undef: return;
  case Op::Add: case Op::Sub: case Op::Mul: case Op::And: case Op::Or: case Op::Xor: case Op::Shl: case Op::LShr: case Op::AShr:
  case Op::SDiv: case Op::UDiv: case Op::SRem: case Op::URem: return arithmetic(inst);
  case Op::Eq: case Op::Ne: case Op::SLt: case Op::SLe: case Op::SGt: case Op::SGe: case Op::ULt: case Op::ULe: case Op::UGt:
  case Op::UGe: case Op::FEq: case Op::FNe: case Op::FLt: case Op::FLe: case Op::FGt: case Op::FGe: case Op::ExnMatches: case Op::ExnIs:
    return set_bool(inst);
  case Op::FAdd: case Op::FSub: case Op::FMul: case Op::FDiv: return float_arithmetic(inst);
  case Op::FNeg: return negate_float(inst);
  case Op::IToF: return integer_to_float(inst);
  case Op::FToINear: case Op::FToIZero: return float_to_integer(inst);
  case Op::FResize: return resize_float(inst);
  case Op::Trunc: case Op::ZExt: case Op::SExt: return convert(inst);
  case Op::Retype: return alias(inst, inst.operands[0]);
  case Op::Pack: case Op::Open: case Op::Instantiate: return typed_move(inst);
  case Op::AssumeNonNull:
    alias(inst, inst.operands[0]);
    out_.facts.push_back({.what = ValueFact::What::NonNull, .a = Place::reg(values_[inst.result.value].reg), .block = current_});
    return;
  case Op::CheckNull: return check_null(inst);
  case Op::CheckBounds: return check_bounds(inst);
  case Op::AssumeLimit: return assume_limit(inst);
  case Op::AssumeBounds: return assume_bounds(inst);
  case Op::CheckDiv: return check_div(inst);
  case Op::CheckCase: return check_case(inst);
  case Op::NewUnion: return new_union(inst);
  case Op::UnionPayload: return union_payload(inst);
  case Op::LoadField: case Op::LoadElem: case Op::LoadGlobal: case Op::ArrayLength: return load(inst);
  case Op::StoreField: case Op::StoreElem: case Op::StoreGlobal: return store(inst);
  case Op::FieldAddr: case Op::ElemAddr: return place_addr(inst);
  case Op::NewObject: return new_object(inst);
  case Op::NewExn: case Op::NewExnOf: return new_exn(inst);
  case Op::NewArray: return new_array(inst);
  case Op::ArrayOf: return array_of(inst);
  case Op::ExnPayload: case Op::ExnValue: return exn_payload(inst);
  case Op::Rdtsc: return rdtsc(inst);
  case Op::Call: case Op::CallIndirect: return call(inst);
  case Op::Br: case Op::BrIf: case Op::Switch: case Op::Ret: case Op::Raise: case Op::Unreachable: return;
  }
}

void Selector::terminator(const ir::Inst& inst) {
  using ir::Op;
  if (inst.op == Op::Br) return jump(edge(inst.targets[0]));
  if (inst.op == Op::BrIf) return branch_if(inst);
  if (inst.op == Op::Switch) return switch_on(inst);
  if (inst.op == Op::Ret) return returns(inst);
  if (inst.op == Op::Raise) return raise(inst);
  emit(mir::Op::TRAP);
  here().term = Term::NoReturn;
}

// One pad for each throwing call: the moves into the handler's parameters are its own. Made where the call stands, when
// all values that the handler takes have their registers.
BlockId Selector::pad_for(const ir::Edge& unwind) {
  BlockId id = out_.mir.new_block(), before = current_;
  start(id);
  here().is_pad = here().cold = true;
  Reg exn = fresh(unit_.types().exn());
  emit_moves({{Place::reg(exn), Place::reg(rax)}});
  Edge to{blocks_[unwind.target.value], {Place::reg(exn)}};
  for (ir::ValueId arg : unwind.args) to.args.push_back(operand(arg));
  jump(std::move(to));
  start(before);
  return id;
}

// A branch to a block with several predecessors gets a block of its own, where moves can stand.
void Selector::split_critical_edges() {
  Function& mir = out_.mir;
  std::vector<uint32_t> preds(mir.blocks.size());
  for (const Block& block : mir.blocks)
    for (const Edge& edge : block.succs) ++preds[edge.target.value];
  size_t count = mir.blocks.size();
  for (size_t b = 0; b < count; ++b) {
    for (size_t i = 0; mir.blocks[b].succs.size() > 1 && i < mir.blocks[b].succs.size(); ++i) {
      if (preds[mir.blocks[b].succs[i].target.value] < 2) continue;
      BlockId middle = mir.new_block();
      Block& split = mir.block(middle);
      split.term = Term::Jump;
      split.succs.push_back(std::move(mir.blocks[b].succs[i]));
      mir.blocks[b].succs[i] = {middle, {}};
    }
  }
}

// ---- values -------------------------------------------------------------------------------------------------------------

const ir::Inst* Selector::def(ir::ValueId value) const {
  ir::InstId id = source_.value(value).def;
  return id.is_valid() ? &source_.inst(id) : nullptr;
}

tal::TypeId Selector::type_of(ir::ValueId value) {
  const ir::Type& type = source_.value(value).type;
  tal::TypeId word = unit_.map().word(type.id, type.nonnull);
  if (!word) unsupported(unit_.map().problem());
  return word;
}

unsigned Selector::width(ir::ValueId value) {
  frontend::TypeId type = source_.value(value).type.id;
  const frontend::TypeStore& store = *unit_.module().types;
  if (type == frontend::kBoolType) return 8;
  return store.is_integer(type) ? 8 * store.byte_size(type) : 64;
}

std::optional<int64_t> Selector::constant(ir::ValueId value) const {
  const ir::Inst* inst = def(value);
  if (!inst || is_floating(value)) return std::nullopt;
  if (inst->op == ir::Op::Null || inst->op == ir::Op::Undef) return 0;
  if (inst->op == ir::Op::Retype) return constant(inst->operands[0]);
  if (inst->op == ir::Op::UnionConst) {
    const frontend::TypeStore& types = *unit_.module().types;
    return types.case_number(types.decl_of(source_.value(value).type.id), uint32_t(inst->imm)).number;
  }
  if (inst->op == ir::Op::CheckBounds || inst->op == ir::Op::AssumeLimit) return constant(inst->operands[1]);
  if (inst->op != ir::Op::IConst) return std::nullopt;
  unsigned bits = inst->result.is_valid() && source_.value(value).type.id == frontend::kBoolType
                      ? 8
                      : 8 * unit_.module().types->byte_size(source_.value(value).type.id);
  return bits >= 64 ? inst->imm : inst->imm & ((int64_t(1) << bits) - 1);
}

Reg Selector::fresh(tal::TypeId type) { return out_.mir.new_vreg(type.value, is_narrow(type), is_floating(type)); }

bool Selector::is_narrow(tal::TypeId type) { return unit_.types().is_integer(type) && unit_.types().word_size(type) < 8; }

Reg Selector::load_constant(int64_t value, tal::TypeId type) {
  Reg reg = fresh(type);
  if (value == int64_t(uint32_t(value))) emit_di(Op::MOV32ri, reg, value);
  else emit_di(value == int64_t(int32_t(value)) ? Op::MOV64ri32 : Op::MOV64ri, reg, value);
  return reg;
}

Reg Selector::reg(ir::ValueId value) {
  if (std::optional<int64_t> known = constant(value)) return load_constant(*known, type_of(value));
  if (std::optional<uint64_t> bits = float_constant(value)) return load_float_constant(*bits, is_float(value));
  ValueInfo& info = values_[value.value];
  const ir::Inst* inst = def(value);
  if (inst && is_remade(inst->op)) { // a new register each time
    address_of(*inst);
    return values_[value.value].reg;
  }
  if (inst && info.deferred) {
    info.deferred = false;
    instruction(*inst);
  }
  Reg& found = values_[value.value].reg;
  if (!found.is_valid()) found = fresh(type_of(value)); // parameter of a block that comes later
  return found;
}

Place Selector::operand(ir::ValueId value) {
  if (std::optional<int64_t> known = constant(value)) return Place::imm(*known);
  return Place::reg(reg(value));
}

Reg Selector::result(const ir::Inst& inst) { return values_[inst.result.value].reg = fresh(type_of(inst.result)); }

mir::Edge Selector::edge(const ir::Edge& source) {
  mir::Edge to{blocks_[source.target.value], {}};
  for (ir::ValueId arg : source.args) to.args.push_back(operand(arg));
  return to;
}

void Selector::alias(const ir::Inst& inst, ir::ValueId of) { values_[inst.result.value].reg = reg(of); }

// A move that the checker reads as packing, opening or instantiation: it stays whatever registers it gets. The record begins with the
// type of the package or polymorphic function.
void Selector::typed_move(const ir::Inst& inst) {
  CallInfo record;
  const frontend::TypeId package = source_.value(inst.op == ir::Op::Pack ? inst.result : inst.operands[0]).type.id;
  record.type_args.push_back(unit_.map().word(package).value);
  for (frontend::TypeId argument : inst.type_args) record.type_args.push_back(unit_.map().word(argument).value);
  if (inst.op == ir::Op::Open)
    for (tal::TypeId hidden : unit_.map().hidden(package, uint32_t(inst.imm))) record.type_args.push_back(hidden.value);
  const Reg from = reg(inst.operands[0]), to = result(inst);
  Inst& move = emit(mir::Op::MOV64rr);
  move.d = to;
  move.b = from;
  move.imm = 1;
  move.extra = out_.mir.new_call(std::move(record));
}

// ---- emission -------------------------------------------------------------------------------------------------------------

Inst& Selector::emit(mir::Op op) {
  Inst inst;
  inst.op = op;
  inst.loc = loc_;
  here().insts.push_back(inst);
  return here().insts.back();
}

void Selector::emit_dd(mir::Op op, Reg d, Reg b) {
  Inst& inst = emit(op);
  inst.d = d;
  inst.b = b;
}

void Selector::emit_di(mir::Op op, Reg d, int64_t imm) {
  Inst& inst = emit(op);
  inst.d = d;
  inst.imm = imm;
}

void Selector::emit_copy(Reg d, Reg b, tal::TypeId type) {
  emit_dd(is_floating(type) ? Op::MOVAPSrr : is_narrow(type) ? Op::MOV32rr : Op::MOV64rr, d, b);
}

void Selector::emit_moves(std::vector<Move> moves) {
  uint32_t copy = out_.mir.new_copy(std::move(moves));
  emit(Op::Pcopy).extra = copy;
}

void Selector::jump(Edge to) {
  here().term = Term::Jump;
  here().succs = {std::move(to)};
}

void Selector::branch(Cond cond, Edge if_true, Edge if_false) {
  here().term = Term::Branch;
  here().cond = cond;
  here().succs.clear();
  here().succs.push_back(std::move(if_true));
  here().succs.push_back(std::move(if_false));
}

void Selector::unsupported(std::string what) {
  unsupported_.push_back({loc_, std::move(what)});
  unit_.map().clear_problem();
}

} // namespace codegen
