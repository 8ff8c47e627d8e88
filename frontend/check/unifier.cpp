#include "frontend/check/unifier.h"

namespace frontend {

TypeId Unifier::fresh(Class cls) {
  const TypeId id = types_.infer(static_cast<uint32_t>(variables_.size()));
  variables_.push_back({cls, id});
  return id;
}

TypeId Unifier::prune(TypeId type, uint32_t binders) {
  return types_.kind(type) == TypeKind::Infer ? types_.moved_under(prune(type), binders) : type;
}

TypeId Unifier::prune(TypeId type) {
  while (types_.kind(type) == TypeKind::Infer) {
    const TypeId next = variables_[types_.get(type).index].binding;
    if (next == type) break;
    type = next;
  }
  return type;
}

bool Unifier::occurs(uint32_t variable, TypeId id, Walk& walk) {
  id = prune(id);
  const Type& type = types_.get(id);
  if (!type.has_infer) return false;
  if (type.kind == TypeKind::Infer) return type.index == variable;
  if (walk.again(id, id, 0)) return false;
  for (TypeId arg : type.args) {
    if (occurs(variable, arg, walk)) return true;
  }
  return occurs(variable, type.element, walk);
}

bool Unifier::bind(TypeId variable, TypeId type, uint32_t binders) {
  Variable& v = variables_[types_.get(variable).index];
  if (types_.kind(type) == TypeKind::Infer) {
    // The stricter class wins: Option implies Word implies Any.
    Variable& other = variables_[types_.get(type).index];
    if (v.cls > other.cls) other.cls = v.cls;
    v.binding = type;
    return true;
  }
  if (type != kErrorType) {
    if (v.cls == Class::Word && (type == kVoidType || types_.is_floating(type))) return false;
    if (v.cls == Class::Option && !types_.is_nullable(type)) return false;
  }
  Walk walk;
  if (occurs(types_.get(variable).index, type, walk) || types_.mentions_binders(type, binders)) return false;
  v.binding = types_.moved_out(type, binders);
  return true;
}

bool Unifier::unify_parts(const Type& a, const Type& b, uint32_t binders, Walk& walk) {
  if (a.kind != b.kind || a.args.size() != b.args.size()) return false;
  if (a.read_only != b.read_only || a.convention != b.convention || a.type_params != b.type_params) return false;
  if (a.depth != b.depth || a.decl != b.decl) return false;
  if (a.kind == TypeKind::ConstArray && (a.index != b.index || a.nullable != b.nullable)) return false;
  // Variables of unequal index, basic types of unequal id and the like: equal ones were recognised by their id.
  if (a.kind == TypeKind::Var || (a.args.empty() && a.element == kErrorType && b.element == kErrorType && a.kind != TypeKind::Tuple)) return false;
  if (a.kind == TypeKind::Function && a.type_params != 0) ++binders;
  for (size_t i = 0; i < a.args.size(); ++i) {
    if (!unify(a.args[i], b.args[i], binders, walk)) return false;
  }
  return unify(a.element, b.element, binders, walk);
}

bool Unifier::unify(TypeId a, TypeId b) {
  Walk walk;
  return unify(a, b, 0, walk);
}

bool Unifier::unify(TypeId a, TypeId b, uint32_t binders, Walk& walk) {
  a = prune(a, binders);
  b = prune(b, binders);
  if (a == b || a == kErrorType || b == kErrorType) return true;
  if (types_.kind(a) == TypeKind::Infer) return bind(a, b, binders);
  if (types_.kind(b) == TypeKind::Infer) return bind(b, a, binders);
  // What was unified before stays so; no type is part of itself, so this is not about types under way.
  if (walk.again(a, b, binders)) return true;
  return unify_parts(types_.get(a), types_.get(b), binders, walk);
}

TypeId Unifier::rebuild(TypeId id, bool use_defaults, Rebuilt& done, uint32_t binders) {
  if (types_.kind(id) == TypeKind::Infer && prune(id) != id) return types_.moved_under(rebuild(prune(id), use_defaults, done), binders);
  const Type& type = types_.get(id);
  if (!type.has_infer) return id;
  if (type.kind == TypeKind::Infer) return use_defaults && variables_[type.index].cls != Class::Option ? kIntType : id;
  const uint64_t key = uint64_t{id.value} << 32 | binders;
  if (const auto found = done.find(key); found != done.end()) return found->second;
  const TypeId result = rebuild_parts(id, use_defaults, done, binders);
  done.emplace(key, result);
  return result;
}

TypeId Unifier::rebuild_parts(TypeId id, bool use_defaults, Rebuilt& done, uint32_t binders) {
  const Type type = types_.get(id);
  std::vector<TypeId> args;
  if (type.kind == TypeKind::Function && type.type_params != 0) ++binders;
  for (TypeId arg : type.args) args.push_back(rebuild(arg, use_defaults, done, binders));
  switch (type.kind) {
    case TypeKind::Array: return types_.array(rebuild(type.element, use_defaults, done, binders));
    case TypeKind::ConstArray: return types_.const_array(rebuild(type.element, use_defaults, done, binders), type.index, type.nullable);
    case TypeKind::Tuple: return types_.tuple(args, type.read_only);
    case TypeKind::Function: return types_.function(args, rebuild(type.element, use_defaults, done, binders), type.type_params, type.convention);
    case TypeKind::Named: return types_.named(type.decl, args);
    case TypeKind::Rep: return types_.rep(rebuild(type.element, use_defaults, done, binders));
    case TypeKind::Exncon: return types_.exncon(rebuild(type.element, use_defaults, done, binders));
    default: return id;
  }
}

TypeId Unifier::resolve(TypeId type) { return rebuild(type, true, resolved_); }

bool Unifier::is_open_option(TypeId type) {
  type = prune(type);
  return types_.kind(type) == TypeKind::Infer && variables_[types_.get(type).index].cls == Class::Option;
}

TypeId Unifier::known_part(TypeId type) {
  Rebuilt done;
  return rebuild(type, false, done);
}

}  // namespace frontend
