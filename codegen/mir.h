// Machine IR: x86-64 instructions over virtual registers, in blocks with parameters.
//
// Life of a function: instruction selection fills it with virtual registers; register allocation replaces them by
// general registers and frame slots; frame lowering turns slots into [rsp+n]; layout encodes it. The rows of x86.def
// give each instruction's shape; three pseudo instructions come on top (Pcopy, Call, Raise).
//
// What holds before allocation:
//   * a virtual register is defined in one block only, in consecutive instructions (a copy, then the two-address
//     operation that modifies it, say); its value is final after the last of them;
//   * general registers appear only as sources and destinations of Pcopy and as implicit operands (calls, division,
//     shifts by cl, return); none is live across a block boundary, except rax = the exception on entry to a pad;
//   * critical edges are split; a pad has exactly one predecessor, the block whose last call may throw to it;
//   * flags live from the instruction that sets them to the next reader, with only moves in between.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/source.h"

namespace codegen::mir {

using support::SourceLoc;

enum class Op : uint16_t {
  None,
#define X(name, text, form, dw, sw, flags, folded) name,
#include "codegen/x86.def"
  Pcopy, // all moves of Function::copies[extra] at once
  Call,  // direct call, Function::calls[extra]
  Raise, // if cond: leave by the runtime's raise function number `extra`, with no handler in this function
};

enum class Form : uint8_t {
  DefRR, DefRM, DefRI, DefRRI, DefRMI, DefZero, ModR, ModRR, ModRM, ModRI, ModRRcc, ModRMcc, SetCC,
  UseRR, UseRM, UseRI, UseMR, UseMI, UseR, UseM, DefR, Plain, Swap,
};
enum class Flags : uint8_t { Keep, Write, Read, Zero };

struct OpInfo {
  const char* name; // LLVM's
  const char* text; // mnemonic
  Form form;
  uint8_t dw, sw;
  Flags flags;
  Op folded;
};
// Of a row of x86.def, not of a pseudo instruction.
const OpInfo& info(Op op);
inline bool is_row(Op op) { return op != Op::None && op < Op::Pcopy; }

// Condition codes with the numbers of the machine encoding; the low bit negates.
enum class Cond : uint8_t { O, NO, B, AE, E, NE, BE, A, S, NS, P, NP, L, GE, LE, G };
inline Cond negate(Cond c) { return Cond(uint8_t(c) ^ 1); }
const char* cond_name(Cond c);

// A register: general (number of the machine encoding), xmm (16 + its number), or virtual.
struct Reg {
  uint32_t value = UINT32_MAX;
  static constexpr uint32_t first_virtual = 32;
  static constexpr Reg virt(uint32_t index) { return {first_virtual + index}; }
  constexpr bool is_valid() const { return value != UINT32_MAX; }
  constexpr bool is_virtual() const { return is_valid() && value >= first_virtual; }
  constexpr bool is_physical() const { return value < first_virtual; }
  constexpr bool is_xmm() const { return value >= 16 && value < first_virtual; }
  constexpr uint32_t index() const { return value - first_virtual; }
  friend constexpr bool operator==(Reg, Reg) = default;
};
inline constexpr Reg rax{0}, rcx{1}, rdx{2}, rbx{3}, rsp{4}, rbp{5}, rsi{6}, rdi{7}, r8{8}, r9{9}, r10{10}, r11{11},
    r12{12}, r13{13}, r14{14}, r15{15};
inline constexpr Reg xmm(uint32_t n) { return {16 + n}; }
inline constexpr uint32_t physical_registers = Reg::first_virtual;

// A set of general and xmm registers, bit n for register n.
using RegMask = uint32_t;
inline constexpr RegMask bit(Reg r) { return 1u << r.value; }
inline constexpr RegMask callee_saved = bit(rbx) | bit(rbp) | bit(r12) | bit(r13) | bit(r14) | bit(r15);
inline constexpr RegMask general_registers = 0xFFFF, xmm_registers = 0xFFFF0000;
inline constexpr RegMask caller_saved = (general_registers & ~callee_saved & ~bit(rsp)) | xmm_registers;
inline constexpr Reg argument_registers[6] = {rdi, rsi, rdx, rcx, r8, r9};
inline constexpr uint32_t float_argument_registers = 8; // xmm0 to xmm7

// A place that can hold a 64-bit value, or a constant as the source of a move.
struct Place {
  enum class Kind : uint8_t {
    None,
    Reg,    // value: Reg::value
    Slot,   // value: number of a spill slot
    InArg,  // value: number of a stack argument of this function
    OutArg, // value: number of a stack argument of the next call
    Imm,    // value: 64-bit constant (only a source)
  } kind = Kind::None;
  int64_t value = 0;
  static Place reg(mir::Reg r) { return {Kind::Reg, r.value}; }
  static Place slot(uint32_t n) { return {Kind::Slot, n}; }
  static Place in_arg(uint32_t n) { return {Kind::InArg, n}; }
  static Place out_arg(uint32_t n) { return {Kind::OutArg, n}; }
  static Place imm(int64_t v) { return {Kind::Imm, v}; }
  bool is_reg() const { return kind == Kind::Reg; }
  bool is_memory() const { return kind == Kind::Slot || kind == Kind::InArg || kind == Kind::OutArg; }
  mir::Reg as_reg() const { return {uint32_t(value)}; }
  friend bool operator==(const Place&, const Place&) = default;
};

inline constexpr uint32_t no_symbol = UINT32_MAX;
inline constexpr uint32_t this_function = UINT32_MAX - 1; // in a memory operand: the start of the function, without relocation

// Memory operand: [base + index*scale + disp], [rip + symbol], or a frame place until frames are laid out.
struct Mem {
  Reg base, index;
  uint8_t scale = 1;
  int32_t disp = 0;
  uint32_t symbol = no_symbol;
  Place frame; // Slot, InArg, OutArg: instead of all the above
};

struct Inst {
  Op op = Op::None;
  Cond cond = Cond::O;
  Reg d, b;
  Mem mem;
  int64_t imm = 0;
  uint32_t extra = UINT32_MAX;
  // After allocation: number of the instruction it came from in its block; none for moves that allocation made.
  uint32_t origin = UINT32_MAX;
  SourceLoc loc;
  bool traps = false;        // its access is the test for null of its base
};

struct Move {
  Place dst, src;
  bool narrow = false; // the value fits 32 bits, zero-extended
};

struct CallInfo {
  uint32_t symbol = no_symbol; // none: indirect, through `d` of CALL64r
  RegMask uses = 0;            // argument registers
  uint32_t out_args = 0;       // stack arguments
  bool has_result = false;
  bool returns = true;
  bool cold = false;           // a failed check
  std::vector<uint32_t> type_args; // TAL types that instantiate the callee
};

struct BlockId {
  uint32_t value = UINT32_MAX;
  constexpr bool is_valid() const { return value != UINT32_MAX; }
  friend constexpr bool operator==(BlockId, BlockId) = default;
};

// Arguments are registers or constants, one for each parameter of the target.
struct Edge {
  BlockId target;
  std::vector<Place> args;
};

enum class Term : uint8_t {
  Jump,     // to succs[0]
  Branch,   // if cond to succs[0], else to succs[1]; the last instruction that writes flags decides
  Table,    // the last instruction is JMP64r, through the jump table number `table`: to any of succs, which are distinct
  Return,   // the last instruction is RET64
  NoReturn, // the last instruction is a call that does not return, or a trap
};

struct Block {
  std::vector<Reg> params;
  std::vector<Inst> insts;
  Term term = Term::NoReturn;
  Cond cond = Cond::O;
  std::vector<Edge> succs;
  uint32_t table = UINT32_MAX; // of Term::Table: index into Function::tables
  BlockId unwind; // pad of the last call
  bool is_pad = false;
  bool cold = false;
  bool teaches = false; // the branch decides what no label record can say (which exception it is): successors come later
  uint32_t loop_depth = 0;
  std::vector<BlockId> preds; // computed, unwind edges included
};

struct VRegInfo {
  uint32_t type = 0;   // TAL type, opaque here
  bool narrow = false; // an integer that fits 32 bits: moves need no REX.W
  bool floating = false; // lives in an xmm register
};

// A read-only array of distances from the start of the function.
struct JumpTable {
  uint32_t symbol = no_symbol;
  std::vector<uint32_t> entries; // indices into `succs` of the block that ends with it
};

struct Function {
  std::string name; // as in the source
  uint32_t symbol = no_symbol;
  SourceLoc loc;
  std::vector<Block> blocks;
  std::vector<BlockId> order; // layout: entry first; exactly the blocks in use
  std::vector<VRegInfo> vregs;
  std::vector<std::vector<Move>> copies;
  std::vector<CallInfo> calls;
  std::vector<JumpTable> tables;
  uint32_t in_args = 0; // stack arguments
  uint32_t slots = 0;   // spill slots, after allocation
  RegMask saved = 0;    // callee-saved registers in use, after allocation

