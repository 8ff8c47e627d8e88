#include "frontend/types.h"

#include <algorithm>

namespace frontend {

namespace {

struct BasicInfo {
  std::string_view spelling;
  unsigned bytes;
  bool is_signed;
  enum Class { None, Bool, Integer, Floating, Pointer } cls;
};

constexpr BasicInfo kBasic[] = {
#define BASIC_TYPE(Kind, spelling, bytes, is_signed, cls) {spelling, bytes, is_signed, BasicInfo::cls},
#include "frontend/types.def"
#undef BASIC_TYPE
};
constexpr size_t kBasicCount = std::size(kBasic);

bool is_basic(TypeKind kind) { return static_cast<size_t>(kind) < kBasicCount; }

// What the parts say about free variables and unification variables.
void summarise(Type& type, const Type& part, uint32_t binders) {
  type.has_infer |= part.has_infer;
  type.height = std::max(type.height, static_cast<uint16_t>(std::min(part.height + 1, UINT16_MAX)));
  type.size = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{type.size} + part.size, UINT32_MAX));
  type.bound_inside = std::max(type.bound_inside, part.bound_inside + type.type_params);
  if (part.free_depth > binders) type.free_depth = std::max(type.free_depth, part.free_depth - binders);
}

// A type of the same form, for other parts.
Type without_parts(const Type& type) {
  Type result = type;
  result.has_infer = false;
  result.height = 1;
  result.free_depth = result.bound_inside = 0;
  result.size = 1;
  return result;
}

}  // namespace

bool TypeStore::Key::operator==(const Key& other) const {
  const Type &x = type, &y = other.type;
  return x.kind == y.kind && x.read_only == y.read_only && x.nullable == y.nullable && x.convention == y.convention && x.type_params == y.type_params && x.depth == y.depth &&
         x.index == y.index && x.width == y.width && x.decl == y.decl && x.element == y.element && std::ranges::equal(x.args, y.args);
}

size_t TypeStore::KeyHash::operator()(const Key& key) const noexcept {
  const Type& type = key.type;
  size_t hash = static_cast<size_t>(type.kind);
  auto mix = [&hash](size_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL; hash ^= hash >> 29; };
  mix(type.element.value);
  mix(type.decl.value);
  mix(type.width);
  mix(type.index * 64 + type.depth * 8 + type.type_params * 2 + (type.read_only ? 1 : 0));
  for (TypeId arg : type.args) mix(arg.value);
  return hash;
}

TypeStore::TypeStore() {
  for (size_t i = 0; i < kBasicCount; ++i) {
    Type type;
    type.kind = static_cast<TypeKind>(i);
    types_.push_back(type);
  }
}

std::span<const TypeId> TypeStore::store_args(std::span<const TypeId> args) {
  if (args.empty()) return {};
  if (block_size_ - block_used_ < args.size()) {
    block_size_ = std::max<size_t>(4096, args.size());
    block_used_ = 0;
    blocks_.push_back(std::make_unique<TypeId[]>(block_size_));
  }
  TypeId* place = blocks_.back().get() + block_used_;
  std::ranges::copy(args, place);
  block_used_ += args.size();
  return {place, args.size()};
}

TypeId TypeStore::intern(Type type) {
  if (auto found = index_.find(Key{type}); found != index_.end()) return found->second;
  type.args = store_args(type.args);
  const uint32_t binders = type.kind == TypeKind::Function && type.type_params != 0 ? 1 : 0;
  type.bound_inside = type.type_params;
  for (TypeId arg : type.args) summarise(type, get(arg), binders);
  if (type.element.value != 0) summarise(type, get(type.element), binders);
  if (type.kind == TypeKind::Var) type.free_depth = type.depth + 1;
  if (type.kind == TypeKind::Infer) type.has_infer = true;
  const TypeId id{size()};
  types_.push_back(type);
  index_.emplace(Key{type}, id);
  return id;
}

TypeId TypeStore::array(TypeId element) {
  Type type;
  type.kind = TypeKind::Array;
  type.element = element;
  return intern(type);
}

TypeId TypeStore::const_array(TypeId element, uint32_t length, bool nullable) {
  Type type;
  type.kind = TypeKind::ConstArray;
  type.nullable = nullable;
  type.element = element;
  type.index = length;
  return intern(type);
}

TypeId TypeStore::tuple(std::span<const TypeId> components, bool read_only) {
  Type type;
  type.kind = TypeKind::Tuple;
  type.args = components;
  type.read_only = read_only;
  return intern(type);
}

TypeId TypeStore::function(std::span<const TypeId> params, TypeId result, uint32_t type_params, Convention convention) {
  Type type;
  type.kind = TypeKind::Function;
  type.args = params;
  type.element = result;
  type.type_params = type_params;
  type.convention = convention;
  return intern(type);
}

TypeId TypeStore::named(TypeDeclId decl, std::span<const TypeId> args) {
  Type type;
  type.kind = TypeKind::Named;
  type.decl = decl;
  type.args = args;
  return intern(type);
}

TypeId TypeStore::var(uint32_t depth, uint32_t index, unsigned width) {
  Type type;
  type.kind = TypeKind::Var;
  type.width = static_cast<uint8_t>(width);
  type.depth = depth;
  type.index = index;
  return intern(type);
}

TypeId TypeStore::rep(TypeId of) {
  Type type;
  type.kind = TypeKind::Rep;
  type.element = of;
  return intern(type);
}

TypeId TypeStore::exncon(TypeId payload) {
  Type type;
  type.kind = TypeKind::Exncon;
  type.element = payload;
  return intern(type);
}

TypeId TypeStore::infer(uint32_t number) {
  Type type;
  type.kind = TypeKind::Infer;
  type.index = number;
  return intern(type);
}

