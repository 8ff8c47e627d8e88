#include "driver/show_patch.h"

#include <cstring>
#include <filesystem>
#include <iostream>

#include "driver/json.h"
#include "driver/library_modules.h"
#include "driver/output.h"
#include "driver/read_version.h"
#include "dsu/format/signature.h"
#include "dsu/patch/source_printer.h"
#include "tal/object_reader.h"

namespace driver {
namespace {

constexpr size_t short_hash = 12;  // digits that people compare

std::string brief(const dsu::Hash& hash) { return dsu::hex(hash).substr(0, short_hash); }

const char* kind_name(dsu::DefinitionKind kind) {
  switch (kind) {
    case dsu::DefinitionKind::Function: return "function";
    case dsu::DefinitionKind::Variable: return "variable";
    case dsu::DefinitionKind::Exception: break;
  }
  return "exception";
}

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

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

// One module and the types that it mentions.
class ModuleView {
public:
  ModuleView(const dsu::Manifest& manifest, dsu::ModuleInfo module)
      : manifest_(manifest), module_(module), version_(dsu::make_version({std::move(module)}, "")), printer_(version_, version_, unchanged_) {}

  // Of interface code and conversions only what others can see.
  std::string text(const std::string& indent, bool is_private = false) const {
    std::string out;
    for (const std::string& name : module_.types)
      out += lines(printer_.extern_type(name, dsu::Side::Old).substr(std::strlen("extern ")), indent);
    for (const auto& [name, value] : module_.values)
      if (!is_private || !value.is_static)
        out += indent + (value.is_static ? "static " : "public ") + kind_name(value.kind) + " " + declaration(name, value) + "  [" +
               brief(value.fingerprint) + "]\n";
    for (const dsu::Stub& stub : manifest_.stubs)
      out += indent + "stub " + stub.symbol + " for " + old_name(stub.module, stub.target) + "\n";
    for (const dsu::ImportOfSymbol& import : manifest_.imports)
      if (import.provides != dsu::Provides::Nothing)
        out += indent + "keeps " + import.symbol + (import.target == import.symbol ? "" : ", which was " + import.target) + "\n";
    if (!is_private)
      for (const dsu::Suspension& s : module_.suspensions)
        out += indent + suspension(s) + "\n";
    return out;
  }

  std::string json() const {
    std::vector<std::string> values, types, stubs, kept, suspensions;
    for (const auto& [name, v] : module_.values)
      values.push_back(JsonObject()
                           .add("name", name)
                           .add("kind", std::string(kind_name(v.kind)))
                           .add("scope", std::string(v.is_static ? "static" : "public"))
                           .add("type", printer_.type(v.type, dsu::Side::Old))
                           .add("fingerprint", dsu::hex(v.fingerprint))
                           .add("uses", v.uses)
                           .str());
    for (const dsu::TypeInfo& t : module_.declarations)
      if (!t.module.empty())
        types.push_back(JsonObject().add("name", t.name).add("form", dsu::hex(t.form)).add("definition", printer_.extern_type(t.name, dsu::Side::Old)).str());
    for (const dsu::Stub& s : manifest_.stubs)
      stubs.push_back(JsonObject().add("symbol", s.symbol).add("for", s.target).add("module", s.module).str());
    for (const dsu::ImportOfSymbol& i : manifest_.imports)
      if (i.provides != dsu::Provides::Nothing)
        kept.push_back(JsonObject().add("name", i.symbol).add("was", i.target).add("module", i.module).str());
    for (const dsu::Suspension& s : module_.suspensions)
      suspensions.push_back(
          JsonObject().add("function", s.function).add("callee", s.callee).add("types", s.types).add("values", s.values).str());
    return JsonObject()
        .add("module", module_.name)
        .add("version", module_.label)
        .add("hash", dsu::hex(module_.hash))
        .raw("types", json_list(types))
        .raw("values", json_list(values))
        .raw("stubs", json_list(stubs))
        .raw("keeps", json_list(kept))
        .raw("suspensions", json_list(suspensions))
        .str();
  }

