#include "driver/module_view.h"

#include <cstring>

#include "driver/json.h"

namespace driver {
namespace {

const char* kind_name(dsu::DefinitionKind kind) {
  switch (kind) {
    case dsu::DefinitionKind::Function: return "function";
    case dsu::DefinitionKind::Variable: return "variable";
    case dsu::DefinitionKind::Exception: break;
  }
  return "exception";
}

std::string old_name(const std::string& module, const std::string& name) { return module.empty() ? name : name + " of " + module; }
std::string lines(const std::string& text, const std::string& indent) {
  std::string out;
  size_t from = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; from = end + 1, end = text.find('\n', from))
    out += indent + text.substr(from, end - from) + "\n";
  return out;
}

} // namespace

std::string brief(const dsu::Hash& hash) { return dsu::hex(hash).substr(0, short_hash); }

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::unique_ptr<ModuleView> ModuleView::read(std::span<const uint8_t> section) {
  auto manifest = dsu::decode_manifest(section);
  auto types = std::make_unique<dsu::TypeModel>();
  auto module = manifest ? dsu::read_description(*manifest, *types) : std::nullopt;
  if (!module)
    return nullptr;
  return std::unique_ptr<ModuleView>(new ModuleView(std::move(*manifest), std::move(types), std::move(*module)));
}

ModuleView::ModuleView(dsu::Manifest manifest, std::unique_ptr<dsu::TypeModel> types, dsu::ModuleInfo module)
    : manifest_(std::move(manifest)), types_(std::move(types)), module_(std::move(module)), version_(dsu::make_version({module_}, "")),
      printer_(version_, version_, unchanged_) {}

std::string ModuleView::text(const std::string& indent, bool is_private) const {
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

std::string ModuleView::json() const {
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

std::string ModuleView::suspension(const dsu::Suspension& s) const {
  std::set<std::string> own;
  for (const std::string& name : s.values)
    if (module_.values.contains(name))
      own.insert(name);
  return s.function + " may be suspended in " + (s.callee.empty() ? "a function value" : s.callee) +
         (s.types.empty() ? "" : "; retains types " + joined(s.types)) + (own.empty() ? "" : "; goes on using " + joined(own));
}

std::string ModuleView::declaration(const std::string& name, const dsu::ValueInfo& value) const {
  if (value.kind != dsu::DefinitionKind::Exception)
    return printer_.declaration(value.type, name, dsu::Side::Old);
  return value.type->kind == frontend::TypeKind::Void ? name : name + "(" + printer_.type(value.type, dsu::Side::Old) + ")";
}

} // namespace driver
