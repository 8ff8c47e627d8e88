// A partition of memory: a store to one part changes nothing in the others.
#pragma once

#include "ir/ir.h"

namespace ir {

enum class Part : uint8_t {
  StructFields,
  Elements, // of arrays and strings
  Cells,    // global variables and components of tuples: `&x` is the variable seen as a tuple
};
inline constexpr size_t kPartCount = 3;

// The part that a load or store of a field, element or global variable touches.
inline Part part_of(const Module& module, const Function& function, const Inst& inst) {
  switch (inst.op) {
  case Op::LoadElem:
  case Op::StoreElem: return Part::Elements;
  case Op::LoadField:
  case Op::StoreField: {
    frontend::TypeId object = function.value(inst.operands[0]).type.id;
    return module.types->kind(object) == frontend::TypeKind::Tuple ? Part::Cells : Part::StructFields;
  }
  default: return Part::Cells;
  }
}

inline bool is_load(Op op) { return op == Op::LoadField || op == Op::LoadElem || op == Op::LoadGlobal; }
inline bool is_store(Op op) { return op == Op::StoreField || op == Op::StoreElem || op == Op::StoreGlobal; }

} // namespace ir
