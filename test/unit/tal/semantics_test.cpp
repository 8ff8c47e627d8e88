// The transfer rules against the processor: random instruction sequences are run natively on random inputs, one instruction at
// a time, and the checker is then asked to believe false facts of the registers at the end, each false by one. Whatever it
// accepts is a hole in a transfer rule, in a refinement, or in the constraints. Only the public interface of the checker is used.
//
// A fixed seed makes the run repeatable. TAL_SEMANTICS_TRIALS and TAL_SEMANTICS_SEED in the environment ask for more.
#include "object_builder.h"

#include "tal/decoder.h"

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <functional>
#include <random>

using namespace tal;
using namespace tal::test;

namespace {

constexpr uint8_t pool[] = {rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11}; // ascending; neither rsp nor callee-saved ones
constexpr unsigned pool_size = std::size(pool);
constexpr uint8_t parameters[] = {rdi, rsi, rdx, rcx, r8, r9};
constexpr unsigned frame_slots = 7; // 56 bytes of frame

// What the native code loads before, and stores after, the one instruction.
struct Machine {
  uint64_t reg[16] = {};
  uint64_t flags = 0x202;
  uint64_t own_rsp = 0;
};

class Processor {
public:
  Processor() {
    code_ = static_cast<uint8_t*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    prologue_ = build_prologue();
    std::memcpy(code_, prologue_.data(), prologue_.size());
  }
  ~Processor() { munmap(code_, 4096); }
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;

  void run(const Bytes& instruction) {
    size_t at = prologue_.size();
    Bytes rest = instruction;
    Bytes end = build_epilogue();
    rest.insert(rest.end(), end.begin(), end.end());
    std::memcpy(code_ + at, rest.data(), rest.size());
    reinterpret_cast<void (*)()>(reinterpret_cast<uintptr_t>(code_))();
    machine.flags = (machine.flags & 0x8D5) | 0x202;
  }
  void set_frame(const std::array<uint64_t, 64>& content) {
    memory_ = content;
    machine.reg[rsp] = reinterpret_cast<uint64_t>(&memory_[32]);
  }
  bool condition(unsigned cc) const {
    bool c = machine.flags & 1, p = machine.flags & 4, z = machine.flags & 0x40, s = machine.flags & 0x80, o = machine.flags & 0x800;
    bool r = false;
    switch (cc >> 1) {
    case 0: r = o; break;
    case 1: r = c; break;
    case 2: r = z; break;
    case 3: r = c || z; break;
    case 4: r = s; break;
    case 5: r = p; break;
    case 6: r = s != o; break;
    case 7: r = z || s != o; break;
    }
    return r != ((cc & 1) != 0);
  }

  Machine machine;

private:
  static void put64(Bytes& out, uint64_t v) {
    for (unsigned i = 0; i < 8; i++)
      out.push_back(static_cast<uint8_t>(v >> (8 * i)));
  }
  static void access(Bytes& out, uint8_t opcode, uint8_t reg, uint8_t offset) { // mov reg, [rax + offset] or back
    for (uint8_t b : {static_cast<uint8_t>(0x48 | (reg >> 3 << 2)), opcode, static_cast<uint8_t>(0x80 | (reg & 7) << 3), offset,
                      uint8_t{0}, uint8_t{0}, uint8_t{0}})
      out.push_back(b);
  }
  Bytes load_address(uint64_t address) const {
    Bytes out{0x48, 0xB8};
    put64(out, address);
    return out;
  }
  Bytes build_prologue() {
    Bytes out = load_address(reinterpret_cast<uint64_t>(&machine));
    access(out, 0x89, rsp, offsetof(Machine, own_rsp));
    access(out, 0x8B, rsp, 8 * rsp);
    for (uint8_t b : {0xFF, 0xB0, static_cast<int>(offsetof(Machine, flags)), 0, 0, 0, 0x9D}) // push [flags]; popf
      out.push_back(static_cast<uint8_t>(b));
    for (uint8_t r : pool)
      if (r != rax)
        access(out, 0x8B, r, static_cast<uint8_t>(8 * r));
    access(out, 0x8B, rax, 8 * rax);
    return out;
  }
  Bytes build_epilogue() {
    Bytes out{0x48, 0xA3};
    put64(out, reinterpret_cast<uint64_t>(&machine.reg[rax]));
    Bytes address = load_address(reinterpret_cast<uint64_t>(&machine));
    out.insert(out.end(), address.begin(), address.end());
    for (uint8_t r : pool)
      if (r != rax)
        access(out, 0x89, r, static_cast<uint8_t>(8 * r));
    for (uint8_t b : {0x9C, 0x8F, 0x80, static_cast<int>(offsetof(Machine, flags)), 0, 0, 0}) // pushf; pop [flags]
      out.push_back(static_cast<uint8_t>(b));
    access(out, 0x8B, rsp, offsetof(Machine, own_rsp));
    out.push_back(0xC3);
    return out;
  }

