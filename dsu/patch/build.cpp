#include "dsu/patch/build.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "dsu/pass/describe_module.h"
#include "dsu/patch/patch_files.h"
#include "frontend/ast.h"

namespace dsu {

using namespace frontend::typed;

namespace {

constexpr std::string_view new_prefix = "New::";
constexpr std::string_view stub_prefix = "Stub::";

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Static definitions of the running version by name, with their modules; items are `name` (of `module`) or `name@module`.
using Statics = std::map<std::string, std::string, std::less<>>;
Statics statics_of(const std::vector<std::string>& items, const std::string& module) {
  Statics statics;
  for (const std::string& item : items) {
    const size_t at = item.find('@');
    statics[item.substr(0, at)] = at == std::string::npos ? module : item.substr(at + 1);
  }
  return statics;
}
std::string module_of(const Statics& statics, std::string_view name) {
  auto found = statics.find(name);
  return found == statics.end() ? "" : found->second;
}

// `moved:` new=old@module.
struct Origin {
  std::string name, module;
};
std::optional<std::map<std::string, Origin>> origins_of(const ModulePatch& patch) {
  std::map<std::string, Origin> origins;
  for (const std::string& item : patch.moved) {
    const size_t equals = item.find('='), at = item.find('@');
    if (equals == 0 || equals == std::string::npos || at == std::string::npos || at <= equals + 1 || at + 1 == item.size())
      return std::nullopt;
    origins[item.substr(0, equals)] = {item.substr(equals + 1, at - equals - 1), item.substr(at + 1)};
  }
  return origins;
}

// The new version of a type keeps its name; only interface code calls it New::T.
void restore_type_names(frontend::Session& session, TypedModule& module) {
  for (frontend::TypeDeclId id : module.type_decls) {
    frontend::TypeDecl& decl = module.types->decl(id);
    if (decl.name.view().starts_with(new_prefix))
      decl.name = session.names.get(decl.name.view().substr(new_prefix.size()));
  }
}

class Builder {
public:
  Builder(std::string directory, SessionFactory& sessions, UnitCompiler& compiler, PatchFile& patch, std::string& problem)
      : directory_(std::move(directory)), sessions_(sessions), compiler_(compiler), patch_(patch), problem_(problem) {}

  bool build(const std::string& label) {
    std::optional<std::string> text = read(path("PATCH"));
    if (!text)
      return false;
    std::optional<PatchIndex> index = parse_index(*text, problem_);
    if (!index)
      return in_file("PATCH");
    patch_.label = label.empty() ? index->to : label;
    patch_.from = index->from;
    if (!index->conversions.empty() && !add_conversions(index->conversions))
      return false;
    for (const std::string& module : index->modules)
      if (!add_module(module))
        return false;
    warn_of_unused_code(*index);
    for (const auto& [name, hash] : index->required)
      patch_.modules.push_back({name, ModuleRole::Required, hash, hash});
    for (const auto& [name, hash] : index->removed)
      patch_.modules.push_back({name, ModuleRole::Removed, hash, Hash{}});
    if (!add_seen_modules())
      return false;
    std::set<std::string> present(index->library.begin(), index->library.end());
    for (const PatchModule& module : patch_.modules)
      present.insert(module.name);
    return compiler_.add_library_modules(present, patch_, problem_);
  }

private:
  std::filesystem::path normal(const std::string& file) const { return std::filesystem::path(path(file)).lexically_normal(); }
  std::string path(const std::string& file) const { return file.starts_with("/") ? file : directory_ + "/" + file; }
  bool in_file(const std::string& file) {
    problem_ = path(file) + ": " + problem_;
    return false;
  }
  std::optional<std::string> read(const std::string& file) {
    std::optional<std::string> text = read_text(file);
    if (!text)
      problem_ = "cannot read " + file;
    return text;
  }

  // Code that somebody wrote and no line names would be left out in silence.
  void warn_of_unused_code(const PatchIndex& index) {
    constexpr std::string_view ending = "_patch.pop";
    std::set<std::string> unused;
    std::error_code error;
    for (std::filesystem::directory_iterator file(directory_, error), end; !error && file != end; file.increment(error))
      if (const std::string name = file->path().filename(); name.ends_with(ending) && !used_.contains(normal(name)))
        unused.insert(name);
    support::Diagnostics diagnostics;
    for (const std::string& name : unused) {
      const std::string module = name.substr(0, name.size() - ending.size());
      const bool is_listed = contains(index.modules, module);
      diagnostics.report<support::Diag::UnusedInterfaceCode>({}, path(name),
                                                             module == "convert" ? "PATCH has no line `conversions: " + name + "`"
                                                             : is_listed         ? module + ".patch has no line `interface: " + name + "`"
                                                                                 : "`modules:` of PATCH does not list " + module);
    }
    compiler_.show(diagnostics);
  }

