#include "dsu/runtime/prepare.h"

#include <cstdio>
#include <ctime>

#include "dsu/format/signature.h"
#include "dsu/runtime/link_request.h"
#include "dsu/runtime/loader.h"

namespace dsu {
namespace {

// Adds the time it lives to one step of a report.
class StepTimer {
public:
  StepTimer(Report& report, Step step) : slot_(report.step_ns[static_cast<unsigned>(step)]), start_(now_ns()) {}
  ~StepTimer() { slot_ += now_ns() - start_; }
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;

private:
  uint64_t& slot_;
  uint64_t start_;
};

bool refuse(Refusal& refusal, Step step, std::string symbol, std::string reason, std::string help) {
  refusal = {step, std::move(symbol), std::move(reason), std::move(help)};
  return false;
}

std::string short_hex(const Hash& hash) { return hex(hash).substr(0, 12); }

// The state transformer: a function `init` without arguments of a module that is the patch's own, i.e. of the interface
// code. A function of that name in the program's modules means nothing.
uint32_t find_init(const PreparedModule& module) {
  const tal::Interface& interface = module.object->interface();
  if (module.role != ModuleRole::Private)
    return UINT32_MAX;
  for (uint32_t s = 0; s < interface.symbols.size(); s++) {
    const tal::InterfaceSymbol& symbol = interface.symbols[s];
    if (symbol.name != "init" || symbol.kind != tal::SymbolKind::Function || symbol.section != tal::Section::Text)
      continue;
    const tal::Signature& signature = interface.types.sig(symbol.type);
    if (signature.args.empty() && signature.vars.empty() && signature.pre.empty())
      return s;
  }
  return UINT32_MAX;
}

// Names that older versions of the module provided are free again.
void forget(const Program& program, const std::string& module, PreparedUpdate& update) {
  std::erase_if(update.names, [&](const auto& entry) { return owner_of(program, entry.first, entry.second) == module; });
  std::erase_if(update.adopted, [&](const auto& entry) { return entry.second == module; });
}

// Data and exceptions that stay what and where they are, under the name that the new version has for them.
void keep_shared(const Program& program, const PreparedModule& module, PreparedUpdate& update) {
  const std::string& own = module.manifest.module;
  for (const auto& [name, definition] : shared_names(program, module)) {
    update.names[name] = definition;
    if (name.find('\n') == std::string::npos && program.modules[definition.module]->name != own)
      update.adopted[name] = own;
  }
}

// While it lives the program's tables are what they will be after the update.
class AsIfApplied {
public:
  AsIfApplied(Program& program, PreparedUpdate& update) : program_(program), update_(update), size_(program.modules.size()) {
    for (PreparedModule& module : update.modules)
      program.modules.push_back(std::move(module.loaded));
    swap();
  }
  ~AsIfApplied() {
    swap();
    for (size_t i = size_; i < program_.modules.size(); i++)
      update_.modules[i - size_].loaded = std::move(program_.modules[i]);
    program_.modules.resize(size_);
  }
  AsIfApplied(const AsIfApplied&) = delete;
  AsIfApplied& operator=(const AsIfApplied&) = delete;

private:
  void swap() {
    program_.names.swap(update_.names);
    program_.adopted.swap(update_.adopted);
    program_.latest.swap(update_.latest);
    program_.abstract_types.swap(update_.abstract_types);
    swap_lists(program_.callers, update_.callers);
  }