  const dsu::ModuleInfo& module() const { return module_; }

private:
  static std::string old_name(const std::string& module, const std::string& name) { return module.empty() ? name : name + " of " + module; }
  static std::string lines(const std::string& text, const std::string& indent) {
    std::string out;
    size_t from = 0;
    for (size_t end = text.find('\n'); end != std::string::npos; from = end + 1, end = text.find('\n', from))
      out += indent + text.substr(from, end - from) + "\n";
    return out;
  }
  std::string suspension(const dsu::Suspension& s) const {
    std::set<std::string> own;
    for (const std::string& name : s.values)
      if (module_.values.contains(name))
        own.insert(name);
    return s.function + " may be suspended in " + (s.callee.empty() ? "a function value" : s.callee) +
           (s.types.empty() ? "" : "; retains types " + joined(s.types)) + (own.empty() ? "" : "; goes on using " + joined(own));
  }
  std::string declaration(const std::string& name, const dsu::ValueInfo& value) const {
    if (value.kind != dsu::DefinitionKind::Exception)
      return printer_.declaration(value.type, name, dsu::Side::Old);
    return value.type->kind == frontend::TypeKind::Void ? name : name + "(" + printer_.type(value.type, dsu::Side::Old) + ")";
  }

  const dsu::Manifest& manifest_;
  dsu::ModuleInfo module_;
  dsu::Difference unchanged_;
  dsu::Version version_;
  dsu::SourcePrinter printer_;
};

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
    dsu::TypeModel types;
    const auto manifest = dsu::decode_manifest(section);
    auto module = manifest ? dsu::read_description(*manifest, types) : std::nullopt;
    if (!module) {
      problem = file + ": an update manifest is damaged, or of another version of popc";
      return false;
    }
    const bool is_library = manifest->module.starts_with(library_prefix);
    if (!is_library)
      own[manifest->module] = manifest->hash;
    const ModuleView view(*manifest, std::move(*module));
    list.push_back(view.json());
    text += "  module " + manifest->module + (manifest->label.empty() ? "" : " " + manifest->label) + "  " + brief(manifest->hash) +
            (is_library ? "  (library)\n" : "\n" + view.text("    "));
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
    tal::ReadError error;
    dsu::TypeModel types;
    std::optional<dsu::Manifest> manifest;
    if (next < patch.objects.size() && tal::read_object(patch.objects[next++], object, error))
      manifest = dsu::decode_manifest(object.annotations.dsu);
    auto module = manifest ? dsu::read_description(*manifest, types) : std::nullopt;
    if (!module) {
      problem = file + ": the object of module " + m.name + " is damaged, or of another version of popc";
      return false;
    }
    if (m.role == dsu::ModuleRole::Private)
      for (const dsu::TypeInfo& t : module->declarations)
        if (t.name.starts_with("New::"))
          changed_types.insert(t.name.substr(5));
    const ModuleView view(*manifest, std::move(*module));
    if (m.role != dsu::ModuleRole::Library)
      text += view.text("    ", m.role == dsu::ModuleRole::Private);
    list.push_back(row.raw("description", view.json()).str());
  }
  const std::string hash = program_hash(std::move(program));
  if (json)
    out = JsonObject()
              .add("file", file)
              .add("patch", patch.label)
              .add("from", patch.from)
              .add("checksum", dsu::hex(patch.checksum))
              .add("sequence", patch.sequence)
              .add("key", patch.signature ? dsu::hex(patch.signature->key) : "")
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
    out = JsonObject()
              .add("file", file)
              .add("patch", patch.label)
              .add("from", patch.from)
              .add("checksum", dsu::hex(patch.checksum))
              .add("sequence", patch.sequence)
              .add("key", patch.signature ? dsu::hex(patch.signature->key) : "")
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
