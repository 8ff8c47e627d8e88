// Transfer functions and conditions, exhaustively over the places where anything changes: every row of the table that works on
// registers, every pair of intervals whose ends are corners of the operation's width, every condition after it, both ways. What
// really happens is computed by the reference semantics (test/talsim), which talsim_test.cpp compares with the processor.
#include "checker_probe.h"
#include "havoc.h"
#include "row_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

using namespace tal;
using namespace tal::test;

namespace {

// Ends of intervals for an operation of some bytes: around zero, the sign bit and the end of both readings.
std::vector<int64_t> corners_of(unsigned bytes) {
  std::vector<int64_t> out{int64_min, -1, 0, 1, int64_max};
  if (bytes < 8) {
    int64_t half = int64_t{1} << (8 * bytes - 1);
    for (int64_t v : {-half - 1, -half, half - 1, half, 2 * half - 1, 2 * half})
      out.push_back(v);
  } else {
    for (int64_t v : {int64_min + 1, int64_max - 1, int64_t{0x7FFFFFFF}, int64_t{0xFFFFFFFF}})
      out.push_back(v);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Interval> intervals_of(unsigned bytes) {
  auto ends = corners_of(bytes);
  std::vector<Interval> out;
  for (size_t i = 0; i < ends.size(); i++)
    for (size_t k = i; k < ends.size(); k++)
      out.push_back({ends[i], ends[k]});
  return out;
}

// The corners inside an interval and (`around`) their neighbours.
std::vector<int64_t> points_of(Interval i, unsigned bytes, bool around = true) {
  std::vector<int64_t> out;
  for (int64_t c : corners_of(bytes))
    for (int64_t d : {-1, 0, 1}) {
      int64_t v;
      if ((around || d == 0) && !__builtin_add_overflow(c, d, &v) && i.lo <= v && v <= i.hi)
        out.push_back(v);
    }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

uint64_t low(int64_t v, unsigned bytes) {
  return bytes == 8 ? static_cast<uint64_t>(v) : static_cast<uint64_t>(v) & ((uint64_t{1} << 8 * bytes) - 1);
}
bool sign(uint64_t v, unsigned bytes) { return v >> (8 * bytes - 1) & 1; }

struct Concrete {
  bool carry = false, zero = false, sign = false, overflow = false;
};

// Does the condition hold? Parity conditions may go either way: they teach nothing.
bool holds(Condition c, const Concrete& f) {
  switch (c) {
  case Condition::o: return f.overflow;
  case Condition::no: return !f.overflow;
  case Condition::b: return f.carry;
  case Condition::ae: return !f.carry;
  case Condition::e: return f.zero;
  case Condition::ne: return !f.zero;
  case Condition::be: return f.carry || f.zero;
  case Condition::a: return !f.carry && !f.zero;
  case Condition::s: return f.sign;
  case Condition::ns: return !f.sign;
  case Condition::p:
  case Condition::np: return true;
  case Condition::l: return f.sign != f.overflow;
  case Condition::ge: return f.sign == f.overflow;
  case Condition::le: return f.zero || f.sign != f.overflow;
  case Condition::g: return !f.zero && f.sign == f.overflow;
  }
  return false;
}

Concrete compared(int64_t x, int64_t y, unsigned bytes) {
  uint64_t a = low(x, bytes), b = low(y, bytes), r = low(static_cast<int64_t>(a - b), bytes);
  return {a < b, r == 0, sign(r, bytes), sign((a ^ b) & (a ^ r), bytes)};
}

bool inside(const State& s, const Value& v, int64_t value) {
  Interval i = s.interval(v);
  return i.lo <= value && value <= i.hi;
}
bool within_bound(const State& s, const Value& a, int64_t x, const Value& b, int64_t y) {
  int64_t bound = s.bound(a, b);
  return bound == Constraints::none || static_cast<Wide>(x) - y <= bound;
}

class Conditions : public testing::TestWithParam<unsigned> {
protected:
  // All conditions in a state with the given flags; `each` calls its argument with values of a and b and the flags that they give.
  template <typename Each> void check(const State& s, Flags flags, Each each) {
    for (unsigned c = 0; c < 16; c++) {
      auto condition = static_cast<Condition>(c);
      State t = s;
      t.flags = flags;
      bool possible = probe_.refine(t, condition);
      each([&](int64_t x, int64_t y, const Concrete& f) {
        checks_++;
        if (!holds(condition, f))
          return;
        const Value &a = flags.a, &b = flags.kind == Flags::Kind::Cmp ? flags.b : flags.a;
        bool ok = possible && inside(t, a, x) && inside(t, b, y) && within_bound(t, a, x, b, y) && within_bound(t, b, y, a, x);
        if (!ok && failures_++ < 10)
          ADD_FAILURE() << condition_name(condition) << " at " << GetParam() << " bytes of " << x << " and " << y
                        << (possible ? ": learnt something false" : ": called impossible");
      });
    }
  }

  CheckerProbe probe_;
  size_t failures_ = 0, checks_ = 0;
};

TEST_P(Conditions, TeachOnlyWhatIsTrueAfterACompare) {
  unsigned bytes = GetParam();
  auto intervals = intervals_of(bytes);
  for (Interval p : intervals)
    for (Interval q : intervals) {
      auto xs = points_of(p, bytes), ys = points_of(q, bytes);
      State& s = probe_.state();
      s.reset();
      Value a = p.lo == p.hi ? State::constant(p.lo) : s.integer(p), b = q.lo == q.hi ? State::constant(q.lo) : s.integer(q);
      check(s, {Flags::Kind::Cmp, static_cast<uint8_t>(bytes), a, b}, [&](auto report) {
        for (int64_t x : xs)
          for (int64_t y : ys)
            report(x, y, compared(x, y, bytes));
      });
    }
  EXPECT_GT(checks_, 1000000u);
}

TEST_P(Conditions, TeachOnlyWhatIsTrueOfRelatedValues) {
  unsigned bytes = GetParam();
  for (Interval p : intervals_of(bytes))
    for (int64_t k : {int64_t{-2}, int64_t{-1}, int64_t{1}, int64_t{2}, int64_t{200}}) {
      State& s = probe_.state();
      s.reset();
      int64_t end;
      if (__builtin_add_overflow(p.lo, k, &end) || __builtin_add_overflow(p.hi, k, &end))
        continue; // such a form is never made
      Value a = s.integer(p), b = State::named_int(a.name, k);
      check(s, {Flags::Kind::Cmp, static_cast<uint8_t>(bytes), a, b}, [&](auto report) {
        for (int64_t x : points_of(p, bytes))
          report(x, x + k, compared(x, x + k, bytes));
      });
    }
}

TEST_P(Conditions, TeachOnlyWhatIsTrueAfterTestsAndArithmetic) {
  unsigned bytes = GetParam();
  for (Interval p : intervals_of(bytes)) {
    State& s = probe_.state();
    s.reset();
    Value a = p.lo == p.hi ? State::constant(p.lo) : s.integer(p);
    auto result = [&](int64_t x) { return Concrete{false, low(x, bytes) == 0, sign(low(x, bytes), bytes), false}; };
    check(s, {Flags::Kind::TestSelf, static_cast<uint8_t>(bytes), a, {}}, [&](auto report) {
      for (int64_t x : points_of(p, bytes))
        report(x, x, result(x));
    });
    check(s, {Flags::Kind::Arith, static_cast<uint8_t>(bytes), a, {}}, [&](auto report) {
      for (int64_t x : points_of(p, bytes))
        for (unsigned others = 0; others < 4; others++) { // carry and overflow are of the operation, not of its result
          Concrete f = result(x);
          f.carry = others & 1;
          f.overflow = others & 2;
          report(x, x, f);
        }
    });
    for (int64_t mask : corners_of(bytes))
      check(s, {Flags::Kind::TestImm, static_cast<uint8_t>(bytes), a, State::constant(mask)}, [&](auto report) {
        for (int64_t x : points_of(p, bytes))
          report(x, x, result(x & mask));
      });
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, Conditions, testing::Values(1, 2, 4, 8));

// ---- transfer functions --------------------------------------------------------------------------------------------

constexpr uint8_t observed[] = {rax, rcx, rdx};

class Transfers : public testing::Test {
protected:
  Transfers() : havoc_(1), machine_(types_, natives_, havoc_, 1) {}

  static bool works_on_registers(const Row& row) {
    switch (row.rule) {
    case Rule::Push: case Rule::Pop: case Rule::Jcc: case Rule::Jmp: case Rule::JmpTable: case Rule::Call: case Rule::CallInd: case Rule::Ret:
    case Rule::Nop: case Rule::Int3: case Rule::Ud2: case Rule::Sse: return false;
    default: break;
    }
    bool memory = row.form == Form::MG || row.form == Form::GM || row.form == Form::MI || row.form == Form::M || row.form == Form::GMI;
    return !memory || row.rule == Rule::Lea;
  }

  // rax and rcx in these intervals; every point of them.
  void check(const Bytes& code, Interval p, Interval q, unsigned bytes) {
    State& s = probe_.state();
    s.reset();
    s.reg[rax] = p.lo == p.hi ? State::constant(p.lo) : s.integer(p);
    s.reg[rcx] = q.lo == q.hi ? State::constant(q.lo) : s.integer(q);
    s.reg[rdx] = State::constant(0);
    for (size_t at = 0; at < code.size();) {
      Inst inst;
      ASSERT_TRUE(decode(std::span(code).subspan(at), inst));
      Bytes one(code.begin() + static_cast<std::ptrdiff_t>(at), code.begin() + static_cast<std::ptrdiff_t>(at + inst.length));
      if (!probe_.step(one)) {
        refused_++;
        return;
      }
      at += inst.length;
    }
    for (int64_t x : points_of(p, bytes))
      for (int64_t y : points_of(q, bytes, false)) {
        auto& r = machine_.registers();
        r[rax] = talsim::number(static_cast<uint64_t>(x));
        r[rcx] = talsim::number(static_cast<uint64_t>(y));
        r[rdx] = talsim::number(0);
        machine_.stop = {};
        if (!machine_.run_straight(code)) {
          if (failures_++ < 10)
            ADD_FAILURE() << text(code) << " of " << x << " and " << y << ": " << machine_.stop.reason;
          continue;
        }
        checks_++;
        for (uint8_t a : observed) {
          if (!s.reg[a].is_int())
            continue;
          auto v = static_cast<int64_t>(r[a].bits);
          bool ok = inside(s, s.reg[a], v);
          for (uint8_t b : observed)
            ok = ok && (!s.reg[b].is_int() || within_bound(s, s.reg[a], v, s.reg[b], static_cast<int64_t>(r[b].bits)));
          if (!ok && failures_++ < 10)
            ADD_FAILURE() << text(code) << " of " << x << " and " << y << ": " << register_name(a, 8) << " is " << v << ", not in ["
                          << s.interval(s.reg[a]).lo << ", " << s.interval(s.reg[a]).hi << "]";
        }
      }
  }
  static std::string text(const Bytes& code) {
    std::string out;
    for (size_t at = 0; at < code.size();) {
      Inst inst;
      if (!decode(std::span(code).subspan(at), inst))
        return out + "?";
      out += print(inst, 0) + "; ";
      at += inst.length;
    }
    return out;
  }

  CheckerProbe probe_;
  talsim::Types types_;
  NativeInterface natives_;
  talsim::Havoc havoc_;
  talsim::Machine machine_;
  size_t failures_ = 0, checks_ = 0, refused_ = 0;
};

TEST_F(Transfers, ContainWhatHappens) {
  for (size_t n = 0; n < static_cast<size_t>(Opcode::count_); n++) {
    const Row& row = row_of(static_cast<Opcode>(n));
    if (!works_on_registers(row))
      continue;
    std::vector<int64_t> immediates{0};
    if (row.imm != 'n')
      immediates = {0, 1, -1, 5, 31, 32, 63, 127, -128, 0x7FFFFFFF};
    unsigned bytes = row.rule == Rule::Movzx || row.rule == Rule::Movsx || row.rule == Rule::SignAcc ? row.source : row.size;
    for (int64_t imm : immediates)
      for (unsigned variant = 0; variant < 2; variant++) {
        Operands o;
        o.reg = variant == 0 ? rax : rcx;
        o.rm = variant == 0 ? rcx : rax;
        o.base = o.reg;
        o.index = o.rm;
        o.scale = variant == 0 ? 1 : 4;
        o.disp = variant == 0 ? 0 : -8;
        o.imm = imm;
        auto code = encode_row(row, o);
        if (!code)
          continue;
        if (row.rule == Rule::Idiv) { // the sign of the dividend
          Bytes fill = row.size == 8 ? Bytes{0x48, 0x99} : Bytes{0x99};
          code->insert(code->begin(), fill.begin(), fill.end());
        }
        for (Interval p : intervals_of(bytes))
          for (Interval q : intervals_of(bytes)) {
            bool one_operand = row.imm != 'n' || row.form == Form::R || row.form == Form::R1;
            if (one_operand && row.rule != Rule::Imul && row.rule != Rule::MulWide && row.rule != Rule::Div && row.rule != Rule::Idiv &&
                (variant == 0 ? p : q).lo != (variant == 0 ? p : q).hi)
              continue; // the other register matters little
            check(*code, p, q, bytes);
          }
      }
  }
  EXPECT_GT(checks_, 1000000u);
  std::printf("%zu checks, %zu refused\n", checks_, refused_);
}

} // namespace
