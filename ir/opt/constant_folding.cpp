// Constant folding and algebraic identities, in one walk in reverse postorder: operands are folded before their users
// except around loops. An instruction is rewritten in place, or its result replaced by an operand.
//
// To add a rule: say in identity() or fold() what the result is; the operands are already resolved, constants of commutative
// operations are on the right. A rule may not touch an instruction that throws unless it proves that it does not.
#include <cmath>
#include <utility>

#include "ir/builder.h"
#include "ir/cfg.h"
#include "ir/edit.h"
#include "ir/evaluate.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

class Folder {
 public:
  Folder(Module& module, Function& function) : types_(*module.types), function_(function), replaced_(function) {}

  bool run() {
    Cfg cfg(function_);
    for (BlockId id : cfg.rpo())
      for (InstId inst : function_.block(id).insts)
        visit(function_.inst(inst));
    replaced_.apply(function_);
    return changed_;
  }

 private:
  void visit(Inst& inst) {
    for (ValueId& v : inst.operands)
      v = replaced_.resolve(v);
    if (!is_pure(inst.op) || inst.operands.empty())
      return;
    order_operands(inst);
    if (std::optional<uint64_t> value = fold_float(inst))
      return make_constant(inst, *value);
    if (std::optional<uint64_t> value = fold(inst))
      return make_constant(inst, *value);
    if (ValueId same = identity(inst); same.is_valid()) {
      replaced_.replace(inst.result, same);
      changed_ = true;
    }
  }

  void order_operands(Inst& inst) {
    if (!(info(inst.op).flags & flags::Commutes) || !constant(inst.operands[0]) || constant(inst.operands[1]))
      return;
    std::swap(inst.operands[0], inst.operands[1]);
    changed_ = true;
  }

  // The bits of a constant operand, zero-extended.
  std::optional<uint64_t> constant(ValueId v) const {
    InstId def = function_.value(v).def;
    if (!def.is_valid() || function_.inst(def).op != Op::IConst)
      return std::nullopt;
    return zero_extend(static_cast<uint64_t>(function_.inst(def).imm), width(v));
  }
  unsigned width(ValueId v) const { return bit_width(types_, function_.value(v).type.id); }

  void make_constant(Inst& inst, uint64_t bits) {
    frontend::TypeId type = function_.value(inst.result).type.id;
    bool is_float = types_.is_floating(type);
    inst.op = is_float ? Op::FConst : Op::IConst;
    inst.operands.clear();
    inst.imm = is_float ? real_imm(float_value(bits, bit_width(types_, type))) : normalize_integer(types_, type, bits);
    changed_ = true;
  }

  // The bits of a constant operand of type float or double.
  std::optional<uint64_t> real(ValueId v) const {
    InstId def = function_.value(v).def;
    if (!def.is_valid() || function_.inst(def).op != Op::FConst)
      return std::nullopt;
    return float_bits(real_value(function_.inst(def).imm), width(v));
  }

  // Operations on constants only; there are no identities to use, as x + 0 is not x where x is -0, and x * 0 not 0 where x is NaN.
  // A NaN is left to the processor, which decides about its sign.
  std::optional<uint64_t> fold_float(const Inst& inst) const {
    frontend::TypeId from = function_.value(inst.operands[0]).type.id, to = function_.value(inst.result).type.id;
    bool is_conversion = inst.op == Op::IToF || inst.op == Op::FToINear || inst.op == Op::FToIZero || inst.op == Op::FResize;
    if (!types_.is_floating(from) && inst.op != Op::IToF)
      return std::nullopt;
    std::optional<uint64_t> a = inst.op == Op::IToF ? constant(inst.operands[0]) : real(inst.operands[0]);
    std::optional<uint64_t> b = inst.operands.size() == 2 ? real(inst.operands[1]) : a;
    if (!a || !b)
      return std::nullopt;
    std::optional<uint64_t> value = is_conversion ? evaluate_conversion(inst.op, types_, from, to, *a) : evaluate(inst.op, bit_width(types_, from), *a, *b);
    bool is_nan = value && types_.is_floating(to) && std::isnan(float_value(*value, bit_width(types_, to)));
    return is_nan ? std::nullopt : value;
  }

