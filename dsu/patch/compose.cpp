#include "dsu/patch/compose.h"

namespace dsu {
namespace {

std::string brief(const Hash& hash) { return hex(hash).substr(0, 12); }

// What stands in the way of applying `part` to a program whose modules are at `versions`; empty: nothing.
std::string why_not(const PatchFile& part, const ModuleVersions& versions) {
  for (const PatchModule& m : part.modules) {
    if (m.role == ModuleRole::Private || m.role == ModuleRole::Library)
      continue;
    auto running = versions.find(m.name);
    const bool is_there = running != versions.end() && running->second;
    if (m.role == ModuleRole::New) {
      if (is_there)
        return "it brings a new module " + m.name + ", which is there already";
      continue;
    }
    if (!is_there)
      return "it was made for a program with a module " + m.name + ", and there is none";
    if (*running->second != m.old_hash)
      return "it was made for version " + brief(m.old_hash) + " of module " + m.name + ", which is at " + brief(*running->second);
  }
  return "";
}

}  // namespace

bool compose(const std::vector<NamedPatch>& patches, PatchFile& composed, std::string& problem) {
  ModuleVersions versions;
  std::string before;  // the name of the patch before
  for (const NamedPatch& named : patches) {
    ContainerResult file = read_container(named.bytes);
    if (const auto* wrong = std::get_if<ContainerProblem>(&file)) {
      problem = named.name + ": " + wrong->reason;
      return false;
    }
    PatchFile& patch = std::get<PatchFile>(file);
    composed.from = before.empty() ? patch.from : composed.from;
    composed.label = patch.label;
    std::vector<PatchFile> parts;
    if (!read_parts(std::move(patch), parts)) {
      problem = named.name + ": a part of it is damaged";
      return false;
    }
    if (composed.modules.size() + parts.size() > max_parts) {
      problem = named.name + ": more than " + std::to_string(max_parts) + " patches in one; apply those before it first";
      return false;
    }
    for (PatchFile& part : parts) {
      const std::string why = composed.modules.empty() ? "" : why_not(part, versions);
      if (!why.empty()) {
        problem = named.name + " does not follow " + before + ": " + why;
        return false;
      }
      apply_versions(part, versions);
      part.signature.reset();
      part.sequence = 0;
      PatchModule entry;
      entry.name = "part" + std::to_string(composed.modules.size() + 1);
      entry.role = ModuleRole::Part;
      composed.modules.push_back(std::move(entry));
      composed.objects.push_back(write_container(part));
    }
    before = named.name;
  }
  return true;
}

}  // namespace dsu
