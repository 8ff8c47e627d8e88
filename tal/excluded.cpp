// Code that no run reaches because the facts at a branch exclude the way to it (R11): a bounds check that the checker finds
// redundant, what follows a check that always fails, a branch on a constant. A compiler cannot foresee all that the checker
// proves, so such code stands in objects and needs no label record.
//
// It is read but not typed: every byte must still belong to an instruction of the table, its relocations must be where
// instructions have fields, and its branches make excluded ways in turn. Sound, because nothing else leads here: a way
// with a state comes with a pending state or a label record, which end the excluded stretch.
#include "tal/function_checker.h"

#include <algorithm>

namespace tal {

// An excluded way leads to the target.
bool FunctionChecker::exclude(uint32_t target) {
  if (target <= start_ + 1)
    return fail(CheckRule::C3, "no branch into the first two bytes of a function", "text offset " + std::to_string(target));
  if (target > at_ && label_at(target) == nullptr) {
    excluded_targets_.insert(target);
    next_stop_ = std::min(next_stop_, target);
  }
  return true;
}

// At an address without pending state and label record.
bool FunctionChecker::arrive_excluded() {
  while (!excluded_targets_.empty() && *excluded_targets_.begin() <= at_) {
    if (*excluded_targets_.begin() < at_)
      return fail(CheckRule::C4, "an instruction at the branch target " + std::to_string(*excluded_targets_.begin()),
                  "the middle of one");
    excluded_ = true; // unless the path before goes on here
    excluded_targets_.erase(excluded_targets_.begin());
  }
  return true;
}

bool FunctionChecker::skip_reloc() {
  if (!has_reloc())
    return true;
  Rule rule = inst_.row().rule;
  bool has_field = inst_.memory ? inst_.base == rip : inst_.field != 0 && (rule == Rule::Call || rule == Rule::Jmp);
  if (!has_field) // the linker would write over opcodes, perhaps those of checked code behind (R25)
    return fail(CheckRule::O4, "a relocation only where an operand names a symbol",
                "one at " + std::to_string(m_.image.text_relocs[m_.next_reloc].offset));
  uint32_t symbol;
  int64_t offset;
  if (inst_.memory)
    return rip_symbol(symbol, offset);
  const Reloc* reloc;
  if (!take_reloc(at_ + inst_.field, reloc))
    return false;
  const Symbol& target = m_.annotations.symbols[reloc->symbol];
  if (target.kind != SymbolKind::Function || reloc->addend != -4)
    return fail(CheckRule::C19, "the start of a function", target.name);
  excluded_ = rule == Rule::Call;
  m_.sites.push_back({Section::Text, excluded_ ? Site::Kind::Call : Site::Kind::Jump, reloc->offset, reloc->symbol, -4});
  switch (m_.specials[reloc->symbol]) {
  case Special::Raise:
  case Special::RaiseNull:
  case Special::RaiseBounds:
  case Special::RaiseDiv:
  case Special::RaiseVariant: excluded_ = false; return true;
  case Special::None: excluded_ = excluded_ && !types_.sig(target.type).noret; return true;
  case Special::New:
  case Special::NewArray:
  case Special::Update: return true;
  }
  return true;
}

bool FunctionChecker::skip_excluded() {
  const Bytes& text = m_.image.text;
  if (!decode({text.data() + at_, end_ - at_}, inst_)) {
    inst_.length = 0;
    return fail(CheckRule::C1, "an instruction of the table", "byte " + std::to_string(text[at_]));
  }
  m_.statistics.instructions++;
  Rule rule = inst_.row().rule;
  bool is_branch = (rule == Rule::Jcc || rule == Rule::Jmp) && inst_.row().form == Form::T;
  const bool is_tail_call = has_reloc();
  if (!skip_reloc())
    return false;
  if (is_branch && !is_tail_call) {
    int64_t target = static_cast<int64_t>(at_) + inst_.length + inst_.imm;
    if (target < start_ || target >= end_)
      return fail(CheckRule::C4, "a target inside the function", "text offset " + std::to_string(target));
    if (!exclude(static_cast<uint32_t>(target)))
      return false;
  }
  if (rule == Rule::JmpTable) // its entries, which nobody reads here, may lead to anything that no state reaches
    excluded_table_ = true;
  else if (rule == Rule::Jmp || rule == Rule::Ret || rule == Rule::Ud2)
    excluded_ = false;
  if (has_inst())
    m_.next_inst++;
  return pass();
}

} // namespace tal
