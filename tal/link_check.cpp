// The link check over Interfaces: static programs and patches (rules L1..L10 of docs/tal.md).
//
// All types are imported into one table, where identity is an id (name and canonical bytes); then every question is a
// comparison of ids or one subtype test. Nothing here looks at code: that a module keeps to its Interface was the
// checker's work.
#include "tal/interface.h"
#include "tal/link_types.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace tal {
namespace {

class Program {
public:
  explicit Program(const NativeInterface& natives) : natives_(natives) {}

  // Of the modules that are added, in ascending order of their numbers and generations.
  void add(uint32_t number, const Interface& module, uint32_t generation) {
    places_.emplace(number, static_cast<uint32_t>(modules_.size()));
    numbers_.push_back(number);
    modules_.push_back(&module);
    generations_.push_back(generation);
  }
  bool load(std::vector<LinkProblem>& problems) { return types_.load(modules_, generations_, natives_, problems); }

  bool has(uint32_t m) const { return places_.contains(m); }
  const Interface& module(uint32_t m) const { return *modules_[place(m)]; }
  const InterfaceSymbol& symbol(Binding b) const { return module(b.module).symbols[b.symbol]; }
  TypeId type(Binding b) const { return types_.type(place(b.module), b.symbol); }
  bool exists(Binding b) const { return has(b.module) && b.symbol < module(b.module).symbols.size(); }
  std::vector<uint32_t> providers(uint32_t m) const {
    std::vector<uint32_t> numbers;
    for (uint32_t p : types_.providers(place(m)))
      numbers.push_back(numbers_[p]);
    return numbers;
  }
  TypeTable& table() { return types_.table(); }

  // L3, L5: may an import of this symbol's type and kind be bound to that definition?
  bool fits(Binding import, Binding definition, std::string& message) {
    const InterfaceSymbol &i = symbol(import), &d = symbol(definition);
    TypeId wanted = type(import), got = type(definition);
    bool ok = wanted && got && i.kind == d.kind && (i.kind == SymbolKind::Function ? at_most(got, wanted) : got == wanted);
    if (!ok)
      message = mismatch(wanted, got, "expected ", ", got ") + " from " + module(definition.module).module;
    return ok;
  }

  bool at_most(TypeId got, TypeId wanted) { return got == wanted || (pay(1, got, wanted) && table().sig_at_most(got, wanted)); }

  // Two types that are written alike differ in the definition of a named type.
  std::string mismatch(TypeId wanted, TypeId got, const char* before_wanted, const char* before_got) {
    if (!pay(bytes_of_a_part, wanted, got))
      return "the types differ, or are too large to compare";
    const std::string expected = types_.table().print(wanted), found = types_.table().print(got);
    return before_wanted + expected + before_got + found +
           (expected == found ? " (a type of the same name has another definition)" : "");
  }

  // L6: a native exists at exactly the type that the module was checked against.
  bool native_fits(Binding b, std::string& message) {
    const InterfaceSymbol& s = symbol(b);
    if (special_entry(s.name) != Special::None && s.kind == SymbolKind::Function)
      return true;
    auto native = natives_.natives.find(s.name);
    TypeId got = native == natives_.natives.end() ? no_type : types_.native(native->second.type);
    if (got && got == type(b))
      return true;
    message = got ? mismatch(type(b), got, "checked against ", ", but the runtime has ") : "the runtime has no such native";
    return false;
  }

private:
  uint32_t place(uint32_t m) const { return places_.find(m)->second; }
  // Many symbols may have one large type: comparing them, and writing down how they differ, is paid for (O8).
  bool pay(uint64_t rate, TypeId a, TypeId b) {
    const uint64_t cost = rate * (uint64_t{table().tree_size(a)} + table().tree_size(b));
    if (cost > budget_)
      return false;
    budget_ -= cost;
    return true;
  }