  Block& block(BlockId id) { return blocks[id.value]; }
  const Block& block(BlockId id) const { return blocks[id.value]; }
  Reg new_vreg(uint32_t type, bool narrow = false, bool floating = false);
  bool is_floating(Reg reg) const { return reg.is_virtual() ? vregs[reg.index()].floating : reg.is_xmm(); }
  BlockId new_block();
  uint32_t new_copy(std::vector<Move> moves);
  uint32_t new_call(CallInfo call);
};

// Fills in `preds` of the blocks in `order`.
void compute_preds(Function& function);

// Registers that an instruction reads and writes besides its operands; a call's clobbers are writes.
RegMask implicit_uses(const Function& function, const Inst& inst);
RegMask implicit_defs(const Function& function, const Inst& inst);
bool writes_flags(const Inst& inst);
bool reads_flags(const Inst& inst);
// A copy of a register that says nothing else: not a truncation to 32 bits.
inline bool is_plain_copy(const Inst& inst) {
  return (inst.op == Op::MOV32rr || inst.op == Op::MOV64rr || inst.op == Op::MOVAPSrr) && inst.imm == 0;
}
inline bool is_call(const Inst& inst) { return inst.op == Op::Call || inst.op == Op::CALL64r; }

enum class Role : uint8_t { Use, Def, Modify };
// Calls f(Reg&, Role, bool may_be_memory) for each explicit register operand that is set, of rows and Raise (which has none).
template <typename InstT, typename F> void for_each_operand(InstT& inst, F f) {
  if (!is_row(inst.op)) return;
  const OpInfo& row = info(inst.op);
  bool foldable = row.folded != Op::None && inst.extra == UINT32_MAX; // a record is about this very form
  switch (row.form) {
  case Form::DefRR: case Form::DefRRI: f(inst.b, Role::Use, foldable); f(inst.d, Role::Def, false); break;
  case Form::DefRM: case Form::DefRMI: case Form::DefRI: case Form::DefZero: case Form::DefR: f(inst.d, Role::Def, false); break;
  case Form::ModR: case Form::ModRI: case Form::ModRM: case Form::ModRMcc: case Form::SetCC: f(inst.d, Role::Modify, false); break;
  case Form::ModRR: case Form::ModRRcc: f(inst.b, Role::Use, foldable); f(inst.d, Role::Modify, false); break;
  case Form::UseRR: f(inst.b, Role::Use, foldable); f(inst.d, Role::Use, false); break;
  case Form::UseRM: case Form::UseRI: case Form::UseR: f(inst.d, Role::Use, false); break;
  case Form::UseMR: f(inst.b, Role::Use, false); break;
  case Form::Swap: f(inst.d, Role::Modify, false); f(inst.b, Role::Modify, false); break;
  case Form::UseMI: case Form::UseM: case Form::Plain: break;
  }
  if (inst.mem.base.is_valid()) f(inst.mem.base, Role::Use, false);
  if (inst.mem.index.is_valid()) f(inst.mem.index, Role::Use, false);
}

// mir_printer.cpp: the text that --emit=mir shows. `symbol_name` gives names to symbols.
std::string print(const Function& function, const std::vector<std::string>& symbol_names);
std::string print(const Function& function, const Inst& inst, const std::vector<std::string>& symbol_names);
const char* register_name(Reg reg, unsigned width);

} // namespace codegen::mir
