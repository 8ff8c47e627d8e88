// The decoder, driven by x86_64.def.
//
// An encoding is found by one table look-up: (opcode map, opcode byte, prefix class, memory or register, ModRM.reg) is the
// index of a table of row numbers that the compiler computes from the rows. Prefix class: none, 66, F2 or F3, each without and
// with REX.W.
#include "tal/decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace tal {
namespace {

constexpr int8_t digit_code(const char* text) { return text[0] == 'r' ? -1 : text[0] == 'n' ? -2 : text[0] - '0'; }
constexpr uint8_t size_bytes(const char* text) {
  return text[0] == 'b' ? 1 : text[0] == 'w' ? 2 : text[0] == 'd' ? 4 : 8;
}

} // namespace

constexpr Row rows[] = {
#define TAL_ROW(id, mnemonic, map, opcode, digit, size, source, form, imm, flags, rule)                                  \
  {mnemonic,     map,  opcode, digit_code(#digit), size_bytes(#size), size_bytes(#source), #size[0], Form::form, #imm[0], \
   FlagEffect::flags, Rule::rule},
#include "tal/x86_64.def"
};

namespace {

constexpr size_t row_count = std::size(rows);
static_assert(row_count == static_cast<size_t>(Opcode::count_));

enum PrefixClass : unsigned { plain = 0, opsize = 2, repne = 4, rep = 6, wide = 1 }; // `wide` is added to the others

constexpr unsigned prefix_class(const Row& row) {
  unsigned prefix = row.map == 0x66 || row.size_letter == 'w' ? opsize : row.map == 0xF2 ? repne : row.map == 0xF3 ? rep : plain;
  return prefix + (row.size_letter == 'q' ? wide : plain);
}
constexpr bool has_memory(Form f) {
  return f == Form::MG || f == Form::GM || f == Form::MI || f == Form::M || f == Form::GMI || f == Form::XM || f == Form::MX;
}
constexpr size_t slot(unsigned map, unsigned opcode, unsigned prefix, bool memory, unsigned digit) {
  return ((((map == 1 ? 0 : 1) * 256 + opcode) * 8 + prefix) * 2 + (memory ? 1 : 0)) * 8 + digit;
}

constexpr uint16_t no_row = 0xFFFF;

struct Index {
  std::array<uint16_t, 2 * 256 * 8 * 2 * 8> row{};
  bool ambiguous = false;
};

constexpr Index make_index() {
  Index index;
  for (auto& r : index.row)
    r = no_row;
  for (size_t i = 0; i < row_count; i++) {
    const Row& row = rows[i];
    unsigned spread = takes_condition(row) ? 16 : row.form == Form::O || row.form == Form::OI ? 8 : 1;
    for (unsigned k = 0; k < spread; k++) {
      unsigned first = row.digit >= 0 ? static_cast<unsigned>(row.digit) : 0;
      unsigned last = row.digit >= 0 ? first : 7;
      for (unsigned d = first; d <= last; d++)
        for (unsigned m = 0; m < 2; m++) {
          if (row.digit != -2 && (m == 1) != has_memory(row.form))
            continue;
          auto& entry = index.row[slot(row.map, row.opcode + k, prefix_class(row), m == 1, d)];
          index.ambiguous |= entry != no_row;
          entry = static_cast<uint16_t>(i);
        }
    }
  }
  return index;
}

constexpr Index index_table = make_index();
static_assert(!index_table.ambiguous, "two rows of x86_64.def share an encoding");

// What decoding asks of a row, worked out once.
struct Shape {
  bool modrm, reg, memory;       // there is a ModRM byte, whose reg is an operand, whose rm is memory
  bool xmm_reg, xmm_rm;          // those are xmm registers
  bool opcode_reg, accumulator;  // where else rm comes from
  bool bytes, byte_reg, byte_rm;        // 8-bit registers: 4..7 need a REX prefix, or they would be ah ch dh bh (R14)
  bool scaled_only;              // may be memory without base
  bool distance;                 // the immediate is a rel32
  uint8_t rex;                   // bits of REX that select an operand, wherever memory is
  uint8_t condition;             // mask of the opcode's bits
  uint8_t imm_bytes, imm;        // imm: the value where there are no bytes
};

constexpr Shape shape_of(const Row& row) {
  const Form f = row.form;
  const bool modrm = row.digit != -2, reg = row.digit == -1, opcode_reg = f == Form::O || f == Form::OI;
  const bool byte_reg = row.size == 1 && (f == Form::RG || f == Form::MG || f == Form::GM);
  const bool byte_rm = f == Form::GR ? row.source == 1 : row.size == 1 && f != Form::AI;
  const char i = row.imm;
  return {.modrm = modrm, .reg = reg, .memory = modrm && has_memory(f),
          .xmm_reg = f == Form::XY || f == Form::XM || f == Form::MX || f == Form::XR || f == Form::RX, .xmm_rm = f == Form::XY || f == Form::GY,
          .opcode_reg = opcode_reg, .accumulator = f == Form::AI,
          .bytes = byte_reg || byte_rm, .byte_reg = byte_reg, .byte_rm = byte_rm,
          .scaled_only = row.rule == Rule::Lea, .distance = i == 'l',
          .rex = static_cast<uint8_t>((reg ? 4 : 0) | (opcode_reg || (modrm && !has_memory(f)) ? 1 : 0)),
          .condition = static_cast<uint8_t>(takes_condition(row) ? 15 : 0),
          .imm_bytes = static_cast<uint8_t>(i == 'n' ? 0 : i == 'a' || i == 'b' ? 1 : i == 'w' ? 2 : i == 'q' ? 8 : 4),
          .imm = f == Form::R1};
}

constexpr Shape shapes[] = {
#define TAL_ROW(id, mnemonic, map, opcode, digit, size, source, form, imm, flags, rule) shape_of(rows[static_cast<size_t>(Opcode::id)]),
#include "tal/x86_64.def"
};

constexpr auto before_opcode = [] {
  std::array<bool, 256> yes{};
  for (size_t b = 0; b < 256; b++)
    yes[b] = b == 0x66 || b == 0xF2 || b == 0xF3 || (b & 0xF0) == 0x40 || b == 0x0F;
  return yes;
}();

class Decoder {
public:
  // `first`: `readable` bytes, of which `size` may be used.
  Decoder(const uint8_t* first, size_t size, Inst& inst) : first_(first), at_(first), size_(size), inst_(inst) {}

  bool run() {
    unsigned b = *at_++, prefix = plain, map = 1;
    if (before_opcode[b]) {
      if ((b & 0xF0) != 0x40 && b != 0x0F) {
        prefix = b == 0x66 ? opsize : b == 0xF2 ? repne : rep;
        b = *at_++;
      }
      if ((b & 0xF0) == 0x40) {
        rex_ = b;
        prefix += b >> 3 & wide;
        b = *at_++;
      }
      if (b == 0x0F) {
        map = 2;
        b = *at_++;
      }
    }
    const unsigned modrm = *at_;
    const uint16_t number = index_table.row[slot(map, b, prefix, modrm < 0xC0, modrm >> 3 & 7)];
    if (number == no_row)
      return false;
    const Shape& s = shapes[number];
    inst_ = Inst{};
    inst_.opcode = static_cast<Opcode>(number);
    inst_.condition = static_cast<Condition>(b & s.condition);
    inst_.imm = s.imm;
    used_ = s.rex;
    if (s.modrm) {
      at_++;
      if (s.reg)
        (s.xmm_reg ? inst_.x : inst_.reg) = extended(modrm >> 3 & 7, 4);
      if (!s.memory)
        (s.xmm_rm ? inst_.y : inst_.rm) = extended(modrm & 7, 1);
      else if (!memory(modrm >> 6, modrm & 7, s))
        return false;
    } else if (s.opcode_reg) {
      inst_.rm = extended(b & 7, 1);
    } else if (s.accumulator) {
      inst_.rm = rax;
    }
    if (s.distance)
      inst_.field = static_cast<uint8_t>(at_ - first_);
    if (s.imm_bytes != 0)
      inst_.imm = number_of(s.imm_bytes);
    inst_.length = static_cast<uint8_t>(at_ - first_);
    return inst_.length <= size_ && registers_ok(s);
  }

private:
  // A register number with the bit of REX that belongs to it, 1 2 or 4, as the fourth.
  uint8_t extended(unsigned low, unsigned rex_bit) const { return static_cast<uint8_t>(low | (rex_ & rex_bit ? 8 : 0)); }

  bool memory(unsigned mod, unsigned rm, const Shape& s) {
    inst_.memory = true;
    if (rm == 4) {
      const uint8_t sib = *at_++;
      const uint8_t index = extended(sib >> 3 & 7, 2);
      used_ |= 2;
      if (index != 4) {
        inst_.index = index;
        inst_.scale = static_cast<uint8_t>(1u << (sib >> 6));
      } else if (sib >> 6 != 0) {
        return false; // no index, yet a scale
      }
      rm = sib & 7;
      if (rm == 5 && mod == 0) {
        // Without base only the address of an index times a scale is of use, and only lea may make it (R15).
        inst_.disp = static_cast<int32_t>(number_of(4));
        return s.scaled_only && inst_.index != no_reg;
      }
      if (inst_.index == no_reg && rm != 4)
        return false; // the form without SIB says the same
    } else if (rm == 5 && mod == 0) {
      inst_.base = rip;
      inst_.field = static_cast<uint8_t>(at_ - first_);
      inst_.disp = static_cast<int32_t>(number_of(4));
      return true;
    }
    used_ |= 1;
    inst_.base = extended(rm, 1);
    if (mod != 0)
      inst_.disp = static_cast<int32_t>(number_of(mod == 1 ? 1 : 4));
    return true;
  }

  // The next 1 to 8 bytes, with sign.
  int64_t number_of(unsigned bytes) {
    uint64_t v;
    std::memcpy(&v, at_, sizeof v);
    at_ += bytes;
    return static_cast<int64_t>(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
  }

  bool registers_ok(const Shape& s) const {
    const bool low = s.bytes && ((s.byte_reg && inst_.reg >> 2 == 1) || (s.byte_rm && inst_.rm >> 2 == 1));
    if (low && rex_ == 0)
      return false;
    // Every bit of REX must matter, and a REX without bits must be there for a byte register.
    return rex_ == 0 || ((rex_ & 7 & ~used_) == 0 && (low || (rex_ & 15) != 0));
  }

  const uint8_t* const first_;
  const uint8_t* at_;
  const size_t size_;
  Inst& inst_;
  unsigned rex_ = 0, used_ = 0;
};

// Whatever the bytes say, no more than prefix, REX, 0F, opcode, ModRM, SIB, 4 and 8 bytes are read, which is 18. An instruction that
// takes what is behind its end is refused when it has been read.
constexpr size_t longest = 15, readable = 18;

} // namespace

bool decode(std::span<const uint8_t> bytes, Inst& inst) {
  const uint8_t* first = bytes.data();
  uint8_t padded[readable];
  if (bytes.size() < readable) { // near the end of the text only
    std::memset(padded, 0, readable);
    std::copy(bytes.begin(), bytes.end(), padded);
    first = padded;
  }
  return Decoder(first, std::min(bytes.size(), longest), inst).run();
}

} // namespace tal
