#include "driver/show_patch.h"

#include <cstring>
#include <filesystem>
#include <iostream>

#include "driver/json.h"
#include "driver/library_modules.h"
#include "driver/module_view.h"
#include "driver/output.h"
#include "driver/read_version.h"
#include "dsu/format/signature.h"
#include "tal/object_reader.h"
#include "tal/write/byte_writer.h"

namespace driver {
namespace {

const char* role_name(dsu::ModuleRole role) {
  switch (role) {
    case dsu::ModuleRole::Replaced: return "replaces";
    case dsu::ModuleRole::New: return "adds";
    case dsu::ModuleRole::Private: return "interface code";
    case dsu::ModuleRole::Required: return "requires";
    case dsu::ModuleRole::Removed: return "removes";
    case dsu::ModuleRole::Part: return "part";
    case dsu::ModuleRole::Library: break;
  }
  return "library";
}

// Of the modules that are the program's own: what a patch is made for, in one number.
std::string program_hash(std::map<std::string, dsu::Hash> modules) {
  tal::ByteWriter out;
  for (const auto& [name, hash] : modules) {
    out.string(name);
    out.raw(hash);
  }
  return dsu::hex(dsu::sha256(out.bytes()));
}

bool show_manifests(const std::string& file, bool json, std::string& out, std::string& problem) {
  std::vector<tal::Bytes> sections;
  bool is_program = false;
  if (!read_manifest_sections(file, sections, is_program, problem))
    return false;
  std::vector<std::string> list;
  std::map<std::string, dsu::Hash> own;
  std::string text;
  for (const tal::Bytes& section : sections) {
    const auto view = ModuleView::read(section);
    if (!view) {
      problem = file + ": an update manifest is damaged, or of another version of popc";
      return false;
    }
    const dsu::Manifest& manifest = view->manifest();
    const bool is_library = manifest.module.starts_with(library_prefix);
    if (!is_library)
      own[manifest.module] = manifest.hash;
    list.push_back(view->json());
    text += "  module " + manifest.module + (manifest.label.empty() ? "" : " " + manifest.label) + "  " + brief(manifest.hash) +
            (is_library ? "  (library)\n" : "\n" + view->text("    "));
  }
  const std::string hash = program_hash(std::move(own));
  out = json ? JsonObject().add("file", file).add("program_hash", hash).raw("modules", json_list(list)).str()
             : file + "\n" + (is_program ? "  program hash " + hash.substr(0, short_hash) + "\n" : "") + text;
  return true;
}

std::string signature_text(const dsu::PatchFile& patch) {
  if (!patch.signature)
    return "none";
  const auto wrong = dsu::find_signature_problem(patch, patch.signature->key, 0);
  return "by key " + dsu::hex(patch.signature->key) + ", sequence " + std::to_string(patch.sequence) +
         (wrong && patch.sequence != 0 ? " (NOT VALID: " + wrong->reason + ")" : "");
}

// What a patch says of itself before its modules or parts.
JsonObject head_of(const std::string& file, const dsu::PatchFile& patch) {
  JsonObject head;
  head.add("file", file)
      .add("patch", patch.label)
      .add("from", patch.from)
      .add("checksum", dsu::hex(patch.checksum))
      .add("sequence", patch.sequence)
      .add("key", patch.signature ? dsu::hex(patch.signature->key) : "");
  return head;
}

bool show_patch(const std::string& file, const dsu::PatchFile& patch, bool json, std::string& out, std::string& problem) {
  std::map<std::string, dsu::Hash> program;
  std::set<std::string> changed_types;
  std::vector<std::string> list;
  std::string text;
  size_t next = 0;
  for (const dsu::PatchModule& m : patch.modules) {
    const bool is_old = m.role == dsu::ModuleRole::Replaced || !dsu::has_object(m.role);
    if (is_old)
      program[m.name] = m.old_hash;
    text += std::string("  ") + role_name(m.role) + " " + m.name + "  " + (is_old ? brief(m.old_hash) : "") +
            (m.role == dsu::ModuleRole::Replaced ? " -> " : "") + (dsu::has_object(m.role) ? brief(m.new_hash) : "") + "\n";
    JsonObject row;
    row.add("name", m.name).add("role", std::string(role_name(m.role))).add("old_hash", is_old ? dsu::hex(m.old_hash) : "").add("new_hash", dsu::hex(m.new_hash));
    if (!dsu::has_object(m.role)) {
      list.push_back(row.str());
      continue;
    }
    tal::ObjectFile object;
    tal::VerifyError error;
    std::unique_ptr<ModuleView> view;
    if (next < patch.objects.size() && tal::read_object(patch.objects[next++], object, error))
      view = ModuleView::read(object.annotations.dsu);
    if (!view) {
      problem = file + ": the object of module " + m.name + " is damaged, or of another version of popc";
      return false;
    }
    if (m.role == dsu::ModuleRole::Private)
      for (const dsu::TypeInfo& t : view->module().declarations)
        if (t.name.starts_with("New::"))
          changed_types.insert(t.name.substr(5));
    if (m.role != dsu::ModuleRole::Library)
      text += view->text("    ", m.role == dsu::ModuleRole::Private);
    list.push_back(row.raw("description", view->json()).str());
  }
  const std::string hash = program_hash(std::move(program));
  if (json)
    out = head_of(file, patch)
              .add("program_hash", hash)
              .add("changed_types", changed_types)
              .raw("modules", json_list(list))
              .str();
  else
    out = file + ": patch from " + patch.from + " to " + patch.label + "\n  checksum " + brief(patch.checksum) + ", for program hash " +
          hash.substr(0, short_hash) + "\n  signature " + signature_text(patch) + "\n" +
          (changed_types.empty() ? "" : "  changes types " + joined(changed_types) + "\n") + text;
  return true;
}

bool show_composed(const std::string& file, const dsu::PatchFile& patch, bool json, std::string& out, std::string& problem) {
  std::vector<dsu::PatchFile> parts;
  if (!dsu::read_parts(patch, parts)) {
    problem = file + ": a part of it is damaged";
    return false;
  }
  out = file + ": " + std::to_string(parts.size()) + " patches in one, from " + patch.from + " to " + patch.label + "\n  checksum " +
        brief(patch.checksum) + "\n  signature " + signature_text(patch) + "\n";
  std::vector<std::string> list;
  for (size_t i = 0; i < parts.size(); i++) {
    std::string part;
    if (!show_patch(file + ", part " + std::to_string(i + 1), parts[i], json, part, problem))
      return false;
    out += part;
    list.push_back(std::move(part));
  }
  if (json)
    out = head_of(file, patch)
              .raw("parts", json_list(list))
              .str();
  return true;
}

bool show_file(const std::string& file, bool json, std::string& out, std::string& problem) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return show_manifests(file, json, out, problem);
  const std::optional<tal::Bytes> bytes = read_file(file, problem);
  if (!bytes)
    return false;
  constexpr std::string_view magic = "POPPATCH";
  if (bytes->size() < magic.size() || std::memcmp(bytes->data(), magic.data(), magic.size()) != 0)
    return show_manifests(file, json, out, problem);
  const dsu::ContainerResult patch = dsu::read_container(*bytes);
  if (const auto* wrong = std::get_if<dsu::ContainerProblem>(&patch)) {
    problem = file + ": " + wrong->reason;
    return false;
  }
  const auto& whole = std::get<dsu::PatchFile>(patch);
  return whole.modules.empty() || whole.modules.front().role != dsu::ModuleRole::Part ? show_patch(file, whole, json, out, problem)
                                                                                      : show_composed(file, whole, json, out, problem);
}

} // namespace

int show(const std::vector<std::string>& files, bool json) {
  if (files.empty())
    return usage_error("poppatch", "--show needs a file or a program");
  std::vector<std::string> list;
  for (const std::string& file : files) {
    std::string out, problem;
    if (!show_file(file, json, out, problem)) {
      print_error("poppatch", problem);
      return 1;
    }
    if (json)
      list.push_back(std::move(out));
    else
      std::cout << out;
  }
  if (json)
    std::cout << json_list(list) << "\n";
  return 0;
}

} // namespace driver
