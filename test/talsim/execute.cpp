// The data instructions, as the manual defines them, on tagged words.
#include "machine.h"

namespace talsim {
namespace {

uint64_t mask_of(unsigned bytes) { return bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1; }
bool top_bit(uint64_t v, unsigned bytes) { return v >> (8 * bytes - 1) & 1; }
int64_t sign_extended(uint64_t v, unsigned bytes) {
  unsigned shift = 64 - 8 * bytes;
  return static_cast<int64_t>(v << shift) >> shift;
}
__extension__ typedef unsigned __int128 Double;
__extension__ typedef __int128 SignedDouble;

} // namespace

// ---- operands ------------------------------------------------------------------------------------------------------

bool Machine::read_register(uint8_t r, unsigned bytes, uint64_t& v) {
  if (r == rsp)
    return wrong("the stack pointer as a value");
  if (!reg_[r].is_value())
    return wrong("use of " + describe(reg_[r]));
  v = reg_[r].bits & mask_of(bytes);
  return true;
}

bool Machine::set_register(uint8_t r, const Word& w) {
  if (r == rsp)
    return wrong("a value in the stack pointer");
  reg_[r] = w;
  return true;
}

bool Machine::write_register(uint8_t r, unsigned bytes, uint64_t v) {
  v &= mask_of(bytes);
  if (bytes < 4 && r != rsp)
    v |= reg_[r].bits & ~mask_of(bytes);
  return set_register(r, number(v));
}

Word* Machine::stack_word(uint64_t address, unsigned bytes) {
  const Frame& f = frames_.back();
  bool own = address >= rsp_ && address + bytes <= f.entry;
  bool incoming = address >= f.entry + 8 && address + bytes <= f.entry + 8 + 8 * f.stack_arguments;
  if (!own && !incoming) {
    wrong(address >= f.entry && address < f.entry + 8 ? "access to the return address" : "access outside the frame");
    return nullptr;
  }
  if (address % 8 + bytes > 8) {
    wrong("access across two stack slots");
    return nullptr;
  }
  return &stack_at(address);
}

// The operand [base + index*scale + displacement] of an object.
bool Machine::operand_address(const Instruction& inst, Word& pointer, uint64_t& offset) {
  if (inst.base == rip)
    return rip_operand(inst, pointer, offset, false);
  if (inst.base == none)
    return wrong("memory at an absolute address");
  if (!reg_[inst.base].is_value() || (inst.index != none && (inst.index == rsp || !reg_[inst.index].is_value())))
    return wrong("memory reached through " + describe(reg_[inst.base].is_value() ? reg_[inst.index] : reg_[inst.base]));
  pointer = reg_[inst.base];
  offset = static_cast<uint64_t>(int64_t{inst.displacement});
  if (inst.index != none) {
    const Word& index = reg_[inst.index];
    if (pointer.tag != Tag::Pointer && index.tag == Tag::Pointer && inst.scale == 1) {
      offset += pointer.bits;
      pointer = index;
    } else {
      offset += index.bits * inst.scale;
    }
  }
  return true;
}

bool Machine::load(const Instruction& inst, unsigned bytes, Word& w, bool any) {
  if (inst.base == rsp) {
    if (inst.index != none)
      return wrong("an index into the stack");
    uint64_t address = rsp_ + static_cast<uint64_t>(int64_t{inst.displacement});
    Word* slot = stack_word(address, bytes);
    if (slot == nullptr)
      return false;
    if (!any && !slot->is_value())
      return wrong("use of " + describe(*slot));
    w = bytes == 8 ? *slot : number(slot->bits >> 8 * (address % 8) & mask_of(bytes));
    return true;
  }
  Word pointer;
  uint64_t offset;
  if (!operand_address(inst, pointer, offset))
    return false;
  if (trapped_ = pointer.is_null() && offset <= 4096 - bytes; trapped_)
    return false;
  Heap::Place place;
  std::string why = heap.find(pointer, offset, bytes, place);
  if (why.empty())
    why = heap.load(place, bytes, w);
  return why.empty() || wrong(why);
}

bool Machine::store(const Instruction& inst, unsigned bytes, const Word& w) {
  if (inst.base == rsp) {
    if (inst.index != none)
      return wrong("an index into the stack");
    uint64_t address = rsp_ + static_cast<uint64_t>(int64_t{inst.displacement});
    Word* slot = stack_word(address, bytes);
    if (slot == nullptr)
      return false;
    if (bytes == 8) {
      *slot = w;
      return true;
    }
    if (!w.is_value())
      return wrong("use of " + describe(w));
    uint64_t mask = mask_of(bytes) << 8 * (address % 8);
    *slot = number((slot->bits & ~mask) | (w.bits << 8 * (address % 8) & mask));
    return true;
  }
  Word pointer;
  uint64_t offset;
  if (!operand_address(inst, pointer, offset))
    return false;
  if (trapped_ = pointer.is_null() && offset <= 4096 - bytes; trapped_)
    return false;
  Heap::Place place;
  std::string why = heap.find(pointer, offset, bytes, place);
  if (why.empty())
    why = heap.store(place, bytes, w);
  return why.empty() || wrong(why);
}

// ---- flags ---------------------------------------------------------------------------------------------------------

void Machine::result_flags(uint64_t r, unsigned bytes) {
  flags_.zero = (r & mask_of(bytes)) == 0;
  flags_.sign = top_bit(r, bytes);
  flags_.parity = __builtin_popcount(static_cast<unsigned>(r & 255)) % 2 == 0;
  flags_.undefined = 0;
}

bool Machine::holds(uint8_t condition) {
  bool* all[] = {&flags_.carry, &flags_.parity, &flags_.zero, &flags_.sign, &flags_.overflow};
  for (unsigned i = 0; i < 5; i++)
    if (flags_.undefined >> i & 1)
      *all[i] = random.next() & 1;
  flags_.undefined = 0;
  bool v = false;
  switch (condition >> 1) {
  case 0: v = flags_.overflow; break;
  case 1: v = flags_.carry; break;
  case 2: v = flags_.zero; break;
  case 3: v = flags_.carry || flags_.zero; break;
  case 4: v = flags_.sign; break;
  case 5: v = flags_.parity; break;
  case 6: v = flags_.sign != flags_.overflow; break;
  default: v = flags_.zero || flags_.sign != flags_.overflow;
  }
  return v != ((condition & 1) != 0);
}

// ---- the stack pointer ---------------------------------------------------------------------------------------------

bool Machine::move_stack(uint64_t to) {
  uint64_t entry = frames_.back().entry;
  if (to > entry)
    return wrong("the stack pointer above the return address");
  if (to % 8 != 0)
    return wrong("a stack pointer that is not aligned");
  if (entry - to > 61440)
    return wrong("a frame of " + std::to_string(entry - to) + " bytes");
  size_t words = (stack_top - to) / 8 + 1;
  if (words > max_stack_words) {
    limit("stack");
    return false;
  }
  if (words > stack_.size())
    stack_.resize(2 * words);
  for (uint64_t a = to; a < rsp_; a += 8) // new slots
    stack_at(a) = junk();
  rsp_ = to;
  return true;
}

bool Machine::push(const Word& w) {
  if (!move_stack(rsp_ - 8))
    return false;
  stack_at(rsp_) = w;
  return true;
}

bool Machine::execute_stack_pointer(const Instruction& inst) {
  bool constant = inst.row->form == Form::RI && inst.bytes() == 8 && inst.rm == rsp;
  if (constant && (inst.row->op == Op::Add || inst.row->op == Op::Sub)) {
    junk_flags(); // what they are depends on where the stack is
    auto distance = static_cast<uint64_t>(inst.immediate);
    return move_stack(inst.row->op == Op::Add ? rsp_ + distance : rsp_ - distance);
  }
  if (inst.row->op == Op::Lea && inst.bytes() == 8 && inst.base == rsp && inst.index == none)
    return move_stack(rsp_ + static_cast<uint64_t>(int64_t{inst.displacement}));
  return wrong("the stack pointer as an operand");
}

// ---- instructions --------------------------------------------------------------------------------------------------

bool Machine::execute_lea(const Instruction& inst) {
  Word pointer;
  uint64_t v = 0;
  if (inst.base == rip) {
    if (!rip_operand(inst, pointer, v, true))
      return false;
    if (v != 0 || inst.bytes() != 8)
      return wrong("a part of an address");
    return set_register(inst.reg, pointer);
  }
  uint64_t base = 0, index = 0;
  if ((inst.base != none && !read_register(inst.base, 8, base)) || (inst.index != none && !read_register(inst.index, 8, index)))
    return false;
  const uint64_t distance = index * inst.scale + static_cast<uint64_t>(int64_t{inst.displacement});
  if (inst.bytes() == 8 && inst.base != none && heap.points_at_place(reg_[inst.base], distance, inst.index != none)) {
    pointer = reg_[inst.base];
    pointer.bits += distance;
    return set_register(inst.reg, pointer);
  }
  v = base + index * inst.scale + static_cast<uint64_t>(int64_t{inst.displacement});
  return write_register(inst.reg, inst.bytes(), v);
}

// Two operands, or one and a constant: add or adc sbb and sub xor cmp test inc dec neg not.
bool Machine::execute_two(const Instruction& inst) {
  const Row& row = *inst.row;
  unsigned bytes = inst.bytes();
  uint64_t mask = mask_of(bytes), a = 0, b = 0, r = 0;
  bool to_memory = row.form == Form::MG || row.form == Form::MI || row.form == Form::M;
  uint8_t target = row.form == Form::GM || row.form == Form::GR ? inst.reg : inst.rm;
  if (row.op == Op::Xor && row.form == Form::RG && inst.reg == inst.rm && bytes >= 4) {
    result_flags(0, bytes);
    flags_.carry = flags_.overflow = false;
    return set_register(target, number(0));
  }
  // A place in the code plus a number is another place.
  const Word rm = inst.rm == none || inst.rm == rsp ? Word{} : reg_[inst.rm], other = inst.reg == none || inst.reg == rsp ? Word{} : reg_[inst.reg];
  if (row.op == Op::Add && row.form == Form::RG && bytes == 8 && (rm.tag == Tag::Text || other.tag == Tag::Text)) {
    if ((rm.tag == Tag::Text ? other.tag : rm.tag) != Tag::Int)
      return wrong("an address of code plus something else than a number");
    junk_flags(); // what they are depends on where the code is
    Word sum = rm.tag == Tag::Text ? rm : other;
    sum.bits = rm.bits + other.bits;
    return set_register(inst.rm, sum);
  }
  Word w;
  if (to_memory) {
    if (!load(inst, bytes, w))
      return false;
    a = w.bits & mask;
  } else if (!read_register(target, bytes, a)) {
    return false;
  }
  switch (row.form) {
  case Form::RG:
  case Form::MG:
    if (!read_register(inst.reg, bytes, b))
      return false;
    break;
  case Form::GM:
    if (!load(inst, bytes, w))
      return false;
    b = w.bits & mask;
    break;
  default: b = static_cast<uint64_t>(inst.immediate) & mask;
  }
  bool writes = true, carry = flags_.carry;
  uint8_t was_undefined = flags_.undefined;
  auto subtract = [&](uint64_t x, uint64_t y) {
    r = (x - y) & mask;
    result_flags(r, bytes);
    flags_.carry = x < y;
    flags_.overflow = top_bit((x ^ y) & (x ^ r), bytes);
  };
  auto add = [&](uint64_t x, uint64_t y) {
    r = (x + y) & mask;
    result_flags(r, bytes);
    flags_.carry = r < x;
    flags_.overflow = top_bit((x ^ r) & (y ^ r), bytes);
  };
  auto logic = [&](uint64_t v) {
    r = v & mask;
    result_flags(r, bytes);
    flags_.carry = flags_.overflow = false;
  };
  switch (row.op) {
  case Op::Add: add(a, b); break;
  case Op::Cmp: writes = false; [[fallthrough]];
  case Op::Sub: subtract(a, b); break;
  case Op::Adc: {
    if (was_undefined & 1)
      carry = random.next() & 1;
    bool is_add = row.mnemonic == "adc";
    Double full = is_add ? Double{a} + b + carry : Double{a} - b - carry;
    r = static_cast<uint64_t>(full) & mask;
    result_flags(r, bytes);
    flags_.carry = is_add ? full > mask : Double{a} < Double{b} + carry;
    flags_.overflow = is_add ? top_bit((a ^ r) & (b ^ r), bytes) : top_bit((a ^ b) & (a ^ r), bytes);
    break;
  }
  case Op::Test: writes = false; [[fallthrough]];
  case Op::And: logic(a & b); break;
  case Op::Or: logic(a | b); break;
  case Op::Xor: logic(a ^ b); break;
  case Op::Inc:
  case Op::Dec:
    if (row.op == Op::Inc)
      add(a, 1);
    else
      subtract(a, 1);
    flags_.carry = carry;
    flags_.undefined = was_undefined & 1;
    break;
  case Op::Neg:
    subtract(0, a);
    break;
  case Op::Not: r = ~a & mask; break;
  default: return wrong("an operation without meaning");
  }
  if (!writes)
    return true;
  return to_memory ? store(inst, bytes, number(r)) : write_register(target, bytes, r);
}

bool Machine::execute_shift(const Instruction& inst) {
  const Row& row = *inst.row;
  unsigned bytes = inst.bytes(), bits = 8 * bytes;
  uint64_t a, count = static_cast<uint64_t>(inst.immediate);
  if (!read_register(inst.rm, bytes, a) || (row.form == Form::RC && !read_register(rcx, 1, count)))
    return false;
  auto n = static_cast<unsigned>(count & (bytes == 8 ? 63 : 31));
  uint64_t r = a;
  if (n != 0) {
    bool rotate = row.op == Op::Rotate, carry = false, overflow = false;
    switch (row.op) {
    case Op::Shl:
      r = a << n;
      carry = a >> (bits - n) & 1;
      overflow = top_bit(r, bytes) != carry;
      break;
    case Op::Shr:
      r = a >> n;
      carry = a >> (n - 1) & 1;
      overflow = top_bit(a, bytes);
      break;
    case Op::Sar:
      r = static_cast<uint64_t>(sign_extended(a, bytes) >> n);
      carry = static_cast<uint64_t>(sign_extended(a, bytes) >> (n - 1)) & 1;
      break;
    default:
      if (row.mnemonic == "rol") {
        r = a << n | a >> (bits - n);
        carry = r & 1;
        overflow = top_bit(r, bytes) != carry;
      } else {
        r = a >> n | a << (bits - n);
        carry = top_bit(r, bytes);
        overflow = carry != ((r >> (bits - 2) & 1) != 0);
      }
    }
    uint8_t was_undefined = flags_.undefined;
    if (rotate)
      flags_.undefined = was_undefined & 0b01110;
    else
      result_flags(r, bytes);
    flags_.carry = carry;
    flags_.overflow = overflow;
    if (n != 1)
      junk_flags(0b10000);
  }
  return write_register(inst.rm, bytes, r);
}

bool Machine::execute_multiply(const Instruction& inst) {
  const Row& row = *inst.row;
  unsigned bytes = inst.bytes(), bits = 8 * bytes;
  uint64_t a, b;
  if (row.op == Op::MulWide) {
    if (!read_register(rax, bytes, a) || !read_register(inst.rm, bytes, b))
      return false;
    bool is_signed = row.mnemonic == "imul";
    Double product = is_signed ? static_cast<Double>(SignedDouble{sign_extended(a, bytes)} * sign_extended(b, bytes))
                               : Double{a} * b;
    auto low = static_cast<uint64_t>(product) & mask_of(bytes), high = static_cast<uint64_t>(product >> bits) & mask_of(bytes);
    junk_flags();
    flags_.carry = flags_.overflow = is_signed ? high != (top_bit(low, bytes) ? mask_of(bytes) : 0) : high != 0;
    flags_.undefined = 0b01110;
    return write_register(rax, bytes, low) && write_register(rdx, bytes, high);
  }
  Word w;
  if (row.form == Form::GM || row.form == Form::GMI) {
    if (!load(inst, bytes, w))
      return false;
    b = w.bits & mask_of(bytes);
  } else if (!read_register(inst.rm, bytes, b)) {
    return false;
  }
  if (row.form == Form::GRI || row.form == Form::GMI)
    a = static_cast<uint64_t>(inst.immediate) & mask_of(bytes);
  else if (!read_register(inst.reg, bytes, a))
    return false;
  SignedDouble product = SignedDouble{sign_extended(a, bytes)} * sign_extended(b, bytes);
  uint64_t r = static_cast<uint64_t>(product) & mask_of(bytes);
  flags_.carry = flags_.overflow = product != sign_extended(r, bytes);
  flags_.undefined = 0b01110;
  return write_register(inst.reg, bytes, r);
}

bool Machine::execute_divide(const Instruction& inst) {
  unsigned bytes = inst.bytes(), bits = 8 * bytes;
  uint64_t low, high, divisor;
  if (!read_register(rax, bytes, low) || !read_register(rdx, bytes, high) || !read_register(inst.rm, bytes, divisor))
    return false;
  if (divisor == 0)
    return wrong("division by zero");
  uint64_t quotient, remainder;
  Double dividend = Double{high} << bits | low;
  if (inst.row->op == Op::Div) {
    if (high >= divisor)
      return wrong("a quotient that does not fit");
    quotient = static_cast<uint64_t>(dividend / divisor);
    remainder = static_cast<uint64_t>(dividend % divisor);
  } else {
    unsigned shift = 128 - 2 * bits;
    SignedDouble n = static_cast<SignedDouble>(dividend << shift) >> shift, d = sign_extended(divisor, bytes);
    if (n == static_cast<SignedDouble>(Double{1} << 127))
      return wrong("a quotient that does not fit");
    SignedDouble q = n / d;
    quotient = static_cast<uint64_t>(q) & mask_of(bytes);
    remainder = static_cast<uint64_t>(n % d) & mask_of(bytes);
    if (q != sign_extended(quotient, bytes))
      return wrong("a quotient that does not fit");
  }
  junk_flags();
  return write_register(rax, bytes, quotient) && write_register(rdx, bytes, remainder);
}

bool Machine::execute(const Instruction& inst) {
  const Row& row = *inst.row;
  unsigned bytes = inst.bytes();
  if (row.form == Form::Unknown) {
    limit("an instruction that talsim does not know");
    return false;
  }
  if (inst.reg == rsp || inst.rm == rsp)
    return execute_stack_pointer(inst);
  Word w;
  uint64_t v = 0;
  switch (row.op) {
  case Op::Mov:
    switch (row.form) {
    case Form::RG:
      if (bytes == 8)
        return set_register(inst.rm, reg_[inst.reg]);
      return read_register(inst.reg, bytes, v) && write_register(inst.rm, bytes, v);
    case Form::GM:
      if (bytes == 8)
        return load(inst, 8, w, true) && set_register(inst.reg, w);
      return load(inst, bytes, w) && write_register(inst.reg, bytes, w.bits);
    case Form::MG: return store(inst, bytes, reg_[inst.reg]);
    case Form::MI: return store(inst, bytes, number(static_cast<uint64_t>(inst.immediate) & mask_of(bytes)));
    default: return write_register(inst.rm, bytes, static_cast<uint64_t>(inst.immediate));
    }
  case Op::Movzx:
  case Op::Movsx: {
    unsigned source = inst.source_bytes();
    if (row.form == Form::GM) {
      if (!load(inst, source, w))
        return false;
      v = w.bits & mask_of(source);
    } else if (!read_register(inst.rm, source, v)) {
      return false;
    }
    return write_register(inst.reg, bytes, row.op == Op::Movzx ? v : static_cast<uint64_t>(sign_extended(v, source)));
  }
  case Op::SignAcc:
    return read_register(rax, bytes / 2, v) && write_register(rax, bytes, static_cast<uint64_t>(sign_extended(v, bytes / 2)));
  case Op::SignFill: return read_register(rax, bytes, v) && write_register(rdx, bytes, top_bit(v, bytes) ? ~uint64_t{0} : 0);
  case Op::Rdtsc: return write_register(rax, 4, random.next()) && write_register(rdx, 4, random.next());
  case Op::Lea: return execute_lea(inst);
  case Op::Add:
  case Op::Sub:
  case Op::And:
  case Op::Or:
  case Op::Xor:
  case Op::Adc:
  case Op::Cmp:
  case Op::Test:
  case Op::Inc:
  case Op::Dec:
  case Op::Neg:
  case Op::Not: return execute_two(inst);
  case Op::Imul:
  case Op::MulWide: return execute_multiply(inst);
  case Op::Div:
  case Op::Idiv: return execute_divide(inst);
  case Op::Shl:
  case Op::Shr:
  case Op::Sar:
  case Op::Rotate: return execute_shift(inst);
  case Op::Set: return write_register(inst.rm, 1, holds(inst.condition));
  case Op::Cmov: {
    uint64_t old;
    if (row.form == Form::GM) {
      if (!load(inst, bytes, w))
        return false;
    } else if (read_register(inst.rm, bytes, v)) {
      w = reg_[inst.rm];
    } else {
      return false;
    }
    if (!read_register(inst.reg, bytes, old))
      return false;
    bool taken = holds(inst.condition);
    if (bytes == 8)
      return !taken || set_register(inst.reg, w);
    return write_register(inst.reg, bytes, taken ? w.bits : old);
  }
  case Op::Xchg: {
    if (bytes == 8) {
      std::swap(reg_[inst.rm], reg_[inst.reg]);
      return true;
    }
    uint64_t a, b;
    return read_register(inst.rm, bytes, a) && read_register(inst.reg, bytes, b) && write_register(inst.rm, bytes, b) &&
           write_register(inst.reg, bytes, a);
  }
  case Op::Push:
    if (row.form == Form::O)
      return push(reg_[inst.rm]);
    if (row.form == Form::I)
      return push(number(static_cast<uint64_t>(inst.immediate)));
    return load(inst, 8, w, true) && push(w);
  case Op::Pop:
    if (rsp_ == frames_.back().entry)
      return wrong("the return address is popped");
    w = stack_at(rsp_);
    return set_register(inst.rm, w) && move_stack(rsp_ + 8);
  case Op::Nop: return true;
  case Op::Int3: return wrong("padding is executed");
  case Op::Ud2:
    stop.why = Stop::Why::Trap;
    stop.reason = "ud2";
    return false;
  case Op::Sse: return execute_float(inst);
  default: break;
  }
  limit("an instruction that talsim does not know");
  return false;
}

// For comparison with the processor: a stretch of code that only touches registers.
bool Machine::run_straight(std::span<const uint8_t> code) {
  for (size_t at = 0; at < code.size();) {
    Instruction inst;
    if (!read_instruction(code.subspan(at), inst))
      return wrong("no instruction");
    if (!execute(inst))
      return false;
    at += inst.length;
  }
  return true;
}

} // namespace talsim
