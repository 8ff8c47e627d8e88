#include "dsu/pass/describe_module.h"

#include <algorithm>

#include "dsu/pass/canonical.h"

namespace dsu {

using namespace frontend::typed;

namespace {

DefinitionScope scope_of(frontend::Scope scope) {
  switch (scope) {
    case frontend::Scope::Static: return DefinitionScope::Static;
    case frontend::Scope::Abstract: return DefinitionScope::Abstract;
    case frontend::Scope::Public:
    case frontend::Scope::Extern: break;
  }
  return DefinitionScope::Public;
}

Definition definition(const TypedModule& module, SymbolId id, DefinitionKind kind, const Hash& fingerprint) {
  const Symbol& symbol = module.symbol(id);
  return {symbol.name.str(), scope_of(symbol.scope), kind, module.types->print(symbol.type), fingerprint};
}

bool calls_update_point(const TypedModule& module, const Function& function) {
  return std::any_of(function.body.exprs.begin(), function.body.exprs.end(), [&](const Expr& e) {
    const auto* reference = std::get_if<FunctionRef>(&e.node);
    return reference && module.symbol(reference->symbol).name.view() == "Dsu::update_point";
  });
}

}  // namespace

Manifest describe_module(const TypedModule& module, std::string label) {
  Manifest manifest;
  manifest.module = module.name;
  manifest.label = std::move(label);
  TypeForms types(*module.types);
  for (const Function& f : module.functions) {
    manifest.definitions.push_back(definition(module, f.symbol, DefinitionKind::Function, fingerprint(module, f, types)));
    if (calls_update_point(module, f))
      manifest.update_points.push_back(module.symbol(f.symbol).name.str());
  }
  for (const Global& g : module.globals)
    manifest.definitions.push_back(definition(module, g.symbol, DefinitionKind::Variable, fingerprint(module, g, types)));
  for (SymbolId e : module.exceptions)
    manifest.definitions.push_back(
        definition(module, e, DefinitionKind::Exception, fingerprint_exception(module, e, types)));
  for (frontend::TypeDeclId id : module.type_decls) {
    const frontend::TypeDecl& decl = module.types->decl(id);
    if (decl.scope != frontend::Scope::Extern)
      manifest.definitions.push_back(
          {decl.name.str(), scope_of(decl.scope), DefinitionKind::Type, decl.name.str(), types.of(id)});
  }
  manifest.hash = module_hash(manifest);
  return manifest;
}

tal::Bytes add_update_points(tal::Bytes section, const std::vector<std::string>& functions) {
  std::optional<Manifest> manifest = functions.empty() ? std::nullopt : decode_manifest(section);
  if (!manifest)
    return section;
  for (const std::string& function : functions)
    if (std::find(manifest->update_points.begin(), manifest->update_points.end(), function) == manifest->update_points.end())
      manifest->update_points.push_back(function);
  return encode_manifest(*manifest);
}

}  // namespace dsu
