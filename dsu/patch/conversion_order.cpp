// Conversions in order: where what a value is made of may lead back to its type, following it by recursion would need a stack as deep as the
// longest chain. Such values wait on a stack in the heap until what they need is there. In templates $D is the direction, the rest as in
// conversion_text.cpp.
#include <algorithm>

#include "dsu/patch/conversions.h"

namespace dsu {
namespace {

const char* direction(Side source) { return source == Side::Old ? "old2new" : "new2old"; }

}  // namespace

// Null if the value is taken as it is, or cannot be converted.
const Conversions::Function* Conversions::function_of(TypeRef from, TypeRef to, Side source) {
  if ((from == to && !difference_.mentions_changed(from)) || !is_convertible(from, to) ||
      (from->kind != frontend::TypeKind::Named && from->kind != frontend::TypeKind::Tuple && from->kind != frontend::TypeKind::Array))
    return nullptr;
  return &function_for(from, to, source);
}

bool Conversions::needs_lead(const Function& from, const Function& to) const {
  std::set<const Function*> seen;
  std::vector<const Function*> open{&from};
  while (!open.empty()) {
    const Function* f = open.back();
    open.pop_back();
    for (const Need& need : f->needs) {
      if (need.function == &to)
        return true;
      if (seen.insert(need.function).second)
        open.push_back(need.function);
    }
  }
  return false;
}

void Conversions::find_ordered() {
  for (Function& f : functions_)
    f.is_ordered = needs_lead(f, f);
}

// Is there nothing to wait for? Values that are not entered in the table are made at once.
std::string Conversions::known_of(const Function& f) const {
  std::string text = expand("static bool $F_known($X) {\n", f);
  const TypeInfo* info = f.type->kind == frontend::TypeKind::Named ? printer_.info(f.type->name, f.source) : nullptr;
  if (info && info->nullable)
    text += "  if (x == null) return true;\n";
  if (info && info->kind == frontend::TypeDeclKind::Union && f.remembered.size() != info->fields.size()) {
    text += "  switch (x) {\n";
    for (const FieldInfo& field : info->fields)
      if (std::find(f.remembered.begin(), f.remembered.end(), field.name) == f.remembered.end())
        text += "    case " + field.name + (field.type->kind == frontend::TypeKind::Void ? "" : "(_)") + ": return true;\n";
    return text + expand("    default: return find($F_pairs, x) >= 0;\n  }\n}\n", f);
  }
  return text + expand("  return find($F_pairs, x) >= 0;\n}\n", f);
}

// Is all there that x is made of? If not, one of its parts waits now, too.
std::string Conversions::ready_of(const Function& f) const {
  std::string text = expand("static bool $F_ready($X) {\n", f);
  auto test = [](const Need& need, const std::string& indent) {
    const std::string& g = need.function->name;
    return indent + "if (!" + g + "_known(" + need.expression + ")) { " + g + "_wait(" + need.expression + "); return false; }\n";
  };
  size_t cases = 0;
  for (const Need& need : f.needs)
    if (need.function->is_ordered && need.variant.empty())
      text += test(need, "  ");
    else if (need.function->is_ordered)
      text += (cases++ == 0 ? "  switch (x) {\n" : "") + std::string("    case ") + need.variant + "(v):\n" + test(need, "      ") + "      return true;\n";
  if (cases == 0)
    return text + "  return true;\n}\n";
  const TypeInfo* info = printer_.info(f.type->name, f.source);
  return text + (cases == info->fields.size() ? "" : "    default: return true;\n") + "  }\n}\n";
}

// What others call: has the value wait, and makes what waits.
std::string Conversions::ordered_maker(const Function& f) const {
  if (!f.is_ordered)
    return "";
  const bool is_two_part = has_rest_[static_cast<unsigned>(f.source)];
  std::string text = "// Makes x after all that it is made of.\n" + std::string(is_two_part ? "static " : "") +
                     printer_.declaration(f.target, maker_of(f) + "(" + printer_.declaration(f.type, "x", f.source) + ")", other(f.source)) +
                     expand(" {\n  if (!$F_known(x)) {\n", f);
  text += std::string("    int others = waiting_count_") + direction(f.source) + ";\n" + expand("    $F_wait(x);\n", f) + "    make_waiting_" +
          direction(f.source) + "(others);\n  }\n" + expand("  return $F_now(x);\n}\n", f);
  return text + known_of(f) + ready_of(f) +
         expand("static <$<$S, $S>object_pairs $F_waiting = ^object_pairs({: $S}, {: $S}, {: int}, 0, 0);\nstatic void $F_wait($X) {\n", f) +
         expand("  if (find($F_waiting, x) >= 0) raise Dsu::Refused(\"$S: objects that need each other to be made\");\n"
                "  remember($F_waiting, x, x);\n", f) +
         "  push_waiting_" + direction(f.source) + "(^waiting_" + direction(f.source) + "." + waiting_case(f) + "(x));\n}\n";
}

std::string Conversions::waiting_case(const Function& f) const {
  const auto at = std::find_if(functions_.begin(), functions_.end(), [&](const Function& g) { return &g == &f; });
  return "V" + std::to_string(at - functions_.begin() + 1);
}

// The stack, and the loop that works on it.
std::string Conversions::write_waiting(Side source) const {
  std::string cases, rounds;
  for (const Function& f : functions_)
    if (f.source == source && f.is_ordered) {
      cases += "  " + printer_.declaration(f.type, waiting_case(f), source) + ";\n";
      rounds += "      case " + waiting_case(f) +
                expand("(x):\n        is_made = $F_known(x);\n        if (!is_made) if ($F_ready(x)) { $F_now(x); is_made = true; }\n", f);
    }
  if (cases.empty())
    return "";
  const std::string d = direction(source);
  auto with_direction = [&](std::string_view text) {
    std::string out;
    for (size_t from = 0;;) {
      const size_t at = text.find("$D", from);
      out += text.substr(from, at - from);
      if (at == std::string_view::npos)
        return out;
      out += d;
      from = at + 2;
    }
  };
  return with_direction("\n// Values that wait until what they are made of is there, so that chains may be longer than the stack is deep.\nunion waiting_$D {\n") +
         cases + with_direction(R"(}
static waiting_$D waiting_stack_$D[] = {: waiting_$D};
static int waiting_count_$D = 0;
static void push_waiting_$D(waiting_$D w) {
  if (waiting_count_$D == size(waiting_stack_$D)) {
    waiting_$D more[] = new_array(waiting_count_$D == 0 ? 64 : 2 * waiting_count_$D, w);
    for (int i = 0; i < waiting_count_$D; i++) more[i] = waiting_stack_$D[i];
    waiting_stack_$D = more;
  }
  waiting_stack_$D[waiting_count_$D] = w;
  waiting_count_$D++;
}
// Until only the first `others` wait.
static void make_waiting_$D(int others) {
  while (waiting_count_$D > others) {
    bool is_made = false;
    switch (waiting_stack_$D[waiting_count_$D - 1]) {
)") + rounds + with_direction("    }\n    if (is_made) waiting_count_$D--;\n  }\n}\n");
}

}  // namespace dsu
