// Types in IR text: `int`, `unsigned int`, `[T]` arrays, `(T, U)` and `%(T, U)` tuples, `<n>(T) -> U` functions binding n
// variables, `List::list<T>` named types, `[3 T]` and `[3? T]` constant arrays, `exncon<T>` names of exceptions, `$rep<T>` type representations,
// `$i` and `$depth.i` type variables, `$i:w4` in code for one width; `!` behind a type marks a non-null value.
#include "ir/printer.h"

namespace ir {
namespace {

using frontend::TypeId;
using frontend::TypeKind;
using frontend::TypeStore;

void append_type(std::string& out, const TypeStore& types, TypeId id);

void append_list(std::string& out, const TypeStore& types, std::span<const TypeId> list) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (i != 0)
      out += ", ";
    append_type(out, types, list[i]);
  }
}

void append_function(std::string& out, const TypeStore& types, const frontend::Type& type) {
  if (type.convention == frontend::Convention::Stdcall)
    out += "__stdcall ";
  if (type.type_params != 0)
    out += "<" + std::to_string(type.type_params) + ">";
  out += "(";
  append_list(out, types, type.args);
  out += ") -> ";
  append_type(out, types, type.element);
}

void append_var(std::string& out, const frontend::Type& type) {
  out += "$";
  if (type.depth != 0)
    out += std::to_string(type.depth) + ".";
  out += std::to_string(type.index);
  if (type.width != 0)
    out += ":w" + std::to_string(type.width);
}

void append_type(std::string& out, const TypeStore& types, TypeId id) {
  const frontend::Type& type = types.get(id);
  switch (type.kind) {
#define BASIC_TYPE(Kind, spelling, bytes, is_signed, cls)                                                              \
  case TypeKind::Kind:                                                                                                 \
    out += spelling;                                                                                                   \
    return;
#include "frontend/types.def"
#undef BASIC_TYPE
  case TypeKind::Array:
    out += "[";
    append_type(out, types, type.element);
    out += "]";
    return;
  case TypeKind::Tuple:
    out += type.read_only ? "%(" : "(";
    append_list(out, types, type.args);
    out += ")";
    return;
  case TypeKind::Function:
    return append_function(out, types, type);
  case TypeKind::Named:
    out += types.decl(type.decl).name.view();
    if (!type.args.empty()) {
      out += "<";
      append_list(out, types, type.args);
      out += ">";
    }
    return;
  case TypeKind::Var:
    return append_var(out, type);
  case TypeKind::ConstArray:
    out += "[" + std::to_string(type.index) + (type.nullable ? "? " : " ");
    append_type(out, types, type.element);
    out += "]";
    return;
  case TypeKind::Rep:
  case TypeKind::Exncon:
    out += type.kind == TypeKind::Rep ? "$rep<" : "exncon<";
    append_type(out, types, type.element);
    out += ">";
    return;
  case TypeKind::Infer:
    out += "<unsupported type>";
    return;
  }
}

} // namespace

std::string print_type(const TypeStore& types, TypeId type) {
  std::string out;
  append_type(out, types, type);
  return out;
}

std::string print_type(const TypeStore& types, Type type) {
  std::string out = print_type(types, type.id);
  if (type.nonnull)
    out += "!";
  return out;
}

} // namespace ir
