// The reference semantics (test/talsim) against the processor: random stretches of code on registers leave the same registers,
// the same flags as far as the manual defines them, and the same xmm registers. And talsim's decoder against the checker's.
#include "hardware.h"
#include "havoc.h"
#include "row_encoder.h"

#include <cstring>
#include <random>

using namespace tal;
using namespace tal::test;

namespace {

constexpr uint64_t corners[] = {0, 1, 2, 7, 8, 31, 32, 63, 64, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 0x7FFFFFFF,
                                0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, ~0ull, ~1ull,
                                0x3FF0000000000000, 0xBFF0000000000000, 0x7FF0000000000000, 0x7FF8000000000000, 0x3F800000};

class TalsimTest : public testing::Test {
protected:
  TalsimTest() : havoc_(1), machine_(types_, natives_, havoc_, 1) {}

  uint64_t number() { return random_() % 3 != 0 ? corners[random_() % std::size(corners)] : random_(); }

  bool random_instruction(Bytes& code) {
    const Row& row = row_of(static_cast<Opcode>(random_() % static_cast<size_t>(Opcode::count_)));
    switch (row.rule) {
    case Rule::Push: case Rule::Pop: case Rule::Jcc: case Rule::Jmp: case Rule::JmpTable: case Rule::Call: case Rule::CallInd: case Rule::Ret:
    case Rule::Int3: case Rule::Ud2: return false;
    case Rule::Rdtsc: return false; // not the same twice
    default: break;
    }
    Operands o;
    auto reg = [&] { uint8_t r; do r = random_() % 16; while (r == rsp); return r; };
    o.reg = reg();
    o.rm = reg();
    o.base = random_() % 6 == 0 ? uint8_t{no_reg} : reg();
    o.index = o.base == no_reg || random_() % 2 ? reg() : uint8_t{no_reg};
    o.scale = o.index == no_reg ? 1 : static_cast<uint8_t>(1u << random_() % 4);
    o.disp = static_cast<int32_t>(number());
    o.imm = random_() % 2 ? static_cast<int64_t>(random_() % 70) - 4 : static_cast<int64_t>(number());
    o.condition = random_() % 16;
    auto bytes = encode_row(row, o);
    Inst inst;
    if (!bytes || !decode(*bytes, inst) || (inst.memory && row.rule != Rule::Lea && row.rule != Rule::Nop))
      return false;
    code = *bytes;
    return true;
  }

  std::mt19937_64 random_{7};
  talsim::Types types_;
  NativeInterface natives_;
  talsim::Havoc havoc_;
  talsim::Machine machine_;
  Hardware hardware_;
};

// Bits of the flags register in the order of talsim's mask of undefined flags.
constexpr unsigned flag_bit[] = {0, 2, 6, 7, 11};

TEST_F(TalsimTest, DoesWhatTheProcessorDoes) {
  size_t stretches = 0, instructions = 0;
  for (int round = 0; round < 60000; round++) {
    HardwareState s;
    auto& flags = machine_.flags();
    bool* all[] = {&flags.carry, &flags.parity, &flags.zero, &flags.sign, &flags.overflow};
    machine_.stop = {};
    s.flags = 0x202;
    flags.undefined = 0;
    for (unsigned i = 0; i < 5; i++) {
      *all[i] = random_() & 1;
      s.flags |= uint64_t{*all[i]} << flag_bit[i];
    }
    for (unsigned r = 0; r < 16; r++) {
      s.general[r] = number();
      machine_.registers()[r] = talsim::number(s.general[r]);
      for (uint64_t& half : s.xmm[r])
        half = number();
      machine_.xmm_registers()[r] = {s.xmm[r][0], s.xmm[r][1]};
    }
    Bytes code;
    std::string text;
    for (int k = 0; k < 5; k++) {
      Bytes one;
      while (!random_instruction(one))
        ;
      Inst inst;
      ASSERT_TRUE(decode(one, inst));
      Rule rule = inst.row().rule;
      bool reads_flags = rule == Rule::Set || rule == Rule::Cmov || rule == Rule::Adc;
      if (reads_flags && flags.undefined != 0)
        break;
      auto before = machine_.registers();
      if (!machine_.run_straight(one)) { // a division that traps
        ASSERT_EQ(machine_.stop.why, talsim::Stop::Why::Violation) << print(inst, 0) << ": " << machine_.stop.reason;
        ASSERT_TRUE(rule == Rule::Div || rule == Rule::Idiv) << print(inst, 0) << ": " << machine_.stop.reason;
        machine_.registers() = before;
        machine_.stop = {};
        break;
      }
      code.insert(code.end(), one.begin(), one.end());
      text += print(inst, 0) + "; ";
      instructions++;
    }
    hardware_.run(code, s);
    stretches++;
    for (unsigned r = 0; r < 16; r++) {
      if (r != rsp) {
        ASSERT_EQ(machine_.registers()[r].bits, s.general[r]) << text << register_name(static_cast<uint8_t>(r), 8);
      }
      ASSERT_EQ(machine_.xmm_registers()[r].low, s.xmm[r][0]) << text << "xmm" << r;
      ASSERT_EQ(machine_.xmm_registers()[r].high, s.xmm[r][1]) << text << "xmm" << r;
    }
    for (unsigned i = 0; i < 5; i++)
      if (!(flags.undefined >> i & 1)) {
        ASSERT_EQ(*all[i], (s.flags >> flag_bit[i] & 1) != 0) << text << "flag " << i;
      }
  }
  EXPECT_GT(instructions, 3 * stretches);
}

TEST_F(TalsimTest, DecodesLikeTheChecker) {
  size_t accepted = 0;
  for (int i = 0; i < 1000000; i++) {
    Bytes bytes(15);
    for (uint8_t& b : bytes)
      b = static_cast<uint8_t>(random_());
    static constexpr uint8_t prefixes[] = {0x66, 0x40, 0x48, 0x41, 0x44, 0x4C, 0xF2, 0xF3, 0x0F};
    for (size_t k = 0; k < random_() % 3; k++)
      bytes[k] = prefixes[random_() % std::size(prefixes)];
    Inst a;
    talsim::Instruction b;
    if (!decode(bytes, a))
      continue;
    accepted++;
    ASSERT_TRUE(talsim::read_instruction(bytes, b)) << print(a, 0);
    ASSERT_EQ(&talsim::rows()[static_cast<size_t>(a.opcode)], b.row) << print(a, 0);
    ASSERT_EQ(a.length, b.length) << print(a, 0);
    ASSERT_EQ(a.reg, b.reg) << print(a, 0);
    ASSERT_EQ(a.rm, b.rm) << print(a, 0);
    ASSERT_EQ(a.x, b.x) << print(a, 0);
    ASSERT_EQ(a.y, b.y) << print(a, 0);
    ASSERT_EQ(a.memory, b.memory) << print(a, 0);
    ASSERT_EQ(a.base, b.base) << print(a, 0);
    ASSERT_EQ(a.index, b.index) << print(a, 0);
    ASSERT_EQ(a.scale, b.scale) << print(a, 0);
    ASSERT_EQ(a.disp, b.displacement) << print(a, 0);
    ASSERT_EQ(a.imm, b.immediate) << print(a, 0);
    ASSERT_EQ(a.field, b.field) << print(a, 0);
    ASSERT_EQ(static_cast<unsigned>(a.condition), b.condition) << print(a, 0);
  }
  EXPECT_GT(accepted, 10000u);
}

} // namespace
