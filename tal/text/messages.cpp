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
