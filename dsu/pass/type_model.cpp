#include <algorithm>

#include "dsu/pass/description.h"

namespace dsu {

using frontend::TypeKind;

namespace {

std::string key_of(const PatchType& t) {
  std::string key = std::to_string(static_cast<unsigned>(t.kind)) + "|" + t.name + "|" + std::to_string(t.type_params) + "|" +
                    std::to_string(t.depth) + "|" + std::to_string(t.index) + "|" + (t.read_only ? "r" : "w") + (t.nullable ? "?" : "") +
                    std::to_string(static_cast<unsigned>(t.convention));
  auto add = [&](const void* p) { key += "|" + std::to_string(reinterpret_cast<uintptr_t>(p)); };
  add(t.element);
  for (TypeRef arg : t.args)
    add(arg);
  return key;
}

}  // namespace

TypeRef TypeModel::intern(PatchType type) {
  type.has_var = type.kind == TypeKind::Var || (type.element && type.element->has_var) ||
                 std::any_of(type.args.begin(), type.args.end(), [](TypeRef t) { return t->has_var; });
  std::string key = key_of(type);
  auto& slot = types_[std::move(key)];
  if (!slot)
    slot = std::make_unique<PatchType>(std::move(type));
  return slot.get();
}

TypeRef TypeModel::import(const frontend::TypeStore& store, frontend::TypeId id) {
  const frontend::Type& source = store.get(id);
  PatchType type;
  type.kind = source.kind;
  type.read_only = source.read_only;
  switch (source.kind) {
    case TypeKind::ConstArray:
      type.index = source.index;
      type.nullable = source.nullable;
      [[fallthrough]];
    case TypeKind::Array:
    case TypeKind::Rep:
    case TypeKind::Exncon: type.element = import(store, source.element); break;
    case TypeKind::Var:
      type.depth = source.depth;
      type.index = source.index;
      break;
    case TypeKind::Named: type.name = store.decl(source.decl).name.str(); break;
    case TypeKind::Function:
      type.type_params = source.type_params;
      type.convention = source.convention;
      type.element = import(store, source.element);
      break;
    default: break;
  }
  if (source.kind == TypeKind::Named || source.kind == TypeKind::Tuple || source.kind == TypeKind::Function)
    for (frontend::TypeId arg : source.args)
      type.args.push_back(import(store, arg));
  return intern(std::move(type));
}

// The type with its variables changed; `change` gets each with the number of function types in between that bind some.
template <class Change>
TypeRef TypeModel::changed(TypeRef type, uint32_t binders, Change change) {
  if (!type->has_var)
    return type;
  if (type->kind == TypeKind::Var)
    return change(type, binders);
  if (type->kind == TypeKind::Function && type->type_params != 0)
    binders++;
  PatchType copy = *type;
  if (copy.element)
    copy.element = changed(copy.element, binders, change);
  for (TypeRef& arg : copy.args)
    arg = changed(arg, binders, change);
  return intern(std::move(copy));
}

TypeRef TypeModel::under_binders(TypeRef type, uint32_t by) {
  return changed(type, 0, [&](TypeRef variable, uint32_t binders) {
    PatchType copy = *variable;
    copy.depth += copy.depth >= binders ? by : 0;
    return intern(std::move(copy));
  });
}

TypeRef TypeModel::substitute(TypeRef type, const std::vector<TypeRef>& args) {
  return changed(type, 0, [&](TypeRef variable, uint32_t binders) {
    return variable->depth == binders && variable->index < args.size() ? under_binders(args[variable->index], binders) : variable;
  });
}

}  // namespace dsu