  static constexpr uint64_t bytes_of_a_part = 16;
  uint64_t budget_ = uint64_t{1} << 26;
  const NativeInterface& natives_;
  std::unordered_map<uint32_t, uint32_t> places_; // by number
  std::vector<uint32_t> numbers_, generations_;
  std::vector<const Interface*> modules_;
  LinkTypes types_;
};

bool defines(const InterfaceSymbol& s) { return s.section != Section::None; }

bool reserved(const InterfaceSymbol& s, const NativeInterface& natives) {
  return defines(s) && !s.name.empty() && (s.name.starts_with("__") || natives.natives.count(s.name) != 0);
}

// Bindings that need no other module: own definitions, natives, descriptors. True if `b` is settled.
bool bind_locally(Program& program, Binding own, Binding& b, std::vector<LinkProblem>& problems) {
  const InterfaceSymbol& s = program.symbol(own);
  std::string message;
  if (s.kind == SymbolKind::Desc) {
    b = {Binding::desc, 0};
    return true;
  }
  if (s.scope == Scope::Native) {
    b = {Binding::native, 0};
    if (!program.native_fits(own, message))
      problems.push_back({"L6", program.module(own.module).module, s.name, message});
    return true;
  }
  if (s.scope == Scope::Import)
    return false;
  b = own;
  return true;
}

} // namespace

bool entry_serves(std::string_view definition, std::string_view import) {
  for (bool is_base = true;; is_base = false) {
    const std::string_view have = definition.substr(0, definition.find('.')), want = import.substr(0, import.find('.'));
    if (have != want && (is_base || have != "w"))
      return false;
    const bool ends = have.size() == definition.size();
    if (ends || want.size() == import.size())
      return ends && want.size() == import.size();
    definition.remove_prefix(have.size() + 1);
    import.remove_prefix(want.size() + 1);
  }
}

LinkResult link_check(std::span<const Interface* const> modules, const NativeInterface& natives) {
  LinkResult result;
  auto problem = [&](const char* rule, const Interface& m, const std::string& symbol, std::string text) {
    result.problems.push_back({rule, m.module, symbol, std::move(text)});
  };
  Program program(natives);
  std::map<std::string, Binding> exports;
  std::set<std::string> names;
  for (uint32_t m = 0; m < modules.size(); m++)
    program.add(m, *modules[m], 0);
  if (!program.load(result.problems))
    return result;
  for (uint32_t m = 0; m < modules.size(); m++) {
    const Interface& module = *modules[m];
    if (!module.module.empty() && !names.insert(module.module).second)
      problem("L1", module, "", "two modules named `" + module.module + "`");
    for (uint32_t s = 0; s < module.symbols.size(); s++) {
      const InterfaceSymbol& symbol = module.symbols[s];
      if (reserved(symbol, natives))
        problem("L4", module, symbol.name, "the name is reserved for the runtime");
      if (symbol.scope != Scope::Public)
        continue;
      if (auto [other, fresh] = exports.try_emplace(symbol.name, Binding{m, s}); !fresh)
        problem("L1", module, symbol.name, "defined in " + modules[other->second.module]->module + " as well");
    }
  }
  for (uint32_t m = 0; m < modules.size(); m++) {
    std::vector<Binding> bindings(modules[m]->symbols.size());
    for (uint32_t s = 0; s < bindings.size(); s++) {
      const Binding own{m, s};
      if (bind_locally(program, own, bindings[s], result.problems))
        continue;
      const InterfaceSymbol& symbol = modules[m]->symbols[s];
      auto provider = symbol.kind == SymbolKind::Function ? find_entry(exports, symbol.name) : exports.find(symbol.name);
      std::string message;
      if (provider == exports.end())
        problem("L3", *modules[m], symbol.name, missing_import(exports, symbol.name));
      else if (!program.fits(own, provider->second, message))
        problem(symbol.kind == SymbolKind::Function ? "L3" : "L5", *modules[m], symbol.name, message);
      else
        bindings[s] = provider->second;
    }
    result.bindings.push_back(std::move(bindings));
    result.providers.push_back(program.providers(m));
  }
  return result;
}

