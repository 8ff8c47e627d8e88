#include "codegen/type_map.h"

#include "tal/natives/type_parser.h"

#include <numeric>
#include <utility>

namespace codegen {

using frontend::TypeKind;

namespace {

// The width, in a type declaration, of a parameter whose width an instance must know.
constexpr unsigned some_width = 16;

tal::Kind kind_of_width(unsigned bytes) {
  switch (bytes) {
  case 1: return tal::Kind::W1;
  case 2: return tal::Kind::W2;
  case 4: return tal::Kind::W4;
  case 8: return tal::Kind::W8;
  case some_width: return tal::Kind::D;
  default: return tal::Kind::W;
  }
}

bool needs_width(const frontend::TypeDecl& decl, size_t param) { return param < 64 && (decl.width_params >> param & 1) != 0; }

} // namespace

tal::TypeId TypeMap::fail(frontend::TypeId type, const char* what) {
  if (problem_.empty()) problem_ = std::string(what) + " `" + source_.print(type) + "`";
  return tal::no_type;
}

std::vector<tal::TypeId> TypeMap::words(std::span<const frontend::TypeId> types) {
  std::vector<tal::TypeId> result;
  for (frontend::TypeId type : types) result.push_back(word(type));
  return result;
}

tal::TypeId TypeMap::word(frontend::TypeId id, bool nonnull) {
  if (nonnull) return target_.with_nullable(word(id), false);
  const frontend::Type& type = source_.get(id);
  uint64_t key = id.value;
  if (!binders_.empty() && type.free_depth != 0) key |= uint64_t{contexts_.try_emplace(binders_, contexts_.size() + 1).first->second} << 32;
  auto known = words_.find(key);
  if (known != words_.end()) return known->second;
  tal::TypeId result;
  switch (type.kind) {
  case TypeKind::Bool: case TypeKind::Char: case TypeKind::Byte: case TypeKind::UByte: result = target_.i8(); break;
  case TypeKind::Short: case TypeKind::UShort: result = target_.i16(); break;
  case TypeKind::Int: case TypeKind::UInt: result = target_.i32(); break;
  case TypeKind::Long: case TypeKind::ULong: result = target_.i64(); break;
  case TypeKind::String: result = target_.string(); break;
  case TypeKind::Exn: result = target_.exn(); break;
  case TypeKind::Array: result = target_.arr(word(type.element)); break;
  case TypeKind::ConstArray: result = target_.arr(word(type.element), tal::Mutability::ReadWrite, type.nullable); break;
  case TypeKind::Rep: result = target_.rep(word(type.element)); break;
  case TypeKind::Exncon: result = target_.exn_name(type.element == frontend::kVoidType ? tal::no_type : word(type.element)); break;
  case TypeKind::Tuple: result = target_.ptr(memory(id)); break;
  case TypeKind::Function: {
    if (type.type_params != 0) binders_.push_back(type.type_params);
    tal::TypeId sig = signature(id);
    if (type.type_params != 0) binders_.pop_back();
    result = sig ? target_.fn(sig) : tal::no_type;
    break;
  }
  case TypeKind::Named: {
    // An abstract type that may be null is a pointer to something. Of others not even that is known.
    const frontend::TypeDecl& decl = source_.decl(type.decl);
    if (decl.kind == frontend::TypeDeclKind::Abstype || (decl.kind == frontend::TypeDeclKind::Abstract && !decl.nullable)) {
      result = target_.named(declare(type.decl), words(type.args));
      break;
    }
    tal::TypeId pointee = memory(id);
    if (pointee && source_.is_union(id)) result = target_.union_word(pointee, source_.is_nullable(id));
    else result = pointee ? target_.ptr(pointee, source_.is_nullable(id)) : tal::no_type;
    break;
  }
  case TypeKind::Var:
    // Those of the function types in between come first in the target language.
    if (type.depth <= binders_.size()) result = target_.var(std::accumulate(binders_.end() - type.depth, binders_.end(), type.index), kind_of_width(type.width));
    break;
  case TypeKind::Float: result = target_.f32(); break;
  case TypeKind::Double: result = target_.f64(); break;
  case TypeKind::Error: case TypeKind::Void: case TypeKind::Infer: break;
  }
  if (!result) return fail(id, "values of type");
  words_[key] = result;
  return result;
}

tal::TypeId TypeMap::memory(frontend::TypeId id) {
  const frontend::Type& type = source_.get(id);
  if (type.kind == TypeKind::Tuple) {
    tal::Mutability mutability = type.read_only ? tal::Mutability::ReadOnly : tal::Mutability::ReadWrite;
    return tal::tuple(target_, words(type.args), mutability);
  }
  if (type.kind != TypeKind::Named) return fail(id, "objects of type");
  frontend::TypeDeclKind kind = source_.decl(type.decl).kind;
  if (kind == frontend::TypeDeclKind::Abstype) return fail(id, "values of type");
  tal::NamedId named = declare(type.decl);
  return target_.named(named, words(type.args));
}

tal::NamedId TypeMap::declare(frontend::TypeDeclId decl_id) {
  auto known = named_.find(decl_id.value);
  if (known != named_.end()) return known->second;
  const std::vector<uint32_t> outside = std::exchange(binders_, {}); // a definition does not depend on where the type is mentioned
  const tal::NamedId id = declare_new(decl_id);
  binders_ = outside;
  return id;
}

tal::NamedId TypeMap::declare_new(frontend::TypeDeclId decl_id) {
  const frontend::TypeDecl& decl = source_.decl(decl_id);
  // Interface code of a patch has two declarations of one name. Where they differ in names of fields only they are one
  // type of the target language.
  std::vector<uint32_t>& same_name = by_name_[decl.name];
  for (uint32_t other : same_name) {
    Pairs assumed;
    if (same_layout({other}, decl_id, assumed)) return named_[decl_id.value] = named_[other];
  }
  same_name.push_back(decl_id.value);
  std::vector<tal::Kind> kinds;
  for (size_t i = 0; i < decl.params.size(); i++)
    kinds.push_back(needs_width(decl, i) ? tal::Kind::D : tal::Kind::W);
  if (decl.kind == frontend::TypeDeclKind::Abstype) {
    tal::NamedId id = target_.declare(std::string(decl.name.view()), kinds, tal::NamedSort::Package,
                                      is_address(decl.representation) ? tal::Kind::P : tal::Kind::W8,
                                      std::vector<tal::Kind>(decl.hidden_params.size(), tal::Kind::W));
    named_[decl_id.value] = id;
    if (decl.scope == frontend::Scope::Abstract) target_.provide(id);
    tal::TypeId inside = word(source_.substitute(decl.representation, variables_in(decl)));
    if (inside && !target_.define(id, inside) && problem_.empty()) problem_ = "the abstype `" + std::string(decl.name.view()) + "`";
    return id;
  }
  bool abstract = decl.kind == frontend::TypeDeclKind::Abstract;
  tal::NamedId id = target_.declare(std::string(decl.name.view()), kinds,
                                    abstract ? tal::NamedSort::Abstract
                                    : decl.kind == frontend::TypeDeclKind::Union ? tal::NamedSort::Union : tal::NamedSort::Struct,
                                    !abstract ? tal::Kind::None : decl.nullable ? tal::Kind::P : tal::Kind::W8);
  named_[decl_id.value] = id;
  if (decl.scope == frontend::Scope::Abstract) target_.provide(id);
  if (!abstract) define(decl_id, id);
  return id;
}

// Is every value an address or null, whatever its type variables stand for? A chain of abstypes without an end has no values.
bool TypeMap::is_address(frontend::TypeId id) const {
  for (uint32_t steps = 0; steps <= source_.decl_count(); ++steps) {
    const frontend::Type& type = source_.get(id);
    switch (type.kind) {
    case TypeKind::String: case TypeKind::Exn: case TypeKind::Array: case TypeKind::Tuple: case TypeKind::Function: return true;
    case TypeKind::Named:
      if (source_.decl(type.decl).kind == frontend::TypeDeclKind::Abstract) return source_.is_nullable(id); // else it may be a package
      if (source_.decl(type.decl).kind != frontend::TypeDeclKind::Abstype) return true;
      id = source_.decl(type.decl).representation;
      break;
    default: return false;
    }
  }
  return false;
}

std::vector<tal::TypeId> TypeMap::hidden(frontend::TypeId package, uint32_t first) {
  std::vector<tal::TypeId> result;
  for (tal::Kind kind : target_.named_type(declare(source_.get(package).decl)).hidden)
    result.push_back(target_.var(first + uint32_t(result.size()), kind));
  return result;
}

// Structs with equal fields but for their names; recursive types are equal if nothing shows the contrary.
bool TypeMap::same_layout(frontend::TypeDeclId a, frontend::TypeDeclId b, Pairs& assumed) const {
  if (a == b || !assumed.insert({a.value, b.value}).second) return true;
  const frontend::TypeDecl &x = source_.decl(a), &y = source_.decl(b);
  if (!(x.name == y.name) || x.kind != y.kind || x.nullable != y.nullable || x.params.size() != y.params.size() ||
      x.fields.size() != y.fields.size() || x.hidden_params.size() != y.hidden_params.size())
    return false;
  if (x.kind == frontend::TypeDeclKind::Union) { // how many have no payload, and the payloads of the others in order
    auto payloads = [](const frontend::TypeDecl& decl) {
      std::vector<frontend::TypeId> list;
      for (const frontend::Field& field : decl.fields)
        if (!(field.type == frontend::kVoidType)) list.push_back(field.type);
      return list;
    };
    const std::vector<frontend::TypeId> p = payloads(x), q = payloads(y);
    return std::equal(p.begin(), p.end(), q.begin(), q.end(), [&](frontend::TypeId s, frontend::TypeId t) { return same_type(s, t, assumed); });
  }
  if (x.kind == frontend::TypeDeclKind::Abstype) return same_type(x.representation, y.representation, assumed);
  for (size_t i = 0; i < x.fields.size(); i++)
    if (x.fields[i].is_const != y.fields[i].is_const || !same_type(x.fields[i].type, y.fields[i].type, assumed)) return false;
  return true;
}

bool TypeMap::same_type(frontend::TypeId a, frontend::TypeId b, Pairs& assumed) const {
  if (a == b) return true;
  const frontend::Type &x = source_.get(a), &y = source_.get(b);
  if (x.kind != y.kind || x.args.size() != y.args.size() || x.read_only != y.read_only || x.type_params != y.type_params)
    return false;
  switch (x.kind) {
  case TypeKind::Array: return same_type(x.element, y.element, assumed);
  case TypeKind::Named:
    if (!same_layout(x.decl, y.decl, assumed)) return false;
    break;
  case TypeKind::Function:
    if (!same_type(x.element, y.element, assumed)) return false;
    break;
  case TypeKind::Tuple: break;
  default: return false;
  }
  for (size_t i = 0; i < x.args.size(); i++)
    if (!same_type(x.args[i], y.args[i], assumed)) return false;
  return true;
}

// The parameters of a type as its definition sees them.
std::vector<frontend::TypeId> TypeMap::variables_in(const frontend::TypeDecl& decl) {
  std::vector<frontend::TypeId> variables;
  for (uint32_t i = 0; i < decl.params.size(); i++) variables.push_back(source_.var(0, i, needs_width(decl, i) ? some_width : 0));
  return variables;
}

void TypeMap::define(frontend::TypeDeclId decl_id, tal::NamedId id) {
  const frontend::TypeDecl& decl = source_.decl(decl_id);
  const std::vector<frontend::TypeId> params = variables_in(decl);
  if (decl.kind == frontend::TypeDeclKind::Union) {
    std::vector<tal::TypeId> payloads;
    for (const frontend::Field& source : decl.fields)
      if (!(source.type == frontend::kVoidType)) payloads.push_back(word(source_.substitute(source.type, params)));
    tal::TypeId cases = target_.cases(decl.nullable, uint32_t(decl.fields.size() - payloads.size()), payloads);
    if (!target_.define(id, cases) && problem_.empty()) problem_ = "the cases of `" + std::string(decl.name.view()) + "`";
    return;
  }
  std::vector<tal::Field> fields;
  uint32_t offset = 0;
  for (const frontend::Field& source : decl.fields) {
    tal::Field field;
    field.type = word(source_.substitute(source.type, params));
    if (!field.type) return;
    field.slot = target_.tag(field.type) == tal::TypeTag::Var || target_.tag(field.type) == tal::TypeTag::Named;
    field.mutability = source.is_const ? tal::Mutability::ReadOnly : tal::Mutability::ReadWrite;
    unsigned size = target_.field_size(field);
    offset = (offset + size - 1) / size * size;
    field.offset = offset;
    offset += size;
    fields.push_back(field);
  }
  if (!target_.define(id, target_.struct_layout(std::move(fields))) && problem_.empty())
    problem_ = "the layout of `" + std::string(decl.name.view()) + "`";
}

tal::TypeId TypeMap::signature(frontend::TypeId function, std::span<const uint8_t> widths) {
  const frontend::Type& type = source_.get(function);
  tal::Signature sig;
  sig.vars.assign(type.type_params, tal::Kind::W);
  for (size_t i = 0; i < widths.size(); i++) sig.vars[i] = kind_of_width(widths[i]);
  sig.args = words(type.args);
  if (!(type.element == frontend::kVoidType)) sig.result = word(type.element);
  if (!problem_.empty()) return tal::no_type;
  return target_.signature(std::move(sig));
}

FieldPlace TypeMap::payload(frontend::TypeId union_type, uint32_t index) {
  FieldPlace place;
  place.offset = 8;
  place.slot = place.read_only = true;
  place.type = word(source_.field_type(union_type, index));
  return place;
}

FieldPlace TypeMap::field(frontend::TypeId object, uint32_t index) {
  const frontend::Type& type = source_.get(object);
  FieldPlace place;
  if (type.kind == TypeKind::Tuple) {
    tal::TypeId layout = memory(object);
    if (!layout) return place;
    const tal::Field& field = target_.fields(layout)[index];
    place.offset = field.offset;
    place.slot = type.args.size() > 1 || field.slot;
    place.size = target_.field_size(field);
    place.read_only = type.read_only;
    place.type = word(type.args[index]);
    return place;
  }
  tal::NamedId named = declare(type.decl);
  std::span<const tal::Field> fields = target_.fields(target_.named_type(named).body);
  if (index >= fields.size()) { // the layout failed: `problem` tells
    place.type = target_.i64();
    return place;
  }
  place.offset = fields[index].offset;
  place.slot = fields[index].slot;
  place.read_only = fields[index].mutability == tal::Mutability::ReadOnly;
  place.size = target_.field_size(fields[index]);
  place.type = word(source_.field_type(object, index));
  return place;
}

} // namespace codegen
