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
constexpr bool reg_is_xmm(Form f) { return f == Form::XY || f == Form::XM || f == Form::MX || f == Form::XR || f == Form::RX; }
constexpr bool rm_is_xmm(Form f) { return f == Form::XY || f == Form::GY; }
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

class Decoder {
public:
  explicit Decoder(std::span<const uint8_t> bytes) : bytes_(bytes.data()), size_(bytes.size() < longest ? bytes.size() : longest) {
    if (bytes.size() < readable) { // near the end of the text only
      std::memset(padded_, 0, readable);
      std::copy(bytes.begin(), bytes.end(), padded_);
      bytes_ = padded_;
    }
  }

  bool run(Inst& inst) {
    uint8_t b = next();
    if (b == 0x66 || b == 0xF2 || b == 0xF3) {
      prefix_ = b == 0x66 ? opsize : b == 0xF2 ? repne : rep;
      b = next();
    }
    if ((b & 0xF0) == 0x40) {
      rex_ = b;
      b = next();
      if (rex_ & 8)
        prefix_ += wide;
    }
    unsigned map = 1;
    if (b == 0x0F) {
      map = 2;
      b = next();
    }
    const uint8_t modrm = bytes_[at_];
    uint16_t number = index_table.row[slot(map, b, prefix_, modrm < 0xC0, modrm >> 3 & 7)];
    if (number == no_row)
      return false;
    const Row& row = rows[number];
    inst = Inst{};
    inst.opcode = static_cast<Opcode>(number);
    if (takes_condition(row))
      inst.condition = static_cast<Condition>(b & 15);
    if (row.form == Form::O || row.form == Form::OI) {
      inst.rm = static_cast<uint8_t>((b & 7) | rex_bit(0));
    } else if (row.form == Form::AI) {
      inst.rm = rax;
    }
    if (row.digit != -2 && !modrm_operands(row, inst))
      return false;
    if (!immediate(row, inst) || at_ > size_)
      return false;
    inst.length = static_cast<uint8_t>(at_);
    return registers_ok(row, inst);
  }

private:
  uint8_t next() { return bytes_[at_++]; }
  // Value of REX bit `bit` as the fourth bit of a register number; marks it used.
  unsigned rex_bit(unsigned bit) {
    used_ |= static_cast<uint8_t>(1u << bit);
    return (rex_ >> bit & 1u) << 3;
  }

  bool modrm_operands(const Row& row, Inst& inst) {
    uint8_t modrm = next();
    unsigned mod = modrm >> 6, rm = modrm & 7;
    if (row.digit == -1)
      (reg_is_xmm(row.form) ? inst.x : inst.reg) = static_cast<uint8_t>((modrm >> 3 & 7) | rex_bit(2));
    if (mod == 3) {
      (rm_is_xmm(row.form) ? inst.y : inst.rm) = static_cast<uint8_t>(rm | rex_bit(0));
      return true;
    }
    inst.memory = true;
    if (rm == 4)
      return sib(mod, row, inst);
    if (mod == 0 && rm == 5) {
      inst.base = rip;
      inst.field = static_cast<uint8_t>(at_);
      return displacement(4, inst);
    }
    inst.base = static_cast<uint8_t>(rm | rex_bit(0));
    return displacement(mod == 0 ? 0 : mod == 1 ? 1 : 4, inst);
  }

  bool sib(unsigned mod, const Row& row, Inst& inst) {
    uint8_t byte = next();
    unsigned index = (byte >> 3 & 7) | rex_bit(1);
    if (index != 4) {
      inst.index = static_cast<uint8_t>(index);
      inst.scale = static_cast<uint8_t>(1u << (byte >> 6));
    } else if (byte >> 6 != 0) {
      return false; // no index, yet a scale
    }
    if ((byte & 7) == 5 && mod == 0) {
      // Without base only the address of an index times a scale is of use, and only lea may make it (R15).
      return row.rule == Rule::Lea && inst.index != no_reg && displacement(4, inst);
    }
    inst.base = static_cast<uint8_t>((byte & 7) | rex_bit(0));
    if (inst.index == no_reg && (inst.base & 7) != 4)
      return false; // the form without SIB says the same
    return displacement(mod == 0 ? 0 : mod == 1 ? 1 : 4, inst);
  }

  bool displacement(unsigned bytes, Inst& inst) {
    inst.disp = static_cast<int32_t>(bytes == 0 ? 0 : bytes == 1 ? number<int8_t>() : number<int32_t>());
    return true;
  }

  template <typename T> int64_t number() {
    T v;
    std::memcpy(&v, bytes_ + at_, sizeof v);
    at_ += sizeof v;
    return v;
  }

  bool immediate(const Row& row, Inst& inst) {
    switch (row.imm) {
    case 'n':
      inst.imm = row.form == Form::R1 ? 1 : 0;
      return true;
    case 'l':
      inst.field = static_cast<uint8_t>(at_);
      inst.imm = number<int32_t>();
      return true;
    case 'a':
    case 'b': inst.imm = number<int8_t>(); return true;
    case 'w': inst.imm = number<int16_t>(); return true;
    case 'd': inst.imm = number<int32_t>(); return true;
    case 'q': inst.imm = number<int64_t>(); return true;
    default: return false;
    }
  }

  static bool is_byte_register(uint8_t reg) { return reg >= 4 && reg < 8; }

  bool registers_ok(const Row& row, const Inst& inst) const {
    // Which operands are 8-bit registers: 4..7 need a REX prefix, or they would be ah ch dh bh (R14).
    bool low = false;
    bool g_is_byte = row.form == Form::RG || row.form == Form::MG || (row.form == Form::GM && row.size == 1);
    if (row.size == 1 && inst.reg != no_reg && g_is_byte)
      low |= is_byte_register(inst.reg);
    bool rm_is_byte = row.form == Form::GR ? row.source == 1 : row.size == 1;
    if (rm_is_byte && inst.rm != no_reg && row.form != Form::AI)
      low |= is_byte_register(inst.rm);
    if (low && rex_ == 0)
      return false;
    // Every bit of REX must matter, and a REX without bits must be there for a byte register.
    if (rex_ == 0)
      return true;
    uint8_t bits = rex_ & 7;
    if (bits & ~used_)
      return false;
    return low || (rex_ & 15) != 0;
  }

  // Whatever the bytes say, no more than prefix, REX, 0F, opcode, ModRM, SIB, 4 and 8 bytes are read, which is 18. An instruction that
  // takes what is behind `size_` is refused when it has been read.
  static constexpr size_t longest = 15, readable = 18;
  const uint8_t* bytes_;
  uint8_t padded_[readable];
  size_t size_, at_ = 0;
  unsigned prefix_ = plain;
  uint8_t rex_ = 0, used_ = 0;
};

} // namespace


bool decode(std::span<const uint8_t> bytes, Inst& inst) { return Decoder(bytes).run(inst); }

} // namespace tal
