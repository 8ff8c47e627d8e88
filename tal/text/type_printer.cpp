// Types as text: the syntax of `.tal` files and of messages (grammar in tal/text/text.h).
#include "tal/types.h"

namespace tal {

std::string_view kind_name(Kind kind) {
  static constexpr std::string_view names[] = {"none", "W", "W1", "W2", "W4", "W8", "P", "D"};
  return names[static_cast<size_t>(kind)];
}

std::string TypeTable::print(TypeId type) const {
  std::string out;
  print_to(out, type);
  return out;
}

void TypeTable::print_signature(std::string& out, const Signature& s) const {
  if (!s.vars.empty()) {
    out += '<';
    for (size_t i = 0; i < s.vars.size(); i++)
      (out += i ? ", $" : "$") += std::to_string(i) + ":" + std::string(kind_name(s.vars[i]));
    out += '>';
  }
  out += '(';
  for (size_t i = 0; i < s.args.size(); i++) {
    out += i ? ", " : "";
    print_to(out, s.args[i]);
  }
  out += ") -> ";
  if (s.noret)
    out += "noret";
  else if (s.result)
    print_to(out, s.result);
  else
    out += "void";
  if (!s.throws)
    out += " nothrow";
  for (size_t i = 0; i < s.pre.size(); i++)
    (out += i ? ", " : " pre ") += print_fact(s.pre[i], false);
  for (size_t i = 0; i < s.post.size(); i++)
    (out += i ? ", " : " post ") += print_fact(s.post[i], true);
}

// A hostile table may hold types whose text is long: stop at a length that no message needs.
void TypeTable::print_to(std::string& out, TypeId type) const {
  if (out.size() > 4096) {
    out += "...";
    return;
  }
  if (!type || type.value >= size()) {
    out += "<none>";
    return;
  }
  const Node& node = nodes_[type.value];
  const char* null = node.nullable ? "? " : " ";
  switch (node.tag) {
  case TypeTag::None: out += "<none>"; return;
  case TypeTag::I8: out += "i8"; return;
  case TypeTag::I16: out += "i16"; return;
  case TypeTag::I32: out += "i32"; return;
  case TypeTag::I64: out += "i64"; return;
  case TypeTag::F32: out += "f32"; return;
  case TypeTag::F64: out += "f64"; return;
  case TypeTag::Exn: out += node.nullable ? "exn?" : "exn"; return;
  case TypeTag::Ptr:
    (out += "ptr") += null;
    print_to(out, TypeId{node.a});
    return;
  case TypeTag::Arr:
    (out += "arr") += null;
    out += node.mutability == Mutability::ReadOnly ? "ro " : "";
    print_to(out, TypeId{node.a});
    return;
  case TypeTag::Fn:
    (out += "fn") += null;
    out += '[';
    print_to(out, TypeId{node.a});
    out += ']';
    return;
  case TypeTag::ExnName:
    out += "exnname ";
    if (node.a != 0)
      print_to(out, TypeId{node.a});
    else
      out += "void";
    return;
  case TypeTag::Rep:
    out += "rep ";
    print_to(out, TypeId{node.a});
    return;
  case TypeTag::Var:
    out += "$" + std::to_string(node.a);
    if (node.kind != Kind::W)
      out += ":" + std::string(kind_name(node.kind));
    return;
  case TypeTag::Union:
    (out += "union") += null;
    print_to(out, TypeId{node.a});
    return;
  case TypeTag::Struct: {
    out += "{";
    bool first = true;
    for (const Field& f : field_lists_[node.list]) {
      out += (first ? "" : "; ") + std::to_string(f.offset) + ": ";
      print_to(out, f.type);
      out += f.mutability == Mutability::ReadOnly ? " ro" : "";
      out += f.slot ? " slot" : "";
      first = false;
    }
    out += "}";
    return;
  }
  case TypeTag::Named: {
    out += named_[node.a].name;
    const auto& list = lists_[node.list];
    for (size_t i = 0; i < list.size(); i++) {
      out += i ? ", " : "<";
      print_to(out, list[i]);
    }
    out += list.empty() ? "" : ">";
    return;
  }
  case TypeTag::Cases: {
    out += "cases " + std::to_string(node.a & 1) + " " + std::to_string(node.a >> 1) + " {";
    const auto& list = lists_[node.list];
    for (size_t i = 0; i < list.size(); i++) {
      out += i ? "; " : "";
      print_to(out, list[i]);
    }
    out += "}";
    return;
  }
  case TypeTag::Sig: print_signature(out, sigs_[node.list]); return;
  }
}

} // namespace tal