  // The front end would say that Dsu::fill is not declared; what to do is better said here.
  bool has_no_placeholders(const std::string& file) {
    std::optional<std::string> text = read(path(file));
    if (!text)
      return false;
    std::istringstream lines(*text);
    std::string line;
    for (unsigned number = 1; std::getline(lines, line); number++)
      if (size_t at = line.find("Dsu::fill(\""); at != std::string::npos) {
        const size_t from = at + 11, to = line.find('"', from);
        problem_ = path(file) + ":" + std::to_string(number) + ":" + std::to_string(at + 1) +
                   ": a placeholder has to be replaced by an expression: " + line.substr(from, to - from);
        return false;
      }
    return true;
  }

  std::unique_ptr<TypedModule> check(const std::string& file, const std::vector<std::string>& function_variables = {}) {
    session_ = sessions_.make_session();
    session_->options.function_variables.insert(function_variables.begin(), function_variables.end());
    std::unique_ptr<TypedModule> module = frontend::compile(*session_, file);
    sessions_.report(*session_);
    return module;
  }

  Manifest describe(const TypedModule& module) {
    TypeModel types;
    return make_manifest(describe_module(module, patch_.label, types));
  }

  bool add_object(TypedModule& module, const Manifest& manifest, PatchModule entry) {
    std::optional<tal::Bytes> object = compiler_.compile(*session_, module, encode_manifest(manifest));
    if (!object)
      return false;
    patch_.objects.push_back(std::move(*object));
    patch_.modules.push_back(std::move(entry));
    return true;
  }

  bool add_conversions(const std::string& file) {
    used_.insert(normal(file));
    if (!has_no_placeholders(file))
      return false;
    std::unique_ptr<TypedModule> module = check(path(file));
    if (!module)
      return false;
    for (const Symbol& symbol : module->symbols)
      if (symbol.scope != frontend::Scope::Extern)
        conversions_.push_back(symbol.name.str());
    return add_private(*module, {}, {});
  }

  bool add_module(const std::string& name) {
    std::optional<std::string> text = read(path(name + ".patch"));
    if (!text)
      return false;
    std::optional<ModulePatch> module = parse_module_patch(*text, name, problem_);
    if (!module)
      return in_file(name + ".patch");
    if (!module->implementation.empty() && !add_implementation(*module))
      return false;
    if (module->interface.empty())
      return true;
    used_.insert(normal(module->interface));
    if (!has_no_placeholders(module->interface))
      return false;
    std::unique_ptr<TypedModule> interface = check(path(module->interface), module->function_variables);
    return interface && add_private(*interface, statics_of(module->old_statics, name), module->new_statics, module->module);
  }

  bool add_implementation(const ModulePatch& patch) {
    std::unique_ptr<TypedModule> module = check(path(patch.implementation));
    if (!module)
      return false;
    Manifest manifest = describe(*module);
    if (module->name != patch.module) {
      problem_ = path(patch.module + ".patch") + ": the implementation is module " + module->name;
      return false;
    }
    const auto origins = origins_of(patch);
    if (!origins) {
      problem_ = path(patch.module + ".patch") + ": `moved:` wants new=old@module";
      return false;
    }
    if (!share(*module, patch, *origins, manifest))
      return false;
    for (const auto& [name, old] : *origins)
      if (!contains(patch.sharing, name))
        manifest.stubs.push_back({name, old.module, old.name});
    detach(*module, patch, manifest);
    PatchModule entry{patch.module, patch.is_new ? ModuleRole::New : ModuleRole::Replaced, patch.from, manifest.hash};
    return add_object(*module, manifest, std::move(entry));
  }