// Raises the depth of the variables bound outside by `by`: for a type that moves under `by` more binders.
bool TypeStore::mentions_var(TypeId id, uint32_t least, uint32_t depth) const {
  const Type& type = get(id);
  if (type.free_depth <= depth) return false;
  if (type.kind == TypeKind::Var) return type.depth == depth && type.index >= least;
  const uint32_t inner = depth + (type.type_params != 0 ? 1 : 0);
  for (TypeId arg : type.args)
    if (mentions_var(arg, least, inner)) return true;
  return type.element.value != 0 && mentions_var(type.element, least, inner);
}

TypeId TypeStore::shift(TypeId id, int32_t by, uint32_t depth) {
  const Type type = get(id);
  if (by == 0 || type.free_depth <= depth) return id;
  if (type.kind == TypeKind::Var) return type.depth >= depth ? var(type.depth + static_cast<uint32_t>(by), type.index, type.width) : id;
  const uint32_t inner = depth + (type.kind == TypeKind::Function && type.type_params != 0 ? 1 : 0);
  std::vector<TypeId> args;
  for (TypeId arg : type.args) args.push_back(shift(arg, by, inner));
  Type result = without_parts(type);
  result.args = args;
  if (type.element.value != 0) result.element = shift(type.element, by, inner);
  return intern(result);
}

// Var(depth, i) becomes args[i]. drop_binder: the binder at `depth` disappears, so variables beyond it come one step nearer.
TypeId TypeStore::rewrite(TypeId id, std::span<const TypeId> args, uint32_t depth, bool drop_binder) {
  const Type type = get(id);
  if (type.free_depth <= depth) return id;
  if (type.kind == TypeKind::Var) {
    if (type.depth == depth && type.index < args.size()) return shift(args[type.index], static_cast<int32_t>(depth), 0);
    if (type.depth > depth && drop_binder) return var(type.depth - 1, type.index, type.width);
    return id;
  }
  const uint32_t inner = depth + (type.kind == TypeKind::Function && type.type_params != 0 ? 1 : 0);
  std::vector<TypeId> parts;
  for (TypeId arg : type.args) parts.push_back(rewrite(arg, args, inner, drop_binder));
  Type result = without_parts(type);
  result.args = parts;
  if (type.element.value != 0) result.element = rewrite(type.element, args, inner, drop_binder);
  return intern(result);
}

TypeId TypeStore::substitute(TypeId type, std::span<const TypeId> args) { return rewrite(type, args, 0, false); }

TypeId TypeStore::instantiate(TypeId id, std::span<const TypeId> args) {
  const Type type = get(id);
  if (type.type_params == 0 || args.empty()) return id;
  const auto given = static_cast<uint32_t>(args.size());
  std::vector<TypeId> all(args.begin(), args.end());
  if (given < type.type_params) {  // the binder stays, with the other variables
    for (TypeId& arg : all) arg = moved_under(arg, 1);
    for (uint32_t i = given; i < type.type_params; ++i) all.push_back(var(0, i - given));
  }
  const bool drop_binder = given == type.type_params;
  std::vector<TypeId> params;
  for (TypeId param : type.args) params.push_back(rewrite(param, all, 0, drop_binder));
  return function(params, rewrite(type.element, all, 0, drop_binder), type.type_params - given, type.convention);
}

bool TypeStore::mentions_binders(TypeId type, uint32_t nearest) const {
  for (uint32_t depth = 0; depth < nearest; ++depth) {
    if (mentions_var(type, 0, depth)) return true;
  }
  return false;
}

TypeId TypeStore::field_type(TypeId object, uint32_t index) {
  const Type type = get(object);
  return substitute(decl(type.decl).fields[index].type, type.args);
}

TypeDeclId TypeStore::add_decl(TypeDecl decl) {
  decls_.push_back(std::move(decl));
  return TypeDeclId{decl_count() - 1};
}

bool TypeStore::is_integer(TypeId id) const { return is_basic(kind(id)) && kBasic[id.value].cls == BasicInfo::Integer; }

bool TypeStore::is_floating(TypeId id) const { return is_basic(kind(id)) && kBasic[id.value].cls == BasicInfo::Floating; }

bool TypeStore::is_signed(TypeId id) const { return is_basic(kind(id)) && kBasic[id.value].is_signed; }

bool TypeStore::is_nullable(TypeId id) const { return get(id).nullable || (kind(id) == TypeKind::Named && decl_of(id).nullable); }

bool TypeStore::is_union(TypeId id) const { return kind(id) == TypeKind::Named && decl_of(id).kind == TypeDeclKind::Union; }

TypeStore::CaseNumber TypeStore::case_number(const TypeDecl& decl, uint32_t index) const {
  const bool is_constant = decl.fields[index].type == kVoidType;
  uint32_t number = is_constant && decl.nullable ? 1 : 0;
  for (uint32_t i = 0; i < index; ++i) number += (decl.fields[i].type == kVoidType) == is_constant;
  return {is_constant, number};
}

bool TypeStore::is_pointer(TypeId id) const {
  switch (kind(id)) {
    case TypeKind::Array: case TypeKind::ConstArray: case TypeKind::Tuple: case TypeKind::Rep: case TypeKind::Exncon:
      return true;
    case TypeKind::Named:
      return decl_of(id).kind == TypeDeclKind::Struct;
    default:
      return is_basic(kind(id)) && kBasic[id.value].cls == BasicInfo::Pointer;
  }
}

unsigned TypeStore::byte_size(TypeId id) const {
  if (is_basic(kind(id))) return kBasic[id.value].bytes;
  const unsigned width = get(id).width;
  return width != 0 ? width : 8;
}

}  // namespace frontend
