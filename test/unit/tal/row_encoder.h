// Encodes a row of x86_64.def with given operands: the inverse of the decoder, for tests only.
#pragma once

#include "tal/bytes.h"
#include "tal/decoder.h"

#include <optional>

namespace tal::test {

struct Operands {
  uint8_t reg = 0, rm = 0;                            // G or X, and R, Y or O
  uint8_t base = no_reg, index = no_reg, scale = 1;   // of a memory form; base may be rip
  int32_t disp = 0;
  int64_t imm = 0;
  uint8_t condition = 0;
};

// Nothing if the operands have no encoding in this row (8-bit registers, accumulator forms with other registers).
inline std::optional<Bytes> encode_row(const Row& row, const Operands& o) {
  Bytes out;
  uint8_t rex = 0;
  bool condition = row.rule == Rule::Set || row.rule == Rule::Cmov || row.rule == Rule::Jcc;
  bool opcode_register = row.form == Form::O || row.form == Form::OI;
  bool memory = row.form == Form::MG || row.form == Form::GM || row.form == Form::MI || row.form == Form::M || row.form == Form::GMI ||
                row.form == Form::XM || row.form == Form::MX;
  auto low_byte = [](uint8_t r) { return r >= 4 && r < 8; };
  bool g_byte = row.size == 1 && (row.form == Form::RG || row.form == Form::MG || row.form == Form::GM);
  bool rm_byte = row.form == Form::GR ? row.source == 1 : row.size == 1;
  if ((g_byte && low_byte(o.reg)) || (rm_byte && !memory && row.form != Form::AI && row.digit != -2 && low_byte(o.rm)) ||
      (rm_byte && opcode_register && low_byte(o.rm)))
    rex = 0x40;
  if (row.size_letter == 'q')
    rex |= 0x48;
  if (row.digit == -1 && o.reg >= 8)
    rex |= 0x44;
  if (row.digit != -2 && !memory && o.rm >= 8)
    rex |= 0x41;
  if (opcode_register && o.rm >= 8)
    rex |= 0x41;
  if (memory && o.base != no_reg && o.base != rip && o.base >= 8)
    rex |= 0x41;
  if (memory && o.index != no_reg && o.index >= 8)
    rex |= 0x42;
  if (row.size_letter == 'w')
    out.push_back(0x66);
  if (row.map > 2)
    out.push_back(row.map);
  if (rex)
    out.push_back(rex);
  if (row.map != 1)
    out.push_back(0x0F);
  out.push_back(static_cast<uint8_t>(row.opcode + (condition ? o.condition : 0) + (opcode_register ? o.rm & 7 : 0)));
  auto put = [&](int64_t v, unsigned n) {
    for (unsigned i = 0; i < n; i++)
      out.push_back(static_cast<uint8_t>(static_cast<uint64_t>(v) >> (8 * i)));
  };
  if (row.digit != -2) {
    auto reg = static_cast<uint8_t>(row.digit >= 0 ? row.digit : o.reg & 7);
    if (!memory) {
      out.push_back(static_cast<uint8_t>(0xC0 | reg << 3 | (o.rm & 7)));
    } else if (o.base == rip) {
      out.push_back(static_cast<uint8_t>(reg << 3 | 5));
      put(o.disp, 4);
    } else if (o.base == no_reg) {
      if (o.index == no_reg || row.rule != Rule::Lea)
        return std::nullopt;
      out.push_back(static_cast<uint8_t>(reg << 3 | 4));
      out.push_back(static_cast<uint8_t>((o.scale == 8 ? 3 : o.scale == 4 ? 2 : o.scale == 2 ? 1 : 0) << 6 | (o.index & 7) << 3 | 5));
      put(o.disp, 4);
    } else {
      bool disp8 = o.disp >= -128 && o.disp <= 127;
      unsigned mod = o.disp == 0 && (o.base & 7) != 5 ? 0 : disp8 ? 1 : 2;
      bool sib = o.index != no_reg || (o.base & 7) == 4;
      out.push_back(static_cast<uint8_t>(mod << 6 | reg << 3 | (sib ? 4 : o.base & 7)));
      if (sib) {
        uint8_t index = o.index == no_reg ? 4 : o.index & 7;
        uint8_t scale = o.index == no_reg ? 0 : o.scale == 8 ? 3 : o.scale == 4 ? 2 : o.scale == 2 ? 1 : 0;
        out.push_back(static_cast<uint8_t>(scale << 6 | index << 3 | (o.base & 7)));
      }
      put(o.disp, mod == 0 ? 0 : mod == 1 ? 1 : 4);
    }
  }
  unsigned imm = row.imm == 'n' ? 0 : row.imm == 'b' || row.imm == 'a' ? 1 : row.imm == 'w' ? 2 : row.imm == 'q' ? 8 : 4;
  put(o.imm, imm);
  return out;
}

// The value that an immediate of this row has after decoding.
inline int64_t immediate_of(const Row& row, int64_t imm) {
  switch (row.imm) {
  case 'n': return row.form == Form::R1 ? 1 : 0;
  case 'a':
  case 'b': return static_cast<int8_t>(imm);
  case 'w': return static_cast<int16_t>(imm);
  case 'q': return imm;
  default: return static_cast<int32_t>(imm);
  }
}

} // namespace tal::test
