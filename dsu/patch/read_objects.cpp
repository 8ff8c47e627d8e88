#include "dsu/patch/version.h"

#include <algorithm>

#include "tal/object_reader.h"
#include "tal/link/program_file.h"

namespace dsu {
namespace {

using Span = std::span<const uint8_t>;

bool add_object(Span object, const std::string& name, std::vector<tal::Bytes>& sections, std::string& problem) {
  tal::ObjectFile file;
  tal::VerifyError error;
  if (!tal::read_object(object, file, error)) {
    problem = name + " is not an object of popc: expected " + error.expected + ", found " + error.found;
    return false;
  }
  if (!file.annotations.dsu.empty())
    sections.push_back(std::move(file.annotations.dsu));
  return true;
}

}  // namespace

bool manifests_of_file(Span file, const std::string& name, std::vector<tal::Bytes>& sections, bool& is_program, std::string& problem) {
  constexpr size_t type_at = 16;
  is_program = file.size() > type_at && file[type_at] != 1;  // ET_REL
  if (!is_program) {
    if (!add_object(file, name, sections, problem))
      return false;
    if (sections.empty())
      problem = name + " has no update manifest; compile it with `popc -dsu`";
    return !sections.empty();
  }
  tal::ProgramFile program;
  if (!program.open(file, problem)) {
    problem = name + ": " + problem;
    return false;
  }
  tal::ByteReader in(program.section(".tal.objects"));
  const uint32_t count = in.u32();
  for (uint32_t left = count; left > 0 && !in.bad(); left--) {
    const Span object = in.raw(in.u64());
    if (!in.bad() && !add_object(object, name, sections, problem))
      return false;
  }
  if (in.bad() || count == 0 || sections.size() != count) {
    problem = name + " does not carry objects with update manifests; it was not linked with `popc -dsu`, or was stripped of its sections";
    return false;
  }
  return true;
}

std::optional<Version> read_manifests(const std::vector<tal::Bytes>& sections, std::string label,
                                      const std::string& library_prefix, TypeModel& types, std::string& problem) {
  std::vector<ModuleInfo> modules;
  std::vector<std::string> library;
  for (const tal::Bytes& section : sections) {
    const std::optional<Manifest> manifest = decode_manifest(section);
    std::optional<ModuleInfo> module = manifest ? read_description(*manifest, types) : std::nullopt;
    if (!module) {
      problem = "an update manifest is damaged, or of another version of popc";
      return std::nullopt;
    }
    if (module->name.starts_with(library_prefix))
      library.push_back(module->name.substr(library_prefix.size()));
    else
      modules.push_back(std::move(*module));
  }
  if (label.empty())
    for (const ModuleInfo& module : modules)
      label = module.label.empty() ? label : module.label;
  std::optional<Version> version = make_version(std::move(modules), std::move(label));
  version->library = std::move(library);
  std::sort(version->library.begin(), version->library.end());
  return version;
}

}  // namespace dsu
