// The text of conversion functions. In templates $F is the function's name, $X its parameter and $Y its result declared as `x` and
// `y`, $S and $T the types of both; $< stands between `<` and $S.
#include <algorithm>

#include "dsu/patch/containers.h"
#include "dsu/patch/conversions.h"

namespace dsu {

using frontend::TypeKind;

std::string Conversions::expand(std::string_view text, const Function& f) const {
  auto before = [&](const std::string& name) { return printer_.declaration(f.type, name, f.source); };
  auto after = [&](const std::string& name) { return printer_.declaration(f.target, name, other(f.source)); };
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '$') {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'F': out += f.name; break;
      case 'X': out += before("x"); break;
      case 'Y': out += after("y"); break;
      case 'S': out += printer_.type(f.type, f.source); break;
      case '<': out += printer_.type(f.type, f.source).starts_with('<') ? " " : ""; break;  // `<<` is another token
      case 'T': out += printer_.type(f.target, other(f.source)); break;
    }
  }
  return out;
}

std::string Conversions::table_of(const Function& f) const {
  return expand("\n// $S to $T", f) + f.remark + expand("\nstatic <$<$S, $T>object_pairs $F_pairs = ^object_pairs({: $S}, {: $T}, {: int}, 0, 0);\n", f);
}

// The function that conversions use among themselves: what it gives may have parts that `finish` still has to fill in.
std::string Conversions::maker_of(const Function& f) const {
  return has_rest_[static_cast<unsigned>(f.source)] ? f.name + "_make" : f.name;
}

std::string Conversions::header_of(const Function& f) const {
  if (f.is_ordered)
    return "static " + printer_.declaration(f.target, f.name + "_now(" + printer_.declaration(f.type, "x", f.source) + ")", other(f.source)) + " {\n";
  const bool is_two_part = has_rest_[static_cast<unsigned>(f.source)];
  return (is_two_part ? "static " : "") +
         printer_.declaration(f.target, maker_of(f) + "(" + printer_.declaration(f.type, "x", f.source) + ")", other(f.source)) + " {\n";
}

std::string Conversions::look_up(const Function& f, const std::string& indent) const {
  return indent + "int known = find(" + f.name + "_pairs, x);\n" + indent + "if (known >= 0) return " + f.name + "_pairs.after[known];\n";
}

// The other direction, if somebody needs it, has to give `x` back for `y`; there is nothing to be filled in for that.
std::string Conversions::remember(const Function& f, const std::string& indent) const {
  std::string text = indent + "remember(" + f.name + "_pairs, x, y);\n";
  for (const Function& g : functions_)
    if (g.type == f.target && g.target == f.type && g.source != f.source) {
      text += indent + "remember(" + g.name + "_pairs, y, x);\n";
      if (g.has_rest)
        text += indent + expand("if ($F_pairs.finished == $F_pairs.count - 1) $F_pairs.finished++;\n", g);
    }
  return text;
}

// After the maker: the function that fills in its rest, and the one that others call.
std::string Conversions::with_rest(Function& f, const std::string& rest) const {
  const bool is_two_part = has_rest_[static_cast<unsigned>(f.source)];
  std::string text = ordered_maker(f);
  if (!rest.empty())
    text += expand("static void $F_fill($X, $Y) {\n", f) + rest + "}\n";
  if (is_two_part)
    text += printer_.declaration(f.target, f.name + "(" + printer_.declaration(f.type, "x", f.source) + ")", other(f.source)) +
            " {\n  " + printer_.declaration(f.target, "made", other(f.source)) + " = " + maker_of(f) + "(x);\n  " +
            (f.source == Side::Old ? "finish_old2new" : "finish_new2old") + "();\n  return made;\n}\n";
  return text;
}

