// Scalar floating point. The arithmetic is the processor's own, so that rounding and the choice among NaNs are what they are; what
// matters here is which bytes an instruction reads and writes.
#include "machine.h"

#include <cstring>

namespace talsim {
namespace {

// mnemonic: the operation on two xmm registers, the first one read and written.
#define TALSIM_XMM_OPERATIONS(X)                                                                                          \
  X(sqrtsd) X(addsd) X(mulsd) X(subsd) X(minsd) X(divsd) X(maxsd)                                                         \
  X(sqrtss) X(addss) X(mulss) X(subss) X(minss) X(divss) X(maxss)                                                         \
  X(andps) X(andpd) X(andnps) X(andnpd) X(orps) X(orpd) X(xorps) X(xorpd) X(cvtsd2ss) X(cvtss2sd) X(movaps)

typedef double Vector __attribute__((vector_size(16)));

Vector vector_of(const Xmm& x) {
  Vector v;
  std::memcpy(&v, &x, 16);
  return v;
}

bool combine(std::string_view mnemonic, Xmm& x, const Xmm& y) {
  Vector a = vector_of(x), b = vector_of(y);
#define X(name)                                                                                                           \
  if (mnemonic == #name) {                                                                                                \
    asm(#name " %1, %0" : "+x"(a) : "x"(b));                                                                              \
    std::memcpy(static_cast<void*>(&x), &a, 16);                                                                                              \
    return true;                                                                                                          \
  }
  TALSIM_XMM_OPERATIONS(X)
#undef X
  return false;
}

bool to_integer(std::string_view mnemonic, bool wide, const Xmm& y, uint64_t& result) {
  Vector b = vector_of(y);
  uint32_t narrow = 0;
#define X(name)                                                                                                           \
  if (mnemonic == #name) {                                                                                                \
    if (wide)                                                                                                             \
      asm(#name " %1, %q0" : "=r"(result) : "x"(b));                                                                      \
    else                                                                                                                  \
      asm(#name " %1, %k0" : "=r"(narrow) : "x"(b));                                                                      \
    if (!wide)                                                                                                            \
      result = narrow;                                                                                                    \
    return true;                                                                                                          \
  }
  X(cvttsd2si) X(cvttss2si) X(cvtsd2si) X(cvtss2si)
#undef X
  return false;
}

void from_integer(bool is_double, bool wide, uint64_t value, Xmm& x) {
  Vector a = vector_of(x);
  auto narrow = static_cast<uint32_t>(value);
  if (is_double && wide)
    asm("cvtsi2sdq %1, %0" : "+x"(a) : "r"(value));
  else if (is_double)
    asm("cvtsi2sdl %1, %0" : "+x"(a) : "r"(narrow));
  else if (wide)
    asm("cvtsi2ssq %1, %0" : "+x"(a) : "r"(value));
  else
    asm("cvtsi2ssl %1, %0" : "+x"(a) : "r"(narrow));
  std::memcpy(static_cast<void*>(&x), &a, 16);
}

double double_of(uint64_t bits) {
  double d;
  std::memcpy(&d, &bits, 8);
  return d;
}
float float_of(uint64_t bits) {
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}

} // namespace

bool Machine::execute_float(const Instruction& inst) {
  const Row& row = *inst.row;
  std::string_view name = row.mnemonic;
  unsigned bytes = inst.bytes(), source = inst.source_bytes();
  Word w;
  Xmm y;
  if (row.form == Form::XM || row.form == Form::GM) {
    if (!load(inst, source, w))
      return false;
    y.low = source == 8 ? w.bits : w.bits & 0xFFFFFFFF;
  } else if (row.form == Form::XY || row.form == Form::GY) {
    y = xmm_[inst.y];
  } else if (row.form == Form::XR && !read_register(inst.rm, source, y.low)) {
    return false;
  }
  switch (row.form) {
  case Form::MX: return store(inst, bytes, number(bytes == 8 ? xmm_[inst.x].low : xmm_[inst.x].low & 0xFFFFFFFF));
  case Form::RX: return write_register(inst.rm, bytes, xmm_[inst.x].low);
  case Form::GM:
  case Form::GY: {
    uint64_t result = 0;
    if (!to_integer(name, bytes == 8 && row.size == 'q', y, result))
      break;
    return write_register(inst.reg, row.size == 'q' ? 8 : 4, result);
  }
  default: break;
  }
  if (name == "movd" || name == "movq" || ((name == "movsd" || name == "movss") && row.form == Form::XM)) {
    xmm_[inst.x] = {y.low, 0};
    return true;
  }
  if (name.starts_with("cvtsi2")) {
    from_integer(name == "cvtsi2sd", row.source == 'q', y.low, xmm_[inst.x]);
    return true;
  }
  if (name.starts_with("ucomi") || name.starts_with("comi")) {
    bool is_double = name.ends_with("sd");
    double a = is_double ? double_of(xmm_[inst.x].low) : double{float_of(xmm_[inst.x].low)};
    double b = is_double ? double_of(y.low) : double{float_of(y.low)};
    bool unordered = a != a || b != b;
    flags_ = {};
    flags_.undefined = 0;
    flags_.zero = unordered || a == b;
    flags_.carry = unordered || a < b;
    flags_.parity = unordered;
    return true;
  }
  if ((row.form == Form::XY || row.form == Form::XM) && combine(name, xmm_[inst.x], y))
    return true;
  limit("an instruction that talsim does not know");
  return false;
}

} // namespace talsim
