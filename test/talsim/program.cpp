#include "program.h"

#include <algorithm>
#include <map>

namespace talsim {

const tal_record* Module::record(uint32_t return_offset) const {
  auto at = std::lower_bound(records.begin(), records.end(), return_offset,
                             [](const tal_record& r, uint32_t offset) { return r.return_offset < offset; });
  return at != records.end() && at->return_offset == return_offset ? &*at : nullptr;
}

std::string Module::function_name(uint32_t at) const {
  for (const tal::Symbol& s : file.annotations.symbols)
    if (s.section == tal::Section::Text && at >= s.offset && at < s.offset + s.size)
      return s.name;
  return "?";
}

bool load_module(std::span<const uint8_t> bytes, std::vector<tal_record> records, Module& m, std::string& problem) {
  tal::VerifyError error;
  if (!tal::read_object(bytes, m.file, error)) {
    problem = "expected " + error.expected + ", found " + error.found;
    return false;
  }
  m.records = std::move(records);
  size_t size = m.file.image.text.size();
  m.decoded.assign(size, 0);
  m.starts.assign(size, 0);
  m.label_at.assign(size, -1);
  m.reloc_at.assign(size, -1);
  const tal::ObjectAnnotations& a = m.file.annotations;
  m.inst_at.assign(size, -1);
  for (size_t i = 0; i < a.insts.size(); i++)
    if (a.insts[i].offset < size)
      m.inst_at[a.insts[i].offset] = static_cast<int32_t>(i);
  for (size_t i = 0; i < a.labels.size(); i++)
    if (a.labels[i].offset < size)
      m.label_at[a.labels[i].offset] = static_cast<int32_t>(i);
  for (size_t i = 0; i < m.file.image.text_relocs.size(); i++)
    if (m.file.image.text_relocs[i].offset < size)
      m.reloc_at[m.file.image.text_relocs[i].offset] = static_cast<int32_t>(i);
  m.function_at_symbol.assign(a.symbols.size(), 0);
  m.object_of.assign(a.symbols.size(), 0);
  m.binding.assign(a.symbols.size(), {UINT32_MAX, UINT32_MAX});
  return true;
}

namespace {

// The entry of a polymorphic function for these widths (`f.w4.w1`), or one that leaves some of them open (`f`, `f.w4.w`).
const std::pair<uint32_t, uint32_t>* find(const std::map<std::string, std::pair<uint32_t, uint32_t>>& providers, const std::string& name) {
  std::vector<std::string> candidates{name.substr(0, name.find('.'))}, plain = candidates;
  for (size_t at = name.find('.'); at != std::string::npos && candidates.size() < 4096;) {
    const size_t next = name.find('.', at + 1);
    const std::string width = name.substr(at, next == std::string::npos ? next : next - at);
    std::vector<std::string> longer;
    for (const std::string& c : candidates)
      for (const std::string& part : {width, std::string(".w")})
        longer.push_back(c + part);
    candidates = longer;
    at = next;
  }
  candidates.push_back(plain[0]);
  for (const std::string& c : candidates)
    if (auto found = providers.find(c); found != providers.end())
      return &found->second;
  return nullptr;
}

} // namespace

void bind(std::vector<std::unique_ptr<Module>>& modules) {
  std::map<std::string, std::pair<uint32_t, uint32_t>> providers;
  for (uint32_t m = 0; m < modules.size(); m++)
    for (uint32_t s = 0; s < modules[m]->file.annotations.symbols.size(); s++)
      if (modules[m]->symbol(s).scope == tal::Scope::Public)
        providers[modules[m]->symbol(s).name] = {m, s};
  for (auto& m : modules)
    for (uint32_t s = 0; s < m->file.annotations.symbols.size(); s++)
      if (m->symbol(s).scope == tal::Scope::Import)
        if (const auto* found = find(providers, m->symbol(s).name))
          m->binding[s] = *found;
}

} // namespace talsim
