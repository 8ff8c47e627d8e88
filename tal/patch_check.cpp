// The link check of a patch against a running program (interface.h), rules
//   L7  every import of a patch module is bound to a definition of a fitting type
//   L8  what replaces a function is at most what each remaining call site of it was verified with
//   L9  ... and at most the type of the function itself, since addresses of it may be stored anywhere
//
// All types that meet are copied into one table first, where identity is by name and canonical bytes; so a type of the patch
// that has the name of a running one and another definition is another type, and nothing of one fits the other.
// Data and exception names are invariant: they bind at equal types.
#include "tal/interface.h"

#include <deque>
#include <optional>

namespace tal {
namespace {

struct SymbolRef {
  const Interface* interface = nullptr;
  const InterfaceSymbol* symbol = nullptr;
};

bool is_definition(const InterfaceSymbol& s) {
  return (s.scope == Scope::Static || s.scope == Scope::Public) && s.section != Section::None;
}

class PatchChecker {
public:
  PatchChecker(const PatchRequest& request, std::span<const std::vector<Binding>> current, const NativeInterface& natives)
      : request_(request), current_(current), natives_(natives) {
    for (const Interface* m : request.running)
      importers_.emplace_back(m->types, types_);
    for (const Interface* m : request.patch)
      importers_.emplace_back(m->types, types_);
  }

  PatchResult run() {
    if (current_.size() != running()) {
      fail("L7", "", "", "the bindings in force do not belong to the running modules");
      return std::move(result_);
    }
    bind_own_symbols();
    for (const PatchImport& import : request_.imports)
      bind_import(import);
    find_unbound();
    for (const PatchReplacement& r : request_.replacements)
      replace(r);
    return std::move(result_);
  }

private:
  uint32_t running() const { return static_cast<uint32_t>(request_.running.size()); }
  uint32_t module_count() const { return static_cast<uint32_t>(importers_.size()); }
  const Interface& module(uint32_t m) const { return m < running() ? *request_.running[m] : *request_.patch[m - running()]; }

  void fail(const char* rule, std::string module, std::string symbol, std::string message) {
    result_.problems.push_back({rule, std::move(module), std::move(symbol), std::move(message)});
  }

  std::optional<SymbolRef> find(const Binding& b) const {
    if (b.module >= module_count() || b.symbol >= module(b.module).symbols.size())
      return std::nullopt;
    return SymbolRef{&module(b.module), &module(b.module).symbols[b.symbol]};
  }

  // The type of a symbol in the common table.
  TypeId type_of(uint32_t m, const InterfaceSymbol& s) { return s.type ? importers_[m].import(s.type) : no_type; }

  bool fits(SymbolKind kind, TypeId provided, TypeId wanted) const {
    if (!provided || !wanted)
      return false;
    return kind == SymbolKind::Function ? types_.sig_at_most(provided, wanted) : provided == wanted;
  }

  std::string mismatch(TypeId wanted, TypeId found) const {
    auto text = [&](TypeId t) { return t ? types_.print(t) : std::string("a type that exceeds the limits"); };
    std::string expected = text(wanted), got = text(found);
    return "expected " + expected + ", got " + got +
           (expected == got ? " (types of the same name with different definitions)" : "");
  }

  void bind_own_symbols() {
    for (uint32_t i = 0; i < request_.patch.size(); i++) {
      const Interface& m = *request_.patch[i];
      std::vector<Binding>& bindings = result_.bindings.emplace_back(m.symbols.size());
      for (uint32_t s = 0; s < m.symbols.size(); s++) {
        const InterfaceSymbol& symbol = m.symbols[s];
        if (symbol.kind == SymbolKind::Desc)
          bindings[s] = {Binding::desc, 0};
        else if (symbol.scope == Scope::Native && is_offered(symbol))
          bindings[s] = {Binding::native, 0};
        else if (symbol.scope == Scope::Native)
          fail("L7", m.module, symbol.name, "the runtime of the program does not offer it");
        else if (is_definition(symbol))
          bindings[s] = {running() + i, s};
      }
    }
  }

  // The type needs no second look: the module was verified against this very interface, and the checker knows all entry
  // points of the runtime (__tal_new and so on).
  bool is_offered(const InterfaceSymbol& s) const {
    return s.name.starts_with("__tal_") || natives_.natives.contains(s.name);
  }