  std::optional<uint64_t> fold(const Inst& inst) const {
    switch (inst.op) {
    case Op::Trunc:
    case Op::ZExt:
    case Op::Retype: return types_.is_integer(function_.value(inst.result).type.id) ? constant(inst.operands[0]) : std::nullopt;
    case Op::SExt: {
      std::optional<uint64_t> value = constant(inst.operands[0]);
      return value ? std::optional(static_cast<uint64_t>(sign_extend(*value, width(inst.operands[0])))) : value;
    }
    case Op::ArrayLength: return known_length(inst.operands[0]);
    case Op::ExnMatches: {
      const Inst* packet = new_packet(inst.operands[0]);
      return packet ? std::optional<uint64_t>(packet->symbol == inst.symbol) : std::nullopt;
    }
    default: return inst.operands.size() == 2 ? fold_binary(inst) : std::nullopt;
    }
  }

  std::optional<uint64_t> fold_binary(const Inst& inst) const {
    ValueId left = inst.operands[0], right = inst.operands[1];
    if (left == right)
      if (std::optional<uint64_t> value = same_operands(inst.op))
        return value;
    std::optional<uint64_t> a = constant(left), b = constant(right);
    if (a && b)
      return evaluate(inst.op, width(left), *a, *b);
    if (b && *b == 0 && (inst.op == Op::Mul || inst.op == Op::And))
      return 0;
    return std::nullopt;
  }

  static std::optional<uint64_t> same_operands(Op op) {
    switch (op) {
    case Op::Sub:
    case Op::Xor:
    case Op::Ne:
    case Op::SLt:
    case Op::SGt:
    case Op::ULt:
    case Op::UGt: return 0;
    case Op::Eq:
    case Op::SLe:
    case Op::SGe:
    case Op::ULe:
    case Op::UGe: return 1;
    default: return std::nullopt;
    }
  }

  // The instruction that makes the exception, if it is made here.
  const Inst* new_packet(ValueId exn) const {
    const InstId def = function_.value(exn).def;
    return def.is_valid() && function_.inst(def).op == Op::NewExn ? &function_.inst(def) : nullptr;
  }

  // The length of an array made here with a constant length.
  std::optional<uint64_t> known_length(ValueId array) const {
    InstId def = function_.value(array).def;
    if (!def.is_valid())
      return std::nullopt;
    const Inst& inst = function_.inst(def);
    if (inst.op == Op::ArrayOf)
      return inst.operands.size();
    return inst.op == Op::NewArray ? constant(inst.operands[0]) : std::nullopt;
  }

  // The operand that the result equals, if any.
  ValueId identity(const Inst& inst) const {
    if (inst.op == Op::ExnPayload) {
      const Inst* packet = new_packet(inst.operands[0]);
      return packet && packet->symbol == inst.symbol ? packet->operands[0] : ValueId{};
    }
    if (inst.operands.size() != 2)
      return {};
    ValueId left = inst.operands[0], right = inst.operands[1];
    if (left == right && (inst.op == Op::And || inst.op == Op::Or))
      return left;
    std::optional<uint64_t> b = constant(right);
    if (!b)
      return {};
    switch (inst.op) {
    case Op::Add:
    case Op::Sub:
    case Op::Or:
    case Op::Xor:
    case Op::Shl:
    case Op::LShr:
    case Op::AShr: return *b == 0 ? left : ValueId{};
    case Op::Mul:
    case Op::UDiv:
    case Op::SDiv: return *b == 1 ? left : ValueId{};
    case Op::And: return *b == zero_extend(~uint64_t{0}, width(left)) ? left : ValueId{};
    case Op::Ne: return *b == 0 && is_bool(left) ? left : ValueId{};
    case Op::Eq: return *b == 1 && is_bool(left) ? left : ValueId{};
    default: return {};
    }
  }
  bool is_bool(ValueId v) const { return function_.value(v).type.id == frontend::kBoolType; }

  const frontend::TypeStore& types_;
  Function& function_;
  Replacements replaced_;
  bool changed_ = false;
};

} // namespace

bool fold_constants(Module& module, Function& function) { return Folder(module, function).run(); }

} // namespace ir
