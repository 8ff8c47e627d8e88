// Instructions as Intel syntax, for messages and listings; driven by x86_64.def like the decoder.
#include "tal/decoder.h"

namespace tal {
namespace {

constexpr std::string_view condition_names[] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                                "s", "ns", "p", "np", "l", "ge", "le", "g"};
constexpr std::string_view names64[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
                                        "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
constexpr std::string_view names32[] = {"eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi", "r8d",
                                        "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d", "eip"};
constexpr std::string_view names16[] = {"ax",  "cx",   "dx",   "bx",   "sp",   "bp",   "si",   "di", "r8w",
                                        "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w", "ip"};
constexpr std::string_view names8[] = {"al",  "cl",   "dl",   "bl",   "spl",  "bpl",  "sil",  "dil", "r8b",
                                       "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b", "?"};

std::string number(int64_t v) {
  return v < 0 ? "-" + std::to_string(uint64_t{0} - static_cast<uint64_t>(v)) : std::to_string(v);
}

std::string memory_text(const Inst& inst, unsigned bytes, std::string_view target) {
  std::string out;
  if (bytes != 0)
    out = bytes == 1 ? "byte ptr " : bytes == 2 ? "word ptr " : bytes == 4 ? "dword ptr " : "qword ptr ";
  out += '[';
  bool any = false;
  if (inst.base == rip && !target.empty())
    return out + "rip + " + std::string(target) + (inst.disp != 0 ? " + " + number(inst.disp) : "") + "]";
  if (inst.base != no_reg) {
    out += register_name(inst.base, 8);
    any = true;
  }
  if (inst.index != no_reg) {
    out += any ? " + " : "";
    if (inst.scale != 1 || !any)
      (out += std::to_string(inst.scale)) += '*';
    out += register_name(inst.index, 8);
    any = true;
  }
  if (inst.disp != 0 || !any) {
    if (!any)
      out += number(inst.disp);
    else
      out += inst.disp < 0 ? " - " + number(-int64_t{inst.disp}) : " + " + number(inst.disp);
  }
  return out + "]";
}

} // namespace

std::string_view condition_name(Condition condition) { return condition_names[static_cast<size_t>(condition)]; }

std::string_view register_name(uint8_t reg, unsigned bytes) {
  if (reg > rip)
    return "?";
  return bytes == 1 ? names8[reg] : bytes == 2 ? names16[reg] : bytes == 4 ? names32[reg] : names64[reg];
}

std::string print(const Inst& inst, uint32_t at, std::string_view target) {
  const Row& row = inst.row();
  std::string out = row.mnemonic;
  if (takes_condition(row))
    out += condition_name(inst.condition);
  auto reg = [&](uint8_t r, unsigned bytes) { return std::string(register_name(r, bytes)); };
  auto xmm = [](uint8_t r) { return "xmm" + std::to_string(r); };
  auto mem = [&](unsigned bytes) { return memory_text(inst, row.rule == Rule::Lea ? 0 : bytes, target); };
  switch (row.form) {
  case Form::None: return out;
  case Form::RG: return out + " " + reg(inst.rm, row.size) + ", " + reg(inst.reg, row.source);
  case Form::MG: return out + " " + mem(row.size) + ", " + reg(inst.reg, row.source);
  case Form::GR: return out + " " + reg(inst.reg, row.size) + ", " + reg(inst.rm, row.source);
  case Form::GM: return out + " " + reg(inst.reg, row.size) + ", " + mem(row.source);
  case Form::RI:
  case Form::AI:
  case Form::OI: return out + " " + reg(inst.rm, row.size) + ", " + number(inst.imm);
  case Form::MI: return out + " " + mem(row.size) + ", " + number(inst.imm);
  case Form::R:
  case Form::O: return out + " " + reg(inst.rm, row.size);
  case Form::M: return out + " " + mem(row.size);
  case Form::I: return out + " " + number(inst.imm);
  case Form::R1: return out + " " + reg(inst.rm, row.size);
  case Form::RC: return out + " " + reg(inst.rm, row.size) + ", cl";
  case Form::GRI: return out + " " + reg(inst.reg, row.size) + ", " + reg(inst.rm, row.size) + ", " + number(inst.imm);
  case Form::GMI: return out + " " + reg(inst.reg, row.size) + ", " + mem(row.size) + ", " + number(inst.imm);
  case Form::XY: return out + " " + xmm(inst.x) + ", " + xmm(inst.y);
  case Form::XM: return out + " " + xmm(inst.x) + ", " + mem(row.source);
  case Form::MX: return out + " " + mem(row.size) + ", " + xmm(inst.x);
  case Form::XR: return out + " " + xmm(inst.x) + ", " + reg(inst.rm, row.source);
  case Form::GY: return out + " " + reg(inst.reg, row.size) + ", " + xmm(inst.y);
  case Form::RX: return out + " " + reg(inst.rm, row.size) + ", " + xmm(inst.x);
  case Form::T:
    if (!target.empty())
      return out + " " + std::string(target);
    return out + " " + number(static_cast<int64_t>(at) + inst.length + inst.imm);
  }
  return out;
}

} // namespace tal
