#include "dsu/patch/conversions.h"

#include <algorithm>

namespace dsu {

using frontend::TypeKind;

namespace {

Side other(Side side) { return side == Side::Old ? Side::New : Side::Old; }

bool is_numeric(TypeRef type) {
  switch (type->kind) {
    case TypeKind::Char:
    case TypeKind::Byte:
    case TypeKind::UByte:
    case TypeKind::Short:
    case TypeKind::UShort:
    case TypeKind::Int:
    case TypeKind::UInt:
    case TypeKind::Long:
    case TypeKind::ULong:
    case TypeKind::Float:
    case TypeKind::Double: return true;
    default: return false;
  }
}

constexpr const char* preamble = R"(
// Objects that have been converted are found again by their address, in tables that grow with them.
static int bucket<a>(a object, int buckets) {
  return hash(object) % buckets;
}
)";

}  // namespace

bool Conversions::is_convertible(TypeRef from, TypeRef to) const {
  if (from == to && !difference_.mentions_changed(from))
    return true;
  if (is_numeric(from) && is_numeric(to))
    return true;
  if (from->kind != to->kind)
    return false;
  switch (from->kind) {
    case TypeKind::Array: return is_convertible(from->element, to->element);
    case TypeKind::Tuple:
      return from->args.size() == to->args.size() &&
             std::equal(from->args.begin(), from->args.end(), to->args.begin(),
                        [this](TypeRef a, TypeRef b) { return is_convertible(a, b); });
    case TypeKind::Named: {
      const TypeInfo* old = printer_.info(from->name, Side::Old);
      const TypeInfo* now = printer_.info(to->name, Side::New);
      const bool has_parts = old && (old->kind == frontend::TypeDeclKind::Struct || old->kind == frontend::TypeDeclKind::Union);
      return from == to && has_parts && now && now->kind == old->kind &&
             old->params.size() == now->params.size() && !from->has_var;
    }
    default: return false;
  }
}

bool Conversions::holds_changed_function(TypeRef type) const {
  std::set<TypeRef> seen;
  return holds_changed_function(type, seen);
}

bool Conversions::holds_changed_function(TypeRef type, std::set<TypeRef>& seen) const {
  if (!difference_.mentions_changed(type) || !seen.insert(type).second)
    return false;
  if (type->kind == TypeKind::Function)
    return true;
  auto leads_there = [&](TypeRef t) { return holds_changed_function(t, seen); };
  if (type->kind == TypeKind::Array)
    return leads_there(type->element);
  if (type->kind == TypeKind::Tuple)
    return std::any_of(type->args.begin(), type->args.end(), leads_there);
  const TypeInfo* info = printer_.info(type->name, Side::Old);
  return info && std::any_of(info->fields.begin(), info->fields.end(), [&](const FieldInfo& field) {
           const TypeRef t = types_.substitute(field.type, type->args);
           return leads_there(t);
         });
}

std::string Conversions::convert(TypeRef from, TypeRef to, Side source, const std::string& expression,
                                 const std::string& place) {
  if (from == to && !difference_.mentions_changed(from))
    return expression;
  if (is_numeric(from) && is_numeric(to))
    return expression;
  if (!is_convertible(from, to))
    return fill(place + ": no way from " + printer_.type(from, source) + " to " + printer_.type(to, other(source)));
  return function_for(from, to, source).name + "(" + expression + ")";
}

Conversions::Function& Conversions::function_for(TypeRef from, TypeRef to, Side source) {
  for (Function& f : functions_)
    if (f.type == from && f.target == to && f.source == source)
      return f;
  const char* direction = source == Side::Old ? "__old2new" : "__new2old";
  std::string name = from->kind == TypeKind::Named && from->args.empty() ? from->name + direction
                                                                         : "convert" + std::to_string(++numbered_) + direction;
  functions_.push_back({std::move(name), from, to, source});
  Function& f = functions_.back();
  write(f);  // for the functions that it needs, which a deque adds without moving `f`
  return f;
}

