#include "dsu/patch/source_printer.h"

namespace dsu {

using frontend::TypeDeclKind;
using frontend::TypeKind;

namespace {

std::string_view basic_spelling(TypeKind kind) {
  switch (kind) {
#define BASIC_TYPE(Kind, spelling, bytes, is_signed, cls) \
  case TypeKind::Kind:                                    \
    return spelling;
#include "frontend/types.def"
#undef BASIC_TYPE
    default: return "";
  }
}

// Type variables have no names in the model: those of the declaration that is printed are a, b, .., those that a polymorphic function
// type in it binds a1, b1, .. or, inside another, a2, ..
std::string variable_name(uint32_t index, uint32_t binders = 0) {
  const std::string level = binders == 0 ? "" : std::to_string(binders);
  return index < 26 ? static_cast<char>('a' + index) + level : "v" + std::to_string(index) + (binders == 0 ? "" : "_" + level);
}

std::string parameter_names(uint32_t count, uint32_t binders = 0) {
  std::string list;
  for (uint32_t i = 0; i < count; i++)
    list += (i ? "," : "") + variable_name(i, binders);
  return count == 0 ? "" : "<" + list + ">";
}

}  // namespace

// Modifiers stand behind the declarator with the outermost first, as in `int t[](char)`: an array of functions.
std::string SourcePrinter::declaration(TypeRef type, std::string declarator, Side side, uint32_t binders) const {
  auto list = [&](const std::vector<TypeRef>& args) {
    std::string text;
    for (TypeRef arg : args)
      text += (text.empty() ? "" : ", ") + declaration(arg, "", side, binders);
    return text;
  };
  auto with = [&](const std::string& base) { return declarator.empty() || declarator[0] == '[' || declarator[0] == '?' ? base + declarator : base + " " + declarator; };
  switch (type->kind) {
    case TypeKind::Array: return declaration(type->element, declarator + "[]", side, binders);
    case TypeKind::ConstArray:
      return declaration(type->element, declarator + (type->nullable ? "?" : "") + "[|" + std::to_string(type->index) + "|]", side, binders);
    case TypeKind::Rep: return with("<" + declaration(type->element, "", side, binders) + ">rep");
    case TypeKind::Exncon: return with("<" + declaration(type->element, "", side, binders) + ">exncon");
    case TypeKind::Function:
      if (type->convention == frontend::Convention::Stdcall)
        declarator += (declarator.empty() ? "" : " ") + std::string("__stdcall");
      binders += type->type_params != 0 ? 1 : 0; // also in the lists that follow
      declarator += parameter_names(type->type_params, binders);
      return declaration(type->element, declarator + "(" + list(type->args) + ")", side, binders);
    case TypeKind::Tuple: return with((type->read_only ? "%(" : "*(") + list(type->args) + ")");
    case TypeKind::Named: {
      const std::string arguments = list(type->args);  // `<<` is another token
      return with((arguments.empty() ? "" : (arguments[0] == '<' ? "< " : "<") + arguments + ">") + type_name(type->name, side));
    }
    case TypeKind::Var: return with(variable_name(type->index, binders - type->depth));
    default: return with(std::string(basic_spelling(type->kind)));
  }
}

std::string SourcePrinter::header(TypeRef function, const std::string& name, Side side) const {
  std::string parameters;
  for (size_t i = 0; i < function->args.size(); i++)
    parameters += (i ? ", " : "") + declaration(function->args[i], "v" + std::to_string(i), side);
  return declaration(function->element, name + parameter_names(function->type_params) + "(" + parameters + ")", side);
}

std::string SourcePrinter::extern_type(const std::string& name, Side side) const {
  const TypeInfo* t = info(name, side);
  if (!t)
    return "";
  const std::string params = parameter_names(static_cast<uint32_t>(t->params.size()));
  if (t->kind == TypeDeclKind::Abstract)
    return "extern " + type_name(name, side) + (t->nullable ? "?" : "") + params + ";\n";
  if (t->kind == TypeDeclKind::Abstype) {
    std::string hidden;
    for (uint32_t i = 0; i < t->hidden; i++)
      hidden += (i ? "," : "") + variable_name(static_cast<uint32_t>(t->params.size()) + i);
    return "extern abstype " + params + type_name(name, side) + "[" + hidden + "] = " + type(t->fields[0].type, side) + ";\n";
  }
  const char* keyword = t->kind == TypeDeclKind::Union ? "union " : "struct ";
  std::string text = std::string("extern ") + (t->nullable ? "?" : "") + keyword + params + type_name(name, side) + " {\n";
  const bool tells_changes = type_name(name, side) != name;
  for (const FieldInfo& field : t->fields)
    text += std::string("  ") + (field.is_const ? "const " : "") + declaration(field.type, field.name, side) + ";" +
            (tells_changes ? change_of(name, field) : "") + "\n";
  return text + "}\n";
}

// What a reader of the new definition of a type wants to know of a field. A type that is changed only inside is not mentioned.
std::string SourcePrinter::change_of(const std::string& type, const FieldInfo& field) const {
  const TypeInfo* old = info(type, Side::Old);
  if (!old)
    return "";
  const std::string old_name = difference_.old_field(type, field.name);
  for (const FieldInfo& o : old->fields)
    if (o.name == old_name)
      return o.type == field.type && old_name == field.name ? "" : "  // was " + declaration(o.type, old_name, Side::Old);
  return "  // new";
}

void SourcePrinter::reach(TypeRef type, Side side, std::set<std::string>& names) const {
  if (type->element)
    reach(type->element, side, names);
  for (TypeRef arg : type->args)
    reach(arg, side, names);
  if (type->kind != TypeKind::Named || !names.insert(type->name).second)
    return;
  if (const TypeInfo* t = info(type->name, side))
    for (const FieldInfo& field : t->fields)
      reach(field.type, side, names);
}

std::optional<std::string> SourcePrinter::default_value(TypeRef type, Side side, unsigned depth) const {
  switch (type->kind) {
    case TypeKind::Bool: return "false";
    case TypeKind::Char: return "chr(0)";
    case TypeKind::Byte:
    case TypeKind::UByte:
    case TypeKind::Short:
    case TypeKind::UShort:
    case TypeKind::Int:
    case TypeKind::UInt:
    case TypeKind::Long:
    case TypeKind::ULong: return "0";
    case TypeKind::Float:
    case TypeKind::Double: return "0.0";
    case TypeKind::String: return "\"\"";
    case TypeKind::Array: return "{: " + this->type(type->element, side) + "}";
    case TypeKind::Tuple:
    case TypeKind::Named: break;
    default: return std::nullopt;
  }
  std::vector<TypeRef> parts = type->args;
  std::string maker = "^";
  if (type->kind == TypeKind::Named) {
    const TypeInfo* t = info(type->name, side);
    if (!t)
      return std::nullopt;
    if (t->nullable)
      return "null";
    if ((t->kind != TypeDeclKind::Struct && t->kind != TypeDeclKind::Union) || !t->params.empty() || depth > 8)
      return std::nullopt;
    parts.clear();
    if (t->kind == TypeDeclKind::Union) {  // the first case that has one
      for (const FieldInfo& field : t->fields) {
        const std::string made = maker + type_name(type->name, side) + "." + field.name;
        if (field.type->kind == TypeKind::Void)
          return made;
        if (std::optional<std::string> payload = default_value(field.type, side, depth + 1))
          return made + "(" + *payload + ")";
      }
      return std::nullopt;
    }
    for (const FieldInfo& field : t->fields)
      parts.push_back(field.type);
    maker += type_name(type->name, side);
  }
  std::string list;
  for (TypeRef part : parts) {
    std::optional<std::string> value = default_value(part, side, depth + 1);
    if (!value)
      return std::nullopt;
    list += (list.empty() ? "" : ", ") + *value;
  }
  return maker + "(" + list + ")";
}

}  // namespace dsu
