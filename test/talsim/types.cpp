#include "types.h"

#include <algorithm>

namespace talsim {

using tal::Kind;
using tal::TypeTag;

Types::Types() {
  types_.emplace_back();
  free_.push_back(0);
  for (Sort s : {Sort::I8, Sort::I16, Sort::I32, Sort::I64, Sort::F32, Sort::F64, Sort::Exn}) {
    Type t;
    t.sort = s;
    intern(t);
  }
}

TypeRef Types::intern(Type t) {
  std::string key;
  auto put = [&](uint64_t v) { key.append(reinterpret_cast<const char*>(&v), sizeof v); };
  put(static_cast<uint64_t>(t.sort) | (t.nullable ? 1u << 8 : 0) | (t.writable ? 1u << 9 : 0) | (t.noret ? 1u << 10 : 0) |
      (t.throws ? 1u << 11 : 0) | static_cast<uint64_t>(t.kind) << 16);
  put(t.target);
  put(t.number);
  put(t.end);
  put(t.result);
  put(t.list.size());
  for (TypeRef x : t.list)
    put(x);
  put(t.fields.size());
  for (const FieldType& f : t.fields) {
    put(f.offset);
    put(f.type);
    put((f.writable ? 1u : 0u) | (f.slot ? 2u : 0u));
  }
  for (Kind k : t.vars)
    put(static_cast<uint64_t>(k));
  for (const auto* facts : {&t.pre, &t.post}) {
    put(facts->size());
    for (const tal::SigFact& f : *facts) {
      put(static_cast<uint64_t>(f.x_of) << 24 | uint64_t{f.x} << 16 | static_cast<uint64_t>(f.y_of) << 8 | f.y);
      put(static_cast<uint64_t>(f.c));
    }
  }
  auto [at, fresh] = interned_.try_emplace(key, static_cast<TypeRef>(types_.size()));
  if (fresh) {
    free_.push_back(free_in(t));
    types_.push_back(std::move(t));
  }
  return at->second;
}

uint32_t Types::free_in(const Type& t) const {
  if (t.sort == Sort::Var)
    return t.number + 1;
  uint32_t most = std::max(free_[t.target], free_[t.result]);
  for (TypeRef part : t.list)
    most = std::max(most, free_[part]);
  for (const FieldType& f : t.fields)
    most = std::max(most, free_[f.type]);
  const auto bound = static_cast<uint32_t>(t.vars.size());
  return most > bound ? most - bound : 0;
}

FieldType Types::field(uint32_t offset, TypeRef type, bool writable, bool slot) const {
  const Sort sort = types_[type].sort;
  const uint32_t bytes = slot ? 8 : width(type);
  return {offset, bytes, type, writable, slot && (sort == Sort::Var || sort == Sort::Named || width(type) < 8)}; // elsewhere it makes no difference
}

TypeRef Types::variable(uint32_t number, Kind kind) {
  Type t;
  t.sort = Sort::Var;
  t.number = number;
  t.kind = kind;
  return intern(std::move(t));
}

TypeRef Types::replace(TypeRef type, const std::vector<TypeRef>& arguments, uint32_t kept, uint32_t inside) {
  if (free_[type] <= inside)
    return type;
  Type t = types_[type];
  if (t.sort == Sort::Var) {
    const uint32_t index = t.number - inside;
    if (index < arguments.size())
      return replace(arguments[index], {}, inside); // the quantified ones come first here
    return variable(t.number - static_cast<uint32_t>(arguments.size()) + kept, t.kind);
  }
  inside += static_cast<uint32_t>(t.vars.size());
  t.target = replace(t.target, arguments, kept, inside);
  t.result = replace(t.result, arguments, kept, inside);
  for (TypeRef& part : t.list)
    part = replace(part, arguments, kept, inside);
  for (FieldType& f : t.fields)
    f = field(f.offset, replace(f.type, arguments, kept, inside), f.writable, f.slot);
  return intern(std::move(t));
}

EnvRef Types::environment(const std::vector<TypeRef>& list) {
  if (list.empty())
    return 0;
  auto [at, fresh] = environment_numbers_.try_emplace(list, static_cast<EnvRef>(environments_.size()));
  if (fresh)
    environments_.push_back(list);
  return at->second;
}

uint32_t Types::named_number(const tal::TypeTable& table, tal::NamedId id) {
  const tal::NamedType& type = table.named_type(id);
  auto [at, fresh] = named_numbers_.try_emplace({type.name, type.fingerprint}, static_cast<uint32_t>(named_.size()));
  if (fresh)
    named_.push_back({&table, id});
  return at->second;
}

TypeRef Types::of(const tal::TypeTable& table, tal::TypeId id, EnvRef env) {
  if (!id)
    return 0;
  if (table.is_closed(id))
    env = 0;
  auto key = std::pair(&table, uint64_t{env} << 32 | id.value);
  if (auto known = converted_.find(key); known != converted_.end())
    return known->second;
  TypeRef t = convert(table, id, env);
  converted_[key] = t;
  return t;
}

TypeRef Types::convert(const tal::TypeTable& table, tal::TypeId id, EnvRef env) {
  Type t;
  t.nullable = table.is_nullable(id);
  switch (table.tag(id)) {
  case TypeTag::I8: return 1;
  case TypeTag::I16: return 2;
  case TypeTag::I32: return 3;
  case TypeTag::I64: return 4;
  case TypeTag::F32: return 5;
  case TypeTag::F64: return 6;
  case TypeTag::Exn: t.sort = Sort::Exn; break;
  case TypeTag::Ptr:
    t.sort = Sort::Ptr;
    t.target = of(table, table.target(id), env);
    break;
  case TypeTag::Arr:
    t.sort = Sort::Arr;
    t.target = of(table, table.target(id), env);
    t.writable = table.mutability(id) == tal::Mutability::ReadWrite;
    break;
  case TypeTag::Fn:
    t.sort = Sort::Fn;
    t.target = of(table, table.target(id), env);
    break;
  case TypeTag::ExnName:
    t.sort = Sort::ExnName;
    t.target = of(table, table.target(id), env);
    break;
  case TypeTag::Rep:
    t.sort = Sort::Rep;
    t.target = of(table, table.target(id), env);
    break;
  case TypeTag::Union:
    t.sort = Sort::Union;
    t.target = of(table, table.target(id), env);
    break;
  case TypeTag::Cases:
    t.sort = Sort::Cases;
    t.number = table.first_constant(id);
    t.end = table.end_of_constants(id);
    for (tal::TypeId payload : table.args(id))
      t.list.push_back(of(table, payload, env));
    break;
  case TypeTag::Var:
    t.number = table.var_index(id);
    if (t.number < environments_[env].size())
      return environments_[env][t.number];
    return variable(t.number, table.kind(id));
  case TypeTag::Named:
    t.sort = Sort::Named;
    t.number = named_number(table, table.named_id(id));
    for (tal::TypeId arg : table.args(id))
      t.list.push_back(of(table, arg, env));
    break;
  case TypeTag::Struct:
    t.sort = Sort::Struct;
    for (const tal::Field& f : table.fields(id))
      t.fields.push_back(field(f.offset, of(table, f.type, env), f.mutability == tal::Mutability::ReadWrite, f.slot));
    break;
  case TypeTag::Sig: {
    const tal::Signature& s = table.sig(id);
    t.sort = Sort::Sig;
    EnvRef inside = env;
    if (!s.vars.empty() && env != 0) { // its own variables stand for themselves
      std::vector<TypeRef> list;
      for (uint32_t i = 0; i < s.vars.size(); i++)
        list.push_back(variable(i, s.vars[i]));
      for (TypeRef outer : std::vector<TypeRef>(environments_[env]))
        list.push_back(replace(outer, {}, static_cast<uint32_t>(s.vars.size())));
      inside = environment(list);
    }
    t.vars = s.vars;
    for (tal::TypeId arg : s.args)
      t.list.push_back(of(table, arg, inside));
    t.result = of(table, s.result, inside);
    t.noret = s.noret;
    t.throws = s.throws;
    t.pre = s.pre;
    t.post = s.post;
    break;
  }
  default: t.sort = Sort::Unknown; t.number = id.value; has_unknown_ = true; break;
  }
  return intern(std::move(t));
}

TypeRef Types::instance(TypeRef signature, const std::vector<TypeRef>& arguments) {
  Type t = types_[signature];
  if (t.sort != Sort::Sig || arguments.size() > t.vars.size())
    return 0;
  for (size_t i = 0; i < arguments.size(); i++)
    if (!fits(kind_of(arguments[i]), t.vars[i]))
      return 0;
  t.vars.erase(t.vars.begin(), t.vars.begin() + static_cast<std::ptrdiff_t>(arguments.size()));
  const auto left = static_cast<uint32_t>(t.vars.size());
  std::vector<TypeRef> all;
  for (TypeRef argument : arguments)
    all.push_back(replace(argument, {}, left));
  for (uint32_t i = 0; i < left; i++)
    all.push_back(variable(i, t.vars[i]));
  t.result = replace(t.result, all, left);
  for (TypeRef& part : t.list)
    part = replace(part, all, left);
  return intern(std::move(t));
}

// P <= W8 <= W, and W1 W2 W4 <= W.
bool Types::fits(Kind a, Kind b) {
  return a != Kind::None && (a == b || b == Kind::W || (a == Kind::P && b == Kind::W8));
}

TypeRef Types::rep(TypeRef of) {
  Type t;
  t.sort = Sort::Rep;
  t.target = of;
  return intern(t);
}

TypeRef Types::exn_name(TypeRef payload) {
  Type t;
  t.sort = Sort::ExnName;
  t.target = payload;
  return intern(t);
}

TypeRef Types::array(TypeRef element, bool writable) {
  Type t;
  t.sort = Sort::Arr;
  t.target = element;
  t.writable = writable;
  return intern(t);
}

TypeRef Types::function(TypeRef signature) {
  Type t;
  t.sort = Sort::Fn;
  t.target = signature;
  return intern(t);
}

TypeRef Types::pointer_to(bool is_array, TypeRef object) {
  if (is_array)
    return object;
  Type t;
  t.sort = types_[layout(object)].sort == Sort::Cases ? Sort::Union : Sort::Ptr;
  t.target = object;
  return intern(t);
}

TypeRef Types::nonnull(TypeRef word) {
  Type t = types_[word];
  t.nullable = false;
  return intern(std::move(t));
}

TypeRef Types::nullable(TypeRef word) {
  Type t = types_[word];
  if (t.sort != Sort::Ptr && t.sort != Sort::Arr && t.sort != Sort::Fn && t.sort != Sort::Exn && t.sort != Sort::Union)
    return 0;
  t.nullable = true;
  return intern(std::move(t));
}

TypeRef Types::field_pointer(const FieldType& f) {
  Type layout, pointer;
  layout.sort = Sort::Struct;
  const bool slot = kind_of(f.type) == Kind::W || kind_of(f.type) == Kind::D; // of no width that is known
  layout.fields.push_back({0, slot ? 8 : width(f.type), f.type, f.writable, slot});
  pointer.sort = Sort::Ptr;
  pointer.target = intern(std::move(layout));
  return intern(std::move(pointer));
}

TypeRef Types::layout(TypeRef memory) {
  if (types_[memory].sort == Sort::Struct || types_[memory].sort == Sort::Cases)
    return memory;
  if (types_[memory].sort != Sort::Named)
    return 0;
  if (auto known = layouts_.find(memory); known != layouts_.end())
    return known->second;
  NamedDefinition d = named_[types_[memory].number];
  const tal::NamedType& type = d.table->named_type(d.id);
  TypeRef result = 0;
  if ((type.sort == tal::NamedSort::Struct || type.sort == tal::NamedSort::Union) && type.body) {
    std::vector<TypeRef> args = types_[memory].list;
    result = of(*d.table, type.body, environment(args));
  }
  layouts_[memory] = result;
  return result;
}

unsigned Types::width(TypeRef word) const {
  switch (types_[word].sort) {
  case Sort::I8: return 1;
  case Sort::I16: return 2;
  case Sort::I32:
  case Sort::F32: return 4;
  case Sort::Var:
    return types_[word].kind == Kind::W1 ? 1 : types_[word].kind == Kind::W2 ? 2 : types_[word].kind == Kind::W4 ? 4 : 8;
  default: return 8;
  }
}

uint32_t Types::object_size(TypeRef layout) const {
  uint32_t end = 0;
  for (const FieldType& f : types_[layout].fields)
    end = std::max(end, f.offset + f.bytes);
  return (end + 7) & ~7u;
}

bool Types::zero_is_legal(TypeRef word) const {
  const Type& t = types_[word];
  return (t.sort >= Sort::I8 && t.sort <= Sort::F64) || t.nullable || is_constant_of(word, 0);
}

// They do not depend on arguments: those of the definition serve.
std::pair<uint64_t, uint64_t> Types::constants_of(TypeRef word) const {
  const Type& memory = types_[types_[word].target];
  if (memory.sort != Sort::Named)
    return {memory.number, memory.end};
  const NamedDefinition& d = named_[memory.number];
  tal::TypeId body = d.table->named_type(d.id).body;
  if (!body || d.table->tag(body) != TypeTag::Cases)
    return {0, 0};
  return {d.table->first_constant(body), d.table->end_of_constants(body)};
}

bool Types::is_constant_of(TypeRef word, uint64_t value) const {
  const Type& t = types_[word];
  if (t.sort != Sort::Union)
    return false;
  const auto [first, end] = constants_of(word);
  return (t.nullable && value == 0) || (value >= first && value < end);
}

Kind Types::kind_of(TypeRef word) const {
  const Type& t = types_[word];
  switch (t.sort) {
  case Sort::I8: return Kind::W1;
  case Sort::I16: return Kind::W2;
  case Sort::I32: return Kind::W4;
  case Sort::I64: return Kind::W8;
  case Sort::Var: return t.kind;
  case Sort::Named: { // abstract, or a package
    const NamedDefinition& d = named_[t.number];
    return d.table->named_type(d.id).abstract_kind;
  }
  case Sort::Exn:
  case Sort::Ptr:
  case Sort::Arr:
  case Sort::Fn:
  case Sort::ExnName:
  case Sort::Rep:
  case Sort::Union: return Kind::P;
  default: return Kind::None;
  }
}

bool Types::is_package(TypeRef t) const {
  if (types_[t].sort != Sort::Named)
    return false;
  const NamedDefinition& d = named_[types_[t].number];
  return d.table->named_type(d.id).sort == tal::NamedSort::Package;
}

const std::vector<Kind>& Types::hidden_kinds(TypeRef package) const {
  const NamedDefinition& d = named_[types_[package].number];
  return d.table->named_type(d.id).hidden;
}

TypeRef Types::content(TypeRef package, const std::vector<TypeRef>& hidden) {
  const std::vector<Kind>& kinds = hidden_kinds(package);
  if (hidden.size() != kinds.size())
    return 0;
  std::vector<TypeRef> list = types_[package].list;
  for (size_t i = 0; i < hidden.size(); i++) {
    if (!fits(kind_of(hidden[i]), kinds[i]))
      return 0;
    list.push_back(hidden[i]);
  }
  NamedDefinition d = named_[types_[package].number];
  return of(*d.table, d.table->named_type(d.id).body, environment(list));
}

std::vector<TypeRef> Types::match_hidden(TypeRef package, TypeRef inside) {
  NamedDefinition d = named_[types_[package].number];
  std::vector<TypeRef> bound = types_[package].list;
  size_t known = bound.size();
  bound.resize(known + hidden_kinds(package).size());
  match(of(*d.table, d.table->named_type(d.id).body), inside, bound, 40);
  bound.erase(bound.begin(), bound.begin() + static_cast<std::ptrdiff_t>(known));
  return bound;
}

void Types::match(TypeRef pattern, TypeRef t, std::vector<TypeRef>& bound, unsigned depth, size_t inside) const {
  const Type &p = types_[pattern], &x = types_[t];
  if (p.sort == Sort::Var) {
    if (p.number >= inside && p.number - inside < bound.size() && bound[p.number - inside] == 0 && is_closed(t))
      bound[p.number - inside] = t;
    return;
  }
  if (pattern == 0 || p.sort != x.sort || depth == 0)
    return;
  inside += p.vars.size();
  match(p.target, x.target, bound, depth - 1, inside);
  match(p.result, x.result, bound, depth - 1, inside);
  for (size_t i = 0; i < std::min(p.list.size(), x.list.size()); i++)
    match(p.list[i], x.list[i], bound, depth - 1, inside);
  for (size_t i = 0; i < std::min(p.fields.size(), x.fields.size()); i++)
    match(p.fields[i].type, x.fields[i].type, bound, depth - 1, inside);
}

std::vector<TypeRef> Types::match_arguments(TypeRef signature, TypeRef wanted) const {
  const Type &p = types_[signature], &x = types_[wanted];
  std::vector<TypeRef> bound(p.vars.size() - std::min(p.vars.size(), x.vars.size()));
  for (size_t i = 0; i < std::min(p.list.size(), x.list.size()); i++)
    match(p.list[i], x.list[i], bound, 40);
  match(p.result, x.result, bound, 40);
  for (TypeRef& t : bound)
    t = t == 0 ? integer(8) : t;
  return bound;
}

bool Types::is_object_of(TypeRef a, TypeRef b) const {
  if (a == b)
    return true;
  const Type &x = types_[a], &y = types_[b];
  if (x.sort != Sort::Struct || y.sort != Sort::Struct || x.fields.size() != y.fields.size())
    return false;
  for (size_t i = 0; i < x.fields.size(); i++) {
    const FieldType &f = x.fields[i], &g = y.fields[i];
    if (f.offset != g.offset || f.type != g.type || f.slot != g.slot || (g.writable && !f.writable))
      return false;
  }
  return true;
}

bool Types::at_most(TypeRef a, TypeRef b) {
  if (a == b)
    return true;
  const Type x = types_[a], y = types_[b];
  if (b == 4) // anything but a float may be forgotten to be more than bits
    return kind_of(a) != Kind::None;
  if (is_integer(a) && is_integer(b))
    return a < b;
  if (x.sort != y.sort || (x.nullable && !y.nullable))
    return false;
  switch (x.sort) {
  case Sort::Exn: return true;
  case Sort::Ptr: return is_object_of(x.target, y.target);
  case Sort::Union: return x.target == y.target;
  case Sort::Arr: return x.target == y.target && x.writable == y.writable;
  case Sort::Fn: return signature_at_most(x.target, y.target);
  default: return false;
  }
}

bool Types::follow(const std::vector<tal::SigFact>& wanted, const std::vector<tal::SigFact>& given) {
  for (const tal::SigFact& w : wanted) {
    bool found = false;
    for (const tal::SigFact& g : given)
      found = found || (g.x_of == w.x_of && g.x == w.x && g.y_of == w.y_of && g.y == w.y && g.c <= w.c);
    if (!found)
      return false;
  }
  return true;
}

bool Types::signature_at_most(TypeRef a, TypeRef b) {
  if (a == b)
    return true;
  Type x = types_[a];
  const Type y = types_[b];
  if (x.sort != Sort::Sig || y.sort != Sort::Sig || x.vars.size() != y.vars.size() || x.list.size() != y.list.size() ||
      (x.throws && !y.throws))
    return false;
  // At the kinds of b.
  std::vector<TypeRef> variables;
  for (uint32_t i = 0; i < y.vars.size(); i++) {
    if (!fits(y.vars[i], x.vars[i]))
      return false;
    variables.push_back(variable(i, y.vars[i]));
  }
  const auto count = static_cast<uint32_t>(variables.size());
  x.result = replace(x.result, variables, count);
  for (TypeRef& part : x.list)
    part = replace(part, variables, count);
  for (size_t i = 0; i < x.list.size(); i++)
    if (!at_most(y.list[i], x.list[i]))
      return false;
  if (!follow(x.pre, y.pre))
    return false;
  if (x.noret)
    return true;
  return !y.noret && follow(y.post, x.post) && (y.result == 0 || (x.result != 0 && at_most(x.result, y.result)));
}

std::string Types::name(TypeRef r) const {
  std::string out;
  append_name(r, out);
  return out;
}

// A type may repeat its parts and so be 2^16 times as large as its description; a message needs its beginning.
void Types::append_name(TypeRef r, std::string& out) const {
  constexpr size_t enough = 1000;
  if (out.size() > enough) {
    if (!out.ends_with("..."))
      out += "...";
    return;
  }
  const Type& t = types_[r];
  auto list = [&](const std::vector<TypeRef>& types) {
    for (size_t i = 0; i < types.size() && out.size() <= enough; i++) {
      out += i == 0 ? "" : ", ";
      append_name(types[i], out);
    }
  };
  auto of_target = [&](const char* constructor) {
    out += constructor;
    out += t.nullable ? "? " : " ";
    append_name(t.target, out);
  };
  switch (t.sort) {
  case Sort::None: out += "nothing"; break;
  case Sort::I8: out += "i8"; break;
  case Sort::I16: out += "i16"; break;
  case Sort::I32: out += "i32"; break;
  case Sort::I64: out += "i64"; break;
  case Sort::F32: out += "f32"; break;
  case Sort::F64: out += "f64"; break;
  case Sort::Exn: out += t.nullable ? "exn?" : "exn"; break;
  case Sort::Ptr: of_target("ptr"); break;
  case Sort::Arr:
    of_target("arr");
    out += t.writable ? "" : " ro";
    break;
  case Sort::Fn: of_target("fn"); break;
  case Sort::ExnName: of_target("exnname"); break;
  case Sort::Rep: of_target("rep"); break;
  case Sort::Union: of_target("union"); break;
  case Sort::Var: out += "$" + std::to_string(t.number); break;
  case Sort::Named: {
    const NamedDefinition& d = named_[t.number];
    out += d.table->named_type(d.id).name;
    if (t.list.empty())
      break;
    out += "<";
    list(t.list);
    out += ">";
    break;
  }
  case Sort::Struct:
    out += "{";
    for (size_t i = 0; i < t.fields.size() && out.size() <= enough; i++) {
      const FieldType& f = t.fields[i];
      out += " " + std::to_string(f.offset) + ": ";
      append_name(f.type, out);
      out += std::string(f.writable ? "" : " ro") + (f.slot ? " slot;" : ";");
    }
    out += " }";
    break;
  case Sort::Sig:
    out += (t.vars.empty() ? "" : "<" + std::to_string(t.vars.size()) + ">") + "(";
    list(t.list);
    out += ") -> ";
    if (t.noret)
      out += "noret";
    else
      append_name(t.result, out);
    for (const auto* facts : {&t.pre, &t.post})
      for (const tal::SigFact& f : *facts)
        out += (facts == &t.pre ? " pre " : " post ") + tal::print_fact(f, facts == &t.post);
    break;
  case Sort::Cases:
    out += "cases " + std::to_string(t.number) + " to " + std::to_string(t.end) + " {";
    list(t.list);
    out += "}";
    break;
  case Sort::Unknown: out += "an unknown type"; break;
  }
}

} // namespace talsim