  uint8_t* code_;
  Bytes prologue_;
  std::array<uint64_t, 64> memory_{};
};

// Encodes the instruction forms that the table has, with random operands.
class Generator {
public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t n) { return random_() % n; }
  uint8_t any_register() { return pool[below(pool_size)]; }
  uint64_t any_value() {
    static constexpr uint64_t interesting[] = {0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 0x7FFFFFFF, 0x80000000,
                                               0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, ~uint64_t{0}};
    switch (below(4)) {
    case 0: return random_() >> below(64);
    case 1: return uint64_t{0} - below(300);
    case 2: return below(300);
    default: return interesting[below(std::size(interesting))] + below(3) - 1;
    }
  }

  Bytes instruction() {
    switch (below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: return alu(static_cast<unsigned>(below(8)));
    case 5: return alu(7);
    case 6: return test();
    case 7: return unary();
    case 8:
    case 9: return shift();
    case 10:
    case 11: return move();
    case 12: return extend();
    case 13: return lea();
    case 14: return multiply();
    case 15: return modrm(below(2) ? 4 : 8, {0x87}, any_register(), false);
    case 16: return modrm(1, {0x0F, static_cast<uint8_t>(0x90 + below(16))}, 0, false);
    case 17: return modrm(below(2) ? 4 : 8, {0x0F, static_cast<uint8_t>(0x40 + below(16))}, any_register(), below(3) == 0);
    case 18: return below(2) ? Bytes{0x99} : Bytes{0x48, 0x99};
    default: return below(2) ? Bytes{0x98} : Bytes{0x48, 0x98};
    }
  }
  Bytes compare_registers() { return modrm(below(2) ? 4 : 8, {0x39}, any_register(), false); }
  Bytes set_constant(uint8_t r) {
    Bytes out{static_cast<uint8_t>(0x48 | r >> 3), static_cast<uint8_t>(0xB8 + (r & 7))};
    immediate(out, any_value(), 8);
    return out;
  }
  Bytes store(uint8_t r, unsigned slot) {
    return {static_cast<uint8_t>(0x48 | r >> 3 << 2), 0x89, static_cast<uint8_t>(0x44 | (r & 7) << 3), 0x24, static_cast<uint8_t>(8 * slot)};
  }
  // div or idiv, with what has to stand before it.
  std::vector<Bytes> divide(uint8_t divisor) {
    bool is_signed = below(2), wide = below(2);
    Bytes set = is_signed ? (wide ? Bytes{0x48, 0x99} : Bytes{0x99}) : Bytes{0x31, 0xD2};
    Bytes op{static_cast<uint8_t>(0x40 | (wide ? 8 : 0) | divisor >> 3), 0xF7, static_cast<uint8_t>((is_signed ? 0xF8 : 0xF0) | (divisor & 7))};
    if (op[0] == 0x40)
      op.erase(op.begin());
    return {set, op};
  }

private:
  unsigned any_size() { return 1u << below(4); }
  void immediate(Bytes& out, uint64_t v, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
      out.push_back(static_cast<uint8_t>(v >> (8 * i)));
  }

