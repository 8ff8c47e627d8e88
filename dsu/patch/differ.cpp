#include "dsu/patch/differ.h"

#include <algorithm>
#include <functional>

namespace dsu {
namespace {

TypeDifference compare_types(const Version& before, const Version& after) {
  TypeDifference difference;
  for (const auto& [name, type] : after.types) {
    const TypeInfo* old = before.find_type(name);
    if (!old) {
      if (!type.module.empty())
        difference.added.insert(name);
    } else if (old->form != type.form) {
      difference.changed.insert(name);
    }
  }
  for (const auto& [name, type] : before.types)
    if (!type.module.empty() && !after.find_type(name))
      difference.deleted.insert(name);
  return difference;
}

ValueChange classify(const ValueInfo* old, const ValueInfo& now, const Difference& difference) {
  if (!old)
    return ValueChange::Added;
  if (old->kind != now.kind)
    return ValueChange::Kind;
  if (old->type != now.type || difference.mentions_changed(now.type))
    return ValueChange::Retyped;
  if (now.kind == DefinitionKind::Variable && old->fingerprint != now.fingerprint)
    return ValueChange::Initializer;
  return ValueChange::Same;
}

// A definition of either version: module and name.
using Place = std::pair<std::string, std::string>;

// Finds for each definition of the new version what it was in the old one: the definition that --rename says, or that of its name in its
// module, or one of its name that has left another module.
class Origins {
public:
  Origins(const Version& before, const Version& after, const Renames& renames) : before_(before), after_(after), renames_(renames) {
    for (const auto& [name, module] : after.modules)
      match_in_module(module);
    match_between_modules();
  }

  const Place* find(const std::string& module, const std::string& name) const {
    auto found = origins_.find({module, name});
    return found == origins_.end() ? nullptr : &found->second;
  }
  bool is_deleted(const std::string& module, const std::string& name) const { return !taken_.contains({module, name}); }

private:
  void set(const Place& now, const Place& old) {
    origins_[now] = old;
    taken_.insert(old);
  }
  void match_in_module(const ModuleInfo& now) {
    auto old = before_.modules.find(now.name);
    if (old == before_.modules.end())
      return;
    for (const auto& [name, value] : old->second.values) {
      const std::string& new_name = renames_.new_name(name);
      auto match = now.values.find(new_name);
      // A function that became a variable is matched as well: the differ says that both exist from now on.
      if (match != now.values.end() && (new_name == name || match->second.kind == value.kind))
        set({now.name, new_name}, {now.name, name});
    }
  }
  // Public names are unique in a program. A static one may mean different things in two modules: it has moved if it left one module only, came
  // to one only, and something public went the same way or the programmer says so.
  void match_between_modules() {
    std::map<std::string, std::vector<Place>> left, come;
    for (const auto& [module, info] : before_.modules)
      for (const auto& [name, value] : info.values)
        if (!value.is_nested && !taken_.contains({module, name}))
          left[renames_.new_name(name)].push_back({module, name});
    for (const auto& [module, info] : after_.modules)
      for (const auto& [name, value] : info.values)
        if (!value.is_nested && !origins_.contains({module, name}))
          come[name].push_back({module, name});
    std::set<std::pair<std::string, std::string>> ways;  // from which module to which something public has gone
    for (const bool is_static : {false, true})
      for (const auto& [name, places] : come) {
        auto old = left.find(name);
        if (places.size() != 1 || old == left.end() || old->second.size() != 1)
          continue;
        const Place &now = places.front(), &was = old->second.front();
        const ValueInfo &value = after_.modules.at(now.first).values.at(now.second), &old_value = before_.modules.at(was.first).values.at(was.second);
        const std::pair<std::string, std::string> way{was.first, now.first};
        if (value.kind != old_value.kind || (value.is_static || old_value.is_static) != is_static || (is_static && was.second == name && !ways.contains(way)))
          continue;
        ways.insert(way);
        set(now, was);
      }
  }

