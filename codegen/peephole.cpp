#include "codegen/peephole.h"

namespace codegen {

using namespace mir;

namespace {

// What `op` adds to its register, as a lea of the same width; false if it is no addition.
bool addition_as_lea(const Inst& add, Reg from, Inst& lea) {
  switch (add.op) {
  case Op::ADD32ri8: case Op::ADD32ri: case Op::ADD64ri8: case Op::ADD64ri32: lea.mem.disp = int32_t(add.imm); break;
  case Op::SUB32ri8: case Op::SUB32ri: case Op::SUB64ri8: case Op::SUB64ri32:
    if (add.imm == INT32_MIN) return false;
    lea.mem.disp = int32_t(-add.imm);
    break;
  case Op::ADD32rr: case Op::ADD64rr: lea.mem.index = add.b; break;
  case Op::SHL32ri: case Op::SHL64ri:
    if (add.imm != 1) return false;
    lea.mem.index = from;
    break;
  default: return false;
  }
  lea.op = info(add.op).dw == 64 ? Op::LEA64r : Op::LEA64_32r;
  lea.mem.base = from;
  return true;
}

} // namespace

void use_lea(Function& function) {
  for (BlockId id : function.order) {
    std::vector<Inst>& insts = function.block(id).insts;
    std::vector<Inst> out;
    out.reserve(insts.size());
    for (const Inst& add : insts) {
      if (add.op == Op::None) continue; // left by allocation
      const Inst* copy = out.empty() ? nullptr : &out.back();
      bool follows_copy = copy && (copy->op == Op::MOV32rr || copy->op == Op::MOV64rr) && copy->imm == 0 && is_row(add.op) &&
                          add.d == copy->d && !(add.b == copy->d) && info(add.op).dw == info(copy->op).dw;
      Inst lea;
      lea.d = add.d;
      lea.loc = add.loc;
      if (follows_copy && addition_as_lea(add, copy->b, lea)) out.back() = lea;
      else out.push_back(add);
    }
    insts = std::move(out);
  }
}

} // namespace codegen
