// Machine IR as text, for --emit=mir and error messages. Registers print in their machine names (with the width of the
// operand), virtual ones as v0, v1, ...; frame places as slot0, in0, out0.
#include "codegen/mir.h"

namespace codegen::mir {

const char* register_name(Reg reg, unsigned width) {
  static const char* const names[16][4] = {
      {"rax", "eax", "ax", "al"},      {"rcx", "ecx", "cx", "cl"},      {"rdx", "edx", "dx", "dl"},
      {"rbx", "ebx", "bx", "bl"},      {"rsp", "esp", "sp", "spl"},     {"rbp", "ebp", "bp", "bpl"},
      {"rsi", "esi", "si", "sil"},     {"rdi", "edi", "di", "dil"},     {"r8", "r8d", "r8w", "r8b"},
      {"r9", "r9d", "r9w", "r9b"},     {"r10", "r10d", "r10w", "r10b"}, {"r11", "r11d", "r11w", "r11b"},
      {"r12", "r12d", "r12w", "r12b"}, {"r13", "r13d", "r13w", "r13b"}, {"r14", "r14d", "r14w", "r14b"},
      {"r15", "r15d", "r15w", "r15b"}};
  static const char* const xmm_names[16] = {"xmm0", "xmm1", "xmm2",  "xmm3",  "xmm4",  "xmm5",  "xmm6",  "xmm7",
                                            "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"};
  if (reg.is_xmm()) return xmm_names[reg.value & 15];
  unsigned column = width == 32 ? 1 : width == 16 ? 2 : width == 8 ? 3 : 0;
  return names[reg.value & 15][column];
}

namespace {

std::string reg_text(Reg reg, unsigned width) {
  if (!reg.is_valid()) return "?";
  if (reg.is_physical()) return register_name(reg, width);
  std::string text = "v" + std::to_string(reg.index());
  return width >= 64 || width == 0 ? text : text + "." + std::to_string(width);
}

std::string place_text(const Place& place) {
  switch (place.kind) {
  case Place::Kind::None: return "none";
  case Place::Kind::Reg: return reg_text(place.as_reg(), 64);
  case Place::Kind::Slot: return "slot" + std::to_string(place.value);
  case Place::Kind::InArg: return "in" + std::to_string(place.value);
  case Place::Kind::OutArg: return "out" + std::to_string(place.value);
  case Place::Kind::Imm: return std::to_string(place.value);
  }
  return "?";
}

std::string symbol_text(uint32_t symbol, const std::vector<std::string>& names) {
  return symbol < names.size() ? names[symbol] : "sym" + std::to_string(symbol);
}

std::string mem_text(const Mem& mem, unsigned width, const std::vector<std::string>& names) {
  std::string text = width == 8 ? "byte " : width == 16 ? "word " : width == 32 ? "dword " : "";
  if (mem.frame.kind != Place::Kind::None) return text + "[" + place_text(mem.frame) + "]";
  text += "[";
  if (mem.symbol == this_function) text += "rip + this function";
  else if (mem.symbol != no_symbol) text += "rip + " + symbol_text(mem.symbol, names);
  if (mem.base.is_valid()) text += reg_text(mem.base, 64);
  if (mem.index.is_valid()) text += " + " + reg_text(mem.index, 64) + "*" + std::to_string(mem.scale);
  if (mem.disp > 0) text += " + " + std::to_string(mem.disp);
  if (mem.disp < 0) text += " - " + std::to_string(-int64_t(mem.disp));
  return text + "]";
}

std::string row_text(const Inst& inst, const std::vector<std::string>& names) {
  const OpInfo& row = info(inst.op);
  std::string text = row.text;
  if (row.form == Form::SetCC || row.form == Form::ModRRcc || row.form == Form::ModRMcc) text += cond_name(inst.cond);
  std::string d = reg_text(inst.d, row.dw), b = reg_text(inst.b, row.sw), i = std::to_string(inst.imm);
  auto m = [&] { return mem_text(inst.mem, inst.op == Op::LEA64r || inst.op == Op::LEA64_32r ? 64 : row.sw, names); };
  switch (row.form) {
  case Form::DefRR: case Form::ModRR: case Form::ModRRcc: case Form::UseRR: case Form::Swap: return text + " " + d + ", " + b;
  case Form::DefRM: case Form::ModRM: case Form::ModRMcc: case Form::UseRM: return text + " " + d + ", " + m();
  case Form::DefRI: case Form::ModRI: case Form::UseRI: return text + " " + d + ", " + i;
  case Form::DefRRI: return text + " " + d + ", " + b + ", " + i;
  case Form::DefRMI: return text + " " + d + ", " + m() + ", " + i;
  case Form::DefZero: return text + " " + d + ", " + d;
  case Form::UseMR: return text + " " + m() + ", " + b;
  case Form::UseMI: return text + " " + m() + ", " + i;
  case Form::UseM: return text + " " + m();
  case Form::ModR: case Form::SetCC: case Form::UseR: case Form::DefR: return text + " " + d;
  case Form::Plain: return text;
  }
  return text;
}

std::string copy_text(const std::vector<Move>& moves) {
  std::string text = "pcopy";
  for (size_t i = 0; i < moves.size(); ++i)
    text += (i ? ", " : " ") + place_text(moves[i].dst) + " <- " + place_text(moves[i].src);
  return text;
}

std::string edge_text(const Edge& edge) {
  std::string text = "b" + std::to_string(edge.target.value);
  for (size_t i = 0; i < edge.args.size(); ++i) text += (i ? ", " : "(") + place_text(edge.args[i]);
  return edge.args.empty() ? text : text + ")";
}

std::string table_text(const Block& block, const JumpTable& table) {
  std::string text = "  table";
  for (uint32_t entry : table.entries) text += " " + edge_text(block.succs[entry]);
  return text + "\n";
}

std::string terminator_text(const Function& function, const Block& block) {
  if (block.term == Term::Table) return table_text(block, function.tables[block.table]);
  if (block.term == Term::Jump) return "  jmp " + edge_text(block.succs[0]) + "\n";
  if (block.term == Term::Branch)
    return std::string("  j") + cond_name(block.cond) + " " + edge_text(block.succs[0]) + " else " + edge_text(block.succs[1]) + "\n";
  return "";
}

} // namespace

std::string print(const Function& function, const Inst& inst, const std::vector<std::string>& names) {
  switch (inst.op) {
  case Op::Pcopy: return copy_text(function.copies[inst.extra]);
  case Op::Call: return "call " + symbol_text(function.calls[inst.extra].symbol, names);
  case Op::Raise: return std::string("raise") + cond_name(inst.cond) + " " + symbol_text(inst.extra, names);
  default: return row_text(inst, names);
  }
}

std::string print(const Function& function, const std::vector<std::string>& names) {
  std::string text = "function " + function.name + " {\n";
  for (BlockId id : function.order) {
    const Block& block = function.block(id);
    text += "b" + std::to_string(id.value);
    for (size_t i = 0; i < block.params.size(); ++i) text += (i ? ", " : "(") + reg_text(block.params[i], 64);
    text += block.params.empty() ? ":" : "):";
    if (block.is_pad) text += " pad";
    if (block.unwind.is_valid()) text += " unwind b" + std::to_string(block.unwind.value);
    if (block.loop_depth) text += " depth " + std::to_string(block.loop_depth);
    text += "\n";
    for (const Inst& inst : block.insts) text += "  " + print(function, inst, names) + "\n";
    text += terminator_text(function, block);
  }
  return text + "}\n";
}

} // namespace codegen::mir