  // [66] [REX] opcode ModRM; rm is a random register, or a random aligned place of the frame.
  Bytes modrm(unsigned size, Bytes opcode, uint8_t reg, bool memory, bool reg_is_byte = false, unsigned source = 0) {
    unsigned rm_size = source != 0 ? source : size;
    uint8_t rm = any_register();
    uint8_t rex = static_cast<uint8_t>((size == 8 ? 8 : 0) | (reg >= 8 ? 4 : 0) | (!memory && rm >= 8 ? 1 : 0));
    bool byte_register = (reg_is_byte && reg >= 4 && reg < 8) || (!memory && rm_size == 1 && rm >= 4 && rm < 8);
    Bytes out;
    if (size == 2)
      out.push_back(0x66);
    if (rex != 0 || byte_register)
      out.push_back(0x40 | rex);
    out.insert(out.end(), opcode.begin(), opcode.end());
    if (memory) {
      out.push_back(static_cast<uint8_t>(0x44 | (reg & 7) << 3));
      out.push_back(0x24);
      uint64_t part = rm_size < 8 && below(4) == 0 ? below(8 / rm_size) * rm_size : 0;
      out.push_back(static_cast<uint8_t>(8 * below(frame_slots) + part));
    } else {
      out.push_back(static_cast<uint8_t>(0xC0 | (reg & 7) << 3 | (rm & 7)));
    }
    return out;
  }
  Bytes alu(unsigned op) {
    unsigned size = any_size();
    uint8_t base = static_cast<uint8_t>(op << 3);
    bool memory = below(4) == 0;
    switch (below(3)) {
    case 0: return modrm(size, {static_cast<uint8_t>(base + (size == 1 ? 0 : 1))}, any_register(), memory, size == 1);
    case 1:
      if (memory)
        return modrm(size, {static_cast<uint8_t>(base + (size == 1 ? 2 : 3))}, any_register(), true, size == 1);
      [[fallthrough]];
    default: {
      bool narrow = size == 1 || below(2);
      Bytes out = modrm(size, {static_cast<uint8_t>(size == 1 ? 0x80 : narrow ? 0x83 : 0x81)}, static_cast<uint8_t>(op), memory);
      immediate(out, any_value(), narrow ? 1 : size == 2 ? 2 : 4);
      return out;
    }
    }
  }
  Bytes test() {
    unsigned size = any_size();
    if (below(2) && size != 2) {
      Bytes out = modrm(size, {static_cast<uint8_t>(size == 1 ? 0xF6 : 0xF7)}, 0, below(4) == 0);
      immediate(out, any_value(), size == 1 ? 1 : 4);
      return out;
    }
    uint8_t r = any_register();
    Bytes out = modrm(size, {static_cast<uint8_t>(size == 1 ? 0x84 : 0x85)}, r, false, size == 1);
    if (below(2) && r < 4 && (out[0] & 0xF0) != 0x40) // test r, r
      out.back() = static_cast<uint8_t>(0xC0 | r << 3 | r);
    return out;
  }
  Bytes unary() {
    unsigned size = any_size(), which = static_cast<unsigned>(below(4));
    uint8_t opcode = which < 2 ? 0xFE : 0xF6;
    return modrm(size, {static_cast<uint8_t>(opcode + (size == 1 ? 0 : 1))}, static_cast<uint8_t>(which), below(4) == 0);
  }
  Bytes shift() {
    static constexpr uint8_t digits[] = {0, 1, 4, 5, 7};
    unsigned size = below(2) ? 4 : 8, form = static_cast<unsigned>(below(4));
    Bytes out = modrm(size, {static_cast<uint8_t>(form == 0 ? 0xD3 : form == 1 ? 0xD1 : 0xC1)}, digits[below(5)], false);
    if (form >= 2)
      out.push_back(static_cast<uint8_t>(below(3) ? below(66) : any_value()));
    return out;
  }
  Bytes move() {
    unsigned size = any_size();
    uint8_t byte = size == 1 ? 0 : 1;
    switch (below(5)) {
    case 0: return set_constant(any_register());
    case 1: return modrm(size == 2 ? 4 : size, {static_cast<uint8_t>(size == 1 ? 0x88 : 0x89)}, any_register(), false, size == 1);
    case 2: return modrm(size, {static_cast<uint8_t>(0x88 + byte)}, any_register(), true, size == 1);
    case 3: return modrm(size, {static_cast<uint8_t>(0x8A + byte)}, any_register(), true, size == 1);
    default: {
      Bytes out = modrm(size, {static_cast<uint8_t>(0xC6 + byte)}, 0, true);
      immediate(out, any_value(), size == 1 ? 1 : size == 2 ? 2 : 4);
      return out;
    }
    }
  }
  Bytes extend() {
    unsigned size = below(2) ? 4 : 8, which = static_cast<unsigned>(below(5));
    bool memory = below(3) == 0;
    if (which == 4)
      return modrm(8, {0x63}, any_register(), memory, false, 4);
    unsigned source = which & 1 ? 2 : 1;
    return modrm(size, {0x0F, static_cast<uint8_t>((which < 2 ? 0xB6 : 0xBE) + (which & 1))}, any_register(), memory, false, source);
  }
  Bytes lea() {
    uint8_t reg = any_register(), base = any_register(), index = any_register();
    Bytes out;
    uint8_t rex = static_cast<uint8_t>((below(2) ? 8 : 0) | reg >> 3 << 2 | index >> 3 << 1 | base >> 3);
    if (rex != 0)
      out.push_back(0x40 | rex);
    out.push_back(0x8D);
    bool wide = below(3) == 0;
    out.push_back(static_cast<uint8_t>((wide ? 0x84 : 0x44) | (reg & 7) << 3));
    out.push_back(static_cast<uint8_t>(below(4) << 6 | (index & 7) << 3 | (base & 7)));
    immediate(out, any_value(), wide ? 4 : 1);
    return out;
  }
  Bytes multiply() {
    unsigned size = below(2) ? 4 : 8;
    bool memory = below(4) == 0;
    switch (below(4)) {
    case 0: return modrm(size, {0x0F, 0xAF}, any_register(), memory);
    case 1: return modrm(size, {0xF7}, static_cast<uint8_t>(4 + below(2)), false);
    default: {
      bool narrow = below(2);
      Bytes out = modrm(size, {static_cast<uint8_t>(narrow ? 0x6B : 0x69)}, any_register(), memory);
      immediate(out, any_value(), narrow ? 1 : 4);
      return out;
    }
    }
  }