  void bind_import(const PatchImport& import) {
    const uint32_t index = import.module - running();
    if (import.module < running() || index >= request_.patch.size() || import.symbol >= module(import.module).symbols.size())
      return fail("L7", "", "", "a binding for a symbol that is not there");
    const Interface& m = module(import.module);
    const InterfaceSymbol& wanted = m.symbols[import.symbol];
    Binding& binding = result_.bindings[index][import.symbol];
    if (wanted.scope != Scope::Import || binding.module != Binding::unbound)
      return fail("L7", m.module, wanted.name, "a binding for a symbol that is not an import, or a second one");
    std::optional<SymbolRef> target = find(import.target);
    if (!target || !is_definition(*target->symbol) || target->symbol->kind != wanted.kind)
      return fail("L7", m.module, wanted.name, "it is not defined as what the module imports");
    const TypeId provided = type_of(import.target.module, *target->symbol), assumed = type_of(import.module, wanted);
    if (!fits(wanted.kind, provided, assumed))
      return fail("L7", m.module, wanted.name, mismatch(assumed, provided) + ", from module " + target->interface->module);
    binding = import.target;
  }

  void find_unbound() {
    for (uint32_t i = 0; i < request_.patch.size(); i++)
      for (uint32_t s = 0; s < request_.patch[i]->symbols.size(); s++)
        if (result_.bindings[i][s].module == Binding::unbound && request_.patch[i]->symbols[s].scope != Scope::Native && !has_problem(i, s))
          fail("L7", request_.patch[i]->module, request_.patch[i]->symbols[s].name, "it is bound to nothing");
  }
  bool has_problem(uint32_t i, uint32_t s) const {
    for (const LinkProblem& p : result_.problems)
      if (p.module == request_.patch[i]->module && p.symbol == request_.patch[i]->symbols[s].name)
        return true;
    return false;
  }

  void replace(const PatchReplacement& r) {
    std::optional<SymbolRef> old = find(r.old_symbol), now = find(r.new_symbol);
    auto is_function = [](const std::optional<SymbolRef>& s) {
      return s && is_definition(*s->symbol) && s->symbol->kind == SymbolKind::Function;
    };
    if (!is_function(old) || !is_function(now) || r.old_symbol.module >= running() || r.new_symbol.module < running())
      return fail("L8", "", old ? old->symbol->name : "", "only a running function can be replaced, and only by one of the patch");
    for (const PatchReplacement& other : result_.redirects)
      if (other.old_symbol.module == r.old_symbol.module && other.old_symbol.symbol == r.old_symbol.symbol)
        return fail("L8", now->interface->module, old->symbol->name, "it is replaced twice");
    const TypeId type = type_of(r.new_symbol.module, *now->symbol), old_type = type_of(r.old_symbol.module, *old->symbol);
    if (!fits(SymbolKind::Function, type, old_type))
      return fail("L9", now->interface->module, old->symbol->name, mismatch(old_type, type));
    result_.redirects.push_back(r);
    for (uint32_t m = 0; m < running(); m++)
      relink_sites(m, r, type);
  }

  void relink_sites(uint32_t m, const PatchReplacement& r, TypeId type) {
    const Interface& caller = module(m);
    const std::vector<Binding>& bindings = current_[m];
    for (uint32_t i = 0; i < caller.sites.size(); i++) {
      const Site& site = caller.sites[i];
      if ((site.kind != Site::Kind::Call && site.kind != Site::Kind::Jump) || site.symbol >= bindings.size())
        continue;
      const Binding& target = bindings[site.symbol];
      if (target.module != r.old_symbol.module || target.symbol != r.old_symbol.symbol)
        continue;
      const TypeId assumed = type_of(m, caller.symbols[site.symbol]);
      if (!fits(SymbolKind::Function, type, assumed))
        return fail("L8", caller.module, caller.symbols[site.symbol].name, mismatch(assumed, type));
      result_.relinks.push_back({m, i, r.new_symbol});
    }
  }

  const PatchRequest& request_;
  std::span<const std::vector<Binding>> current_;
  const NativeInterface& natives_;
  TypeTable types_;
  std::deque<TypeImporter> importers_;
  PatchResult result_;
};

} // namespace

PatchResult patch_check(const PatchRequest& request, std::span<const std::vector<Binding>> current,
                        const NativeInterface& natives) {
  return PatchChecker(request, current, natives).run();
}

} // namespace tal
