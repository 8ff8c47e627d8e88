// Parser of types in text form; see type_parser.h.
#include "tal/natives/type_parser.h"

#include <algorithm>

namespace tal {

TypeId TypeParser::checked(TokenStream& in, TypeId type, const char* what) {
  if (!type)
    in.fail_with(std::string("ill-formed ") + what);
  return type;
}

bool TypeParser::kind(TokenStream& in, Kind& k) {
  for (Kind candidate : {Kind::W1, Kind::W2, Kind::W4, Kind::W8, Kind::W, Kind::P, Kind::D})
    if (in.accept(kind_name(candidate))) {
      k = candidate;
      return true;
    }
  return in.fail("a kind (W W1 W2 W4 W8 P D)");
}

bool TypeParser::quantifier(TokenStream& in, std::vector<Kind>& kinds) {
  vars_.clear();
  return !in.accept("<") || variables(in, kinds, ">");
}

bool TypeParser::variables(TokenStream& in, std::vector<Kind>& kinds, std::string_view close) {
  do {
    std::string name = in.peek().text;
    if (in.peek().kind != Token::Kind::Name && in.peek().kind != Token::Kind::Variable)
      return in.fail("a type variable");
    in.next();
    Kind k = Kind::W;
    if (in.accept(":") && !kind(in, k))
      return false;
    vars_.emplace_back(std::move(name), k);
    kinds.push_back(k);
  } while (in.accept(","));
  return in.expect(close);
}

// `package KIND [hidden]`, before the body.
bool TypeParser::package(TokenStream& in, Kind& k, std::vector<Kind>& hidden) {
  return kind(in, k) && in.expect("[") && variables(in, hidden, "]");
}

std::vector<TypeId> TypeParser::list(TokenStream& in, std::string_view close) {
  std::vector<TypeId> types;
  if (in.accept(close))
    return types;
  do
    types.push_back(type(in));
  while (in.accept(","));
  in.expect(close);
  return types;
}

TypeId TypeParser::named(TokenStream& in, const std::string& name) {
  std::vector<TypeId> args;
  if (in.accept("<"))
    args = list(in, ">");
  if (in.failed())
    return no_type;
  auto found = std::find_if(named_.rbegin(), named_.rend(), [&](const auto& n) { return n.first == name; });
  if (found == named_.rend()) {
    in.fail_with("unknown type `" + name + "`");
    return no_type;
  }
  return checked(in, types_.named(found->second, args), "use of a named type");
}

TypeId TypeParser::memory(TokenStream& in) {
  if (in.accept("(")) {
    auto components = list(in, ")");
    return in.failed() ? no_type : checked(in, tuple(types_, components), "tuple");
  }
  if (in.accept("{")) {
    std::vector<Field> fields;
    while (!in.failed() && !in.accept("}")) {
      int64_t offset = 0;
      in.number(offset);
      in.expect(":");
      Field f;
      f.offset = static_cast<uint32_t>(offset);
      f.type = type(in);
      f.mutability = in.accept("ro") ? Mutability::ReadOnly : Mutability::ReadWrite;
      f.slot = in.accept("slot");
      fields.push_back(f);
      if (!in.is("}"))
        in.expect(";");
    }
    return in.failed() ? no_type : checked(in, types_.struct_layout(std::move(fields)), "layout");
  }
  std::string name;
  if (!in.name(name))
    return no_type;
  return name == "cases" && in.peek().kind == Token::Kind::Number ? cases(in) : named(in, name);
}

// cases FIRST CONSTANTS { payload; .. }
TypeId TypeParser::cases(TokenStream& in) {
  int64_t first = 0, constants = 0;
  in.number(first);
  in.number(constants);
  in.expect("{");
  std::vector<TypeId> payloads;
  while (!in.failed() && !in.accept("}")) {
    payloads.push_back(type(in));
    if (!in.is("}"))
      in.expect(";");
  }
  bool fits = first >= 0 && constants >= 0 && constants <= max_constants;
  return in.failed() ? no_type
                     : checked(in, fits ? types_.cases(static_cast<uint32_t>(first), static_cast<uint32_t>(constants), payloads) : no_type,
                               "list of cases");
}

// i8 to f64. They are the first types of every table, in the order of their tags.
static TypeId number_type(std::string_view name) {
#define TAL_TYPE_TAG(id, code, text) \
  if (is_number(TypeTag::id) && name == text) \
    return TypeId{code};
#include "tal/type_tags.def"
  return no_type;
}

TypeId TypeParser::type(TokenStream& in) {
  if (in.failed() || depth_ > 64) {
    in.fail_with("types nested too deeply");
    return no_type;
  }
  depth_++;
  TypeId result;
  if (in.peek().kind == Token::Kind::Variable) {
    auto index = static_cast<uint32_t>(in.next().number);
    Kind k = index < vars_.size() ? vars_[index].second : Kind::W;
    if (in.accept(":"))
      kind(in, k);
    result = checked(in, types_.var(index, k), "type variable");
  } else if (std::string name; in.name(name)) {
    auto var = std::find_if(vars_.begin(), vars_.end(), [&](const auto& v) { return v.first == name; });
    bool nullable = (name == "ptr" || name == "arr" || name == "fn" || name == "exn" || name == "union") && in.accept("?");
    if (var != vars_.end())
      result = types_.var(static_cast<uint32_t>(var - vars_.begin()), var->second);
    else if (TypeId number = number_type(name))
      result = number;
    else if (name == "exn")
      result = types_.with_nullable(types_.exn(), nullable);
    else if (name == "ptr")
      result = checked(in, types_.ptr(memory(in), nullable), "pointer type");
    else if (name == "union")
      result = checked(in, types_.union_word(memory(in), nullable), "union type");
    else if (name == "arr") {
      Mutability m = in.accept("ro") ? Mutability::ReadOnly : Mutability::ReadWrite;
      result = checked(in, types_.arr(type(in), m, nullable), "array type");
    } else if (name == "fn") {
      in.expect("[");
      TypeId s = signature_here(in);
      in.expect("]");
      result = checked(in, types_.fn(s, nullable), "function type");
    } else if (name == "exnname")
      result = checked(in, types_.exn_name(in.accept("void") ? no_type : type(in)), "exception name type");
    else if (name == "rep")
      result = checked(in, types_.rep(type(in)), "representation type");
    else
      result = named(in, name);
  }
  depth_--;
  return in.failed() ? no_type : result;
}

TypeId TypeParser::signature(TokenStream& in) {
  vars_.clear();
  return signature_here(in);
}

// What it quantifies comes before the variables around it (T6).
TypeId TypeParser::signature_here(TokenStream& in) {
  Signature s;
  const auto outer = vars_;
  if (in.is("<")) {
    quantifier(in, s.vars);
    vars_.insert(vars_.end(), outer.begin(), outer.end());
  }
  in.expect("(");
  s.args = list(in, ")");
  if (in.accept("->")) {
    if (in.accept("noret"))
      s.noret = true;
    else if (!in.accept("void"))
      s.result = type(in);
  }
  s.throws = !in.accept("nothrow");
  if (facts_ && in.accept("pre"))
    s.pre = facts(in, false);
  if (facts_ && in.accept("post"))
    s.post = facts(in, true);
  vars_ = outer;
  return in.failed() ? no_type : checked(in, types_.signature(std::move(s)), "signature");
}

bool TypeParser::declare(TokenStream& in) {
  std::string name;
  std::vector<Kind> kinds;
  if (!in.name(name) || !quantifier(in, kinds) || !in.expect("="))
    return false;
  if (in.accept("abstract")) {
    Kind k = Kind::P;
    if (!in.at_end() && !kind(in, k))
      return false;
    add_named(name, types_.declare(name, std::move(kinds), NamedSort::Abstract, k));
    return in.end();
  }
  if (in.accept("package")) {
    Kind k = Kind::P;
    std::vector<Kind> hidden;
    if (!package(in, k, hidden))
      return false;
    add_named(name, types_.declare(name, std::move(kinds), NamedSort::Package, k, std::move(hidden)));
    return true;
  }
  add_named(name, types_.declare(name, std::move(kinds), in.is("cases") ? NamedSort::Union : NamedSort::Struct));
  return true;
}

bool TypeParser::define(TokenStream& in) {
  std::string name;
  std::vector<Kind> kinds;
  if (!in.name(name) || !quantifier(in, kinds) || !in.expect("="))
    return false;
  if (in.accept("abstract"))
    return true;
  Kind k = Kind::P;
  const bool is_package = in.accept("package");
  if (is_package && !package(in, k, kinds))
    return false;
  TypeId body = is_package ? type(in) : memory(in);
  vars_.clear();
  if (in.failed() || !in.end())
    return false;
  auto found = std::find_if(named_.begin(), named_.end(), [&](const auto& n) { return n.first == name; });
  if (!types_.define(found->second, body))
    return in.fail_with("ill-formed body of `" + name + "`");
  return true;
}

TypeId tuple(TypeTable& types, std::span<const TypeId> components, Mutability mutability) {
  if (components.size() == 1)
    return types.single(components[0], mutability);
  std::vector<Field> fields;
  for (size_t i = 0; i < components.size(); i++)
    fields.push_back({static_cast<uint32_t>(8 * i), components[i], mutability, true});
  return types.struct_layout(std::move(fields));
}

} // namespace tal