  std::mt19937_64 random_;
};

struct Claim {
  std::string text;
  std::function<void(LabelRecord&)> add;
};

class Trial {
public:
  Trial(Processor& processor, Generator& g) : processor_(processor), g_(g) {}

  // Code, run as it is written. False if the sequence is of no use.
  void write() {
    for (uint8_t r : pool)
      processor_.machine.reg[r] = g_.any_value();
    for (uint8_t r : parameters) {
      unsigned bytes = 1u << g_.below(4);
      sizes_.push_back(bytes);
      if (bytes < 8)
        processor_.machine.reg[r] &= (uint64_t{1} << (8 * bytes)) - 1;
    }
    processor_.machine.flags = 0x202;
    std::array<uint64_t, 64> junk;
    for (uint64_t& word : junk)
      word = g_.any_value();
    processor_.set_frame(junk);
    code_ = {0x48, 0x83, 0xEC, 8 * frame_slots}; // sub rsp, 56: the processor's rsp is there already
    for (uint8_t r : {rax, r10, r11})
      step(g_.set_constant(r));
    for (unsigned s = 0; s < frame_slots; s++)
      step(g_.store(g_.any_register(), s));
    for (uint64_t n = 2 + g_.below(9); n != 0; n--) {
      switch (g_.below(6)) {
      case 0:
        step(g_.compare_registers());
        branch();
        break;
      case 1:
        step(g_.instruction());
        branch();
        break;
      case 2: divide(); break;
      default: step(g_.instruction());
      }
    }
  }