std::string Conversions::write(const Function& f) {
  switch (f.type->kind) {
    case TypeKind::Array: return write_array(f);
    case TypeKind::Tuple: return write_tuple(f);
    default:
      return printer_.info(f.type->name, f.source)->kind == frontend::TypeDeclKind::Union ? write_union(f) : write_struct(f);
  }
}

std::string Conversions::header_of(const Function& f) const {
  return printer_.declaration(f.target, f.name + "(" + printer_.declaration(f.type, "x", f.source) + ")", other(f.source));
}

// What the function knows of objects that it has converted: a hash table from `before` to `after`. In the text, $F is the
// function's name, $O its parameter declared as `object`, and so on.
std::string Conversions::table_of(const Function& f) const {
  static constexpr std::string_view text = R"(
?struct $F_pair {
  const $B;
  const $A;
  $F_pair next;
}
static $F_pair $F_pairs[];
static int $F_count = 0;
static $F_pair $F_find($O) {
  if ($F_count == 0) return null;
  $F_pair p = $F_pairs[bucket(object, size($F_pairs))];
  while (p != null) {
    if (p.before == object) return p;
    p = p.next;
  }
  return null;
}
static void $F_grow() {
  $F_pair none = null;
  $F_pair old[] = $F_pairs;
  $F_pairs = new_array(2 * size(old) + 61, none);
  for (int i = 0; i < size(old); i++) {
    $F_pair p = old[i];
    while (p != null) {
      $F_pair next = p.next;
      int chain = bucket(p.before, size($F_pairs));
      p.next = $F_pairs[chain];
      $F_pairs[chain] = p;
      p = next;
    }
  }
}
static void $F_remember($O, $M) {
  if ($F_count == size($F_pairs)) $F_grow();
  int chain = bucket(object, size($F_pairs));
  $F_pairs[chain] = ^$F_pair(object, made, $F_pairs[chain]);
  $F_count++;
}
)";
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '$') {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'F': out += f.name; break;
      case 'B': out += printer_.declaration(f.type, "before", f.source); break;
      case 'A': out += printer_.declaration(f.target, "after", other(f.source)); break;
      case 'O': out += printer_.declaration(f.type, "object", f.source); break;
      case 'M': out += printer_.declaration(f.target, "made", other(f.source)); break;
    }
  }
  return out;
}

// Looks `x` up; `found` is the statement that uses `p.after`.
std::string Conversions::look_up(const Function& f, const std::string& indent, const std::string& found) const {
  return indent + f.name + "_pair p = " + f.name + "_find(x);\n" + indent + "if (p != null) " + found + "\n";
}

// The other direction, if somebody needs it, has to give `x` back for `y`.
std::string Conversions::remember(const Function& f, const std::string& indent) const {
  std::string text = indent + f.name + "_remember(x, y);\n";
  for (const Function& g : functions_)
    if (g.type == f.target && g.target == f.type && g.source != f.source)
      text += indent + g.name + "_remember(y, x);\n";
  return text;
}

// The fields of the new object, in order: what it is made with, and what is assigned once it is remembered.
Conversions::Fields Conversions::convert_fields(const Function& f) {
  const TypeInfo& from = *printer_.info(f.type->name, f.source);
  const TypeInfo& to = *printer_.info(f.target->name, other(f.source));
  Fields fields;
  for (const FieldInfo& field : to.fields) {
    TypeRef type = types_.substitute(field.type, f.target->args);
    auto old = std::find_if(from.fields.begin(), from.fields.end(), [&](const FieldInfo& o) { return o.name == field.name; });
    const std::string place = to.name + "." + field.name;
    std::optional<std::string> initial = printer_.default_value(type, other(f.source));
    std::string value;
    if (old == from.fields.end()) {
      value = initial.value_or(fill(place + ": no old value"));
    } else {
      TypeRef old_type = types_.substitute(old->type, f.type->args);
      const bool is_link = old_type == f.type && type == f.target && from.nullable && to.nullable && !field.is_const;
      value = convert(old_type, type, f.source, "x." + field.name, place);
      const bool calls_conversion = value.ends_with(")") && !value.starts_with("Dsu::fill");
      if (calls_conversion && !field.is_const && initial) {
        // A list is followed by a loop, not by recursion: it may be long. With several links the last one is.
        if (is_link && fields.link.empty())
          fields.link = field.name;
        else
          fields.later.emplace_back(field.name, value);
        value = *initial;
      }
    }
    fields.arguments += (fields.arguments.empty() ? "" : ", ") + value;
  }
  return fields;
}

