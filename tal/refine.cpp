// What the outcome of a condition proves (rule C8; design rules R4, R9, R10, R11).
//
// The relation between two operands is taken over to Z only where both operands' 64-bit values equal their w-bit reading
// under the signedness of the condition. Two one-sided rules cover the usual bounds check on a value of unknown sign.
// The table of conditions below is complete on purpose: parity and overflow never teach anything.
#include "tal/refine.h"

namespace tal {
namespace {

enum class Relation : uint8_t { None, Eq, Ne, Lt, Le, Ge, Gt };
enum class Sign : uint8_t { Unsigned, Signed };

struct Meaning {
  Relation relation;
  Sign sign;
};

// Meaning of each condition after `cmp a, b`.
constexpr Meaning meaning[16] = {
    {Relation::None, Sign::Signed},   // o
    {Relation::None, Sign::Signed},   // no
    {Relation::Lt, Sign::Unsigned},   // b
    {Relation::Ge, Sign::Unsigned},   // ae
    {Relation::Eq, Sign::Unsigned},   // e
    {Relation::Ne, Sign::Unsigned},   // ne
    {Relation::Le, Sign::Unsigned},   // be
    {Relation::Gt, Sign::Unsigned},   // a
    {Relation::None, Sign::Signed},   // s
    {Relation::None, Sign::Signed},   // ns
    {Relation::None, Sign::Signed},   // p
    {Relation::None, Sign::Signed},   // np
    {Relation::Lt, Sign::Signed},     // l
    {Relation::Ge, Sign::Signed},     // ge
    {Relation::Le, Sign::Signed},     // le
    {Relation::Gt, Sign::Signed},     // g
};

int64_t half(unsigned bytes) { return int64_t{1} << (8 * bytes - 1); }

bool learn_not_equal(State& s, const Value& a, const Value& b) {
  // a != b, and one bound already known to be tight: the bound moves by one.
  if (s.at_most(a, b, 0) && !s.assume(a, b, -1))
    return false;
  return !s.at_most(b, a, 0) || s.assume(b, a, -1);
}

// `a >= b` and `a > b` are learnt the other way round, see refine().
bool learn(State& s, Relation relation, const Value& a, const Value& b) {
  switch (relation) {
  case Relation::Eq: return s.assume(a, b, 0) && s.assume(b, a, 0);
  case Relation::Ne: return learn_not_equal(s, a, b);
  case Relation::Lt: return s.assume(a, b, -1);
  case Relation::Le: return s.assume(a, b, 0);
  case Relation::None:
  case Relation::Ge:
  case Relation::Gt: return true;
  }
  return true;
}

// Facts of "some bits of v differ from those of k" that are kept as flags of the name (R9: only for c = 0).
void learn_flag(State& s, const Value& v, int64_t k) {
  if (v.tag != Value::Tag::Word || v.c != 0 || v.name == zero_name)
    return;
  if (k == 0) {
    s.facts(v.name).nonzero = true;
    s.facts(v.name).nonnull = true;
  } else if (k == -1) {
    s.facts(v.name).not_minus_one = true;
  }
}

bool learn_unsigned(State& s, Relation r, const Value& a, const Value& b, unsigned bytes) {
  Value x, y;
  const bool x_exact = s.reading(a, bytes, false, x), y_exact = s.reading(b, bytes, false, y);
  if (x_exact && y_exact)
    return learn(s, r, x, y);
  if (bytes != 8 || !a.is_int() || !b.is_int())
    return true;
  // One-sided (R10): below a number that is not negative, read without sign, means within [0, that number).
  return !y_exact || (s.assume(State::constant(0), a, 0) && learn(s, r, a, b));
}

bool learn_signed(State& s, Relation r, const Value& a, const Value& b, unsigned bytes) {
  Value x, y;
  const bool x_exact = s.reading(a, bytes, true, x), y_exact = s.reading(b, bytes, true, y);
  if (x_exact && y_exact)
    return learn(s, r, x, y);
  // One-sided: at least a number that is not negative means that the sign bit is clear.
  if (bytes == 8 || !a.is_int() || !b.is_int() || !x_exact || s.interval(x).lo < 0 || !s.interval(b).within(0, 2 * half(bytes) - 1))
    return true;
  return s.assume(b, State::constant(0), half(bytes) - 1) && learn(s, r, x, b);
}

bool learn_equality(State& s, const TypeTable& types, Relation r, const Flags& f) {
  const Value &a = f.a, &b = f.b;
  if (r == Relation::Ne) {
    if (b.is_constant())
      learn_flag(s, a, b.c);
    if (a.is_constant())
      learn_flag(s, b, a.c);
  } else if (f.bytes == 8) {
    // The name found in an exception packet is the given one: its payload type is known from here on.
    auto is_name = [&](const Value& v) { return v.tag == Value::Tag::Word && types.tag(v.type) == TypeTag::ExnName; };
    if (a.tag == Value::Tag::ExnId && is_name(b))
      s.facts(a.name).exception = b.type;
    if (b.tag == Value::Tag::ExnId && is_name(a))
      s.facts(b.name).exception = a.type;
  }
  if (f.bytes == 8) // all 64 bits: equality of readings is equality of values
    return !a.is_int() || !b.is_int() || learn(s, r, a, b);
  Value x, y;
  return !s.reading(a, f.bytes, false, x) || !s.reading(b, f.bytes, false, y) || learn(s, r, x, y);
}

// The result r of `test r, r` or of an arithmetic instruction: sign and zero flags; overflow is known only after test.
bool learn_result(State& s, const TypeTable& types, const Flags& f, Condition c) {
  bool after_test = f.kind == Flags::Kind::TestSelf;
  Flags zero{Flags::Kind::Cmp, f.bytes, f.a, State::constant(0)};
  const Value nil = State::constant(0);
  bool narrow = f.bytes < 8 && f.a.is_int() && s.interval(f.a).within(0, 2 * half(f.bytes) - 1);
  auto negative = [&] {
    if (f.bytes == 8)
      return !f.a.is_int() || s.assume(f.a, nil, -1);
    return !narrow || s.assume(State::constant(half(f.bytes)), f.a, 0);
  };
  auto not_negative = [&] {
    if (f.bytes == 8)
      return !f.a.is_int() || s.assume(nil, f.a, 0);
    return !narrow || s.assume(f.a, nil, half(f.bytes) - 1);
  };
  switch (c) {
  case Condition::e: return learn_equality(s, types, Relation::Eq, zero);
  case Condition::ne: return learn_equality(s, types, Relation::Ne, zero);
  case Condition::s: return negative();
  case Condition::ns: return not_negative();
  case Condition::l: return !after_test || negative();
  case Condition::ge: return !after_test || not_negative();
  case Condition::g: return !after_test || (not_negative() && learn_equality(s, types, Relation::Ne, zero));
  case Condition::le: return !after_test || learn_signed(s, Relation::Le, f.a, nil, f.bytes);
  default: return true; // carry, overflow and parity
  }
}

} // namespace

bool refine(State& s, const TypeTable& types, Condition condition) {
  Flags f = s.flags; // a copy: assume() never touches flags, but let that not matter
  if (f.bytes == 8)  // all of the word: what is a constant and what an address follows from its size (R10)
    for (Value* v : {&f.a, &f.b})
      if (v->tag == Value::Tag::Word && types.tag(v->type) == TypeTag::Union)
        *v = State::named_int(v->name, 0);
  switch (f.kind) {
  case Flags::Kind::Junk: return true;
  case Flags::Kind::TestSelf:
  case Flags::Kind::Arith: return learn_result(s, types, f, condition);
  case Flags::Kind::TestImm:
    if (condition == Condition::ne)
      learn_flag(s, f.a, 0);
    return true;
  case Flags::Kind::Cmp: {
    Meaning m = meaning[static_cast<size_t>(condition)];
    if (m.relation == Relation::None)
      return true;
    if (m.relation == Relation::Eq || m.relation == Relation::Ne)
      return learn_equality(s, types, m.relation, f);
    if (m.relation == Relation::Ge || m.relation == Relation::Gt) {
      std::swap(f.a, f.b);
      m.relation = m.relation == Relation::Ge ? Relation::Le : Relation::Lt;
    }
    return m.sign == Sign::Unsigned ? learn_unsigned(s, m.relation, f.a, f.b, f.bytes)
                                    : learn_signed(s, m.relation, f.a, f.b, f.bytes);
  }
  }
  return true;
}

} // namespace tal