  std::vector<Claim> claims() {
    std::vector<Claim> out;
    for (unsigned i = 0; i < pool_size; i++) {
      auto at = static_cast<uint16_t>(i);
      int64_t v = value(i);
      FactOperand zero, x{FactOperand::What::Value, at};
      if (v != INT64_MIN)
        out.push_back({"upper bound of " + name(i), [=](LabelRecord& l) { l.facts.push_back({x, zero, v - 1}); }});
      if (v != INT64_MAX && v + 1 != INT64_MIN)
        out.push_back({"lower bound of " + name(i), [=](LabelRecord& l) { l.facts.push_back({zero, x, -(v + 1)}); }});
      for (unsigned bytes : {1u, 2u, 4u})
        if (v < 0 || v >> (8 * bytes) != 0)
          out.push_back({"width of " + name(i), [=](LabelRecord& l) { l.live[at].type.type = TypeId{bytes == 4 ? 3u : bytes}; }});
    }
    for (int k = 0; k < 12; k++) {
      auto a = static_cast<uint16_t>(g_.below(pool_size)), b = static_cast<uint16_t>(g_.below(pool_size));
      int64_t d;
      if (a == b || __builtin_sub_overflow(value(a), value(b), &d) || d == INT64_MIN)
        continue;
      out.push_back({name(a) + " - " + name(b), [=](LabelRecord& l) {
                       l.facts.push_back({{FactOperand::What::Value, a}, {FactOperand::What::Value, b}, d - 1});
                     }});
      if (d != 0)
        out.push_back({name(a) + " same " + name(b), [=](LabelRecord& l) { l.same.push_back({std::min(a, b), std::max(a, b)}); }});
    }
    return out;
  }

  std::string check(const Claim* claim) {
    ObjectBuilder b;
    std::vector<TypeId> args;
    for (unsigned bytes : sizes_)
      args.push_back(TypeId{1 + static_cast<uint32_t>(std::countr_zero(bytes))});
    // The claim is about the end of the run; every branch that the run did not take leads to the second exit.
    LabelRecord label;
    label.depth = 8 * frame_slots;
    for (uint8_t r : pool)
      label.live.push_back({r, {LocationType::What::Type, b.types().i64(), 0}});
    Bytes final = code_;
    for (uint8_t byte : {0x48, 0x83, 0xC4, 0x38, 0xC3})
      final.push_back(byte);
    auto fail = static_cast<uint32_t>(final.size());
    for (uint8_t byte : {0x48, 0x83, 0xC4, 0x38, 0xC3})
      final.push_back(byte);
    for (uint32_t at : to_fail_) {
      uint32_t distance = fail - (at + 4);
      std::memcpy(&final[at], &distance, 4);
    }
    uint32_t start = b.function("f", b.sig(args), final);
    label.offset = start + static_cast<uint32_t>(code_.size());
    if (claim != nullptr)
      claim->add(label);
    b.a.labels.push_back(label);
    LabelRecord left;
    left.offset = start + fail;
    left.depth = 8 * frame_slots;
    b.a.labels.push_back(left);
    return b.rule();
  }

