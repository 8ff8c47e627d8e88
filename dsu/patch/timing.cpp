#include "dsu/patch/timing.h"

#include <algorithm>

namespace dsu {
namespace {

constexpr const char* update_point = "Dsu::update_point";

using Place = std::pair<std::string, std::string>;  // module and name

class Analysis {
public:
  explicit Analysis(const Version& version) : version_(version) {
    for (const auto& [name, module] : version.modules)
      for (const auto& [value, info] : module.values) {
        if (!info.is_static)
          provider_[value] = name;
        if (info.kind == DefinitionKind::Variable)
          for (const std::string& used : info.uses)
            stored_.insert(find(name, used));
      }
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& [name, module] : version.modules)
        for (const Suspension& s : module.suspensions)
          if (leads_to_update_point(name, s))
            changed |= reaching_.insert({name, s.function}).second;
    }
  }

  bool leads_to_update_point(const std::string& module, const Suspension& s) const {
    if (s.callee == update_point)
      return true;
    if (s.callee.empty())
      return std::any_of(stored_.begin(), stored_.end(), [&](const Place& f) { return reaching_.contains(f); });
    return reaching_.contains(find(module, s.callee));
  }

private:
  // What `name` means in a module.
  Place find(const std::string& module, const std::string& name) const {
    if (version_.modules.at(module).values.contains(name))
      return {module, name};
    auto provider = provider_.find(name);
    return provider == provider_.end() ? Place{} : Place{provider->second, name};
  }

  const Version& version_;
  std::map<std::string, std::string> provider_;  // of public names
  std::set<Place> stored_;                       // in initial values of variables
  std::set<Place> reaching_;                     // functions that may be suspended
};

// What changes for old code.
struct Changes {
  std::set<Place> functions, data;  // of the old version

  Changes(const Version& before, const Difference& difference) {
    std::set<Place> same;
    for (const ModuleDifference& module : difference.modules) {
      if (module.change == ModuleChange::Unchanged)
        for (const auto& [name, value] : before.modules.at(module.name).values)
          same.insert({module.name, name});
      for (const ValueDifference& value : module.values) {
        const Place old{value.old_module, value.old_name};
        const bool is_retyped = value.change == ValueChange::Retyped;
        if (!is_retyped && !value.body_changed)
          same.insert(old);
      }
    }
    for (const auto& [name, module] : before.modules)
      for (const auto& [value, info] : module.values)
        if (!same.contains({name, value}))
          (info.kind == DefinitionKind::Variable ? data : functions).insert({name, value});
  }
};

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::vector<TimingNote> find_timing_notes(const Version& before, const Difference& difference) {
  const Analysis analysis(before);
  const Changes changes(before, difference);
  std::map<Place, TimingNote> notes;
  for (const auto& [name, module] : before.modules)
    for (const Suspension& s : module.suspensions) {
      if (!analysis.leads_to_update_point(name, s))
        continue;
      TimingNote& note = notes[{name, s.function}];
      note.module = name;
      note.function = s.function;
      note.waits_in.insert(s.callee.empty() ? "a function value" : s.callee);
      note.code_changes = changes.functions.contains({name, s.function});
      for (const std::string& type : s.types)
        if (difference.types.changed.contains(type) || difference.types.deleted.contains(type))
          note.types.insert(type);
      for (const std::string& value : s.values) {
        const bool is_own = module.values.contains(value);
        const bool is_changed = is_own ? changes.data.contains({name, value})
                                       : std::any_of(changes.data.begin(), changes.data.end(), [&](const Place& p) {
                                           return p.second == value && !before.modules.at(p.first).values.at(value).is_static;
                                         });
        if (is_changed)
          note.data.insert(value);
      }
    }
  std::vector<TimingNote> list;
  for (auto& [place, note] : notes)
    if (note.code_changes || !note.types.empty() || !note.data.empty())
      list.push_back(std::move(note));
  return list;
}

std::string text(const TimingNote& note) {
  std::string what;
  auto add = [&](const std::string& more) { what += (what.empty() ? "" : ", ") + more; };
  if (note.code_changes)
    add("goes on in its old version");
  if (!note.types.empty())
    add("uses old objects of type " + joined(note.types));
  if (!note.data.empty())
    add("uses the old " + joined(note.data));
  return note.function + " (" + note.module + "), while it waits in " + joined(note.waits_in) + ": " + what;
}

}  // namespace dsu