// ---- patches -------------------------------------------------------------------------------------------------------

namespace {

class PatchChecker {
public:
  PatchChecker(const PatchRequest& request, const NativeInterface& natives)
      : request_(request), natives_(natives), program_(natives), running_(request.running.size) {}

  PatchResult run() {
    const uint32_t generation = running_ == 0 ? 1 : request_.running.module(running_ - 1).generation + 1;
    for (uint32_t m : concerned())
      program_.add(m, *request_.running.module(m).interface, request_.running.module(m).generation);
    end_ = running_;
    for (const Interface* module : request_.patch)
      program_.add(end_++, *module, generation);
    if (!program_.load(result_.problems))
      return std::move(result_);
    for (uint32_t m = running_; m < end_; m++)
      bind(m);
    imports();
    for (const PatchReplacement& r : request_.replacements)
      replace(r);
    return std::move(result_);
  }

private:
  // The running modules whose types are compared, and those that define the abstract types of these.
  std::set<uint32_t> concerned() const {
    std::set<uint32_t> modules;
    std::vector<uint32_t> work;
    auto add = [&](uint32_t m) {
      if (m < running_ && modules.insert(m).second)
        work.push_back(m);
    };
    for (const PatchImport& i : request_.imports)
      add(i.target.module);
    for (const PatchReplacement& r : request_.replacements) {
      add(r.old_symbol.module);
      for (const Caller& caller : callers(r.old_symbol))
        add(caller.module);
    }
    for (const Interface* module : request_.patch)
      for (uint32_t i = 0; i < module->types.named_count(); i++)
        if (const NamedType& type = module->types.named_type(NamedId{i}); type.sort == NamedSort::Abstract)
          if (auto found = request_.running.abstract_types.find(type.name); found != request_.running.abstract_types.end())
            std::for_each(found->second.begin(), found->second.end(), add);
    while (!work.empty()) {
      const uint32_t m = work.back();
      work.pop_back();
      for (uint32_t provider : request_.running.module(m).providers)
        add(provider);
    }
    return modules;
  }

  std::span<const Caller> callers(Binding definition) const {
    auto found = request_.running.callers.find(definition.key());
    return found == request_.running.callers.end() ? std::span<const Caller>() : found->second;
  }

  void problem(const char* rule, uint32_t module, const std::string& symbol, std::string text) {
    result_.problems.push_back({rule, program_.has(module) ? program_.module(module).module : "", symbol, std::move(text)});
  }

  // L4, L6 and the bindings that need no manifest.
  void bind(uint32_t m) {
    const Interface& module = program_.module(m);
    std::vector<Binding> bindings(module.symbols.size());
    for (uint32_t s = 0; s < bindings.size(); s++) {
      if (reserved(module.symbols[s], natives_))
        problem("L4", m, module.symbols[s].name, "the name is reserved for the runtime");
      bind_locally(program_, {m, s}, bindings[s], result_.problems);
    }
    result_.bindings.push_back(std::move(bindings));
    result_.providers.push_back(program_.providers(m));
  }

  // L8: each import of the patch is bound once, to a definition of that name, at a fitting type. Static symbols may be
  // reached only in modules of which the patch brings a new version or interface code (R50).
  void imports() {
    for (const PatchImport& i : request_.imports) {
      Binding import{i.module, i.symbol};
      if (i.module < running_ || !program_.exists(import) || program_.symbol(import).scope != Scope::Import) {
        problem("L8", i.module, "", "the manifest binds something that is not an import of the patch");
        continue;
      }
      const InterfaceSymbol& s = program_.symbol(import);
      Binding& slot = result_.bindings[i.module - running_][i.symbol];
      std::string message;
      if (slot.module != Binding::unbound)
        problem("L8", i.module, s.name, "bound twice");
      else if (!program_.exists(i.target) || !defines(program_.symbol(i.target)))
        problem("L8", i.module, s.name, "the manifest names no definition");
      else if (!may_see(import, i.target))
        problem("L8", i.module, s.name, "a static symbol of another module");
      else if (!program_.fits(import, i.target, message))
        problem(s.kind == SymbolKind::Function ? "L3" : "L5", i.module, s.name, message);
      else
        slot = i.target;
    }
    for (uint32_t m = running_; m < end_; m++)
      for (uint32_t s = 0; s < program_.module(m).symbols.size(); s++)
        if (result_.bindings[m - running_][s].module == Binding::unbound)
          problem("L3", m, program_.module(m).symbols[s].name, "no definition for this import");
  }

