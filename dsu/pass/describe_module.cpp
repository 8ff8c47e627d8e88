#include "dsu/pass/describe_module.h"

#include "dsu/pass/canonical.h"

namespace dsu {

using namespace frontend::typed;

namespace {

DefinitionKind kind_of(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::Function: return DefinitionKind::Function;
    case SymbolKind::Variable: return DefinitionKind::Variable;
    case SymbolKind::Exception: break;
  }
  return DefinitionKind::Exception;
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

ModuleInfo describe_module(const TypedModule& module, std::string label, TypeModel& types) {
  ModuleInfo info;
  info.name = module.name;
  info.label = std::move(label);
  const frontend::TypeStore& store = *module.types;
  TypeForms forms(store);
  for (const Symbol& symbol : module.symbols) {
    if (symbol.scope != frontend::Scope::Extern)
      info.values[symbol.name.str()] = {kind_of(symbol.kind), types.import(store, symbol.type), symbol.scope == frontend::Scope::Static,
                                        Hash{}, symbol.is_nested, {}};
    else if (symbol.is_referenced)
      info.imports.insert(symbol.name.str());
  }
  auto value = [&](SymbolId id) -> ValueInfo& { return info.values[module.symbol(id).name.str()]; };
  for (const Function& f : module.functions)
    value(f.symbol).fingerprint = fingerprint(module, f, forms, value(f.symbol).uses);
  for (const Global& g : module.globals)
    value(g.symbol).fingerprint = fingerprint(module, g, forms, value(g.symbol).uses);
  for (SymbolId e : module.exceptions)
    value(e).fingerprint = fingerprint_exception(module, e, forms);
  for (frontend::TypeDeclId id : module.type_decls) {
    TypeInfo type = type_info(store, id, forms, types);
    if (store.decl(id).scope != frontend::Scope::Extern) {
      type.module = module.name;
      type.is_abstract = store.decl(id).scope == frontend::Scope::Abstract;
      info.types.insert(type.name);
    }
    info.declarations.push_back(std::move(type));
  }
  info.hash = module_hash(info);
  return info;
}

tal::Bytes manifest_section(const TypedModule& module, std::string label) {
  TypeModel types;
  return encode_manifest(make_manifest(describe_module(module, std::move(label), types)));
}

tal::Bytes add_suspensions(tal::Bytes section, std::vector<Suspension> suspensions) {
  std::optional<Manifest> manifest = decode_manifest(section);
  TypeModel types;
  std::optional<ModuleInfo> info = manifest ? read_description(*manifest, types) : std::nullopt;
  if (!info)
    return section;
  info->suspensions = std::move(suspensions);
  manifest->description = encode_description(*info);
  return encode_manifest(*manifest);
}

}  // namespace dsu