  std::string dump() const {
    std::string out;
    for (size_t at = 0; at < code_.size();) {
      Inst inst;
      if (!decode({code_.data() + at, code_.size() - at}, inst))
        return out + "?";
      out += print(inst, static_cast<uint32_t>(at)) + "\n";
      at += inst.length;
    }
    for (unsigned i = 0; i < pool_size; i++)
      out += name(i) + " = " + std::to_string(value(i)) + "\n";
    for (unsigned i = 0; i < std::size(parameters); i++)
      out += std::string(register_name(parameters[i], 8)) + ": " + std::to_string(sizes_[i]) + " bytes\n";
    return out;
  }

private:
  std::string name(unsigned i) const { return std::string(register_name(pool[i], 8)); }
  int64_t value(unsigned i) const { return static_cast<int64_t>(processor_.machine.reg[pool[i]]); }

  void step(const Bytes& instruction) {
    Inst inst;
    ASSERT_TRUE(decode(instruction, inst) && inst.length == instruction.size()) << "the table lacks a form";
    processor_.run(instruction);
    code_.insert(code_.end(), instruction.begin(), instruction.end());
  }

  // A branch that the run does not leave by: over a jump if it is taken.
  void branch() {
    auto cc = static_cast<uint8_t>(g_.below(16));
    if (processor_.condition(cc)) {
      for (uint8_t byte : {static_cast<uint8_t>(0x70 + cc), uint8_t{5}, uint8_t{0xE9}})
        code_.push_back(byte);
    } else {
      code_.push_back(0x0F);
      code_.push_back(0x80 + cc);
    }
    to_fail_.push_back(static_cast<uint32_t>(code_.size()));
    code_.insert(code_.end(), 4, 0);
  }

  void divide() {
    uint8_t divisor = g_.any_register();
    if (divisor == rax || divisor == rdx)
      return;
    const Machine& m = processor_.machine;
    uint64_t d = m.reg[divisor];
    bool least = static_cast<uint32_t>(m.reg[rax]) == 0x80000000u || m.reg[rax] == uint64_t{1} << 63;
    if (static_cast<uint32_t>(d) == 0 || (least && (static_cast<uint32_t>(d) == 0xFFFFFFFFu)))
      return; // a trap, at one width or another
    if (g_.below(2)) { // prove it
      step({static_cast<uint8_t>(0x48 | (divisor >> 3) * 5), 0x85, static_cast<uint8_t>(0xC0 | (divisor & 7) * 9)});
      code_.push_back(0x0F);
      code_.push_back(0x84);
      to_fail_.push_back(static_cast<uint32_t>(code_.size()));
      code_.insert(code_.end(), 4, 0);
    } else {
      Bytes constant{static_cast<uint8_t>(0x40 | divisor >> 3), static_cast<uint8_t>(0xB8 + (divisor & 7)), static_cast<uint8_t>(1 + g_.below(200)), 0, 0, 0};
      if (constant[0] == 0x40)
        constant.erase(constant.begin());
      step(constant);
    }
    for (const Bytes& b : g_.divide(divisor))
      step(b);
  }

  Processor& processor_;
  Generator& g_;
  Bytes code_;
  std::vector<uint32_t> to_fail_; // offsets of rel32 fields
  std::vector<unsigned> sizes_;
};

uint64_t setting(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Semantics, NoFalseFactIsAccepted) {
  Processor processor;
  Generator generator(setting("TAL_SEMANTICS_SEED", 1));
  uint64_t usable = 0, asked = 0, trials = setting("TAL_SEMANTICS_TRIALS", 1500);
  for (uint64_t i = 0; i < trials; i++) {
    Trial trial(processor, generator);
    trial.write();
    if (trial.check(nullptr) != "") // a division that it cannot prove, a read of the token of a register, ..
      continue;
    usable++;
    for (const Claim& claim : trial.claims()) {
      asked++;
      ASSERT_NE(trial.check(&claim), "") << "trial " << i << ", false: " << claim.text << "\n" << trial.dump();
    }
  }
  EXPECT_GT(usable, trials / 2);
  RecordProperty("asked", static_cast<int>(asked));
}

} // namespace
