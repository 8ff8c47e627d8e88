#include "dsu/patch/version.h"

#include <algorithm>

#include "dsu/pass/canonical.h"
#include "dsu/pass/describe_module.h"

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

TypeInfo type_info(const frontend::TypeStore& store, frontend::TypeDeclId id, TypeForms& forms, TypeModel& types) {
  const frontend::TypeDecl& decl = store.decl(id);
  TypeInfo info;
  info.name = decl.name.str();
  info.kind = decl.kind;
  info.nullable = decl.nullable;
  for (support::Name param : decl.params)
    info.params.push_back(param.str());
  for (const frontend::Field& field : decl.fields)
    info.fields.push_back({field.name.str(), types.import(store, field.type), field.is_const});
  if (decl.kind == frontend::TypeDeclKind::Abstype) {
    info.hidden = static_cast<uint32_t>(decl.hidden_params.size());
    info.fields.push_back({"", types.import(store, decl.representation), false});
  }
  info.form = forms.of(id);
  return info;
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

TypeRef TypeModel::substitute(TypeRef type, const std::vector<TypeRef>& args) {
  if (!type->has_var)
    return type;
  if (type->kind == TypeKind::Var)
    return type->depth == 0 && type->index < args.size() ? args[type->index] : type;
  PatchType copy = *type;
  // Under another binder the variables of this one are one deeper; polymorphic function types inside structs keep theirs.
  if (type->kind == TypeKind::Function && type->type_params != 0)
    return type;
  if (copy.element)
    copy.element = substitute(copy.element, args);
  for (TypeRef& arg : copy.args)
    arg = substitute(arg, args);
  return intern(std::move(copy));
}

void add_module(const frontend::typed::TypedModule& module, std::string path, TypeModel& types, Version& version) {
  using frontend::typed::SymbolKind;
  ModuleInfo info;
  info.name = module.name;
  info.path = std::move(path);
  info.manifest = describe_module(module, version.label);
  const frontend::TypeStore& store = *module.types;
  for (const frontend::typed::Symbol& symbol : module.symbols) {
    if (symbol.scope == frontend::Scope::Extern) {
      if (symbol.is_referenced)
        info.imports.insert(symbol.name.str());
      continue;
    }
    ValueInfo value;
    value.kind = symbol.kind == SymbolKind::Function   ? DefinitionKind::Function
                 : symbol.kind == SymbolKind::Variable ? DefinitionKind::Variable
                                                       : DefinitionKind::Exception;
    value.type = types.import(store, symbol.type);
    value.is_static = symbol.scope == frontend::Scope::Static;
    value.is_nested = symbol.is_nested;
    info.values[symbol.name.str()] = value;
  }
  for (const Definition& d : info.manifest.definitions)
    if (auto found = info.values.find(d.name); found != info.values.end() && found->second.kind == d.kind)
      found->second.fingerprint = d.fingerprint;
  TypeForms forms(store);
  for (frontend::TypeDeclId id : module.type_decls) {
    const frontend::TypeDecl& decl = store.decl(id);
    const bool defined_here = decl.scope != frontend::Scope::Extern;
    TypeInfo type = type_info(store, id, forms, types);
    if (defined_here) {
      type.module = module.name;
      type.is_abstract = decl.scope == frontend::Scope::Abstract;
      info.types.insert(type.name);
    }
    // The definition is worth more than an extern declaration, and that more than an abstract one.
    auto [slot, is_new] = version.types.emplace(type.name, type);
    if (!is_new && (defined_here || (slot->second.module.empty() && slot->second.kind == frontend::TypeDeclKind::Abstract)))
      slot->second = std::move(type);
  }
  version.modules[info.name] = std::move(info);
}

}  // namespace dsu
