// What instructions do to registers, and what conditions teach.
#include "judge.h"

#include <algorithm>

namespace second {

using tal::Form;
using tal::Rule;
using What = Value::What;
using talsim::Sort;

namespace {

constexpr Wide furthest = Wide{1} << 40; // of a constant from its name

Wide two_to(unsigned bits) { return Wide{1} << bits; }
// All numbers of so many bytes, read without and with sign.
Interval unsigned_range(unsigned bytes) { return {0, bytes == 8 ? Wide{INT64_MAX} : two_to(8 * bytes) - 1}; }
Interval signed_range(unsigned bytes) { return {-two_to(8 * bytes - 1), two_to(8 * bytes - 1) - 1}; }
// What a register may hold after an operation of that width of which nothing is known.
Interval any_result(unsigned bytes) { return bytes == 8 ? signed_range(8) : unsigned_range(bytes); }

Wide ones_above(Wide v) { // the least 2^n - 1 that is not below v
  Wide m = 0;
  while (m < v)
    m = 2 * m + 1;
  return m;
}

bool writes_memory(Form f) { return f == Form::MG || f == Form::MI || f == Form::M; }
bool reads_memory(Form f) { return f == Form::GM || f == Form::GMI; }

} // namespace

// C27, and rsp is no operand (C10).
bool Judge::get(const Path& path, uint8_t reg, Value& v) {
  if (reg == tal::rsp)
    return refuse("the stack pointer as an operand");
  v = path.registers[reg];
  return v.is_word() || refuse("an operand that holds no value");
}

bool Judge::set(Path& path, uint8_t reg, unsigned bytes, Value v) {
  if (reg == tal::rsp)
    return refuse("the stack pointer as a destination");
  if (bytes < 4) { // the upper bits stay
    const Value old = path.registers[reg];
    const Interval i = path.interval(old), n = path.interval(v), all = unsigned_range(bytes);
    const bool clean = old.is_word() && types_.is_integer(old.type) && i.inside(all.least, all.most);
    v = clean ? path.integer(n.inside(all.least, all.most) ? n.least : 0, n.inside(all.least, all.most) ? n.most : all.most)
              : path.integer(INT64_MIN, INT64_MAX);
  }
  path.registers[reg] = v;
  return true;
}

// A number: what anything else is taken for in arithmetic is any number.
Value Judge::number(Path& path, const Value& v) const {
  if (v.is_word() && types_.is_integer(v.type))
    return v;
  return path.integer(INT64_MIN, INT64_MAX);
}

// The low bytes without sign: the value itself where it is in that range.
Value Judge::image(Path& path, const Value& v, unsigned bytes) const {
  if (bytes == 8)
    return v;
  const Interval all = unsigned_range(bytes);
  if (v.is_constant())
    return path.constant(static_cast<int64_t>(static_cast<uint64_t>(v.c) & static_cast<uint64_t>(all.most)));
  if (v.is_word() && types_.is_integer(v.type) && path.interval(v).inside(all.least, all.most))
    return v;
  return path.integer(all.least, all.most);
}

// The operand that is not the destination, or the destination.
bool Judge::operand(Path& path, bool destination, Value& v) {
  const tal::Row& row = inst_.row();
  const unsigned bytes = row.size;
  switch (row.form) {
  case Form::RG: return get(path, destination ? inst_.rm : inst_.reg, v);
  case Form::GR: return get(path, destination ? inst_.reg : inst_.rm, v);
  case Form::GRI: return get(path, inst_.rm, v);
  case Form::R:
  case Form::R1:
  case Form::RC:
  case Form::O: return get(path, inst_.rm, v);
  case Form::RI:
  case Form::AI:
  case Form::OI:
    if (destination)
      return get(path, inst_.rm, v);
    v = path.constant(inst_.imm);
    return true;
  case Form::MG: return destination ? load(path, bytes, v) : get(path, inst_.reg, v);
  case Form::GM: return destination ? get(path, inst_.reg, v) : load(path, row.source, v);
  case Form::GMI: return load(path, bytes, v);
  case Form::M: return load(path, bytes, v);
  case Form::MI:
    if (destination)
      return load(path, bytes, v);
    v = path.constant(inst_.imm);
    return true;
  default: return no_opinion("a form of operands");
  }
}

// The result of an operation into its destination.
bool Judge::put(Path& path, unsigned bytes, Value v) {
  const Form form = inst_.row().form;
  if (writes_memory(form))
    return store(path, bytes, v);
  return set(path, form == Form::GR || form == Form::GM || form == Form::GRI || form == Form::GMI ? inst_.reg : inst_.rm, bytes, v);
}

bool Judge::step(Path& path, bool& goes_on) {
  const tal::Row& row = inst_.row();
  Value v;
  switch (row.rule) {
  case Rule::Mov:
  case Rule::Movzx:
  case Rule::Movsx: return move(path);
  case Rule::Lea: return inst_.rm == tal::rsp || inst_.reg == tal::rsp ? stack_pointer(path) : address(path);
  case Rule::Add:
  case Rule::Sub:
    if ((row.form == Form::RI || row.form == Form::AI) && inst_.rm == tal::rsp)
      return stack_pointer(path);
    return alu(path);
  case Rule::And:
  case Rule::Or:
  case Rule::Xor:
  case Rule::Adc:
  case Rule::Cmp:
  case Rule::Test:
  case Rule::Inc:
  case Rule::Dec:
  case Rule::Neg:
  case Rule::Not: return alu(path);
  case Rule::Imul:
  case Rule::MulWide: return multiply(path);
  case Rule::Div:
  case Rule::Idiv: return divide(path);
  case Rule::SignFill: {
    if (!get(path, tal::rax, v))
      return false;
    const Interval all = any_result(row.size);
    Value sign = path.integer(all.least, all.most);
    path.about(sign.name).sign_bytes = types_.is_integer(v.type) ? row.size : 0;
    path.about(sign.name).sign_of = v.name;
    path.about(sign.name).sign_of_c = v.c;
    return set(path, tal::rdx, row.size, sign);
  }
  case Rule::Rdtsc:
    path.registers[tal::rax] = path.integer(0, UINT32_MAX);
    path.registers[tal::rdx] = path.integer(0, UINT32_MAX);
    return true;
  case Rule::SignAcc: return get(path, tal::rax, v) && set(path, tal::rax, row.size, sign_extended(path, v));
  case Rule::Shl:
  case Rule::Shr:
  case Rule::Sar:
  case Rule::Rotate: return shift(path);
  case Rule::Set: return set(path, inst_.rm, 1, path.integer(0, 1));
  case Rule::Cmov: return conditional_move(path);
  case Rule::Xchg: return exchange(path);
  case Rule::Push:
  case Rule::Pop: return stack_pointer(path);
  case Rule::Jcc: return branch(path, goes_on);
  case Rule::Jmp:
    if (reloc_at(at_ + inst_.field) != nullptr) {
      goes_on = false;
      return tail_call(path);
    }
    return branch(path, goes_on);
  case Rule::JmpTable: goes_on = false; return jump_table(path);
  case Rule::Call:
  case Rule::CallInd: return call(path, goes_on);
  case Rule::Ret: goes_on = false; return return_(path);
  case Rule::Sse: return floating(path);
  case Rule::Nop: return reloc_in(at_, at_ + inst_.length) == nullptr || refuse("a relocation in padding");
  case Rule::Int3: return refuse("padding on a path");
  case Rule::Ud2: goes_on = false; return true;
  default: return no_opinion("a rule");
  }
}

// The value as it is if it is not negative at the width of the source.
Value Judge::sign_extended(Path& path, const Value& from) const {
  const tal::Row& row = inst_.row();
  const Value v = number(path, from);
  const Interval exact = signed_range(row.source);
  if (v.is_constant()) {
    const unsigned spare = 64 - 8 * row.source;
    const int64_t c = static_cast<int64_t>(static_cast<uint64_t>(v.c) << spare) >> spare;
    return c >= 0 || row.size == 8 ? path.constant(c) : path.integer(0, UINT32_MAX);
  }
  if (path.interval(v).inside(0, exact.most))
    return v;
  return row.size == 8 ? path.integer(exact.least, exact.most) : path.integer(0, UINT32_MAX);
}

bool Judge::move(Path& path) {
  const tal::Row& row = inst_.row();
  const bool plain = row.rule == Rule::Mov;
  Value v;
  if (plain && row.form == Form::RG && row.size == 8) { // moves anything as it is
    if (inst_.rm == tal::rsp || inst_.reg == tal::rsp)
      return refuse("the stack pointer is moved");
    if (instantiation() != nullptr)
      return package(path);
    path.registers[inst_.rm] = path.registers[inst_.reg];
    return true;
  }
  if (plain && row.form == Form::MG && row.size == 8 && inst_.base == tal::rsp) {
    if (inst_.reg == tal::rsp)
      return refuse("the stack pointer is stored");
    return store(path, 8, path.registers[inst_.reg]);
  }
  if (plain && row.form == Form::OI) {
    v = path.constant(row.size == 4 ? static_cast<int64_t>(static_cast<uint32_t>(inst_.imm)) : inst_.imm);
    return set(path, inst_.rm, row.size, image(path, v, row.size));
  }
  if (!operand(path, false, v))
    return false;
  if (!plain && row.rule == Rule::Movsx) {
    return put(path, row.size, sign_extended(path, v));
  }
  if (writes_memory(row.form))
    return store(path, row.size, v);
  if (plain && row.size == 8)
    return put(path, 8, v);
  if (v.is_word() && types_[v.type].sort == Sort::Var && reads_memory(row.form) && row.size >= 4) // an element, whole
    return put(path, row.size, v);
  return put(path, row.size, image(path, v, row.source < row.size ? row.source : row.size));
}

// a: the destination before; b: the other operand.
bool Judge::compute(Path& path, Value a, Value b, Value& result) {
  const tal::Row& row = inst_.row();
  const unsigned bytes = row.size;
  const Interval all = any_result(bytes);
  a = number(path, a);
  b = number(path, b);
  const int64_t signed_constant = b.c; // as the immediate stands there
  const bool constant = b.is_constant();
  a = image(path, a, bytes);
  b = image(path, b, bytes);
  const Interval i = path.interval(a), j = path.interval(b);
  const auto within = [&](Wide least, Wide most) {
    result = least >= all.least && most <= all.most ? path.integer(least, most) : path.integer(all.least, all.most);
    return true;
  };
  const auto plus = [&](const Value& v, Wide c) { // v + c, if that does not wrap
    const Interval k = path.interval(v);
    const Wide sum = Wide{v.c} + c;
    if (v.is_constant()) { // wraps, and is known
      const uint64_t modular = static_cast<uint64_t>(v.c) + static_cast<uint64_t>(c);
      result = path.constant(static_cast<int64_t>(bytes == 8 ? modular : modular & UINT32_MAX));
      return true;
    }
    if (k.least + c < all.least || k.most + c > all.most || (v.name != zero && (sum < -furthest || sum > furthest)))
      return false;
    result = path.word(4, v.name, static_cast<int64_t>(sum));
    return true;
  };
  if (bytes < 4)
    return within(all.least, all.most);
  switch (row.rule) {
  case Rule::Add:
    if (constant && (plus(a, signed_constant) || plus(a, b.c)))
      return true;
    if (a.is_constant() && plus(b, a.c))
      return true;
    return within(i.least + j.least, i.most + j.most);
  case Rule::Sub: {
    if (constant && (plus(a, -Wide{signed_constant}) || plus(a, -Wide{b.c})))
      return true;
    Wide least = i.least - j.most, most = i.most - j.least;
    if (std::optional<Wide> d = path.difference(a.name, b.name))
      most = std::min(most, *d + a.c - b.c);
    if (std::optional<Wide> d = path.difference(b.name, a.name))
      least = std::max(least, -(*d + b.c - a.c));
    within(least, most);
    if (least >= all.least && most <= all.most && j.least != INT64_MIN && path.is_related(a.name))
      path.assume(result, a, -j.least); // what is below a stays so
    return true;
  }
  case Rule::Inc: return plus(a, 1) || within(all.least, all.most);
  case Rule::Dec: return plus(a, -1) || within(all.least, all.most);
  case Rule::Neg: return within(-i.most, -i.least);
  case Rule::And: {
    if (a.is_constant() && b.is_constant()) {
      result = path.constant(a.c & b.c);
      return true;
    }
    if (i.least < 0 && j.least < 0)
      return within(all.least, all.most);
    if (b.is_constant() && b.c >= 0 && i.least >= 0 && ones_above(b.c) == b.c && i.most <= b.c) { // the mask takes nothing away
      result = a;
      return true;
    }
    within(0, i.least < 0 ? j.most : j.least < 0 ? i.most : std::min(i.most, j.most));
    if (j.least >= 0)
      path.assume(result, b, 0);
    return true;
  }
  case Rule::Or:
  case Rule::Xor:
    if (a.is_constant() && b.is_constant()) {
      result = path.constant(row.rule == Rule::Xor ? a.c ^ b.c : a.c | b.c);
      return true;
    }
    if (i.least < 0 || j.least < 0)
      return within(all.least, all.most);
    return within(0, ones_above(std::max(i.most, j.most)));
  default: return within(all.least, all.most);
  }
}

bool Judge::alu(Path& path) {
  const tal::Row& row = inst_.row();
  Value a, b, result;
  const bool one = row.form == Form::R || row.form == Form::M;
  if (row.rule == Rule::Xor && row.form == Form::RG && inst_.reg == inst_.rm && row.size >= 4) { // zero, whatever was there
    path.flags = {};
    return set(path, inst_.rm, row.size, path.constant(0));
  }
  if (row.rule == Rule::Add && row.size == 8 && row.form == Form::RG) // C36
    for (int turn = 0; turn < 2; turn++) {
      const Value place = path.registers[turn == 0 ? inst_.rm : inst_.reg], element = path.registers[turn == 0 ? inst_.reg : inst_.rm];
      if (place.what == What::Place && element.is_word() && element.c == 0 && types_.is_integer(element.type) && path.about(element.name).table != 0) {
        path.flags = {};
        result = element;
        result.what = What::Jump;
        result.c = place.c;
        return set(path, inst_.rm, 8, result);
      }
    }
  if (!operand(path, true, a) || (!one && !operand(path, false, b)))
    return false;
  if (one)
    b = path.constant(0);
  if (row.rule != Rule::Cmp && row.rule != Rule::Test) {
    if (!compute(path, a, b, result) || !put(path, row.size, result))
      return false;
  }
  switch (row.flags) {
  case tal::FlagEffect::Keep: return true;
  case tal::FlagEffect::Cmp: path.flags = {Flags::What::Compare, row.size, a, b}; return true;
  case tal::FlagEffect::Test:
    path.flags = {b.is_constant() && row.form != Form::RG && row.form != Form::MG ? Flags::What::TestMask
                  : row.form == Form::RG && inst_.reg == inst_.rm               ? Flags::What::Test
                                                                                : Flags::What::Junk,
                  row.size, a, b};
    return true;
  case tal::FlagEffect::Arith: path.flags = {Flags::What::Result, row.size, result, {}}; return true;
  default: path.flags = {}; return true;
  }
}

bool Judge::shift(Path& path) {
  const tal::Row& row = inst_.row();
  const unsigned bits = 8 * row.size;
  const Interval all = any_result(row.size);
  Value a, count = path.constant(row.form == Form::R1 ? 1 : inst_.imm);
  if (!operand(path, true, a) || (row.form == Form::RC && !get(path, tal::rcx, count)))
    return false;
  a = image(path, number(path, a), row.size);
  const Interval i = path.interval(a);
  Value result = path.integer(all.least, all.most);
  const bool known = row.form != Form::RC;
  const unsigned n = known ? static_cast<unsigned>(count.c) & (bits - 1) : 0;
  const bool not_negative = row.rule == Rule::Sar ? i.inside(0, signed_range(row.size).most) : i.least >= 0;
  if (row.rule == Rule::Shl && known && i.least >= 0 && (i.most << n) <= all.most) {
    result = n == 0 ? a : path.integer(i.least << n, i.most << n);
  } else if ((row.rule == Rule::Shr || row.rule == Rule::Sar) && not_negative) {
    if (known && n == 0)
      result = a;
    else
      result = path.integer(known ? i.least >> n : Wide{0}, known ? i.most >> n : i.most);
  } else if (row.rule == Rule::Shr && known && n != 0 && row.size == 8) {
    result = path.integer(0, two_to(64 - n) - 1);
  } else if (row.rule == Rule::Sar && row.size == 8) {
    result = known ? n == 0 ? a : path.integer(i.least >> n, i.most >> n) : result;
  }
  path.flags = {};
  if (row.flags == tal::FlagEffect::Shift && known && n != 0)
    path.flags = {Flags::What::Result, row.size, result, {}};
  return put(path, row.size, result);
}

bool Judge::multiply(Path& path) {
  const tal::Row& row = inst_.row();
  const Interval all = any_result(row.size);
  path.flags = {};
  Value a, b;
  if (row.rule == Rule::MulWide) {
    if (!get(path, tal::rax, a) || !operand(path, true, b))
      return false;
    return set(path, tal::rax, row.size, path.integer(all.least, all.most)) && set(path, tal::rdx, row.size, path.integer(all.least, all.most));
  }
  if (row.form == Form::GRI || row.form == Form::GMI) {
    if (!operand(path, false, a))
      return false;
    b = path.constant(inst_.imm);
  } else if (!operand(path, true, a) || !operand(path, false, b)) {
    return false;
  }
  Interval i[2];
  for (int k = 0; k < 2; k++) {
    i[k] = path.interval(image(path, number(path, k == 0 ? a : b), row.size));
  }
  const Wide p[] = {i[0].least * i[1].least, i[0].least * i[1].most, i[0].most * i[1].least, i[0].most * i[1].most};
  const Wide least = *std::min_element(p, p + 4), most = *std::max_element(p, p + 4);
  const bool fits = least >= all.least && most <= all.most;
  return put(path, row.size, path.integer(fits ? least : all.least, fits ? most : all.most));
}

// C26.
bool Judge::divide(Path& path) {
  const tal::Row& row = inst_.row();
  const bool is_signed = row.rule == Rule::Idiv;
  Value divisor, dividend, high;
  if (!operand(path, true, divisor) || !get(path, tal::rax, dividend) || !get(path, tal::rdx, high))
    return false;
  const Value raw = dividend;
  divisor = number(path, divisor);
  dividend = number(path, dividend);
  const Interval all = any_result(row.size), narrow = unsigned_range(row.size), exact = signed_range(row.size);
  const Interval d = path.interval(image(path, divisor, row.size)), n = path.interval(image(path, dividend, row.size));
  if (d.least < 1 && d.most >= 0 && !(row.size == 8 && divisor.c == 0 && path.about(divisor.name).not_zero))
    return refuse("the divisor may be zero");
  const bool plain = n.inside(0, exact.most) && d.inside(1, exact.most);
  if (!is_signed) {
    if (!high.is_constant() || high.c != 0)
      return refuse("the high half of the dividend is not zero");
  } else {
    const About& sign = path.about(high.name);
    const bool filled = high.is_word() && high.c == 0 && sign.sign_bytes == row.size && sign.sign_of == raw.name && sign.sign_of_c == raw.c;
    if (!filled)
      return refuse("the high half of the dividend is not its sign");
    const bool minus_one = row.size == 4 ? d.most == narrow.most : d.least <= -1 && d.most >= -1;
    const bool excluded = row.size == 8 && divisor.c == 0 && path.about(divisor.name).not_minus_one;
    const bool least = dividend.is_constant() ? row.size == 4 ? static_cast<int32_t>(dividend.c) == INT32_MIN : dividend.c == INT64_MIN
                       : row.size == 4        ? !n.inside(0, exact.most)
                                              : n.least == exact.least;
    if (minus_one && !excluded && least)
      return refuse("the least number may be divided by minus one");
  }
  path.flags = {};
  Value quotient = path.integer(all.least, all.most), rest = path.integer(all.least, all.most);
  const bool known = is_signed ? plain : n.inside(narrow.least, narrow.most) && d.inside(1, narrow.most);
  if (known) {
    quotient = path.integer(n.least / d.most, n.most / d.least);
    rest = path.integer(0, std::min(n.most, d.most - 1));
    path.assume(rest, divisor, -1);
  }
  return set(path, tal::rax, row.size, quotient) && set(path, tal::rdx, row.size, rest);
}

// lea: a number, or by C34 and C38 the address of a field or element.
bool Judge::address(Path& path) {
  const unsigned bytes = inst_.row().size;
  if (inst_.base == tal::rsp || inst_.index == tal::rsp)
    return refuse("the stack pointer as a value");
  if (inst_.base == tal::rip) {
    Value v;
    int64_t offset = 0;
    const int64_t place = int64_t{at_} + inst_.length + inst_.disp;
    if (reloc_at(at_ + inst_.field) == nullptr && bytes == 8 && place >= start_ && place < end_) { // C36
      v.what = What::Place;
      v.c = place;
      return set(path, inst_.reg, 8, v);
    }
    if (!symbol_operand(path, v, offset))
      return false;
    if (offset != 0)
      return refuse("the address of a part of a symbol");
    return bytes == 8 ? set(path, inst_.reg, 8, v) : refuse("a part of an address");
  }
  if (instantiation() != nullptr)
    return leftover();
  Value base = path.constant(0), index = path.constant(0);
  if (inst_.base != tal::no_reg && !get(path, inst_.base, base))
    return false;
  if (inst_.index != tal::no_reg && !get(path, inst_.index, index))
    return false;
  if (bytes == 8 && inst_.index == tal::no_reg && base.is_word() && base.c == 0 && types_[base.type].sort == Sort::Ptr &&
      not_null(path, base) && !under_construction(path, base))
    for (const talsim::FieldType& f : types_[types_.layout(types_[base.type].target)].fields)
      if (f.offset == static_cast<uint32_t>(inst_.disp) && f.writable && inst_.disp >= 0)
        return set(path, inst_.reg, 8, of_type(path, types_.field_pointer(f)));
  if (bytes == 8 && not_null(path, base) && types_[base.type].sort == Sort::Arr && types_[base.type].writable) {
    const Verdict before = verdict_;
    const TypeRef element = types_[base.type].target;
    Place place;
    place.index = inst_.index;
    if (find_element(path, base, base.type, inst_.disp, types_.width(element), place) && place.what == Place::What::Field && !place.word)
      return set(path, inst_.reg, 8, of_type(path, types_.field_pointer({0, place.bytes, element, true, false})));
    verdict_ = before; // that was a question
  }
  base = number(path, base);
  index = number(path, index);
  const Interval i = path.interval(base), j = path.interval(index), all = any_result(bytes);
  const Wide least = i.least + j.least * inst_.scale + inst_.disp, most = i.most + j.most * inst_.scale + inst_.disp;
  Value result;
  const bool fits = least >= all.least && most <= all.most;
  const Wide from_base = Wide{base.c} + Wide{index.c} * inst_.scale + inst_.disp;
  const bool sane = from_base >= -furthest && from_base <= furthest;
  if (fits && sane && index.is_constant() && index.c == 0)
    result = path.word(4, base.name, static_cast<int64_t>(from_base));
  else if (fits && sane && base.is_constant() && inst_.scale == 1)
    result = path.word(4, index.name, static_cast<int64_t>(from_base));
  else
    result = fits ? path.integer(least, most) : path.integer(all.least, all.most);
  return set(path, inst_.reg, bytes, result);
}

bool Judge::conditional_move(Path& path) {
  const unsigned bytes = inst_.row().size;
  Value a, b;
  if (!operand(path, true, a) || !operand(path, false, b))
    return false;
  if (under_construction(path, a) || under_construction(path, b))
    return refuse("a choice between objects under construction");
  Value result;
  TypeRef type = 4;
  if (bytes == 8) {
    const auto joined = [&](const Value& v, const Value& other) -> TypeRef { // the type of v, or its form with null
      const TypeRef wider = types_.nullable(v.type);
      if (types_.is_integer(v.type))
        return 0;
      if (other.is_constant() && other.c == 0)
        return wider;
      return types_.at_most(other.type, wider != 0 ? wider : v.type) ? wider != 0 ? wider : v.type : 0;
    };
    type = a.type == b.type ? a.type : joined(b, a);
    if (type == 0)
      type = joined(a, b);
    if (type == 0 || types_.is_integer(type))
      type = 4;
  }
  if (type != 4) {
    result = of_type(path, type);
    path.about(result.name).not_zero = not_null(path, a) && not_null(path, b);
    return set(path, inst_.reg, bytes, result);
  }
  const Value x = image(path, number(path, a), bytes), y = image(path, number(path, b), bytes);
  const Interval i = path.interval(x), j = path.interval(y);
  result = path.integer(std::min(i.least, j.least), std::max(i.most, j.most));
  return set(path, inst_.reg, bytes, result);
}

bool Judge::exchange(Path& path) {
  if (inst_.reg == tal::rsp || inst_.rm == tal::rsp)
    return refuse("the stack pointer is exchanged");
  Value a = path.registers[inst_.reg], b = path.registers[inst_.rm];
  if (inst_.row().size == 4) {
    if (!get(path, inst_.reg, a) || !get(path, inst_.rm, b))
      return false;
    a = image(path, number(path, a), 4);
    b = image(path, number(path, b), 4);
  }
  path.registers[inst_.reg] = b;
  path.registers[inst_.rm] = a;
  return true;
}

// xmm registers hold values always, of which nothing is known.
bool Judge::floating(Path& path) {
  const tal::Row& row = inst_.row();
  Value v;
  if (row.flags != tal::FlagEffect::Keep)
    path.flags = {};
  switch (row.form) {
  case Form::XY: return true;
  case Form::XM: return load(path, row.source, v);
  case Form::MX: return store(path, row.size, path.integer(any_result(row.size).least, any_result(row.size).most));
  case Form::XR: return get(path, inst_.rm, v);
  case Form::GM:
    if (!load(path, row.source, v))
      return false;
    [[fallthrough]];
  case Form::GY:
  case Form::RX: {
    const Interval all = any_result(row.size);
    return set(path, row.form == Form::RX ? inst_.rm : inst_.reg, row.size, path.integer(all.least, all.most));
  }
  default: return no_opinion("a form of operands");
  }
}

// ---- conditions ------------------------------------------------------------------------------------------------------

namespace {

enum Order : unsigned { b = 2, ae = 3, e = 4, ne = 5, be = 6, a = 7, s = 8, ns = 9, l = 12, ge = 13, le = 14, g = 15 };

bool teaches(unsigned condition) { return (condition >= b && condition <= ns) || condition >= l; } // not overflow, not parity

} // namespace

// False if the condition cannot hold.
bool Judge::refine(Path& path, unsigned condition) const {
  Flags& f = path.flags;
  switch (f.what) {
  case Flags::What::Junk: return true;
  case Flags::What::Compare:
    return condition == s || condition == ns || !teaches(condition) || teach_comparison(path, condition);
  case Flags::What::TestMask:
    if (condition == ne && f.a.is_word() && f.a.c == 0 && f.a.name != zero)
      path.about(f.a.name).not_zero = true;
    return true;
  case Flags::What::Result:
    if (condition != e && condition != ne && condition != s && condition != ns)
      return true;
    [[fallthrough]];
  case Flags::What::Test:
    f.b = path.constant(0);
    if (condition == e || condition == ne)
      return teach_comparison(path, condition);
    if (condition == s || condition == l)
      return teach_sign(path, true);
    if (condition == ns || condition == ge)
      return teach_sign(path, false);
    if (condition == g)
      return teach_sign(path, false) && teach_comparison(path, ne);
    return condition != le || teach_comparison(path, le);
  }
  return true;
}

// The sign bit of the flags' operand. At four bytes and less it says something of numbers without sign only.
bool Judge::teach_sign(Path& path, bool negative) const {
  const Value& v = path.flags.a;
  const unsigned bytes = path.flags.bytes;
  const Value bound = path.constant(bytes == 8 ? 0 : int64_t{1} << (8 * bytes - 1));
  const Interval all = unsigned_range(bytes);
  const bool is_number = v.is_word() && (types_.is_integer(v.type) || (bytes == 8 && types_[v.type].sort == Sort::Union));
  if (!is_number || (bytes < 8 && !path.interval(v).inside(all.least, all.most)))
    return true;
  if (bytes == 8)
    return negative ? path.assume(v, bound, -1) : path.assume(bound, v, 0);
  return negative ? path.assume(bound, v, 0) : path.assume(v, bound, -1);
}

bool Judge::teach_comparison(Path& path, unsigned condition) const {
  const Flags f = path.flags;
  const unsigned bytes = f.bytes;
  Value v[2] = {f.a, f.b};
  const bool is_signed = condition == l || condition == ge || condition == le || condition == g;
  const bool equality = condition == e || condition == ne;
  if (!v[0].is_word() || !v[1].is_word())
    return true;
  if (condition == ne)
    for (int k = 0; k < 2; k++)
      if (v[1 - k].is_constant() && v[1 - k].c == 0 && v[k].c == 0 && v[k].name != zero)
        path.about(v[k].name).not_zero = true;
  if (bytes == 8 && condition == e)
    teach_exception(path, v[0], v[1]);
  for (const Value& x : v)
    if (!types_.is_integer(x.type) && !(bytes == 8 && types_[x.type].sort == Sort::Union))
      return true;
  // The values as the comparison reads them, or not at all.
  const Interval no_sign = unsigned_range(bytes), with_sign = signed_range(bytes);
  bool exact[2];
  for (int k = 0; k < 2; k++) {
    if (v[k].is_constant() && bytes < 8) {
      const unsigned spare = 64 - 8 * bytes;
      v[k] = path.constant(is_signed ? static_cast<int64_t>(static_cast<uint64_t>(v[k].c) << spare) >> spare
                                     : static_cast<int64_t>(static_cast<uint64_t>(v[k].c) << spare >> spare));
      exact[k] = true;
      continue;
    }
    const Interval i = path.interval(v[k]);
    exact[k] = is_signed ? bytes == 8 || i.inside(0, with_sign.most) : (bytes == 8 && equality) || i.inside(no_sign.least, no_sign.most);
  }
  if (equality) {
    if (!exact[0] || !exact[1])
      return true;
    return condition == e ? path.assume_equal(v[0], v[1]) : path.assume_unequal(v[0], v[1]);
  }
  // As "first < second" or "first <= second".
  const bool swapped = condition == ae || condition == a || condition == ge || condition == g;
  const bool strict = condition == b || condition == l || condition == a || condition == g;
  const int first = swapped ? 1 : 0, second = 1 - first;
  if (exact[0] && exact[1])
    return path.assume(v[first], v[second], strict ? -1 : 0);
  if (!is_signed && bytes == 8 && path.interval(v[second]).least >= 0) // below a number that is not negative
    return path.assume(path.constant(0), v[first], 0) && path.assume(v[first], v[second], strict ? -1 : 0);
  if (is_signed && exact[first] && path.interval(v[first]).least >= 0 && path.interval(v[second]).inside(0, no_sign.most))
    return path.assume(v[second], path.constant(static_cast<int64_t>(with_sign.most)), 0) && path.assume(v[first], v[second], strict ? -1 : 0);
  return true;
}

// C30: the name of a packet compared with the address of an exception name.
void Judge::teach_exception(Path& path, const Value& x, const Value& y) const {
  for (int turn = 0; turn < 2; turn++) {
    const Value &name = turn == 0 ? x : y, &address = turn == 0 ? y : x;
    const Name packet = name.c == 0 ? path.about(name.name).packet : 0;
    if (packet != 0 && types_[address.type].sort == Sort::ExnName && address.c == 0)
      path.about(packet).payload_of = address.type;
  }
}

} // namespace second
