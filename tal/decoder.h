// The instruction decoder: accepts exactly the rows of x86_64.def (rules R14, R15), nothing else.
//
// decode() looks at no more than 15 bytes and never past the end. It refuses, besides encodings without a row: prefixes
// other than 66, F2 and F3 (where a row asks for one) and REX; REX bits that select nothing; 8-bit registers 4-7 without REX
// (ah ch dh bh); memory without base; SIB forms that repeat a shorter one. Displacements may be written in one or four
// bytes whatever their value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tal {

enum class Rule : uint8_t {
#define TAL_RULE(id, step, text) id,
#include "tal/x86_64.def"
};

enum class Opcode : uint16_t {
#define TAL_ROW(id, mnemonic, map, opcode, digit, size, source, form, imm, flags, rule) id,
#include "tal/x86_64.def"
  count_,
};

enum class Form : uint8_t { None, RG, MG, GR, GM, RI, MI, AI, OI, R, M, O, I, R1, RC, GRI, GMI, T, XY, XM, MX, XR, GY, RX };
enum class FlagEffect : uint8_t { Keep, Junk, Arith, Cmp, Test, Shift };

struct Row {
  const char* mnemonic;
  uint8_t map, opcode;   // map: 1, 2, or the byte before 0F
  int8_t digit;          // 0..7, -1: ModRM.reg is a register, -2: no ModRM
  uint8_t size, source;  // bytes; 8 for stack and branch forms
  char size_letter;
  Form form;
  char imm;
  FlagEffect flags;
  Rule rule;
};
extern const Row rows[];   // by Opcode
inline const Row& row_of(Opcode opcode) { return rows[static_cast<size_t>(opcode)]; }
constexpr bool takes_condition(const Row& row) { return row.rule == Rule::Set || row.rule == Rule::Cmov || row.rule == Rule::Jcc; }

// Condition codes in the order of the machine: o no b ae e ne be a s ns p np l ge le g.
enum class Condition : uint8_t { o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g };
std::string_view condition_name(Condition condition);

enum Reg : uint8_t { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, rip, no_reg = 255 };

// A memory operand [base + index*scale + disp].
struct Inst {
  Opcode opcode{};
  uint8_t length = 0;
  uint8_t reg = no_reg;                  // G: ModRM.reg
  uint8_t rm = no_reg;                   // R: ModRM.rm, O: the opcode's register, A: rax
  uint8_t x = no_reg, y = no_reg;        // X, Y: xmm registers; never in reg or rm, so that no rule takes one for a general register
  uint8_t base = no_reg, index = no_reg, scale = 1;
  uint8_t field = 0;                     // offset of the 4-byte field that a relocation may cover (disp32 of RIP, rel32); 0 none
  Condition condition{};
  bool memory = false;
  int32_t disp = 0;
  int64_t imm = 0;                       // immediate, or branch distance from the end of the instruction

  const Row& row() const { return row_of(opcode); }
};

// The first instruction of `bytes`; false if it is not one that the table has.
[[nodiscard]] bool decode(std::span<const uint8_t> bytes, Inst& inst);

// Intel syntax. `target`: text of the branch target or symbol; `at`: the offset of the instruction, for numeric targets.
std::string print(const Inst& inst, uint32_t at, std::string_view target = {});
std::string_view register_name(uint8_t reg, unsigned bytes);

} // namespace tal
