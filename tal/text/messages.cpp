// The words of a refusal. What is said here decides nothing.
#include "tal/function_checker.h"

namespace tal {

std::string_view rule_id(CheckRule rule) {
  static constexpr std::string_view ids[] = {
#define TAL_CHECK_RULE(id, title) #id,
#include "tal/rules.def"
  };
  return ids[static_cast<size_t>(rule)];
}

std::string_view rule_title(CheckRule rule) {
  static constexpr std::string_view titles[] = {
#define TAL_CHECK_RULE(id, title) title,
#include "tal/rules.def"
  };
  return titles[static_cast<size_t>(rule)];
}

std::string FunctionChecker::describe(const State& s, const Value& v) const {
  switch (v.tag) {
  case Value::Tag::Junk: return "nothing known (junk)";
  case Value::Tag::Saved: return "the entry value of " + operand_name(v.aux);
  case Value::Tag::ExnId: return "the name of an exception";
  case Value::Tag::Desc: return "a descriptor";
  case Value::Tag::CodeBase: return "an address of code";
  case Value::Tag::JumpDest: return "an entry of a jump table as an address";
  case Value::Tag::Word: break;
  }
  if (!v.is_int()) {
    std::string text = types_.print(v.type);
    if (s.facts(v.name).under_construction)
      text += " under construction";
    return s.facts(v.name).nonnull && types_.is_nullable(v.type) ? text + " (not null)" : text;
  }
  if (v.is_constant())
    return "the constant " + std::to_string(v.c);
  if (v.aux == 4)
    return "an integer stored in 4 bytes of the slot";
  Interval i = s.interval(v);
  if (i.lo == int64_min && i.hi == int64_max)
    return "an integer";
  return "an integer in [" + std::to_string(i.lo) + ", " + std::to_string(i.hi) + "]";
}

void FunctionChecker::refuse_edge(State& s, const LabelRecord& label, Mismatch m) {
  const std::string at = " at label " + std::to_string(label.offset);
  switch (m.part) {
  case Mismatch::Part::None: break;
  case Mismatch::Part::Depth: return (void)fail(CheckRule::C6, "a frame of " + std::to_string(label.depth) + " bytes" + at, std::to_string(s.depth));
  case Mismatch::Part::Live: {
    const LiveLocation& live = label.live[m.at];
    const Value* v = location(s, live.location);
    const std::string where = (is_slot(live.location) ? "slot " + std::to_string(live.location - slot_base)
                                                      : operand_name(static_cast<uint8_t>(live.location))) + at;
    if (v == nullptr)
      return (void)fail(CheckRule::C7, where, "no such slot");
    if (live.type.what == LocationType::What::Type)
      return (void)require_type(CheckRule::C7, s, *v, live.type.type, where);
    return (void)fail(CheckRule::C9, "the entry value of " + operand_name(live.type.saved) + " in " + where, describe(s, *v));
  }
  case Mismatch::Part::Saved:
    return (void)fail(CheckRule::C9, "the entry value of " + operand_name(static_cast<uint8_t>(m.at)) + " in its register" + at, describe(s, s.reg[m.at]));
  case Mismatch::Part::Same: return (void)fail(CheckRule::C8, "one value in two locations" + at, "two values");
  case Mismatch::Part::Fact: {
    const Fact& f = label.facts[m.at];
    bool ok = true;
    Value x = fact_operand(s, label, f.x, ok), y = fact_operand(s, label, f.y, ok);
    int64_t known = ok ? s.bound(x, y) : Constraints::none;
    return (void)fail(CheckRule::C8, "x - y <= " + std::to_string(f.c) + " for a fact of label " + std::to_string(label.offset),
                known == Constraints::none ? "no bound" : "<= " + std::to_string(known));
  }
  }
}

std::string to_string(const VerifyError& e, std::string_view file) {
  std::string out(file);
  out += ": refused";
  if (!e.function.empty())
    out += ": in `" + e.function + "`";
  if (e.section != Section::None) {
    char text[64];
    snprintf(text, sizeof text, "%s+0x%x", std::string(section_name(e.section)).c_str(), e.offset);
    out += std::string(" at ") + text;
  }
  if (!e.instruction.empty())
    out += ": `" + e.instruction + "`";
  out += "\n  rule " + e.rule + ": " + e.title;
  out += "\n  expected " + e.expected + "\n  found    " + e.found + "\n";
  return out;
}

// Why an import has no provider. A function may exist for other widths only.
std::string missing_import(const std::map<std::string, Binding>& exports, const std::string& name) {
  const std::string prefix = name.substr(0, name.find('.')) + ".w";
  auto entry = exports.lower_bound(prefix);
  if (entry == exports.end() || !entry->first.starts_with(prefix))
    return "no module defines it";
  return "no module defines it, but `" + entry->first + "`: its code depends on the width of a type variable, which " +
         (name.find('.') == std::string::npos ? "is not known here" : "has another value here");
}

} // namespace tal
