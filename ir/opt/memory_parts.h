// A partition of accesses to memory: a store of one part changes only what loads of the parts that it touches read.
#pragma once

#include "ir/ir.h"

namespace ir {

enum class Part : uint8_t {
  StructFields,
  Elements, // of arrays and strings
  Cells,    // global variables and components of tuples
  Pointed,  // tuples of one component: `&x`, `&s.f`, `&t.2` and `&a[i]` give any other place as one
};
inline constexpr size_t kPartCount = 4;

// Calls `f` with each part that a store of this part changes.
template <class F>
void for_each_touched(Part stored, F f) {
  if (stored != Part::Pointed) {
    f(stored);
    return f(Part::Pointed);
  }
  for (size_t part = 0; part < kPartCount; part++)
    f(static_cast<Part>(part));
}

// The part that a load or store of a field, element or global variable touches.
inline Part part_of(const Module& module, const Function& function, const Inst& inst) {
  switch (inst.op) {
  case Op::LoadElem:
  case Op::StoreElem: return Part::Elements;
  case Op::LoadField:
  case Op::StoreField: {
    const frontend::Type& object = module.types->get(function.value(inst.operands[0]).type.id);
    if (object.kind != frontend::TypeKind::Tuple)
      return Part::StructFields;
    return object.args.size() == 1 ? Part::Pointed : Part::Cells;
  }
  default: return Part::Cells;
  }
}

inline bool is_load(Op op) { return op == Op::LoadField || op == Op::LoadElem || op == Op::LoadGlobal; }
inline bool is_store(Op op) { return op == Op::StoreField || op == Op::StoreElem || op == Op::StoreGlobal; }

} // namespace ir