std::string Conversions::write_finish(Side source) const {
  if (!has_rest_[static_cast<unsigned>(source)])
    return "";
  std::string text = std::string("\n// Fills in what is missing in objects that were made, which makes others, until all are complete.\nstatic void ") +
                     (source == Side::Old ? "finish_old2new" : "finish_new2old") + "() {\n  bool is_done = false;\n  while (!is_done) {\n    is_done = true;\n";
  for (const Function& f : functions_)
    if (f.source == source && f.has_rest)
      text += expand(R"(    while ($F_pairs.finished < $F_pairs.count) {
      is_done = false;
      $F_fill($F_pairs.before[$F_pairs.finished], $F_pairs.after[$F_pairs.finished]);
      $F_pairs.finished++;
    }
)", f);
  return text + "  }\n}\n";
}

// Does converting a value of type `from` lead to one of `type` again?
bool Conversions::leads_to(TypeRef from, TypeRef type, Side side) const {
  static constexpr size_t enough = 200;  // types that are instances of each other without end
  std::vector<TypeRef> open{from};
  std::set<TypeRef> seen;
  while (!open.empty()) {
    const TypeRef t = open.back();
    open.pop_back();
    if (t == type || seen.size() > enough)
      return true;
    if (!difference_.mentions_changed(t) || !seen.insert(t).second || t->kind == TypeKind::Function)
      continue;
    if (t->element)
      open.push_back(t->element);
    open.insert(open.end(), t->args.begin(), t->args.end());
    if (const TypeInfo* info = printer_.info(t->name, side))
      for (const FieldInfo& field : info->fields)
        open.push_back(types_.substitute(field.type, t->args));
  }
  return false;
}

// One component of the object that `f` makes: what the object is made with and, if it may lead back, what is assigned later.
void Conversions::add_part(Function& f, Parts& parts, const std::string& old_part, const std::string& part, TypeRef from, TypeRef to,
                           bool is_const, const std::string& place) {
  std::string value = convert(from, to, f.source, "x." + old_part, place);
  if (value != "x." + old_part && !is_const && leads_to(from, f.type, f.source))
    if (std::optional<std::string> initial = printer_.default_value(to, other(f.source))) {
      parts.rest += "  y." + part + " = " + value + ";\n";
      value = *initial;
    }
  if (const Function* g = value == "x." + old_part ? nullptr : function_of(from, to, f.source); g && value.starts_with(maker_of(*g)))
    f.needs.push_back({"", "x." + old_part, g});
  parts.arguments += (parts.arguments.empty() ? "" : ", ") + value;
}

Conversions::Parts Conversions::convert_fields(Function& f) {
  const TypeInfo& from = *printer_.info(f.type->name, f.source);
  const TypeInfo& to = *printer_.info(f.target->name, other(f.source));
  Parts parts;
  std::set<std::string> kept;
  f.remark.clear();
  for (const FieldInfo& field : to.fields) {
    const TypeRef type = types_.substitute(field.type, f.target->args);
    const std::string place = to.name + "." + field.name;
    const std::string name = f.source == Side::Old ? difference_.old_field(from.name, field.name) : difference_.new_field(to.name, field.name);
    auto old = std::find_if(from.fields.begin(), from.fields.end(), [&](const FieldInfo& o) { return o.name == name; });
    if (old == from.fields.end()) {
      const std::optional<std::string> value = printer_.default_value(type, other(f.source));
      parts.arguments += (parts.arguments.empty() ? "" : ", ") + value.value_or(fill(place + ": no old value"));
      f.remark += "; " + field.name + (value ? " starts as " + *value : " is to be completed");
      continue;
    }
    const TypeRef old_type = types_.substitute(old->type, f.type->args);
    add_part(f, parts, name, field.name, old_type, type, field.is_const, place);
    kept.insert(name);
  }
  for (const FieldInfo& field : from.fields)
    if (!kept.contains(field.name))
      f.remark += "; " + field.name + " is dropped";
  return parts;
}

// A null where the other version has none is not known beforehand: it ends the update where one is met.
std::string Conversions::null_case(const Function& f) const {
  const TypeInfo& to = *printer_.info(f.target->name, other(f.source));
  if (!printer_.info(f.type->name, f.source)->nullable)
    return "";
  return to.nullable ? "  if (x == null) return null;\n"
                     : "  if (x == null) raise Dsu::Refused(\"" + to.name + ": there is a null, which the " +
                           (f.source == Side::Old ? "new" : "old") + " version does not have\");\n";
}

