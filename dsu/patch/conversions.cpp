#include "dsu/patch/conversions.h"

#include <algorithm>

#include "dsu/patch/containers.h"

namespace dsu {

using frontend::TypeKind;

namespace {

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
// Which object became which, so that each is converted once: before[i] became after[i]. It is found by the address of before[i]: `slots`, of which
// at most half are in use, has i + 1 where that leads, or in the next free slot behind; 0 is free. The first `finished` ones are complete.
struct <a,b>object_pairs { a before[]; b after[]; int slots[]; int count; int finished; }

static int place<a>(a object, int slots) {
  return (hash(object) * 0x9e3779b1 >>> 7) & (slots - 1);
}
// The index of x, or -1.
static int find<a,b>(<a,b>object_pairs p, a x) {
  if (p.count == 0) return -1;
  int at = place(x, size(p.slots));
  while (p.slots[at] != 0) {
    if (p.before[p.slots[at] - 1] == x) return p.slots[at] - 1;
    at = (at + 1) & (size(p.slots) - 1);
  }
  return -1;
}
static void enter<a,b>(<a,b>object_pairs p, int index) {
  int at = place(p.before[index], size(p.slots));
  while (p.slots[at] != 0) at = (at + 1) & (size(p.slots) - 1);
  p.slots[at] = index + 1;
}
static void grow<a,b>(<a,b>object_pairs p, a x, b y) {
  int room = p.count == 0 ? 64 : 4 * p.count;
  a before[] = new_array(room, x);
  b after[] = new_array(room, y);
  for (int i = 0; i < p.count; i++) {
    before[i] = p.before[i];
    after[i] = p.after[i];
  }
  p.before = before;
  p.after = after;
  p.slots = new_array(2 * room, 0);
  for (int i = 0; i < p.count; i++) enter(p, i);
}
static void remember<a,b>(<a,b>object_pairs p, a x, b y) {
  if (p.count == size(p.before)) grow(p, x, y);
  p.before[p.count] = x;
  p.after[p.count] = y;
  enter(p, p.count);
  p.count++;
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
    case TypeKind::Named: return is_named_convertible(from, to);
    default: return false;
  }
}

// Structs and unions with as many type arguments as there are, equal or not; containers of the library whose elements can be converted.
bool Conversions::is_named_convertible(TypeRef from, TypeRef to) const {
  if (from->has_var || to->has_var || difference_.new_name(from->name) != to->name)
    return false;
  if (const Container* container = find_container(from->name)) {
    for (size_t i = 0; i < from->args.size(); i++)
      if (i == container->argument ? !is_convertible(from->args[i], to->args[i])
                                   : from->args[i] != to->args[i] || difference_.mentions_changed(from->args[i]))
        return false;
    return true;
  }
  const TypeInfo* old = printer_.info(from->name, Side::Old);
  const TypeInfo* now = printer_.info(to->name, Side::New);
  if (!old || !now || old->kind != now->kind)
    return false;
  if (old->kind == frontend::TypeDeclKind::Abstype)
    return old->hidden == now->hidden && old->params.size() == now->params.size() &&
           is_content_convertible(content_of(from, Side::Old), content_of(to, Side::New));
  return old->kind == frontend::TypeDeclKind::Struct || old->kind == frontend::TypeDeclKind::Union;
}

TypeRef Conversions::content_of(TypeRef package, Side side) const {
  return types_.substitute(printer_.info(package->name, side)->fields[0].type, package->args);
}

// What has a hidden type stays what it is; a function that takes or returns a changed type cannot be converted.
bool Conversions::is_part_convertible(TypeRef from, TypeRef to) const {
  return (from == to && !difference_.mentions_changed(from)) || (!from->has_var && !to->has_var && is_convertible(from, to));
}

bool Conversions::is_content_convertible(TypeRef from, TypeRef to) const {
  if (from->kind != TypeKind::Tuple || to->kind != TypeKind::Tuple)
    return is_part_convertible(from, to);
  return from->args.size() == to->args.size() && std::equal(from->args.begin(), from->args.end(), to->args.begin(),
                                                            [this](TypeRef a, TypeRef b) { return is_part_convertible(a, b); });
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
  // Said, because a type argument may be inferred from it.
  if (is_numeric(from) && is_numeric(to))
    return "(:" + printer_.type(to, other(source)) + ")" + expression;
  if (!is_convertible(from, to))
    return fill(place + ": no way from " + printer_.type(from, source) + " to " + printer_.type(to, other(source)));
  const Function& f = function_for(from, to, source);
  return (is_inside_ ? maker_of(f) : f.name) + "(" + expression + ")";
}

Conversions::Function& Conversions::function_for(TypeRef from, TypeRef to, Side source) {
  for (Function& f : functions_)
    if (f.type == from && f.target == to && f.source == source)
      return f;
  const char* direction = source == Side::Old ? "__old2new" : "__new2old";
  std::string name = from->kind == TypeKind::Named && from->args.empty() ? from->name + direction
                                                                         : "convert" + std::to_string(++numbered_) + direction;
  functions_.push_back({std::move(name), from, to, source, false, false, {}, {}, {}});
  Function& f = functions_.back();
  const bool was_inside = is_inside_;
  is_inside_ = true;
  write(f);  // for the functions that it needs, which a deque adds without moving `f`
  is_inside_ = was_inside;
  return f;
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
  is_inside_ = true;
  find_ordered();
  for (Function& f : functions_) {
    printer_.reach(f.type, f.source, f.source == Side::Old ? old_types : new_types);
    printer_.reach(f.target, other(f.source), f.source == Side::Old ? new_types : old_types);
    bodies += write(f);  // now that all functions are known
  }
  for (Side source : {Side::Old, Side::New})
    bodies += write_waiting(source) + write_finish(source);
  std::string out = "// " + title + "\n// Made by poppatch. `New::` marks the new version of a type that changed.\n";
  out += "#include \"core.h\"\n";
  if (bodies.find("raise Dsu::Refused(") != std::string::npos)
    out += "#include \"dsu.h\"\n";
  std::set<std::string> headers;
  for (const std::string& name : old_types)
    if (const Container* container = find_container(name))
      headers.insert(container->header);
  for (const std::string& header : headers)
    out += "#include \"" + header + "\"\n";
  for (const std::string& name : old_types)
    out += "\n" + printer_.extern_type(name, Side::Old);
  for (const std::string& name : new_types)
    if (difference_.types.changed.contains(name) || !old_types.contains(name))
      out += "\n" + printer_.extern_type(name, Side::New);
  return out + preamble + bodies;
}

}  // namespace dsu