  bool may_see(Binding import, Binding target) const {
    const std::string& owner = program_.module(target.module).module;
    return program_.symbol(target).scope == Scope::Public || owner == program_.module(import.module).module ||
           std::any_of(request_.patch.begin(), request_.patch.end(), [&](const Interface* m) { return m->module == owner; });
  }

  // L9: the replacement is at most the old function's own type, so its entry may be redirected (addresses kept anywhere are
  // at that type or above), and at most what each call site of running code assumed.
  void replace(const PatchReplacement& r) {
    if (!program_.exists(r.old_symbol) || r.old_symbol.module >= running_ || !program_.exists(r.new_symbol) ||
        r.new_symbol.module < running_) {
      problem("L9", r.old_symbol.module, "", "a replacement of something that is not a running function by one of the patch");
      return;
    }
    const InterfaceSymbol &old_symbol = program_.symbol(r.old_symbol), &new_symbol = program_.symbol(r.new_symbol);
    bool functions = old_symbol.kind == SymbolKind::Function && new_symbol.kind == SymbolKind::Function &&
                     defines(old_symbol) && defines(new_symbol);
    if (!functions) {
      problem("L9", r.old_symbol.module, old_symbol.name, "only functions are replaced");
      return;
    }
    if (!replaced_.insert(r.old_symbol.key()).second) {
      problem("L9", r.old_symbol.module, old_symbol.name, "replaced twice");
      return;
    }
    if (!fits_at(program_.type(r.old_symbol), r, old_symbol.name, r.old_symbol.module))
      return;
    relink(r);
    result_.redirects.push_back(r);
  }

  bool fits_at(TypeId assumed, const PatchReplacement& r, const std::string& name, uint32_t caller) {
    if (program_.at_most(program_.type(r.new_symbol), assumed))
      return true;
    problem("L9", caller, name,
            program_.mismatch(assumed, program_.type(r.new_symbol), "callers assume ", ", the replacement has "));
    return false;
  }

  // What leads to the old function now. A pointer is assumed to have its symbol's type or an instance of it (C35), as a call is;
  // nothing but a commit ever changes it.
  void relink(const PatchReplacement& r) {
    for (const Caller& caller : callers(r.old_symbol)) {
      const Interface& module = program_.module(caller.module);
      const uint32_t symbol = module.sites[caller.site].symbol;
      if (!fits_at(program_.type({caller.module, symbol}), r, module.symbols[symbol].name, caller.module))
        return;
      result_.relinks.push_back({caller.module, caller.site, r.new_symbol});
    }
  }

  const PatchRequest& request_;
  const NativeInterface& natives_;
  Program program_;
  uint32_t running_, end_ = 0;
  PatchResult result_;
  std::set<uint64_t> replaced_;
};

} // namespace

PatchResult patch_check(const PatchRequest& request, const NativeInterface& natives) { return PatchChecker(request, natives).run(); }

void add_provided_types(const Interface& interface, uint32_t number, uint32_t first_of_generation, AbstractTypes& types) {
  for (uint32_t i = 0; i < interface.types.named_count(); i++)
    if (const NamedType& type = interface.types.named_type(NamedId{i}); type.provided) {
      std::vector<uint32_t>& modules = types[type.name];
      if (!modules.empty() && modules.front() < first_of_generation)
        modules.clear();
      modules.push_back(number);
    }
}

} // namespace tal
