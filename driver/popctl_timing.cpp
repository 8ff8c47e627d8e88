#include "driver/popctl_timing.h"

#include <filesystem>

#include "driver/library_modules.h"
#include "dsu/client/client.h"
#include "dsu/patch/timing.h"
#include "dsu/patch/version.h"
#include "tal/object_reader.h"

namespace driver {
namespace {

std::optional<dsu::Answer> ask(const std::string& program, dsu::FrameKind kind, int timeout_ms) {
  auto result = dsu::exchange(dsu::socket_of(program), kind, {}, timeout_ms);
  auto* answer = std::get_if<dsu::Answer>(&result);
  if (answer == nullptr || answer->kind != kind)
    return std::nullopt;
  return std::move(*answer);
}

std::optional<dsu::ModuleInfo> description_of(std::span<const uint8_t> section, dsu::TypeModel& types) {
  const std::optional<dsu::Manifest> manifest = dsu::decode_manifest(section);
  return manifest ? dsu::read_description(*manifest, types) : std::nullopt;
}

// The modules after the parts of the patch.
bool apply(const tal::Bytes& patch, std::map<std::string, dsu::ModuleInfo>& modules, dsu::TypeModel& types) {
  dsu::ContainerResult file = dsu::read_container(patch);
  std::vector<dsu::PatchFile> parts;
  if (!std::holds_alternative<dsu::PatchFile>(file) || !dsu::read_parts(std::move(std::get<dsu::PatchFile>(file)), parts))
    return false;
  for (const dsu::PatchFile& part : parts) {
    size_t next = 0;
    for (const dsu::PatchModule& m : part.modules) {
      if (m.role == dsu::ModuleRole::Removed)
        modules.erase(m.name);
      if (!dsu::has_object(m.role))
        continue;
      const tal::Bytes& object = part.objects[next++];
      if (m.role != dsu::ModuleRole::Replaced && m.role != dsu::ModuleRole::New)
        continue;
      tal::ObjectFile content;
      tal::VerifyError error;
      std::optional<dsu::ModuleInfo> module;
      if (tal::read_object(object, content, error))
        module = description_of(content.annotations.dsu, types);
      if (!module)
        return false;
      modules[m.name] = std::move(*module);
    }
  }
  return true;
}

dsu::Version version_of(const std::map<std::string, dsu::ModuleInfo>& modules) {
  std::vector<dsu::ModuleInfo> list;
  for (const auto& [name, module] : modules)
    list.push_back(module);
  return dsu::make_version(std::move(list), "");
}

// A frame is written "FUNCTION (FILE:LINE)", with the times that it is there behind it.
bool is_frame_of(const std::string& frame, const dsu::TimingNote& note) {
  const size_t open = frame.find(" ("), colon = frame.find(':', open == std::string::npos ? open : open + 2);
  if (open == std::string::npos || colon == std::string::npos)
    return false;
  return frame.substr(0, open) == note.function && std::filesystem::path(frame.substr(open + 2, colon - open - 2)).stem() == note.module;
}

} // namespace

std::vector<std::string> timing_of(const std::string& program, const tal::Bytes& patch, int timeout_ms) {
  const auto where_answer = ask(program, dsu::FrameKind::Where, timeout_ms);
  const auto manifests_answer = ask(program, dsu::FrameKind::Manifests, timeout_ms);
  if (!where_answer || !manifests_answer)
    return {};
  const auto where = dsu::decode_where(where_answer->payload);
  const auto manifests = dsu::decode_manifests(manifests_answer->payload);
  if (!where || !manifests)
    return {};
  dsu::TypeModel types;
  std::map<std::string, dsu::ModuleInfo> modules;
  for (const dsu::RunningManifest& manifest : *manifests) {
    auto module = manifest.is_latest ? description_of(manifest.section, types) : std::nullopt;
    if (module && !module->name.starts_with(library_prefix))
      modules[module->name] = std::move(*module);
  }
  const dsu::Version before = version_of(modules);
  if (!apply(patch, modules, types))
    return {};
  std::vector<std::string> sentences;
  for (const dsu::TimingNote& note : dsu::find_timing_notes(before, dsu::compare(before, version_of(modules))))
    for (const std::string& frame : where->frames)
      if (is_frame_of(frame, note)) {
        sentences.push_back(text(note));
        break;
      }
  return sentences;
}

} // namespace driver