std::string Conversions::write(Function& f) {
  f.needs.clear();
  f.remembered.clear();
  if (f.type->kind == TypeKind::Array)
    return write_array(f);
  if (f.type->kind == TypeKind::Tuple)
    return write_tuple(f);
  if (find_container(f.type->name))
    return write_container(f);
  switch (printer_.info(f.type->name, f.source)->kind) {
    case frontend::TypeDeclKind::Union: return write_union(f);
    case frontend::TypeDeclKind::Abstype: return write_package(f);
    case frontend::TypeDeclKind::Struct:
    case frontend::TypeDeclKind::Abstract: break;
  }
  return write_struct(f);
}

std::string Conversions::write_struct(Function& f) {
  const Parts parts = convert_fields(f);
  f.has_rest = !parts.rest.empty();
  has_rest_[static_cast<unsigned>(f.source)] |= f.has_rest;
  return table_of(f) + header_of(f) + null_case(f) + look_up(f, "  ") + expand("  $Y = ^", f) +
         printer_.type_name(f.target->name, other(f.source)) + "(" + parts.arguments + ");\n" + remember(f, "  ") + "  return y;\n}\n" +
         with_rest(f, parts.rest);
}

std::string Conversions::write_tuple(Function& f) {
  Parts parts;
  for (size_t i = 0; i < f.type->args.size(); i++)
    add_part(f, parts, std::to_string(i + 1), std::to_string(i + 1), f.type->args[i], f.target->args[i], f.target->read_only,
             "component of " + printer_.type(f.type, f.source));
  f.has_rest = !parts.rest.empty();
  has_rest_[static_cast<unsigned>(f.source)] |= f.has_rest;
  return table_of(f) + header_of(f) + look_up(f, "  ") + expand("  $Y = ^(", f) + parts.arguments + ");\n" + remember(f, "  ") +
         "  return y;\n}\n" + with_rest(f, parts.rest);
}

// Case by case, by name. A case that the other version does not have ends the update where a value of it is met; the running program may
// well have none. A payload that leads back to `x` may have made its conversion meanwhile: it is looked up again.
std::string Conversions::write_union(Function& f) {
  const TypeInfo& from = *printer_.info(f.type->name, f.source);
  const TypeInfo& to = *printer_.info(f.target->name, other(f.source));
  const Side target = other(f.source);
  const std::string made = "^" + printer_.type_name(to.name, target) + ".";
  std::string body = header_of(f) + null_case(f) + "  switch (x) {\n";
  bool remembers = false;
  for (const FieldInfo& field : from.fields) {
    const bool has_payload = field.type->kind != TypeKind::Void;
    const std::string name = f.source == Side::Old ? difference_.new_field(from.name, field.name) : difference_.old_field(to.name, field.name);
    const std::string place = to.name + "." + name;
    auto now = std::find_if(to.fields.begin(), to.fields.end(), [&](const FieldInfo& o) { return o.name == name; });
    const bool keeps = now != to.fields.end() && has_payload && now->type->kind != TypeKind::Void;
    body += "    case " + field.name + (has_payload ? keeps ? "(v)" : "(_)" : "") + ":\n";
    if (now == to.fields.end()) {
      body += "      raise Dsu::Refused(\"" + place + ": there is a value of this case, which the " +
              (target == Side::New ? "new" : "old") + " version does not have\");\n";
      continue;
    }
    if (now->type->kind == TypeKind::Void) {
      body += "      return " + made + name + ";\n";
      continue;
    }
    const TypeRef type = types_.substitute(now->type, f.target->args), old_type = types_.substitute(field.type, f.type->args);
    const std::string value =
        keeps ? convert(old_type, type, f.source, "v", place) : printer_.default_value(type, target).value_or(fill(place + ": no old value"));
    if (has_payload) {
      body += look_up(f, "      ");
      f.remembered.push_back(field.name);
    }
    if (const Function* g = keeps ? function_of(old_type, type, f.source) : nullptr)
      f.needs.push_back({field.name, "v", g});
    body += "      " + printer_.declaration(type, "w", target) + " = " + value + ";\n";
    if (keeps && leads_to(old_type, f.type, f.source))
      body += expand("      known = find($F_pairs, x);\n      if (known >= 0) return $F_pairs.after[known];\n", f);
    body += "      " + printer_.declaration(f.target, "y", target) + " = " + made + name + "(w);\n";
    body += (has_payload ? remember(f, "      ") : "") + "      return y;\n";
    remembers |= has_payload;
  }
  return (remembers ? table_of(f) : "") + body + "  }\n}\n" + with_rest(f, "");
}

