#include "dsu/patch/report.h"
#include "dsu/patch/timing.h"

#include <algorithm>

namespace dsu {
namespace {

struct Counts {
  unsigned changed = 0, added = 0, deleted = 0;
};

std::string row(const char* what, const Counts& c) {
  auto column = [](unsigned n) {
    std::string text = std::to_string(n);
    return std::string(text.size() < 10 ? 10 - text.size() : 1, ' ') + text;
  };
  std::string name = what;
  name.resize(12, ' ');
  return name + column(c.changed) + column(c.added) + column(c.deleted) + "\n";
}

std::string line(const char* what, const std::vector<std::string>& names) {
  if (names.empty())
    return "";
  std::string text = std::string(what) + ":";
  for (const std::string& name : names)
    text += " " + name;
  return text + "\n";
}

std::string lines(const char* what, const std::vector<std::string>& texts) {
  std::string out = texts.empty() ? "" : std::string(what) + ":\n";
  for (const std::string& text : texts)
    out += "  " + text + "\n";
  return out;
}

struct Tally {
  Counts counts;
  std::vector<std::string> changed, retyped, kept, added, deleted, moved;
};

// "f (a -> b)", "old -> new", or both.
std::string moved_text(const ValueDifference& value, const std::string& module) {
  return (value.old_name == value.name ? "" : value.old_name + " -> ") + value.name +
         (value.old_module == module ? "" : " (" + value.old_module + " -> " + module + ")");
}

void count_values(const Version& before, const Version& after, const ModuleDifference& module, DefinitionKind kind, Tally& tally) {
  for (const ValueDifference& value : module.values) {
    if (after.modules.at(module.name).values.at(value.name).kind != kind)
      continue;
    if (value.is_moved_from(module.name))
      tally.moved.push_back(moved_text(value, module.name));
    switch (value.change) {
      case ValueChange::Added:
      case ValueChange::Kind: tally.added.push_back(value.name); break;
      case ValueChange::Retyped: tally.retyped.push_back(value.name); break;
      case ValueChange::Initializer: tally.kept.push_back(value.name); break;
      case ValueChange::Same:
        if (value.body_changed)
          tally.changed.push_back(value.name);
    }
  }
  auto old = before.modules.find(module.name);
  for (const std::string& name : module.deleted)
    if (old->second.values.at(name).kind == kind)
      tally.deleted.push_back(name);
}

Tally tally_of(const Version& before, const Version& after, const Difference& difference, DefinitionKind kind) {
  Tally tally;
  for (const ModuleDifference& module : difference.modules)
    count_values(before, after, module, kind, tally);
  tally.counts = {static_cast<unsigned>(tally.changed.size() + tally.retyped.size() + tally.kept.size()),
                  static_cast<unsigned>(tally.added.size()), static_cast<unsigned>(tally.deleted.size())};
  return tally;
}

std::vector<std::string> modules_with(const Difference& difference, ModuleChange change) {
  std::vector<std::string> names;
  for (const ModuleDifference& module : difference.modules)
    if (module.change == change)
      names.push_back(module.name);
  return names;
}

// What changed inside the changed types: added fields start with the default of their type.
std::string field_changes(const Version& before, const Version& after, const TypeDifference& types) {
  std::vector<std::string> added, deleted;
  auto has = [](const TypeInfo& type, const std::string& field) {
    return std::any_of(type.fields.begin(), type.fields.end(), [&](const FieldInfo& f) { return f.name == field; });
  };
  for (const std::string& name : types.changed) {
    const TypeInfo &old = *before.find_type(name), &now = *after.find_type(name);
    for (const FieldInfo& field : now.fields)
      if (!has(old, field.name))
        added.push_back(name + "." + field.name);
    for (const FieldInfo& field : old.fields)
      if (!has(now, field.name))
        deleted.push_back(name + "." + field.name);
  }
  return line("Fields added, with the default of their type", added) + line("Fields deleted", deleted);
}

std::vector<std::string> abstract_types(const Version& before, const TypeDifference& types) {
  std::vector<std::string> names;
  for (const std::string& name : types.changed)
    if (before.find_type(name)->is_abstract)
      names.push_back(name);
  return names;
}

std::vector<std::string> list(const std::set<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

std::string write_report(const Version& before, const Version& after, const Difference& difference, const GeneratedPatch& patch) {
  std::string out = "Patch from " + before.label + " to " + after.label + "\n\n";
  if (difference.is_empty())
    return out + "Nothing changed.\n";
  const Tally functions = tally_of(before, after, difference, DefinitionKind::Function);
  const Tally data = tally_of(before, after, difference, DefinitionKind::Variable);
  const Tally exceptions = tally_of(before, after, difference, DefinitionKind::Exception);
  const auto& types = difference.types;
  std::vector<std::string> moved;
  out += "               changed     added   deleted\n";
  out += row("functions", functions.counts) + row("data", data.counts) + row("exceptions", exceptions.counts);
  out += row("types", {static_cast<unsigned>(types.changed.size()), static_cast<unsigned>(types.added.size()),
                       static_cast<unsigned>(types.deleted.size())});
  out += row("modules", {static_cast<unsigned>(modules_with(difference, ModuleChange::Changed).size()),
                         static_cast<unsigned>(modules_with(difference, ModuleChange::Added).size()),
                         static_cast<unsigned>(modules_with(difference, ModuleChange::Removed).size())});
  out += "\nLines of interface code generated: " + std::to_string(patch.generated_lines) +
         "\nPlaceholders left to the programmer: " + std::to_string(patch.placeholders) + "\n\n";
  out += line("Modules replaced", modules_with(difference, ModuleChange::Changed));
  out += line("Modules added", modules_with(difference, ModuleChange::Added));
  out += line("Modules removed (old code may still use them)", modules_with(difference, ModuleChange::Removed));
  out += line("Types changed", list(types.changed));
  out += line("Abstract types changed (objects that other modules hold stay old; stubs take each to the same new object at every call)",
              abstract_types(before, types));
  out += field_changes(before, after, types);
  for (const Tally* tally : {&functions, &data, &exceptions})
    moved.insert(moved.end(), tally->moved.begin(), tally->moved.end());
  out += lines("Definitions renamed or moved to another module, which go on", moved);
  out += line("Types added", list(types.added));
  out += line("Functions with another body", functions.changed);
  out += line("Functions with another type, reached through stubs by old code", functions.retyped);
  out += line("Functions added", functions.added);
  out += line("Functions deleted (old code may still call them)", functions.deleted);
  out += line("Data converted", data.retyped);
  out += line("Data added", data.added);
  out += line("Data with another initial value, which keep their present value", data.kept);
  out += line("Data deleted", data.deleted);
  out += line("Exceptions with another payload (values raised by old code are not caught as the new one)", exceptions.retyped);
  std::vector<std::string> timing;
  for (const TimingNote& note : find_timing_notes(before, difference))
    timing.push_back(text(note));
  out += lines("Warning: timing. These functions may be on the stack at an update point, and after it", timing);
  for (const std::string& warning : patch.warnings)
    out += "Warning: " + warning + "\n";
  return out;
}

}  // namespace dsu
