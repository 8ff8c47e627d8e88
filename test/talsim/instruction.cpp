#include "instruction.h"

#include <array>
#include <vector>

namespace talsim {
namespace {

// A form that the table has and talsim does not know yet is unknown, and so is what such an instruction does.
constexpr Form form_of(std::string_view name) {
  constexpr std::string_view names[] = {"None", "RG", "MG", "GR", "GM", "RI", "MI", "AI", "OI",
                                        "R",    "M",  "O",  "I",  "R1", "RC", "GRI", "GMI", "T",
                                        "XY",   "XM", "MX", "XR", "GY", "RX"};
  for (size_t i = 0; i < std::size(names); i++)
    if (names[i] == name)
      return static_cast<Form>(i);
  return Form::Unknown;
}

constexpr Row table[] = {
#define TAL_ROW(id, mnemonic, map, opcode, digit, size, source, form, imm, flags, rule)                                   \
  {#id, mnemonic, map, opcode, #digit[0], #size[0], #source[0], form_of(#form), #imm[0], #flags, Op::rule},
#include "tal/x86_64.def"
};

bool has_condition(const Row& row) { return row.op == Op::Set || row.op == Op::Cmov || row.op == Op::Jcc; }
bool opcode_has_register(const Row& row) { return row.form == Form::O || row.form == Form::OI; }
bool memory_form(Form f) {
  return f == Form::MG || f == Form::GM || f == Form::MI || f == Form::M || f == Form::GMI || f == Form::XM || f == Form::MX;
}
bool reg_is_xmm(Form f) { return f == Form::XY || f == Form::XM || f == Form::MX || f == Form::XR || f == Form::RX; }
bool rm_is_xmm(Form f) { return f == Form::XY || f == Form::GY; }

// The rows that an opcode byte of a map may belong to.
std::span<const Row* const> candidates(unsigned map, uint8_t opcode) {
  static const auto buckets = [] {
    std::array<std::vector<const Row*>, 512> b;
    for (const Row& row : table) {
      unsigned n = has_condition(row) ? 16 : opcode_has_register(row) ? 8 : 1;
      for (unsigned i = 0; i < n; i++)
        b[(row.map == 1 ? 0 : 256) + row.opcode + i].push_back(&row);
    }
    return b;
  }();
  return buckets[(map - 1) * 256 + opcode];
}

struct Reader {
  std::span<const uint8_t> bytes;
  size_t at = 0;
  bool ok = true;
  uint8_t peek() const { return at < bytes.size() ? bytes[at] : 0; }
  uint8_t next() {
    ok = ok && at < bytes.size();
    return ok ? bytes[at++] : 0;
  }
  int64_t little(unsigned n) {
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
      v |= uint64_t{next()} << 8 * i;
    return n == 0 ? 0 : static_cast<int64_t>(v << (64 - 8 * n)) >> (64 - 8 * n);
  }
};

void read_memory(Reader& in, uint8_t modrm, uint8_t rex, Instruction& inst) {
  inst.memory = true;
  unsigned mod = modrm >> 6, rm = modrm & 7;
  bool no_base = false;
  if (rm == 4) {
    uint8_t sib = in.next();
    auto index = static_cast<uint8_t>((sib >> 3 & 7) | (rex & 2) << 2);
    if (index != 4) {
      inst.index = index;
      inst.scale = static_cast<uint8_t>(1u << (sib >> 6));
    }
    rm = sib & 7;
    no_base = mod == 0 && rm == 5;
  } else if (mod == 0 && rm == 5) {
    inst.base = rip;
    inst.field = static_cast<uint8_t>(in.at);
    inst.displacement = static_cast<int32_t>(in.little(4));
    return;
  }
  if (!no_base)
    inst.base = static_cast<uint8_t>(rm | (rex & 1) << 3);
  inst.displacement = static_cast<int32_t>(in.little(no_base || mod == 2 ? 4 : mod));
}

} // namespace

std::span<const Row> rows() { return table; }

bool read_instruction(std::span<const uint8_t> bytes, Instruction& inst) {
  Reader in{bytes.first(bytes.size() < 15 ? bytes.size() : 15)};
  unsigned prefix = 0;
  if (in.peek() == 0x66 || in.peek() == 0xF2 || in.peek() == 0xF3)
    prefix = in.next();
  uint8_t rex = 0;
  if (in.peek() >> 4 == 4)
    rex = in.next();
  unsigned map = 1;
  if (in.peek() == 0x0F) {
    map = 2;
    in.next();
  }
  uint8_t opcode = in.next(), modrm = in.peek();
  for (const Row* row : candidates(map, opcode)) {
    unsigned wanted = row->map > 2 ? row->map : row->size == 'w' ? 0x66 : 0;
    if (prefix != wanted || static_cast<bool>(rex & 8) != (row->size == 'q'))
      continue;
    if (row->digit != 'n' && (modrm < 0xC0) != memory_form(row->form))
      continue;
    if (row->digit >= '0' && row->digit <= '7' && (modrm >> 3 & 7) != row->digit - '0')
      continue;
    inst = Instruction{};
    inst.row = row;
    if (has_condition(*row))
      inst.condition = opcode & 15;
    if (opcode_has_register(*row))
      inst.rm = static_cast<uint8_t>((opcode & 7) | (rex & 1) << 3);
    if (row->form == Form::AI)
      inst.rm = rax;
    if (row->digit != 'n') {
      in.next();
      if (row->digit == 'r')
        (reg_is_xmm(row->form) ? inst.x : inst.reg) = static_cast<uint8_t>((modrm >> 3 & 7) | (rex & 4) << 1);
      if (modrm >= 0xC0)
        (rm_is_xmm(row->form) ? inst.y : inst.rm) = static_cast<uint8_t>((modrm & 7) | (rex & 1) << 3);
      else
        read_memory(in, modrm, rex, inst);
    }
    if (row->immediate == 'l')
      inst.field = static_cast<uint8_t>(in.at);
    switch (row->immediate) {
    case 'n': inst.immediate = row->form == Form::R1 ? 1 : 0; break;
    case 'a':
    case 'b': inst.immediate = in.little(1); break;
    case 'w': inst.immediate = in.little(2); break;
    case 'q': inst.immediate = in.little(8); break;
    default: inst.immediate = in.little(4);
    }
    inst.length = static_cast<uint8_t>(in.at);
    return in.ok;
  }
  return false;
}

} // namespace talsim