  const Version& before_;
  const Version& after_;
  const Renames& renames_;
  std::map<Place, Place> origins_;  // new -> old
  std::set<Place> taken_;           // old ones that something is the successor of
};

ModuleDifference compare_modules(const Version& versions, const ModuleInfo* before, const ModuleInfo* after, const Origins& origins,
                                 const Difference& difference) {
  ModuleDifference result;
  result.name = (after ? after : before)->name;
  if (!after)
    result.change = ModuleChange::Removed;
  else if (!before)
    result.change = ModuleChange::Added;
  else if (before->hash != after->hash)
    result.change = ModuleChange::Changed;
  if (after)
    for (const auto& [name, value] : after->values) {
      const Place* place = origins.find(after->name, name);
      const ValueInfo* old = place ? &versions.modules.at(place->first).values.at(place->second) : nullptr;
      ValueDifference d;
      d.name = name;
      d.change = classify(old, value, difference);
      d.body_changed = old && value.kind == DefinitionKind::Function && old->fingerprint != value.fingerprint;
      if (old && d.change != ValueChange::Kind) {
        d.old_module = place->first;
        d.old_name = place->second;
      }
      result.values.push_back(std::move(d));
    }
  if (before)
    for (const auto& [name, value] : before->values)
      if (origins.is_deleted(before->name, name))
        result.deleted.push_back(name);
  return result;
}

// Most basic first; within a cycle by name.
std::vector<std::string> dependency_order(const Version& version) {
  std::map<std::string, std::string> provider;
  for (const auto& [name, module] : version.modules)
    for (const auto& [value, info] : module.values)
      if (!info.is_static)
        provider[value] = name;
  std::vector<std::string> order;
  std::set<std::string> seen;
  std::function<void(const std::string&)> visit = [&](const std::string& name) {
    if (!seen.insert(name).second)
      return;
    std::set<std::string> needs;
    for (const std::string& import : version.modules.at(name).imports)
      if (auto found = provider.find(import); found != provider.end())
        needs.insert(found->second);
    for (const std::string& need : needs)
      visit(need);
    order.push_back(name);
  };
  for (const auto& [name, module] : version.modules)
    visit(name);
  return order;
}

}  // namespace

bool Difference::is_empty() const {
  return std::all_of(modules.begin(), modules.end(), [](const ModuleDifference& m) { return m.change == ModuleChange::Unchanged; });
}

bool Renames::add(const std::string& text) {
  const size_t equals = text.find('='), dot = text.find('.');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size() || text.find('=', equals + 1) != std::string::npos)
    return false;
  const std::string old = text.substr(0, equals), now = text.substr(equals + 1);
  if (dot == std::string::npos)
    return names.emplace(old, now).second;
  return dot != 0 && dot + 1 < equals && now.find('.') == std::string::npos && fields.emplace(old, now).second;
}

std::vector<std::string> Renames::texts() const {
  std::vector<std::string> list;
  for (const auto* map : {&fields, &names})
    for (const auto& [old, now] : *map)
      list.push_back(old + "=" + now);
  return list;
}

std::string Difference::new_field(const std::string& old_type, const std::string& field) const {
  auto found = renames.fields.find(old_type + "." + field);
  return found == renames.fields.end() ? field : found->second;
}

std::string Difference::old_field(const std::string& old_type, const std::string& field) const {
  for (const auto& [old, now] : renames.fields)
    if (now == field && old.starts_with(old_type + ".") && old.find('.') == old_type.size())
      return old.substr(old_type.size() + 1);
  return field;
}

bool Difference::mentions_changed(TypeRef type) const {
  if (types.changed.contains(type->name) || (type->element && mentions_changed(type->element)))
    return true;
  return std::any_of(type->args.begin(), type->args.end(), [this](TypeRef t) { return mentions_changed(t); });
}

Difference compare(const Version& before, const Version& after, Renames renames) {
  Difference difference;
  difference.renames = std::move(renames);
  difference.types = compare_types(before, after);
  const Origins origins(before, after, difference.renames);
  for (const std::string& name : dependency_order(after)) {
    auto old = before.modules.find(name);
    difference.modules.push_back(compare_modules(before, old == before.modules.end() ? nullptr : &old->second, &after.modules.at(name),
                                                 origins, difference));
  }
  for (const auto& [name, module] : before.modules)
    if (!after.modules.contains(name))
      difference.modules.push_back(compare_modules(before, &module, nullptr, origins, difference));
  return difference;
}

}  // namespace dsu
