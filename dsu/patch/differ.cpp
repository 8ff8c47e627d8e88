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

ModuleDifference compare_modules(const ModuleInfo* before, const ModuleInfo* after, const Difference& difference) {
  ModuleDifference result;
  result.name = (after ? after : before)->name;
  if (!after) {
    result.change = ModuleChange::Removed;
    return result;
  }
  if (!before)
    result.change = ModuleChange::Added;
  else if (before->hash != after->hash)
    result.change = ModuleChange::Changed;
  for (const auto& [name, value] : after->values) {
    const ValueInfo* old = nullptr;
    if (before)
      if (auto found = before->values.find(name); found != before->values.end())
        old = &found->second;
    ValueDifference d{name, classify(old, value, difference), false};
    d.body_changed = old && value.kind == DefinitionKind::Function && old->fingerprint != value.fingerprint;
    result.values.push_back(std::move(d));
  }
  if (before)
    for (const auto& [name, value] : before->values)
      if (!after->values.contains(name))
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
  for (const std::string& name : dependency_order(after)) {
    auto old = before.modules.find(name);
    difference.modules.push_back(
        compare_modules(old == before.modules.end() ? nullptr : &old->second, &after.modules.at(name), difference));
  }
  for (const auto& [name, module] : before.modules)
    if (!after.modules.contains(name))
      difference.modules.push_back(compare_modules(&module, nullptr, difference));
  return difference;
}

}  // namespace dsu
