// Transfer functions and conditions against the processor.
//
// Random straight-line integer code is run twice: by the checker on intervals, and by the processor on numbers out of those
// intervals. After every instruction each register must lie in the interval that the checker has for it, and each pair must
// keep the bound that the checker knows for their difference. Then for each condition code: if it holds on the processor, the
// checker must not call it impossible, and the numbers must satisfy what it learnt. A division that the checker accepts and
// that traps would end the test.
#include "checker_probe.h"
#include "row_encoder.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <random>

using namespace tal;
using namespace tal::test;

namespace {

using Registers = std::array<uint64_t, 17>; // 16: flags

// Runs code between loading and storing all registers but rsp.
class Processor {
public:
  Processor() {
    page_ = static_cast<uint8_t*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  ~Processor() { munmap(page_, 4096); }
  void run(const Bytes& code, Registers& r) {
    Bytes all{0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x57}; // push rbx rbp r12..r15 rdi
    auto move = [&](uint8_t opcode, unsigned reg) {                              // mov reg, [rdi+8*reg] or back
      all.insert(all.end(), {static_cast<uint8_t>(0x48 | (reg >= 8 ? 4 : 0)), opcode,
                             static_cast<uint8_t>(0x47 | (reg & 7) << 3), static_cast<uint8_t>(8 * reg)});
    };
    for (unsigned i = 0; i < 16; i++)
      if (i != rsp && i != rdi)
        move(0x8B, i);
    move(0x8B, rdi);
    all.insert(all.end(), code.begin(), code.end());
    all.insert(all.end(), {0x9C, 0x57, 0x48, 0x8B, 0x7C, 0x24, 0x10}); // pushfq; push rdi; mov rdi, [rsp+16]
    for (unsigned i = 0; i < 16; i++)
      if (i != rsp && i != rdi)
        move(0x89, i);
    all.insert(all.end(), {0x59, 0x48, 0x89, 0x4F, 0x38});                          // pop rcx; mov [rdi+56], rcx
    all.insert(all.end(), {0x59, 0x48, 0x89, 0x8F, 0x80, 0, 0, 0});                 // pop rcx; mov [rdi+128], rcx
    all.insert(all.end(), {0x5F, 0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5D, 0x5B, 0xC3});
    ASSERT_LT(all.size(), 4096u);
    std::copy(all.begin(), all.end(), page_);
    reinterpret_cast<void (*)(uint64_t*)>(page_)(r.data());
  }

private:
  uint8_t* page_;
};

bool holds(Condition c, uint64_t flags) {
  bool cf = flags & 1, pf = flags >> 2 & 1, zf = flags >> 6 & 1, sf = flags >> 7 & 1, of = flags >> 11 & 1;
  switch (c) {
  case Condition::o: return of;
  case Condition::no: return !of;
  case Condition::b: return cf;
  case Condition::ae: return !cf;
  case Condition::e: return zf;
  case Condition::ne: return !zf;
  case Condition::be: return cf || zf;
  case Condition::a: return !cf && !zf;
  case Condition::s: return sf;
  case Condition::ns: return !sf;
  case Condition::p: return pf;
  case Condition::np: return !pf;
  case Condition::l: return sf != of;
  case Condition::ge: return sf == of;
  case Condition::le: return zf || sf != of;
  case Condition::g: return !zf && sf == of;
  }
  return false;
}

constexpr int64_t corners[] = {0, 1, 2, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000,
                               0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFE, int64_max, int64_min,
                               int64_min + 1, -1, -2, -128, -129, -0x80000000LL, -0x80000001LL};
constexpr uint8_t used[] = {rax, rcx, rdx, rbx, rsi, r8};

class CpuTest : public testing::Test {
protected:
  int64_t corner() { return corners[random_() % std::size(corners)]; }

  Interval random_interval() {
    switch (random_() % 6) {
    case 0: return unsigned_range(1);
    case 1: return unsigned_range(4);
    case 2: return {};
    case 3: return {0, max_length};
    default: {
      int64_t a = corner(), b = corner();
      return {std::min(a, b), std::max(a, b)};
    }
    }
  }
  int64_t number_in(Interval i) {
    for (int k = 0; k < 6; k++)
      if (int64_t c = corner(); i.lo <= c && c <= i.hi)
        return c;
    if (random_() % 2)
      return random_() % 2 ? i.lo : i.hi;
    auto width = static_cast<uint64_t>(i.hi) - static_cast<uint64_t>(i.lo);
    return static_cast<int64_t>(static_cast<uint64_t>(i.lo) + (width == UINT64_MAX ? random_() : random_() % (width + 1)));
  }

