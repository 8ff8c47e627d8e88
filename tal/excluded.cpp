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
  if (!is_target(target))
    return false;
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
      return no_instruction_at(*excluded_targets_.begin(), "the middle of one");
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
    return stray_reloc();
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
  const Special special = m_.specials[reloc->symbol];
  const bool raises = special >= Special::Raise && special <= Special::RaiseVariant;
  excluded_ = excluded_ && !raises && (special != Special::None || !types_.sig(target.type).noret);
  return true;
}

bool FunctionChecker::skip_excluded() {
  Rule rule = inst_.row().rule;
  bool is_branch = (rule == Rule::Jcc || rule == Rule::Jmp) && inst_.row().form == Form::T;
  const bool is_tail_call = has_reloc();
  if (!skip_reloc())
    return false;
  if (uint32_t target; is_branch && !is_tail_call && !(branch_target(target) && exclude(target)))
    return false;
  if (rule == Rule::JmpTable) // its entries, which nobody reads here, may lead to anything that no state reaches
    excluded_table_ = true;
  else if (rule == Rule::Jmp || rule == Rule::Ret || rule == Rule::Ud2)
    excluded_ = false;
  if (has_inst())
    (void)next_inst();
  return true;
}

} // namespace tal
