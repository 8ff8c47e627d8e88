// What the update manifest of a module (.tal.dsu) says, for people and for tools: `poppatch --show`, `talcheck --interface`.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>

#include "dsu/format/manifest.h"
#include "dsu/patch/source_printer.h"

namespace driver {

// The digits of a hash that people compare.
constexpr size_t short_hash = 12;
std::string brief(const dsu::Hash& hash);
std::string joined(const std::set<std::string>& names);

// One module and the types that it mentions.
class ModuleView {
public:
  // Nothing if the manifest is damaged, or of another version of popc.
  static std::unique_ptr<ModuleView> read(std::span<const uint8_t> manifest);

  // `is_private`: of interface code and conversions only what others can see.
  std::string text(const std::string& indent, bool is_private = false) const;
  std::string json() const;

  const dsu::Manifest& manifest() const { return manifest_; }
  const dsu::ModuleInfo& module() const { return module_; }

private:
  ModuleView(dsu::Manifest manifest, std::unique_ptr<dsu::TypeModel> types, dsu::ModuleInfo module);
  std::string suspension(const dsu::Suspension& s) const;
  std::string declaration(const std::string& name, const dsu::ValueInfo& value) const;

  const dsu::Manifest manifest_;
  const std::unique_ptr<dsu::TypeModel> types_;  // owns the types of module_
  const dsu::ModuleInfo module_;
  const dsu::Difference unchanged_;
  const dsu::Version version_;
  const dsu::SourcePrinter printer_;
};

} // namespace driver
