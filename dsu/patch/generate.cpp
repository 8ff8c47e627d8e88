#include "dsu/patch/generate.h"

#include <algorithm>

#include "dsu/patch/interface_code.h"
#include "dsu/patch/report.h"

namespace dsu {
namespace {

constexpr const char* conversions_file = "convert_patch.pop";

unsigned count(const std::string& text, std::string_view what) {
  unsigned n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    n++;
  return n;
}

std::vector<std::string> renamings(const ModuleInfo& module, const Version& before, const Version& after,
                                   const Difference& difference) {
  std::vector<std::string> list;
  for (const std::string& name : module.types)
    if (difference.types.changed.contains(name)) {
      list.push_back("New::" + name + "=" + name + "!" + hex(after.find_type(name)->form).substr(0, 16));
      list.push_back(name + "=" + name + "!" + hex(before.find_type(name)->form).substr(0, 16));
    }
  return list;
}

// Data, exceptions and functions that go on under another name or in another module.
std::vector<std::string> moved_values(const ModuleDifference& module) {
  std::vector<std::string> list;
  for (const ValueDifference& value : module.values)
    if (value.is_moved_from(module.name) && (value.change == ValueChange::Same || value.change == ValueChange::Initializer))
      list.push_back(value.name + "=" + value.old_name + "@" + value.old_module);
  return list;
}

std::vector<std::string> shared_values(const ModuleDifference& module, const ModuleInfo& after) {
  std::vector<std::string> names;
  for (const ValueDifference& value : module.values) {
    const DefinitionKind kind = after.values.at(value.name).kind;
    const bool keeps = value.change == ValueChange::Same || value.change == ValueChange::Initializer;
    if (keeps && kind != DefinitionKind::Function)
      names.push_back(value.name);
  }
  return names;
}

// Nested functions of another type. Only code of the old version, which keeps the old ones, can want them: no stub is needed.
std::vector<std::string> detached_functions(const ModuleDifference& module, const ModuleInfo& after) {
  std::vector<std::string> names;
  for (const ValueDifference& value : module.values)
    if (value.change == ValueChange::Retyped && after.values.at(value.name).is_nested)
      names.push_back(value.name);
  return names;
}

// One line per named type of the new version: its name and what its definition hashes to, old and new where they differ.
std::string type_name_map(const Version& before, const Version& after, const Difference& difference) {
  std::string text;
  for (const auto& [name, type] : after.types) {
    text += name + "=" + name + "!" + hex(type.form).substr(0, 16);
    if (difference.types.changed.contains(name))
      text += " was " + name + "!" + hex(before.find_type(name)->form).substr(0, 16);
    text += "\n";
  }
  return text;
}

}  // namespace

GeneratedPatch generate(const Version& before, const Version& after, const Difference& difference, TypeModel& types) {
  GeneratedPatch patch;
  const SourcePrinter printer(before, after, difference);
  Conversions conversions(printer, difference, types);
  const std::string versions = "from " + before.label + " to " + after.label;
  PatchIndex index;
  index.from = before.label;
  index.to = after.label;
  index.library = before.library;
  index.renames = difference.renames.texts();
  for (const ModuleDifference& module : difference.modules) {
    if (module.change == ModuleChange::Removed) {
      index.removed.emplace_back(module.name, before.modules.at(module.name).hash);
      continue;
    }
    const ModuleInfo& now = after.modules.at(module.name);
    if (module.change == ModuleChange::Unchanged) {
      index.required.emplace_back(module.name, now.hash);
      continue;
    }
    ModulePatch file;
    file.module = module.name;
    file.implementation = now.path;
    file.is_new = module.change == ModuleChange::Added;
    if (!file.is_new)
      file.from = before.modules.at(module.name).hash;
    file.sharing = shared_values(module, now);
    file.moved = moved_values(module);
    file.detached = detached_functions(module, now);
    file.renaming = renamings(now, before, after, difference);
    InterfaceCode code = write_interface_code(module, before, now, printer, conversions,
                                              "Interface code of module " + module.name + ", " + versions + ".");
    if (!code.text.empty()) {
      file.interface = module.name + "_patch.pop";
      file.old_statics = code.old_statics;
      file.new_statics = code.new_statics;
      file.function_variables = code.function_variables;
      patch.files[file.interface] = std::move(code.text);
    }
    index.modules.push_back(module.name);
    patch.files[module.name + ".patch"] = write_module_patch(file);
  }
  std::string converted = conversions.write_module("Conversions of changed types, " + versions + ".");
  if (!converted.empty()) {
    index.conversions = conversions_file;
    patch.files[conversions_file] = std::move(converted);
  }
  for (const auto& [name, text] : patch.files)
    if (name.ends_with(".pop")) {
      patch.placeholders += count(text, "Dsu::fill(\"");
      patch.generated_lines += count(text, "\n");
    }
  if (!difference.is_empty()) {
    patch.files["PATCH"] = write_index(index);
    patch.files["TYPENAME_MAP"] = type_name_map(before, after, difference);
  }
  patch.files["REPORT"] = write_report(before, after, difference, patch);
  return patch;
}

}  // namespace dsu