  // An instruction on registers without memory, stack or control flow.
  Bytes random_instruction() {
    for (;;) {
      const Row& row = row_of(static_cast<Opcode>(random_() % static_cast<size_t>(Opcode::count_)));
      switch (row.rule) {
      case Rule::Push: case Rule::Pop: case Rule::Jcc: case Rule::Jmp: case Rule::JmpTable: case Rule::Call: case Rule::CallInd: case Rule::Ret:
      case Rule::Nop: case Rule::Int3: case Rule::Ud2: continue;
      default: break;
      }
      bool memory = row.form == Form::MG || row.form == Form::GM || row.form == Form::MI || row.form == Form::M || row.form == Form::GMI ||
                    row.form == Form::XM || row.form == Form::MX;
      if (memory && row.rule != Rule::Lea)
        continue;
      Operands o;
      auto reg = [&] { return used[random_() % std::size(used)]; };
      o.reg = reg();
      o.rm = reg();
      o.base = random_() % 6 == 0 ? uint8_t{no_reg} : reg();
      o.index = o.base == no_reg || random_() % 2 ? reg() : uint8_t{no_reg};
      o.scale = o.index == no_reg ? 1 : static_cast<uint8_t>(1u << random_() % 4);
      o.disp = static_cast<int32_t>(corner());
      o.imm = random_() % 2 ? static_cast<int64_t>(random_() % 40) - 4 : corner();
      o.condition = random_() % 16;
      if (auto bytes = encode_row(row, o))
        return *bytes;
    }
  }

  void expect_inside(const State& s, const Registers& r, const std::string& where) {
    for (uint8_t a : used) {
      const Value& v = s.reg[a];
      auto value = static_cast<int64_t>(r[a]);
      if (!v.is_int())
        continue;
      Interval i = s.interval(v);
      ASSERT_TRUE(i.lo <= value && value <= i.hi)
          << where << ": " << register_name(a, 8) << " = " << value << " outside [" << i.lo << ", " << i.hi << "]";
      for (uint8_t b : used) {
        if (!s.reg[b].is_int())
          continue;
        int64_t bound = s.bound(v, s.reg[b]);
        Wide difference = static_cast<Wide>(value) - static_cast<int64_t>(r[b]);
        ASSERT_TRUE(bound == Constraints::none || difference <= bound)
            << where << ": " << register_name(a, 8) << " - " << register_name(b, 8) << " = " << value << " - "
            << static_cast<int64_t>(r[b]) << " above " << bound;
      }
    }
  }

  std::mt19937_64 random_{20};
  Processor processor_;
};

TEST_F(CpuTest, StatesDescribeWhatTheProcessorDoes) {
  size_t steps = 0, refused = 0, learnt = 0;
  for (int round = 0; round < 30000; round++) {
    CheckerProbe probe;
    State& s = probe.state();
    Registers r{};
    for (uint8_t a : used) {
      Interval i = random_interval();
      s.reg[a] = random_() % 4 == 0 ? State::constant(i.lo) : s.integer(i);
      r[a] = static_cast<uint64_t>(s.reg[a].is_constant() ? i.lo : number_in(i));
    }
    std::string where;
    for (int k = 0; k < 6; k++) {
      Bytes code = random_instruction();
      Inst inst;
      ASSERT_TRUE(decode(code, inst));
      State before = s;
      if (!probe.step(code)) {
        s = before;
        refused++;
        continue;
      }
      where += print(inst, 0) + "; ";
      processor_.run(code, r);
      steps++;
      expect_inside(s, r, where);
      if (HasFatalFailure())
        return;
      // Flags: only after an instruction that defines them all does a fresh read mean something; the others are junk.
      for (unsigned c = 0; c < 16; c++) {
        auto condition = static_cast<Condition>(c);
        if (inst.row().flags == FlagEffect::Keep || !holds(condition, r[16]))
          continue;
        State t = s;
        std::string here = where + " then " + std::string(condition_name(condition));
        ASSERT_TRUE(probe.refine(t, condition)) << here << ": called impossible";
        expect_inside(t, r, here);
        if (HasFatalFailure())
          return;
        learnt++;
        // Go on with what was learnt, now and then.
        if (random_() % 8 == 0) {
          s = t;
          where = here + "; ";
          break;
        }
      }
    }
  }
  EXPECT_GT(steps, 60000u);
  EXPECT_GT(learnt, 100000u);
  std::printf("%zu instructions, %zu refused, %zu conditions\n", steps, refused, learnt);
}

} // namespace
