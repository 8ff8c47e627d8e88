// talsim's own decoder. It shares the table tal/x86_64.def with the checker and nothing else: it searches the rows of an
// opcode instead of indexing, and works out what each row needs from the letters of the table.
//
// It reads any valid string and is not meant to refuse: that every string which the checker's decoder accepts is read alike
// is tested (test/unit/tal/decoder_test.cpp).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace talsim {

enum class Op : uint8_t {
#define TAL_RULE(id, step, text) id,
#include "tal/x86_64.def"
};

enum class Form : uint8_t { None, RG, MG, GR, GM, RI, MI, AI, OI, R, M, O, I, R1, RC, GRI, GMI, T, XY, XM, MX, XR, GY, RX, Unknown };

struct Row {
  std::string_view id, mnemonic;
  unsigned map, opcode;
  char digit, size, source; // letters of the table
  Form form;
  char immediate;
  std::string_view flags;
  Op op;
};
std::span<const Row> rows();

inline constexpr uint8_t none = 255, rip = 16;
enum Register : uint8_t { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };

struct Instruction {
  const Row* row = nullptr;
  uint8_t length = 0;
  uint8_t reg = none, rm = none; // ModRM.reg; ModRM.rm, the opcode's register, or rax
  uint8_t x = none, y = none;    // xmm registers in ModRM.reg and ModRM.rm
  uint8_t base = none, index = none, scale = 1;
  uint8_t field = 0;             // where the 4-byte displacement of rip or of a branch stands; 0: none
  uint8_t condition = 0;
  bool memory = false;
  int32_t displacement = 0;
  int64_t immediate = 0;

  unsigned bytes() const { return width(row->size); }
  unsigned source_bytes() const { return width(row->source); }
  static unsigned width(char letter) { return letter == 'b' ? 1 : letter == 'w' ? 2 : letter == 'd' ? 4 : 8; }
};

bool read_instruction(std::span<const uint8_t> bytes, Instruction& instruction);

} // namespace talsim
