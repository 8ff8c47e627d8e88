#include "driver/read_version.h"

#include <algorithm>
#include <filesystem>

#include "driver/library_modules.h"
#include "driver/output.h"
#include "driver/patch_sessions.h"
#include "dsu/client/client.h"
#include "dsu/pass/retained.h"
#include "dsu/pass/update_points.h"
#include "ir/lower.h"

namespace driver {
namespace {

namespace fs = std::filesystem;

constexpr int answer_timeout_ms = 60'000;

bool read_natives(tal::NativeInterface& natives, std::string& problem) { return tal::parse_natives(tal::builtin_natives_text(), natives, problem); }

// What a program of these modules is linked with from the library.
bool find_library(dsu::Version& version, const tal::NativeInterface& natives, std::string& problem) {
  std::vector<std::string> imports;
  std::set<std::string> defined;
  for (const auto& [name, module] : version.modules) {
    imports.insert(imports.end(), module.imports.begin(), module.imports.end());
    for (const auto& [value, info] : module.values)
      if (!info.is_static)
        defined.insert(value);
  }
  std::vector<LibraryModule> modules;
  auto is_present = [&](const std::string& symbol) { return defined.contains(symbol) || natives.natives.contains(symbol); };
  if (!find_library_modules(std::move(imports), is_present, natives, modules, problem))
    return false;
  for (const LibraryModule& module : modules)
    version.library.push_back(module.name);
  std::sort(version.library.begin(), version.library.end());
  return true;
}

std::vector<std::string> files_of(const std::string& directory, const char* extension) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.path().extension() == extension)
      files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

bool ask_program(const std::string& program, std::vector<tal::Bytes>& sections, std::string& problem) {
  auto result = dsu::exchange(dsu::socket_of(program), dsu::FrameKind::Manifests, {}, answer_timeout_ms);
  if (auto* failure = std::get_if<dsu::ClientProblem>(&result)) {
    problem = failure->text;
    return false;
  }
  const dsu::Answer& answer = std::get<dsu::Answer>(result);
  if (answer.kind == dsu::FrameKind::Problem) {
    problem = program + ": " + std::string(answer.payload.begin(), answer.payload.end());
    return false;
  }
  const auto manifests = dsu::decode_manifests(answer.payload);
  if (!manifests) {
    problem = program + ": the program speaks another version of the protocol than this poppatch";
    return false;
  }
  for (const dsu::RunningManifest& manifest : *manifests)
    if (manifest.is_latest)
      sections.push_back(manifest.section);
  return true;
}

} // namespace

std::optional<dsu::Version> read_source_version(const PopcOptions& options, const std::string& directory, std::string label,
                                                dsu::TypeModel& types, std::string& problem) {
  tal::NativeInterface natives;
  if (!read_natives(natives, problem))
    return std::nullopt;
  auto is_native = [&](const std::string& name) { return natives.natives.contains(name); };
  auto is_blocking = [&](const std::string& name) {
    const auto native = natives.natives.find(name);
    return native != natives.natives.end() && native->second.blocking;
  };
  auto describe_code = [&](const frontend::typed::TypedModule& module, dsu::ModuleInfo& info) {
    ir::LowerResult lowered = ir::lower(module);
    if (!lowered.unsupported.empty())
      return; // popc says so
    if (options.loop_update_points)
      dsu::insert_update_points(lowered.module, is_blocking);
    info.suspensions = dsu::find_suspensions(lowered.module, is_native);
  };
  PatchSessions sessions(options);
  std::optional<dsu::Version> version = dsu::read_sources(directory, std::move(label), sessions, types, describe_code, problem);
  if (!version || !find_library(*version, natives, problem))
    return std::nullopt;
  return version;
}

bool read_manifest_sections(const std::string& input, std::vector<tal::Bytes>& sections, bool& is_program, std::string& problem) {
  std::error_code error;
  if (!fs::is_regular_file(input, error)) {
    is_program = true;
    return ask_program(input, sections, problem);
  }
  const std::optional<tal::Bytes> bytes = read_file(input, problem);
  return bytes && dsu::manifests_of_file(*bytes, input, sections, is_program, problem);
}

std::optional<dsu::Version> read_any_version(const PopcOptions& options, const std::vector<std::string>& inputs, std::string label,
                                             dsu::TypeModel& types, std::string& problem) {
  const std::string name = fs::weakly_canonical(inputs.front()).filename().string();
  std::vector<std::string> files = inputs;
  std::error_code error;
  if (inputs.size() == 1 && fs::is_directory(inputs.front(), error)) {
    files = files_of(inputs.front(), ".o");
    if (files.empty() || !files_of(inputs.front(), ".pop").empty())
      return read_source_version(options, inputs.front(), label.empty() ? name : std::move(label), types, problem);
  }
  std::vector<tal::Bytes> sections;
  bool has_program = false;
  for (const std::string& file : files) {
    bool is_program = false;
    if (!read_manifest_sections(file, sections, is_program, problem))
      return std::nullopt;
    has_program |= is_program;
  }
  if (has_program && files.size() > 1) {
    problem = "OLD is one program, or the objects of one";
    return std::nullopt;
  }
  std::optional<dsu::Version> version = dsu::read_manifests(sections, std::move(label), std::string(library_prefix), types, problem);
  if (!version)
    return std::nullopt;
  if (version->label.empty())
    version->label = name;
  tal::NativeInterface natives;
  if (!has_program && (!read_natives(natives, problem) || !find_library(*version, natives, problem)))
    return std::nullopt;
  return version;
}

} // namespace driver