std::string Conversions::write_struct(const Function& f) {
  const TypeInfo& from = *printer_.info(f.type->name, f.source);
  const TypeInfo& to = *printer_.info(f.target->name, other(f.source));
  const Side target = other(f.source);
  const Fields fields = convert_fields(f);
  const bool loops = !fields.link.empty();
  const std::string indent = loops ? "    " : "  ";
  std::string make = indent + printer_.declaration(f.target, "y", target) + " = ^" + printer_.type_name(to.name, target) + "(" +
                     fields.arguments + ");\n" + remember(f, indent);
  for (const auto& [field, value] : fields.later)
    make += indent + "y." + field + " = " + value + ";\n";
  std::string body = table_of(f) + header_of(f) + " {\n";
  if (loops) {
    const std::string link = fields.link, type = printer_.type(f.target, target);
    body += "  " + type + " first = null;\n  " + type + " last = null;\n  while (x != null) {\n";
    body += look_up(f, indent, "{\n      if (last == null) return p.after;\n      last." + link +
                                   " = p.after;\n      return first;\n    }");
    body += make + "    if (last == null) first = y; else last." + link + " = y;\n    last = y;\n    x = x." + link +
            ";\n  }\n  return first;\n}\n";
    return body;
  }
  if (from.nullable)
    body += to.nullable ? "  if (x == null) return null;\n"
                        : "  if (x == null) return " + fill(to.name + ": a null, but the new type has none") + ";\n";
  return body + look_up(f, indent, "return p.after;") + make + "  return y;\n}\n";
}

// Case by case, by name. A case that the other version does not have ends the update where a value of it is met; the running program may
// well have none. The payload may lead back to `x`, which then has been made meanwhile: it is looked up again.
std::string Conversions::write_union(const Function& f) {
  const TypeInfo& from = *printer_.info(f.type->name, f.source);
  const TypeInfo& to = *printer_.info(f.target->name, other(f.source));
  const Side target = other(f.source);
  const std::string made = "^" + printer_.type_name(to.name, target) + ".", pair = f.name + "_pair p = " + f.name + "_find(x);\n";
  std::string body = header_of(f) + " {\n";
  bool remembers = false;
  if (from.nullable)
    body += to.nullable ? "  if (x == null) return null;\n"
                        : "  if (x == null) return " + fill(to.name + ": a null, but the new type has none") + ";\n";
  body += "  switch (x) {\n";
  for (const FieldInfo& field : from.fields) {
    const bool has_payload = field.type->kind != TypeKind::Void;
    const std::string place = to.name + "." + field.name;
    auto now = std::find_if(to.fields.begin(), to.fields.end(), [&](const FieldInfo& o) { return o.name == field.name; });
    const bool keeps = now != to.fields.end() && has_payload && now->type->kind != TypeKind::Void;
    body += "    case " + field.name + (has_payload ? keeps ? "(v)" : "(_)" : "") + ":\n";
    if (now == to.fields.end()) {
      body += "      raise Dsu::Refused(\"" + place + ": there is a value of this case, which the " +
              (target == Side::New ? "new" : "old") + " version does not have\");\n";
      continue;
    }
    if (now->type->kind == TypeKind::Void) {
      body += "      return " + made + field.name + ";\n";
      continue;
    }
    const TypeRef type = types_.substitute(now->type, f.target->args);
    const std::string value = keeps ? convert(types_.substitute(field.type, f.type->args), type, f.source, "v", place)
                                    : printer_.default_value(type, target).value_or(fill(place + ": no old value"));
    if (has_payload)
      body += "      " + pair + "      if (p != null) return p.after;\n";
    body += "      " + printer_.declaration(type, "w", target) + " = " + value + ";\n";
    if (has_payload)
      body += "      p = " + f.name + "_find(x);\n      if (p != null) return p.after;\n";
    body += "      " + printer_.declaration(f.target, "y", target) + " = " + made + field.name + "(w);\n";
    body += (has_payload ? remember(f, "      ") : "") + "      return y;\n";
    remembers |= has_payload;
  }
  return (remembers ? table_of(f) : "") + body + "  }\n}\n";
}