// Elements that may lead back to the array are filled in later, if there is something to fill it with meanwhile.
std::string Conversions::write_array(Function& f) {
  const Side target = other(f.source);
  const TypeRef element = f.target->element;
  const std::string value = convert(f.type->element, element, f.source, "x[i]", "element of " + printer_.type(f.type, f.source));
  const std::optional<std::string> initial = printer_.default_value(element, target);
  f.has_rest = initial && leads_to(f.type->element, f.type, f.source);
  has_rest_[static_cast<unsigned>(f.source)] |= f.has_rest;
  const std::string fill_from = "; i < size(x); i++) y[i] = " + value + ";\n";
  std::string body = table_of(f) + header_of(f) + look_up(f, "  ") + "  if (size(x) == 0) return {: " + printer_.type(element, target) + "};\n";
  if (f.has_rest)
    return body + expand("  $Y = new_array(size(x), ", f) + *initial + ");\n" + remember(f, "  ") + "  return y;\n}\n" +
           with_rest(f, "  for (int i = 0" + fill_from);
  return body + "  int i = 0;\n  " + printer_.declaration(element, "first", target) + " = " + value + ";\n" +
         expand("  $Y = new_array(size(x), first);\n", f) + remember(f, "  ") + "  for (i = 1" + fill_from + "  return y;\n}\n" +
         with_rest(f, "");
}

// A package is opened, and what is in it packed again. A tuple with components of hidden types is made anew for each package, since nobody can tell
// where else it is.
std::string Conversions::write_package(Function& f) {
  const TypeRef from = content_of(f.type, f.source), to = content_of(f.target, other(f.source));
  const std::string place = "content of " + f.type->name;
  std::string content;
  const bool is_rebuilt = from->kind == TypeKind::Tuple && from->has_var;
  if (is_rebuilt)
    for (size_t i = 0; i < from->args.size(); i++)
      content += (i ? ", " : "") + convert(from->args[i], to->args[i], f.source, "p." + std::to_string(i + 1), place);
  else
    content = convert(from, to, f.source, "p", place);
  std::string hidden;
  for (uint32_t i = 0; i < printer_.info(f.type->name, f.source)->hidden; i++)
    hidden += (i ? ",h" : "h") + std::to_string(i + 1);
  return table_of(f) + header_of(f) + look_up(f, "  ") + "  with p[" + hidden + "] = x do {\n" + expand("    $Y = ^", f) +
         printer_.type_name(f.target->name, other(f.source)) + "(" + (is_rebuilt ? "^(" + content + ")" : content) + ");\n" +
         remember(f, "    ") + "    return y;\n  }\n}\n" + with_rest(f, "");
}

// A container of the library, by its own function.
std::string Conversions::write_container(Function& f) {
  const Container& container = *find_container(f.type->name);
  const TypeRef from = f.type->args[container.argument], to = f.target->args[container.argument];
  const std::string place = "element of " + printer_.type(f.type, f.source), element = convert(from, to, f.source, "x", place);
  const std::string function =
      element.starts_with("(:") ? "(fun " + printer_.type(to, other(f.source)) + " convert(" + printer_.type(from, f.source) + " x) { return " + element + "; })"
      : element == "x" ? fill(place + ": a function from the old to the new type") : element.substr(0, element.find('('));
  return table_of(f) + header_of(f) + look_up(f, "  ") + expand("  $Y = ", f) + container.map + "(" + function + ", x);\n" + remember(f, "  ") + "  return y;\n}\n" + with_rest(f, "");
}

}  // namespace dsu
