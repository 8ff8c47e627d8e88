// Copy propagation. In SSA form copies are: parameters that receive one value, conversions that convert nothing, and checks
// of values whose type or definition already says what the check would establish.
#include "ir/edit.h"
#include "ir/opt/passes.h"

namespace ir {
namespace {

class Copies {
 public:
  Copies(Module& module, Function& function) : types_(*module.types), function_(function), replaced_(function) {}

  bool run() {
    bool changed = remove_trivial_params(function_);
    for (BlockId id : function_.order)
      std::erase_if(function_.block(id).insts, [&](InstId inst) { return erase(function_.inst(inst)); });
    changed |= !replaced_.empty();
    replaced_.apply(function_);
    changed |= drop_stale_unwinds(function_);
    return changed;
  }

 private:
  bool erase(const Inst& inst) {
    ValueId source = source_of(inst);
    if (!source.is_valid())
      return false;
    replaced_.replace(inst.result, source);
    return true;
  }

  // The value that the instruction's result is a copy of; none if it is not a copy.
  ValueId source_of(const Inst& inst) {
    switch (inst.op) {
    case Op::Retype: return retyped(inst);
    case Op::CheckNull:
    case Op::AssumeNonNull: return proven_nonnull(replaced_.resolve(inst.operands[0]));
    case Op::CheckDiv: return proven_nonzero(replaced_.resolve(inst.operands[0]));
    case Op::CheckCase: return payload_of_new(inst).is_valid() ? replaced_.resolve(inst.operands[0]) : ValueId{};
    case Op::UnionPayload: return payload_of_new(inst);
    default: return {};
    }
  }

  // A nonnull value may stand wherever the nullable one is expected.
  ValueId retyped(const Inst& inst) {
    ValueId source = replaced_.resolve(inst.operands[0]);
    const Type &from = function_.value(source).type, &to = function_.value(inst.result).type;
    return from.id == to.id && (from.nonnull || !to.nonnull) ? source : ValueId{};
  }

  ValueId proven_nonnull(ValueId v) const {
    const Type& type = function_.value(v).type;
    return type.nonnull || !types_.is_nullable(type.id) ? v : ValueId{};
  }

  ValueId proven_nonzero(ValueId v) const {
    InstId def = function_.value(v).def;
    if (!def.is_valid())
      return {};
    const Inst& inst = function_.inst(def);
    return inst.op == Op::CheckDiv || (inst.op == Op::IConst && inst.imm != 0) ? v : ValueId{};
  }

  // Of a union made here with the case that the instruction is about: what it was made with. Check and payload go together, so
  // that no payload is left without the check that codegen needs.
  ValueId payload_of_new(const Inst& inst) {
    for (InstId def = function_.value(inst.operands[0]).def; def.is_valid();) {
      const Inst& made = function_.inst(def);
      if (made.op == Op::NewUnion)
        return made.imm == inst.imm ? replaced_.resolve(made.operands[0]) : ValueId{};
      if (made.op != Op::CheckCase && made.op != Op::Retype && made.op != Op::CheckNull && made.op != Op::AssumeNonNull)
        return {};
      def = function_.value(made.operands[0]).def;
    }
    return {};
  }

  const frontend::TypeStore& types_;
  Function& function_;
  Replacements replaced_;
};

} // namespace

bool propagate_copies(Module& module, Function& function) { return Copies(module, function).run(); }

} // namespace ir