  bool share(TypedModule& module, const ModulePatch& patch, const std::map<std::string, Origin>& origins, Manifest& manifest) {
    for (const std::string& name : patch.sharing) {
      auto symbol = std::find_if(module.symbols.begin(), module.symbols.end(), [&](const Symbol& s) {
        return s.name.view() == name && s.kind != SymbolKind::Function && s.scope != frontend::Scope::Extern;
      });
      if (symbol == module.symbols.end()) {
        problem_ = path(patch.module + ".patch") + ": `sharing:` names " + name + ", which the module does not define as data or exception";
        return false;
      }
      const SymbolId id{static_cast<uint32_t>(symbol - module.symbols.begin())};
      const Provides provides = symbol->scope == frontend::Scope::Static ? Provides::Static : Provides::Public;
      symbol->scope = frontend::Scope::Extern;
      symbol->is_referenced = true;
      std::erase_if(module.globals, [&](const Global& g) { return g.symbol == id; });
      std::erase(module.exceptions, id);
      auto moved = origins.find(name);
      const Origin old = moved == origins.end() ? Origin{name, patch.module} : moved->second;
      manifest.imports.push_back({name, ImportFrom::Running, provides, sees(old.module), old.name});
    }
    return true;
  }

  // A name of this version alone: nothing that runs has it, so nothing is replaced.
  void detach(TypedModule& module, const ModulePatch& patch, const Manifest& manifest) {
    for (Symbol& symbol : module.symbols)
      if (symbol.is_nested && contains(patch.detached, symbol.name.view()))
        symbol.name = session_->names.get(symbol.name.str() + "_" + hex(manifest.hash).substr(0, 8));
  }

  bool add_private(TypedModule& module, const Statics& old_statics, const std::vector<std::string>& new_statics,
                   const std::string& of = "") {
    Manifest manifest = describe(module);
    for (const Symbol& symbol : module.symbols) {
      const std::string_view name = symbol.name.view();
      if (symbol.scope != frontend::Scope::Extern) {
        if (name.starts_with(stub_prefix)) {
          const std::string target(name.substr(stub_prefix.size()));
          manifest.stubs.push_back({std::string(name), module_of(old_statics, target), target});
        }
        continue;
      }
      if (name.starts_with(new_prefix)) {
        const std::string target(name.substr(new_prefix.size()));
        manifest.imports.push_back({std::string(name), ImportFrom::Patch, Provides::Nothing, contains(new_statics, target) ? of : "", target});
      } else if (!contains(conversions_, name)) {
        manifest.imports.push_back(
            {std::string(name), ImportFrom::Running, Provides::Nothing, sees(module_of(old_statics, name)), std::string(name)});
      }
    }
    restore_type_names(*session_, module);
    // Interface code is part of its module: it may refer to static definitions of it.
    if (!of.empty())
      manifest.module = module.name = of;
    return add_object(module, manifest, {module.name, ModuleRole::Private, Hash{}, manifest.hash});
  }

  // Notes that static definitions of a running module are referred to. The link check allows that in patches which bring code of it.
  const std::string& sees(const std::string& module) {
    if (!module.empty())
      seen_.insert(module);
    return module;
  }
  // Of modules that are gone, or have not changed, there is none: they get an empty piece of interface code.
  bool add_seen_modules() {
    for (const PatchModule& module : patch_.modules)
      if (has_object(module.role))
        seen_.erase(module.name);
    for (const std::string& name : seen_) {
      session_ = sessions_.make_session();
      auto source = frontend::source_from_text(*session_, name + ".pop", "static void nothing() { ; }\n");
      auto tree = source ? frontend::parse(*session_, *source) : nullptr;
      std::unique_ptr<TypedModule> module = tree ? frontend::check(*session_, *tree) : nullptr;
      if (!module || !add_private(*module, {}, {}, name))
        return false;
    }
    return true;
  }

  std::string directory_;
  SessionFactory& sessions_;
  UnitCompiler& compiler_;
  PatchFile& patch_;
  std::string& problem_;
  std::unique_ptr<frontend::Session> session_;  // of the unit that is being compiled
  std::vector<std::string> conversions_;        // what the conversions module defines
  std::set<std::filesystem::path> used_;        // interface code and conversions
  std::set<std::string> seen_;                  // modules whose static definitions are referred to
};

}  // namespace

bool build_patch(const std::string& directory, const std::string& label, SessionFactory& sessions, UnitCompiler& compiler,
                 PatchFile& patch, std::string& problem) {
  return Builder(directory, sessions, compiler, patch, problem).build(label);
}

}  // namespace dsu