  Program& program_;
  PreparedUpdate& update_;
  size_t size_;
};

// Both as one, `next` after `update`.
void append(PreparedUpdate& update, PreparedUpdate& next) {
  update.label = next.label;
  update.data = next.data;  // of the earlier part as well
  update.writes.append(next.writes);
  update.names = std::move(next.names);
  update.adopted = std::move(next.adopted);
  update.latest = std::move(next.latest);
  update.abstract_types = std::move(next.abstract_types);
  for (auto& [definition, list] : next.callers)
    update.callers[definition] = std::move(list);
  for (PreparedModule& module : next.modules)
    update.modules.push_back(std::move(module));
  auto add = [](auto& list, const auto& more) { list.insert(list.end(), more.begin(), more.end()); };
  add(update.links.redirects, next.links.redirects);
  Report &sum = update.report, &more = next.report;
  add(sum.replaced, more.replaced);
  sum.functions += more.functions;
  sum.stubs += more.stubs;
  sum.added += more.added;
  sum.data += more.data;
  sum.call_sites += more.call_sites;
  sum.entries += more.entries;
  for (unsigned i = 0; i < step_count; i++)
    sum.step_ns[i] += more.step_ns[i];
}

std::string describe(const tal::VerifyError& error) {
  char offset[24];
  std::snprintf(offset, sizeof offset, "+0x%x", error.offset);
  std::string text = std::string(tal::section_name(error.section)) + offset;
  if (!error.instruction.empty())
    text += " `" + error.instruction + "`";
  return text + ": " + error.title + " (rule " + error.rule + "): expected " + error.expected + ", found " + error.found;
}

}  // namespace

uint64_t now_ns() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

bool Preparation::read(std::span<const uint8_t> file, PatchFile& patch, Refusal& refusal, Report& report) {
  StepTimer timer(report, Step::Read);
  ContainerResult result = read_container(file);
  if (auto* problem = std::get_if<ContainerProblem>(&result))
    return refuse(refusal, Step::Read, "", problem->reason, problem->help);
  patch = std::move(std::get<PatchFile>(result));
  report.patch = patch.label;
  report.checksum = hex(patch.checksum);
  return true;
}

std::unique_ptr<PreparedUpdate> Preparation::check(const PatchFile& patch, Refusal& refusal, Report& report) {
  program_.settle();
  if (program_.key) {
    StepTimer timer(report, Step::Read);
    if (auto problem = find_signature_problem(patch, *program_.key, program_.sequence)) {
      refuse(refusal, Step::Read, "", problem->reason, problem->help);
      return nullptr;
    }
  }
  const Hash checksum = patch.checksum;
  const uint64_t sequence = patch.sequence;
  std::vector<PatchFile> parts;
  if (!read_parts(std::move(patch), parts)) {
    refuse(refusal, Step::Read, "", "a part of the composed patch is not a patch file, or composed itself, or there are more than " + std::to_string(max_parts), "compose it again");
    return nullptr;
  }
  std::unique_ptr<PreparedUpdate> update = check_parts(parts, refusal, report);
  if (update) {
    update->checksum = checksum;
    update->sequence = sequence;
  }
  return update;
}

std::unique_ptr<PreparedUpdate> Preparation::check_parts(std::span<const PatchFile> parts, Refusal& refusal, Report& report) {
  std::unique_ptr<PreparedUpdate> update = check_part(parts.front(), refusal, report);
  if (!update || parts.size() == 1)
    return update;
  {
    const AsIfApplied applied(program_, *update);
    update->next = check_parts(parts.subspan(1), refusal, report);
  }
  return update->next ? std::move(update) : nullptr;
}

std::unique_ptr<PreparedUpdate> Preparation::check_part(const PatchFile& patch, Refusal& refusal, Report& report) {
  auto update = std::make_unique<PreparedUpdate>();
  update->label = patch.label;
  {
    StepTimer timer(report, Step::Match);
    if (!match(patch, refusal))
      return nullptr;
  }
  {
    StepTimer timer(report, Step::Verify);
    if (!verify_objects(patch, *update, refusal))
      return nullptr;
  }
  StepTimer timer(report, Step::Link);
  if (!link(patch, *update, refusal))
    return nullptr;
  plan_callers(*update);
  plan_names(patch, *update);
  return update;
}

bool Preparation::match(const PatchFile& file, Refusal& refusal) const {
  for (const PatchModule& m : file.modules) {
    if (m.role == ModuleRole::Private || m.role == ModuleRole::Library)
      continue;
    auto found = program_.latest.find(m.name);
    if (m.role == ModuleRole::New) {
      if (found == program_.latest.end())
        continue;
      return refuse(refusal, Step::Match, m.name, "the patch brings a new module of a name that the program has already",
                    "make the patch from the sources that are running now");
    }
    if (found == program_.latest.end())
      return refuse(refusal, Step::Match, m.name, "the program has no module of this name",
                    "the patch was made for another program");
    const LoadedModule& running = *program_.modules[found->second];
    if (running.hash != m.old_hash)
      return refuse(refusal, Step::Match, m.name,
                    "the patch was made for version " + short_hex(m.old_hash) + " of this module, running is " +
                        short_hex(running.hash) + (running.version.empty() ? "" : " (" + running.version + ")"),
                    "make the patch from the sources that are running now, or apply the patches in between first");
  }
  return true;
}

bool Preparation::verify_objects(const PatchFile& file, PreparedUpdate& update, Refusal& refusal) const {
  size_t next = 0;
  for (const PatchModule& m : file.modules) {
    if (!has_object(m.role))
      continue;
    const tal::Bytes& object = file.objects[next++];
    if (m.role == ModuleRole::Library && program_.latest.contains(m.name))
      continue;
    tal::VerifyResult result = tal::verify(object, natives_);
    if (auto* error = std::get_if<tal::VerifyError>(&result))
      return refuse(refusal, Step::Verify, error->function, "module " + m.name + ", " + describe(*error),
                    "the code is not type-safe: it was damaged, or made by something else than popc");
    PreparedModule module;
    module.object = std::move(std::get<std::unique_ptr<tal::VerifiedObject>>(result));
    module.role = m.role;
    std::optional<Manifest> manifest = decode_manifest(module.object->dsu());
    if (!manifest)
      return refuse(refusal, Step::Verify, m.name, "no update manifest, or a damaged one",
                    "compile the module with `popc -patch`");
    module.manifest = std::move(*manifest);
    if (module.object->interface().module != m.name || module.manifest.module != m.name)
      return refuse(refusal, Step::Match, m.name, "the object is module " + module.object->interface().module,
                    "make the patch again");
    module.loaded = std::make_unique<LoadedModule>();
    module.loaded->name = m.name;
    module.loaded->version = module.manifest.label;
    module.loaded->interface = module.object->interface();
    module.loaded->hash = m.new_hash;
    module.loaded->is_private = m.role == ModuleRole::Private;
    if (!module.loaded->is_private)
      module.loaded->dsu = module.object->dsu();
    module.init = find_init(module);
    update.modules.push_back(std::move(module));
    update.files.push_back(object);
  }
  return true;
}

bool Preparation::link(const PatchFile& file, PreparedUpdate& update, Refusal& refusal) const {
  std::vector<const tal::Interface*> patch;
  for (const PreparedModule& m : update.modules)
    patch.push_back(&m.object->interface());
  const tal::RunningProgram running = program_.running();
  tal::PatchRequest request{running, patch};
  std::set<std::string> changing;
  for (const PatchModule& m : file.modules)
    if (m.role == ModuleRole::Replaced || m.role == ModuleRole::Removed)
      changing.insert(m.name);
  if (!make_link_request(program_, update.modules, changing, request, refusal))
    return false;
  update.links = tal::patch_check(request, natives_);
  if (!update.links.ok()) {
    const tal::LinkProblem& p = update.links.problems[0];
    return refuse(refusal, Step::Link, p.symbol, p.module + ": " + p.message,
                  "if its type changed, the interface code needs a stub of the old type");
  }
  for (size_t i = 0; i < update.modules.size(); i++) {
    LoadedModule& module = *update.modules[i].loaded;
    module.linked = {&module.interface, program_.modules.back()->linked.generation + 1, std::move(update.links.providers[i])};
  }
  return true;
}

// The calls of what is replaced lead to its replacement, and those of the patch to what they are bound to.
void Preparation::plan_callers(PreparedUpdate& update) const {
  std::erase_if(update.links.relinks, [&](const tal::Relink& relink) {
    const LoadedModule& caller = *program_.modules[relink.module];
    return caller.is_finished(caller.interface.sites[relink.site]);
  });
  for (const tal::PatchReplacement& r : update.links.redirects)
    update.callers[r.old_symbol.key()] = {};
  for (const tal::Relink& relink : update.links.relinks)
    update.callers[relink.target.key()].push_back({relink.module, relink.site});
  const auto first = static_cast<uint32_t>(program_.modules.size());
  for (uint32_t i = 0; i < update.modules.size(); i++)
    for (uint32_t k = 0; const tal::Site& site : update.modules[i].object->interface().sites) {
      if (const tal::Binding& target = update.links.bindings[i][site.symbol]; site.is_caller() && target.module < first + update.modules.size()) {
        auto [list, is_new] = update.callers.try_emplace(target.key());
        if (auto others = program_.callers.find(target.key()); is_new && others != program_.callers.end())
          std::copy_if(others->second.begin(), others->second.end(), std::back_inserter(list->second), [&](const tal::Caller& caller) {
            const LoadedModule& module = *program_.modules[caller.module];
            return !module.is_finished(module.interface.sites[caller.site]);
          });
        list->second.push_back({first + i, k});
      }
      k++;
    }
}

// By address, so that the commit need look at those only that are on the stack.
void Preparation::plan_old_functions(PreparedUpdate& update) const {
  update.old_functions = program_.old_functions;
  for (const tal::PatchReplacement& r : update.links.redirects) {
    const uint32_t number = r.old_symbol.module;
    const LoadedModule& module = number < program_.modules.size() ? *program_.modules[number] : *update.modules[number - program_.modules.size()].loaded;
    const uintptr_t entry = module.address_of(r.old_symbol.symbol);
    update.old_functions.push_back({entry, entry + module.interface.symbols[r.old_symbol.symbol].size, r.old_symbol});
  }
  for (OldFunction& old : update.old_functions)
    old.is_active = false;
  std::sort(update.old_functions.begin(), update.old_functions.end(), [](const OldFunction& a, const OldFunction& b) { return a.entry < b.entry; });
}

void Preparation::plan_names(const PatchFile& file, PreparedUpdate& update) const {
  const auto first = static_cast<uint32_t>(program_.modules.size());
  update.names = program_.names;
  update.adopted = program_.adopted;
  update.latest = program_.latest;
  update.abstract_types = program_.abstract_types;
  Report& report = update.report;
  for (const PatchModule& m : file.modules)
    if (m.role == ModuleRole::Removed) {
      update.latest.erase(m.name);
      forget(program_, m.name, update);
    }
  for (const PreparedModule& module : update.modules)
    if (module.role == ModuleRole::Replaced)
      forget(program_, module.manifest.module, update);
  for (uint32_t i = 0; i < update.modules.size(); i++) {
    const PreparedModule& module = update.modules[i];
    tal::add_provided_types(module.object->interface(), first + i, first, update.abstract_types);
    if (module.role == ModuleRole::Private)
      continue;
    update.latest[module.manifest.module] = first + i;
    keep_shared(program_, module, update);
    for (const auto& [name, symbol] : provided_names(module)) {
      const bool is_new = !program_.names.contains(name);
      report.added += is_new;
      report.data += !is_new && module.object->interface().symbols[symbol].kind == tal::SymbolKind::Data;
      update.names[name] = {first + i, symbol};
    }
  }
  for (const tal::PatchReplacement& r : update.links.redirects)
    report.replaced.push_back(program_.modules[r.old_symbol.module]->interface.symbols[r.old_symbol.symbol].name);
  report.functions = static_cast<uint32_t>(update.links.redirects.size());
  report.call_sites = static_cast<uint32_t>(update.links.relinks.size());
  report.entries = report.functions;
  for (const PreparedModule& module : update.modules)
    report.stubs += module.role == ModuleRole::Private ? static_cast<uint32_t>(module.manifest.stubs.size()) : 0;
}

bool Preparation::load(PreparedUpdate& update, Refusal& refusal) {
  if (!load_part(update, refusal))
    return false;
  if (update.next) {
    {
      const AsIfApplied applied(program_, update);
      if (!load(*update.next, refusal))
        return false;
    }
    append(update, *update.next);
    update.next = nullptr;
  }
  plan_old_functions(update);
  if (const size_t wanted = program_.modules.size() + update.modules.size(); wanted > program_.modules.capacity())
    program_.modules.reserve(2 * wanted);
  update.writes.prepare();
  update.writes.prefault();
  update.ready_ns = now_ns();
  return true;
}

bool Preparation::load_part(PreparedUpdate& update, Refusal& refusal) {
  StepTimer timer(update.report, Step::Load);
  std::string problem;
  Loader loader(program_, arena_);
  if (!loader.load(update, problem))
    return refuse(refusal, Step::Load, "", problem, "");
  for (size_t i = 0; i < update.modules.size(); i++)
    update.modules[i].announcement = prepare_announcement(*update.modules[i].loaded, update.files[i]);
  update.files.clear();
  return true;
}

}  // namespace dsu
