// Typing rules of data instructions: moves, arithmetic, conversions, conditions (docs/tal.md, "Integers").
//
// An operation of width w sees the w-bit image of its operands. The result is computed in Z; it keeps its exact interval
// (or affine form) only if it is the value that the 64-bit destination register really holds, which for 32-bit
// operations is the zero-extended result. Otherwise the result is a fresh value with the full range of the width (R1).
#include "tal/function_checker.h"

#include <algorithm>

namespace tal {
namespace {

constexpr int64_t max_affine_offset = int64_t{1} << 40;

} // namespace

// ---- values --------------------------------------------------------------------------------------------------------

Interval FunctionChecker::image(const Value& v, unsigned bytes) const {
  Value number;
  return state_.reading(v, bytes, false, number) || (bytes == 8 && v.is_int()) ? state_.interval(number) : unsigned_range(bytes);
}

Interval FunctionChecker::signed_image(const Value& v, unsigned bytes) const {
  Value number;
  if (state_.reading(v, bytes, true, number))
    return state_.interval(number);
  const int64_t greatest = unsigned_range(bytes).hi >> 1;
  return bytes == 8 ? Interval{} : Interval{-greatest - 1, greatest};
}

// The low bytes of a value, zero-extended.
Value FunctionChecker::truncated(const Value& v, unsigned bytes) {
  Value number;
  if (bytes == 8)
    return v;
  return state_.reading(v, bytes, false, number) ? number : state_.integer(unsigned_range(bytes));
}

// An integer in [lo, hi], numbers of Z, as the result of an operation of this width.
Value FunctionChecker::exact(unsigned bytes, Wide lo, Wide hi) {
  Interval full = unsigned_range(bytes);
  if (lo < full.lo || hi > full.hi || lo > hi)
    return state_.integer(full);
  if (lo == hi)
    return State::constant(static_cast<int64_t>(lo));
  return state_.integer({static_cast<int64_t>(lo), static_cast<int64_t>(hi)});
}

// a + k. The name is kept if the sum in Z is what the register holds.
Value FunctionChecker::affine(unsigned bytes, const Value& a, Wide k) {
  if (a.is_constant()) {
    auto sum = static_cast<uint64_t>(a.c) + static_cast<uint64_t>(k);
    return State::constant(static_cast<int64_t>(bytes == 8 ? sum : sum & 0xFFFFFFFFu));
  }
  Interval i = state_.interval(a), full = unsigned_range(bytes);
  Wide lo = i.lo + k, hi = i.hi + k, c = a.c + k;
  bool operand_exact = bytes == 8 || i.within(0, full.hi);
  if (!operand_exact || lo < full.lo || hi > full.hi || c > max_affine_offset || c < -max_affine_offset)
    return state_.integer(full);
  return State::named_int(a.name, static_cast<int64_t>(c));
}

Value FunctionChecker::add_values(unsigned bytes, const Value& a, const Value& b, bool subtract) {
  if (b.is_constant()) {
    // Modular: adding the w-bit pattern of k is adding k, whatever its sign.
    Wide k = bytes == 8 ? b.c : static_cast<int32_t>(static_cast<uint32_t>(b.c));
    return affine(bytes, a, subtract ? -k : k);
  }
  if (a.is_constant() && !subtract)
    return affine(bytes, b, bytes == 8 ? a.c : static_cast<int32_t>(static_cast<uint32_t>(a.c)));
  Interval x = image(a, bytes), y = image(b, bytes);
  if (!subtract)
    return exact(bytes, static_cast<Wide>(x.lo) + y.lo, static_cast<Wide>(x.hi) + y.hi);
  Wide lo = static_cast<Wide>(x.lo) - y.hi, hi = static_cast<Wide>(x.hi) - y.lo;
  bool are_images = bytes == 8 || (state_.interval(a).within(0, unsigned_range(bytes).hi) &&
                                   state_.interval(b).within(0, unsigned_range(bytes).hi));
  if (are_images && a.is_int() && b.is_int()) {
    if (int64_t d = state_.bound(a, b); d != Constraints::none)
      hi = std::min<Wide>(hi, d);
    if (int64_t d = state_.bound(b, a); d != Constraints::none)
      lo = std::max<Wide>(lo, -static_cast<Wide>(d));
  }
  Value r = exact(bytes, lo, hi);
  // r = a - b: r stays below a by what b is at least. Kept where a is already related to something (n - 1 - i).
  bool fits = lo >= unsigned_range(bytes).lo && hi <= unsigned_range(bytes).hi;
  if (fits && are_images && !r.is_constant() && y.lo != int64_min && state_.facts(a.name).node != 0)
    (void)state_.assume(r, a, saturating_sub(0, y.lo)); // cannot contradict: r is new
  return r;
}

// Least 2^m - 1 that is at least x.
static int64_t all_ones(int64_t x) { return x <= 0 ? 0 : static_cast<int64_t>(~uint64_t{0} >> __builtin_clzll(static_cast<uint64_t>(x))); }

Value FunctionChecker::arithmetic(Rule rule, unsigned bytes, const Value& left, const Value& right) {
  const Value a = as_int(left), b = as_int(right);
  if (rule == Rule::Add || rule == Rule::Sub)
    return add_values(bytes, a, b, rule == Rule::Sub);
  const Interval x = image(a, bytes), y = image(b, bytes);
  switch (rule) {
  case Rule::And: {
    if (a.is_constant() && b.is_constant())
      return State::constant(x.lo & y.lo);
    if (y.lo < 0 && x.lo < 0)
      return state_.integer();
    if (b.is_constant() && y.lo >= 0 && x.lo >= 0 && all_ones(y.lo) == y.lo && x.hi <= y.lo)
      return truncated(a, bytes); // the mask takes nothing away
    int64_t hi = x.lo < 0 ? y.hi : y.lo < 0 ? x.hi : std::min(x.hi, y.hi);
    Value r = exact(bytes, 0, hi);
    // 0 <= r <= b where b is not negative; covers h & (n - 1).
    if (!r.is_constant() && !b.is_constant() && y.lo >= 0 && state_.interval(b).within(0, unsigned_range(bytes).hi))
      (void)state_.assume(r, b, 0);
    return r;
  }
  case Rule::Or:
  case Rule::Xor:
    if (a.is_constant() && b.is_constant())
      return State::constant(rule == Rule::Or ? x.lo | y.lo : x.lo ^ y.lo);
    if (x.lo < 0 || y.lo < 0)
      return state_.unsigned_int(bytes);
    return exact(bytes, 0, all_ones(std::max(x.hi, y.hi)));
  case Rule::Imul: {
    auto product = [](int64_t p, int64_t q) { return static_cast<Wide>(p) * q; };
    Wide c[] = {product(x.lo, y.lo), product(x.lo, y.hi), product(x.hi, y.lo), product(x.hi, y.hi)};
    return exact(bytes, *std::min_element(c, c + 4), *std::max_element(c, c + 4));
  }
  default: return state_.unsigned_int(bytes);
  }
}

Value FunctionChecker::immediate(unsigned bytes) const {
  // Sign-extended to the width; a 32-bit register then holds the pattern zero-extended.
  return State::constant(bytes >= 8 ? inst_.imm
                                    : static_cast<int64_t>(static_cast<uint64_t>(inst_.imm) &
                                                           static_cast<uint64_t>(unsigned_range(bytes).hi)));
}

void FunctionChecker::set_arith_flags(const Value& result) {
  state_.flags = {Flags::Kind::Arith, inst_.row().size, result, {}};
}

// ---- obligations on operands ---------------------------------------------------------------------------------------

bool FunctionChecker::require_value(const Value& v, std::string_view what) {
  return v.tag == Value::Tag::Word || v.tag == Value::Tag::ExnId || fail(CheckRule::C27, "a value in " + std::string(what), describe(state_, v));
}

bool FunctionChecker::read_other(uint8_t r, unsigned bytes, Value& v) {
  if (r == rsp)
    return fail(CheckRule::C10, "the stack pointer only in the stack forms", "rsp as an operand");
  return require_value(v, register_name(r, bytes));
}

bool FunctionChecker::set(uint8_t r, const Value& v) {
  if (r == rsp)
    return fail(CheckRule::C10, "the stack pointer only in the stack forms", "rsp as a destination");
  state_.reg[r] = v;
  return true;
}

// An 8- or 16-bit destination keeps the upper bits: the result is known only where they were known zero (R2).
bool FunctionChecker::set_low(uint8_t r, unsigned bytes, Interval range) {
  const Value& old = state_.reg[r];
  bool clear = old.is_int() && state_.interval(old).within(0, unsigned_range(bytes).hi);
  return set(r, clear ? state_.integer(range) : state_.integer());
}

// The last operand: of `op a, b` it is b. Forms of one operand leave v as it is.
bool FunctionChecker::read_source(Value& v) {
  const Row& row = inst_.row();
  switch (row.form) {
  case Form::RG:
  case Form::MG: return read(inst_.reg, row.source, v);
  case Form::GR:
  case Form::GRI: return read(inst_.rm, row.source, v);
  case Form::GM:
  case Form::GMI: return load(row.source, v);
  case Form::RI:
  case Form::MI:
  case Form::AI: v = immediate(row.size); return true;
  default: return true;
  }
}

// ---- instructions --------------------------------------------------------------------------------------------------

bool FunctionChecker::step() {
  if (inst_.reg == rsp || inst_.rm == rsp) // an operand proper; as a base of memory it is the frame
    return stack_form();
  switch (inst_.row().rule) {
#define TAL_RULE(id, step, text) case Rule::id: return step();
#include "tal/x86_64.def"
  }
  return false;
}

bool FunctionChecker::step_sign_fill() {
  const uint8_t bytes = inst_.row().size;
  Value a;
  if (!read(rax, bytes, a))
    return false;
  const Value number = as_int(a), sign = bytes == 4 ? state_.unsigned_int(4) : state_.integer({-1, 0});
  NameFacts& facts = state_.facts(sign.name);
  facts.sign_bytes = bytes;
  facts.derived = number.name;
  facts.index = number.c;
  return set(rdx, sign);
}

bool FunctionChecker::step_rdtsc() { return set(rax, state_.unsigned_int(4)) && set(rdx, state_.unsigned_int(4)); }
bool FunctionChecker::step_nop() { return true; } // its memory operand is not accessed
bool FunctionChecker::step_int3() { return fail(CheckRule::C2, "an instruction", "int3 on a reachable path"); }

bool FunctionChecker::step_ud2() {
  alive_ = false;
  return true;
}

bool FunctionChecker::step_mov() {
  const Row& row = inst_.row();
  switch (row.form) {
  case Form::RG:
    if (row.size == 8) // tokens and junk may be moved as a whole
      return has_inst() ? step_typed_move() : set(inst_.rm, state_.reg[inst_.reg]);
    if (Value v; !read(inst_.reg, row.size, v))
      return false;
    else if (row.size == 4)
      return set(inst_.rm, truncated(as_int(v), 4));
    else
      return set_low(inst_.rm, row.size, image(v, row.size));
  case Form::GM: {
    Value v;
    if (row.size == 8)
      return load_any(v) && set(inst_.reg, v);
    if (!load(row.size, v))
      return false;
    return row.size >= 4 ? set(inst_.reg, v) : set_low(inst_.reg, row.size, image(v, row.size));
  }
  case Form::MG: return store(row.size, state_.reg[inst_.reg]);
  case Form::MI: return store(row.size, immediate(row.size));
  case Form::OI:
  case Form::RI:
    return row.size >= 4 ? set(inst_.rm, immediate(row.size))
                         : set_low(inst_.rm, row.size, image(immediate(row.size), row.size));
  default: return fail(CheckRule::C1, "a form of mov", "another form");
  }
}

// C35: a move whose record names a function type makes of a function of that type what it is at the types that follow.
bool FunctionChecker::step_typed_move() {
  const std::vector<TypeId>& list = next_inst().args;
  for (TypeId t : list)
    if (!types_.is_word(t) || !in_scope(t))
      return fail(CheckRule::C33, "word types of this function", types_.print(t));
  const std::span<const TypeId> rest = std::span(list).subspan(1);
  if (types_.tag(list[0]) != TypeTag::Fn)
    return step_package(list[0], rest);
  TypeId signature;
  if (!require_type(CheckRule::C35, state_, state_.reg[inst_.reg], list[0], "the function") || !instance(types_.target(list[0]), rest, signature))
    return false;
  const TypeId type = types_.fn(signature, types_.is_nullable(list[0]));
  return type ? set(inst_.rm, state_.word(types_, type)) : fail(CheckRule::O8, "a type within the limits", types_.print(signature));
}

// C33: a move whose record names a package type opens a package of that type, at hidden types that are variables of this
// function from here on, or makes one of what the register holds.
bool FunctionChecker::step_package(TypeId package, std::span<const TypeId> hidden) {
  if (!types_.is_package(package))
    return fail(CheckRule::C33, "a package or function type", types_.print(package));
  const Value v = state_.reg[inst_.reg];
  const bool opens = v.tag == Value::Tag::Word && v.type == package;
  if (opens && !require_hidden(package, hidden))
    return false;
  const TypeId inside = types_.open(package, hidden);
  if (!inside)
    return fail(CheckRule::C33, "hidden types of the kinds of " + types_.print(package), "others, or too large a type");
  if (!opens)
    return require_type(CheckRule::C33, state_, v, inside, "the content of the package") &&
           set(inst_.rm, state_.word(types_, package));
  // What a variable stood for before, if it was used for another package, can be named no more (R8).
  if (!charge_frame())
    return false;
  for (TypeId t : hidden)
    state_.forget_variable(types_, t);
  return set(inst_.rm, state_.word(types_, inside));
}

// New variables: none of the signature, each once, and not in the type that is opened.
bool FunctionChecker::require_hidden(TypeId package, std::span<const TypeId> hidden) {
  const std::vector<Kind>& kinds = types_.named_type(types_.named_id(package)).hidden;
  bool ok = hidden.size() == kinds.size();
  for (size_t i = 0; ok && i < hidden.size(); i++)
    ok = types_.tag(hidden[i]) == TypeTag::Var && types_.var_index(hidden[i]) >= signature_->vars.size() &&
         types_.kind(hidden[i]) == kinds[i] && !types_.mentions(package, hidden[i]) &&
         std::none_of(hidden.begin(), hidden.begin() + static_cast<std::ptrdiff_t>(i),
                      [&](TypeId t) { return types_.mentions(t, hidden[i]); });
  return ok || fail(CheckRule::C33, "a new variable for each hidden type of " + types_.print(package), "other types");
}

bool FunctionChecker::step_extend() {
  const Row& row = inst_.row();
  bool accumulator = row.rule == Rule::SignAcc;
  Value v;
  if (accumulator ? !read(rax, row.source, v) : !read_source(v))
    return false;
  uint8_t target = accumulator ? uint8_t{rax} : inst_.reg;
  // A whole element of variable (or abstract) type: zero extension from its width gives its canonical value (R17).
  if (row.rule == Rule::Movzx && row.form == Form::GM && v.tag == Value::Tag::Word && !v.is_int())
    return set(target, v);
  v = as_int(v);
  if (row.rule == Rule::Movzx)
    return set(target, truncated(v, row.source));
  Interval source = signed_image(v, row.source);
  if (source.lo >= 0) // not negative at the source width: zero extension does the same
    return set(target, truncated(v, row.source));
  return set(target, exact(row.size, source.lo, source.hi)); // 32-bit destinations: the full range (R1)
}

bool FunctionChecker::step_lea() {
  const Row& row = inst_.row();
  if (inst_.base == rip) {
    uint32_t symbol;
    int64_t offset;
    Value v;
    // C36: without relocation, a place in this function, from which entries of jump tables count.
    if (int64_t place = int64_t{at_} + inst_.length + inst_.disp; !has_reloc() && row.size == 8 && place >= start_ && place < end_)
      return set(inst_.reg, {Value::Tag::CodeBase, 0, no_type, zero_name, place});
    if (!rip_symbol(symbol, offset))
      return false;
    if (row.size != 8 || offset != 0)
      return fail(CheckRule::C28, "the address of a whole symbol in 64 bits", "offset " + std::to_string(offset));
    return symbol_value(symbol, v) && set(inst_.reg, v);
  }
  Value base = State::constant(0), index = State::constant(0);
  if (inst_.base != no_reg && !read(inst_.base, 8, base))
    return false;
  if (inst_.index != no_reg && !read(inst_.index, 8, index))
    return false;
  if (TypeId pointer = row.size == 8 ? place_pointer(base, inst_.index == no_reg ? nullptr : &index) : no_type)
    return set(inst_.reg, state_.word(types_, pointer));
  base = as_int(base); // any other address plus something is a number
  index = as_int(index);
  if (index.is_constant(0))
    return set(inst_.reg, affine(row.size, base, inst_.disp));
  if (base.is_constant() && inst_.scale == 1)
    return set(inst_.reg, affine(row.size, index, static_cast<Wide>(base.c) + inst_.disp));
  Interval x = state_.interval(base), y = state_.interval(index);
  Wide lo = static_cast<Wide>(y.lo) * inst_.scale + x.lo + inst_.disp;
  Wide hi = static_cast<Wide>(y.hi) * inst_.scale + x.hi + inst_.disp;
  return set(inst_.reg, exact(row.size, lo, hi));
}

bool FunctionChecker::step_arithmetic() {
  const Row& row = inst_.row();
  Value a, b = State::constant(1); // of inc and dec; neg and not do not use it
  const bool memory_destination = row.form == Form::MG || row.form == Form::MI || row.form == Form::M;
  uint8_t target = row.form == Form::GM ? inst_.reg : inst_.rm;
  if (row.rule == Rule::Add && row.form == Form::RG && row.size == 8 && jump_dest(state_.reg[inst_.rm], state_.reg[inst_.reg], a)) {
    state_.flags = Flags{};
    return set(target, a);
  }
  // xor r,r is zero whatever r was.
  if (row.rule == Rule::Xor && row.form == Form::RG && inst_.rm == inst_.reg && row.size >= 4) {
    state_.flags = Flags{};
    return set(target, State::constant(0));
  }
  if (memory_destination) {
    Access access;
    return resolve(row.size, access) && load_from(access, row.size, a) && require_value(a, "the memory operand") && read_source(b) &&
           store_to(access, row.size, result_of(row, a, b));
  }
  if (!read(target, row.size, a) || !read_source(b))
    return false;
  const Value result = result_of(row, a, b);
  return row.size >= 4 ? set(target, result) : set_low(target, row.size, unsigned_range(row.size));
}

Value FunctionChecker::result_of(const Row& row, const Value& a, const Value& b) {
  const Rule rule = row.rule == Rule::Inc ? Rule::Add : row.rule == Rule::Dec || row.rule == Rule::Neg ? Rule::Sub : row.rule;
  Value result = row.rule == Rule::Neg ? arithmetic(rule, row.size, State::constant(0), a)
                                       : arithmetic(rule, row.size, a, b); // not, adc, sbb: unknown
  if (row.size < 4) // affine arithmetic is for 32 and 64 bits
    result = state_.unsigned_int(row.size);
  if (row.flags == FlagEffect::Cmp)
    state_.flags = {Flags::Kind::Cmp, row.size, a, b};
  else if (row.flags == FlagEffect::Arith)
    set_arith_flags(result);
  else if (row.flags != FlagEffect::Keep)
    state_.flags = Flags{};
  return result;
}

bool FunctionChecker::step_compare() {
  const Row& row = inst_.row();
  Value a, b;
  bool memory_first = row.form == Form::MG || row.form == Form::MI;
  uint8_t first = row.form == Form::GM ? inst_.reg : inst_.rm;
  if ((memory_first ? !load(row.size, a) : !read(first, row.size, a)) || !read_source(b))
    return false;
  if (row.rule == Rule::Cmp)
    state_.flags = {Flags::Kind::Cmp, row.size, a, b};
  else if (row.form == Form::RG && inst_.rm == inst_.reg)
    state_.flags = {Flags::Kind::TestSelf, row.size, a, {}};
  else if (row.form == Form::RI || row.form == Form::MI || row.form == Form::AI)
    state_.flags = {Flags::Kind::TestImm, row.size, a, b};
  else
    state_.flags = Flags{};
  return true;
}

bool FunctionChecker::step_shift() {
  const Row& row = inst_.row();
  Value a;
  if (!read(inst_.rm, row.size, a))
    return false;
  a = as_int(a);
  unsigned count = static_cast<unsigned>(inst_.imm) & (row.size == 8 ? 63 : 31);
  Interval x = image(a, row.size);
  Value result = state_.unsigned_int(row.size);
  if (row.form == Form::RC) {
    if (Value c; !read(rcx, 1, c))
      return false;
    // A right shift of a number that is not negative does not grow it.
    if ((row.rule == Rule::Shr && x.lo >= 0) || (row.rule == Rule::Sar && signed_image(a, row.size).lo >= 0))
      result = exact(row.size, 0, x.hi);
    state_.flags = Flags{};
    return set(inst_.rm, result);
  }
  switch (row.rule) {
  case Rule::Shl:
    if (x.lo >= 0)
      result = exact(row.size, static_cast<Wide>(x.lo) << count, static_cast<Wide>(x.hi) << count);
    break;
  case Rule::Shr:
    if (x.lo >= 0)
      result = exact(row.size, x.lo >> count, x.hi >> count);
    else if (count != 0)
      result = exact(row.size, 0, static_cast<int64_t>(~uint64_t{0} >> count));
    break;
  case Rule::Sar: {
    Interval signed_range = signed_image(a, row.size);
    result = exact(row.size, signed_range.lo >> count, signed_range.hi >> count);
    break;
  }
  default: break;
  }
  if (count == 0)
    result = truncated(a, row.size);
  state_.flags = Flags{};
  if (count != 0 && row.flags == FlagEffect::Shift) // a masked count of zero leaves the old flags
    set_arith_flags(result);
  return set(inst_.rm, result);
}

bool FunctionChecker::step_multiply() {
  const Row& row = inst_.row();
  Value a, b;
  state_.flags = Flags{};
  if (row.rule == Rule::MulWide) {
    if (!read(rax, row.size, a) || !read(inst_.rm, row.size, b))
      return false;
    return set(rax, state_.unsigned_int(row.size)) && set(rdx, state_.unsigned_int(row.size));
  }
  bool three = row.form == Form::GRI || row.form == Form::GMI;
  if (!read_source(b))
    return false;
  if (three)
    a = immediate(row.size);
  else if (!read(inst_.reg, row.size, a))
    return false;
  // Modular in both readings: a negative immediate of 32 bits multiplies like its pattern, exact() sees what fits.
  return set(inst_.reg, arithmetic(Rule::Imul, row.size, a, b));
}

// C26: the divisor is not zero at this width, and the quotient fits.
bool FunctionChecker::step_divide() {
  const Row& row = inst_.row();
  bool is_signed = row.rule == Rule::Idiv;
  Value low, high = state_.reg[rdx], divisor;
  if (!read(rax, row.size, low) || !read(inst_.rm, row.size, divisor))
    return false;
  if (inst_.rm == rdx)
    return fail(CheckRule::C26, "a divisor other than the dividend's high half", "rdx");
  low = as_int(low);
  divisor = as_int(divisor);
  Interval d = image(divisor, row.size);
  const NameFacts& facts = state_.facts(divisor.name);
  bool nonzero = d.lo >= 1 || d.hi < 0 || (row.size == 8 && divisor.c == 0 && facts.nonzero && divisor.name != zero_name);
  if (!nonzero)
    return fail(CheckRule::C26, "a divisor that is not zero", describe(state_, divisor));
  if (!is_signed) {
    if (!(high.is_constant() && image(high, row.size).hi == 0))
      return fail(CheckRule::C26, "zero in rdx", describe(state_, high));
  } else {
    const NameFacts& sign = state_.facts(high.name);
    if (!high.is_int() || high.c != 0 || sign.sign_bytes != row.size || sign.derived != low.name || sign.index != low.c)
      return fail(CheckRule::C26, "the sign of rax in rdx (cdq, cqo)", describe(state_, high));
    Interval sd = signed_image(divisor, row.size), sn = signed_image(low, row.size);
    // The flag of a name is about all 64 bits; at 32 bits only the interval counts.
    bool not_minus_one = sd.lo >= 0 || sd.hi < -1 ||
                         (row.size == 8 ? divisor.c == 0 && divisor.name != zero_name && facts.not_minus_one
                                        : d.hi < unsigned_range(row.size).hi);
    int64_t least = row.size == 8 ? int64_min : -(int64_t{1} << (8 * row.size - 1));
    if (!not_minus_one && sn.lo <= least)
      return fail(CheckRule::C26, "a divisor that is not -1, or a dividend that is not the least number",
                  describe(state_, divisor));
  }
  Interval n = is_signed ? signed_image(low, row.size) : image(low, row.size);
  Interval sd = is_signed ? signed_image(divisor, row.size) : d;
  Value quotient = state_.unsigned_int(row.size), remainder = state_.unsigned_int(row.size);
  if (n.lo >= 0 && sd.lo >= 1) {
    quotient = exact(row.size, n.lo / sd.hi, n.hi / sd.lo);
    remainder = exact(row.size, 0, std::min(n.hi, sd.hi - 1));
    bool is_image = row.size == 8 || state_.interval(divisor).within(0, unsigned_range(row.size).hi);
    if (!remainder.is_constant() && !divisor.is_constant() && is_image)
      (void)state_.assume(remainder, divisor, -1); // the remainder is new: no contradiction
  }
  state_.flags = Flags{};
  return set(rax, quotient) && set(rdx, remainder);
}

bool FunctionChecker::step_set() { return set_low(inst_.rm, 1, {0, 1}); }

// C27, R13: the source is read whether the condition holds or not; the destination is written in any case.
bool FunctionChecker::step_cmov() {
  const Row& row = inst_.row();
  Value source, old;
  if (!read_source(source) || !read(inst_.reg, row.size, old))
    return false;
  if (row.size == 8 && source.tag == Value::Tag::Word && old.tag == Value::Tag::Word &&
      is_complete(state_, source) && is_complete(state_, old)) {
    // Zero joins only types that have a null: a type variable or an exception name has none.
    auto nullable_form = [&](const Value& v, const Value& other) {
      TypeId type = types_.with_nullable(v.type, true);
      bool fits = !v.is_int() && (other.is_constant(0) ? types_.is_nullable(type) : is_subtype(other.type, type));
      return fits ? type : no_type;
    };
    TypeId common = source.type == old.type ? source.type : nullable_form(source, old);
    if (!common)
      common = nullable_form(old, source);
    if (common && !types_.is_integer(common)) {
      Value v = state_.word(types_, common);
      state_.facts(v.name).nonnull = is_nonnull(state_, source) && is_nonnull(state_, old);
      return set(inst_.reg, v);
    }
  }
  source = as_int(source);
  old = as_int(old);
  Interval x = image(source, row.size), y = image(old, row.size);
  return set(inst_.reg, exact(row.size, std::min(x.lo, y.lo), std::max(x.hi, y.hi)));
}

// C27: an xmm register holds a value always, any bits, and no fact is kept of it. What leaves it is a new integer.
bool FunctionChecker::step_sse() {
  const Row& row = inst_.row();
  Value v;
  if (row.flags == FlagEffect::Junk)
    state_.flags = Flags{};
  switch (row.form) {
  case Form::XY: return true;
  case Form::XM: return load(row.source, v);
  case Form::MX: return store(row.size, state_.unsigned_int(row.size));
  case Form::XR: return read(inst_.rm, row.source, v);
  case Form::GM: return load(row.source, v) && set(inst_.reg, state_.unsigned_int(row.size));
  case Form::GY: return set(inst_.reg, state_.unsigned_int(row.size));
  case Form::RX: return set(inst_.rm, state_.unsigned_int(row.size));
  default: return fail(CheckRule::C1, "a form of a floating-point instruction", "another form");
  }
}

bool FunctionChecker::step_xchg() {
  Value &a = state_.reg[inst_.rm], &b = state_.reg[inst_.reg];
  if (inst_.row().size == 8) {
    std::swap(a, b);
    return true;
  }
  Value x, y;
  if (!read(inst_.rm, 4, x) || !read(inst_.reg, 4, y))
    return false;
  Value low_x = truncated(as_int(x), 4), low_y = truncated(as_int(y), 4);
  a = low_y;
  b = low_x;
  return true;
}

bool FunctionChecker::branch_target(uint32_t& target) {
  const int64_t offset = static_cast<int64_t>(at_) + inst_.length + inst_.imm;
  target = static_cast<uint32_t>(offset);
  return (offset >= start_ && offset < end_) || fail(CheckRule::C4, "a target inside the function", "text offset " + std::to_string(offset));
}

// C4, C5: both ways; a way that the flags exclude is not followed (R11).
bool FunctionChecker::step_jcc() {
  uint32_t target;
  if (!branch_target(target) || !is_target(target))
    return false;
  // What is known without the condition is often enough for the record: true of more states, it is true of those that branch.
  const LabelRecord* label = label_at(target);
  if (label != nullptr && mismatch(state_, *label).part == Mismatch::Part::None) {
    m_.statistics.edges++;
    if (!charge(label->live.size() + label->facts.size()))
      return false;
  } else {
    if (!charge_frame())
      return false;
    State& s = scratch() = state_;
    if (!refine(s, inst_.condition) ? !exclude(target) : label != nullptr ? !edge(s, *label) : !branch_to(s, target))
      return false;
  }
  auto opposite = static_cast<Condition>(static_cast<unsigned>(inst_.condition) ^ 1u);
  alive_ = refine(state_, opposite);
  excluded_ = !alive_;
  return true;
}

bool FunctionChecker::step_jmp() {
  const Reloc* reloc = nullptr;
  if (inst_.field != 0 && !take_reloc(at_ + inst_.field, reloc))
    return false;
  if (reloc != nullptr)
    return tail_call(reloc->symbol);
  uint32_t target;
  alive_ = false;
  return branch_target(target) && branch_to(state_, target);
}

// ---- jump tables (C36) -----------------------------------------------------------------------------------------------

// The sum of a place in the function and an element, just as it was loaded, of a read-only array.
bool FunctionChecker::jump_dest(const Value& a, const Value& b, Value& dest) const {
  const Value &base = a.tag == Value::Tag::CodeBase ? a : b, &entry = a.tag == Value::Tag::CodeBase ? b : a;
  if (base.tag != Value::Tag::CodeBase || !entry.is_int() || entry.c != 0 || state_.facts(entry.name).table == 0)
    return false;
  dest = {Value::Tag::JumpDest, 0, no_type, entry.name, base.c};
  return true;
}

// Every entry is a branch, and on its way the index is one of those that have this entry. The array cannot change: it is this
// object's .rodata, in which there is no relocation (O4).
bool FunctionChecker::step_jmp_table() {
  const Value dest = state_.reg[inst_.rm];
  if (dest.tag != Value::Tag::JumpDest)
    return fail(CheckRule::C36, "an entry of a jump table as an address", describe(state_, dest));
  const NameFacts& entry = state_.facts(dest.name);
  const Value index = State::named_int(entry.derived, entry.index);
  const uint32_t table = entry.table - 1;
  const auto length = static_cast<size_t>(m_.static_length[table]);
  if (!charge(uint64_t{16} * length))
    return false;
  std::map<uint32_t, Interval> ways;
  for (size_t i = 0; i < length; i++) {
    uint32_t distance;
    std::memcpy(&distance, m_.image.rodata.data() + m_.annotations.symbols[table].offset + 8 + 4 * i, 4);
    const int64_t target = dest.c + distance, number = static_cast<int64_t>(i);
    if (target >= end_)
      return fail(CheckRule::C36, "targets inside the function in the table", "entry " + std::to_string(i) + ": text offset " + std::to_string(target));
    auto [way, fresh] = ways.try_emplace(static_cast<uint32_t>(target), Interval{number, number});
    way->second.hi = number;
  }
  for (auto [target, numbers] : ways) {
    if (!charge_frame())
      return false;
    State& s = scratch() = state_;
    bool possible = s.assume(State::constant(0), index, -numbers.lo) && s.assume(index, State::constant(0), numbers.hi);
    if (possible ? !branch_to(s, target) : !exclude(target))
      return false;
  }
  alive_ = false;
  return true;
}

} // namespace tal