std::string Conversions::write_array(const Function& f) {
  const Side target = other(f.source);
  TypeRef element = f.target->element;
  const std::string convert_element =
      convert(f.type->element, element, f.source, "x[i]", "element of " + printer_.type(f.type, f.source));
  std::string body = table_of(f) + header_of(f) + " {\n" + look_up(f, "  ", "return p.after;");
  body += "  if (size(x) == 0) return {: " + printer_.type(element, target) + "};\n  int i = 0;\n  " +
          printer_.declaration(element, "first", target) + " = " + convert_element + ";\n  " +
          printer_.declaration(f.target, "y", target) + " = new_array(size(x), first);\n" + remember(f, "  ") +
          "  for (i = 1; i < size(x); i++) y[i] = " + convert_element + ";\n  return y;\n}\n";
  return body;
}

std::string Conversions::write_tuple(const Function& f) {
  std::string parts;
  for (size_t i = 0; i < f.type->args.size(); i++)
    parts += (i ? ", " : "") + convert(f.type->args[i], f.target->args[i], f.source, "x." + std::to_string(i + 1),
                                       "component of " + printer_.type(f.type, f.source));
  const Side target = other(f.source);
  return table_of(f) + header_of(f) + " {\n" + look_up(f, "  ", "return p.after;") + "  " + printer_.declaration(f.target, "y", target) + " = ^(" +
         parts + ");\n" + remember(f, "  ") + "  return y;\n}\n";
}

std::string Conversions::externs_for(const std::string& text) const {
  std::string out;
  for (const Function& f : functions_)
    if (text.find(f.name + "(") != std::string::npos)
      out += "extern " + printer_.declaration(f.target, f.name + "(" + printer_.type(f.type, f.source) + ")", other(f.source)) + ";\n";
  return out;
}

void Conversions::reach_of(const std::string& text, std::set<std::string>& old_types, std::set<std::string>& new_types) const {
  for (const Function& f : functions_) {
    if (text.find(f.name + "(") == std::string::npos)
      continue;
    printer_.reach(f.type, f.source, f.source == Side::Old ? old_types : new_types);
    printer_.reach(f.target, other(f.source), f.source == Side::Old ? new_types : old_types);
  }
}

std::string Conversions::write_module(const std::string& title) {
  if (functions_.empty())
    return "";
  std::set<std::string> old_types, new_types;
  std::string bodies;
  for (const Function& f : functions_) {
    printer_.reach(f.type, f.source, f.source == Side::Old ? old_types : new_types);
    printer_.reach(f.target, other(f.source), f.source == Side::Old ? new_types : old_types);
    bodies += write(f);  // now that all functions are known
  }
  std::string out = "// " + title + "\n// Made by poppatch. `New::` marks the new version of a type that changed.\n";
  out += "#include \"core.h\"\n";
  if (bodies.find("raise Dsu::Refused(") != std::string::npos)
    out += "#include \"dsu.h\"\n";
  for (const std::string& name : old_types)
    out += "\n" + printer_.extern_type(name, Side::Old);
  for (const std::string& name : new_types)
    if (difference_.types.changed.contains(name) || !old_types.contains(name))
      out += "\n" + printer_.extern_type(name, Side::New);
  return out + preamble + bodies;
}

}  // namespace dsu
