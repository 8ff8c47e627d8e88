#include "driver/check_report.h"

#include "driver/explain.h"
#include "driver/module_view.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace driver {
namespace {

constexpr const char* scope_names[] = {"static", "public", "import", "native"};
constexpr const char* kind_names[] = {"function", "data", "exception", "descriptor"};
constexpr const char* file_kinds[] = {"object", "program", "patch"};

uint64_t annotation_bytes(const tal::VerifyStatistics& s) {
  uint64_t sum = 0;
  for (const auto& [name, size] : s.section_sizes) // what the checker needs: lines and updating data are not annotations
    if (name.starts_with(".tal.") && name != ".tal.lines" && name != ".tal.dsu")
      sum += size;
  return sum;
}

std::string real(double value, const char* format) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// ---- for people ------------------------------------------------------------------------------------------------------

void print_interface(const tal::Interface& i) {
  std::cout << "  module " << i.module << (i.version.empty() ? "" : " version " + i.version) << "\n";
  for (const tal::InterfaceSymbol& s : i.symbols)
    std::cout << "  " << scope_names[static_cast<size_t>(s.scope)] << " " << kind_names[static_cast<size_t>(s.kind)] << " "
              << (s.name.empty() ? "(literal)" : s.name) << " : " << i.types.print(s.type) << "\n";
}

// What updating is told of the module. The checker does not read it and it proves nothing, so damage is no refusal.
void print_update_manifest(const tal::Bytes& section) {
  if (section.empty())
    return;
  const auto view = ModuleView::read(section);
  if (!view) {
    std::cout << "  for updating: damaged, or of another version of popc\n";
    return;
  }
  const dsu::Manifest& manifest = view->manifest();
  std::cout << "  for updating: module " << manifest.module << (manifest.label.empty() ? "" : " " + manifest.label) << "  " << brief(manifest.hash) << "\n"
            << view->text("    ");
}

void print_stats(const tal::VerifiedObject& o) {
  const tal::VerifyStatistics& s = o.statistics();
  char line[128];
  std::snprintf(line, sizeof line, "  %-14s %8u\n  %-14s %8u\n  %-14s %8u\n  %-14s %8u\n", "functions", s.functions, "instructions", s.instructions,
                "labels", s.labels, "edges", s.edges);
  std::cout << line;
  for (const auto& [name, size] : s.section_sizes) {
    std::snprintf(line, sizeof line, "  %-14s %8llu bytes\n", name.c_str(), static_cast<unsigned long long>(size));
    std::cout << line;
  }
  const double text = static_cast<double>(o.text().size());
  std::snprintf(line, sizeof line, "  annotations    %8llu bytes, %.2f of the code\n", static_cast<unsigned long long>(annotation_bytes(s)),
                text > 0 ? static_cast<double>(annotation_bytes(s)) / text : 0.0);
  std::cout << line;
}

void print_refusal(const CheckedFile& f, const CheckedObject& o, bool colour, const tal::NativeInterface& natives) {
  const std::string_view red = colour ? "\033[1;31m" : "", bold = colour ? "\033[1m" : "", plain = colour ? "\033[0m" : "";
  std::string text = to_string(*o.error, f.kind == CheckedFile::Kind::Object ? f.file : f.file + ", module " + o.name);
  if (const size_t at = text.find(": refused"); at != std::string::npos)
    text.replace(at, 9, ": " + std::string(red) + "refused" + std::string(plain));
  std::cerr << text << listing_around(o.bytes, natives, *o.error, bold, plain);
}

void print_verdict(const CheckedFile& f) {
  uint64_t text = 0, functions = 0, instructions = 0, labels = 0;
  for (const CheckedObject& o : f.objects) {
    text += o.object->text().size();
    functions += o.object->statistics().functions;
    instructions += o.object->statistics().instructions;
    labels += o.object->statistics().labels;
  }
  std::cout << f.file << ": verified";
  if (f.kind == CheckedFile::Kind::Program)
    std::cout << " program" << (f.updateable ? ", updateable" : "");
  if (f.kind == CheckedFile::Kind::Patch)
    std::cout << " patch `" << f.patch.label << "` for `" << f.patch.from << "`, " << (f.patch.signature ? "signed" : "not signed");
  if (f.kind != CheckedFile::Kind::Object)
    std::cout << ", " << f.objects.size() << (f.objects.size() == 1 ? " module" : " modules");
  std::cout << ", " << functions << " functions, " << instructions << " instructions, " << labels << " labels, " << real(f.seconds * 1e3, "%.2f ms");
  if (f.kind != CheckedFile::Kind::Program) // there it is more than the code
    std::cout << ", " << real(f.seconds > 0 ? static_cast<double>(text) / f.seconds / 1e6 : 0, "%.1f MB/s of text");
  std::cout << "\n";
}

} // namespace

bool CheckedFile::accepted() const {
  return problem.empty() && std::all_of(objects.begin(), objects.end(), [](const CheckedObject& o) { return o.object != nullptr; });
}

void print(const CheckedFile& f, const ReportOptions& options, const tal::NativeInterface& natives) {
  if (!f.problem.empty()) {
    const std::string text = f.unreadable ? f.problem : f.file + ": refused: " + f.problem;
    std::cerr << text << (text.ends_with('\n') ? "" : "\n");
    return;
  }
  for (const CheckedObject& o : f.objects)
    if (o.error)
      print_refusal(f, o, options.colour, natives);
  if (!f.accepted())
    return;
  print_verdict(f);
  for (const CheckedObject& o : f.objects) {
    if (f.kind != CheckedFile::Kind::Object)
      std::cout << "  " << o.name << "\n";
    if (options.stats)
      print_stats(*o.object);
    if (options.interface) {
      print_interface(o.object->interface());
      print_update_manifest(o.object->dsu());
    }
  }
}

// ---- JSON ------------------------------------------------------------------------------------------------------------

namespace {

void add_error(JsonObject& out, const tal::VerifyError& e) {
  out.add("rule", e.rule).add("title", e.title).add("function", e.function).add("section", std::string(section_name(e.section)));
  out.add("offset", uint64_t{e.offset}).add("instruction", e.instruction).add("expected", e.expected).add("found", e.found);
}

void add_object(JsonObject& out, const CheckedObject& o) {
  if (o.error)
    add_error(out, *o.error);
  if (o.object == nullptr)
    return;
  const tal::VerifyStatistics& s = o.object->statistics();
  out.add("functions", uint64_t{s.functions}).add("instructions", uint64_t{s.instructions}).add("labels", uint64_t{s.labels});
  out.add("edges", uint64_t{s.edges}).add("annotation_bytes", annotation_bytes(s));
  JsonObject sections;
  for (const auto& [name, size] : s.section_sizes)
    sections.add(name.c_str(), size);
  out.raw("sections", sections.str());
  const tal::Interface& i = o.object->interface();
  std::vector<std::string> symbols;
  for (const tal::InterfaceSymbol& symbol : i.symbols) {
    JsonObject x;
    x.add("name", symbol.name).add("kind", std::string(kind_names[static_cast<size_t>(symbol.kind)]));
    symbols.push_back(x.add("scope", std::string(scope_names[static_cast<size_t>(symbol.scope)])).add("type", i.types.print(symbol.type)).str());
  }
  JsonObject interface;
  out.raw("interface", interface.add("module", i.module).add("version", i.version).raw("symbols", json_list(symbols)).str());
  if (!o.object->dsu().empty()) {
    const auto view = ModuleView::read(o.object->dsu());
    out.raw("updating", view ? view->json() : "null");
  }
}

} // namespace

std::string json(const CheckedFile& f) {
  JsonObject out;
  out.add("file", f.file).add("kind", std::string(file_kinds[static_cast<size_t>(f.kind)]));
  out.raw("accepted", f.accepted() ? "true" : "false").raw("seconds", real(f.seconds, "%.9g"));
  if (!f.problem.empty())
    out.add("problem", f.problem);
  if (f.kind == CheckedFile::Kind::Program)
    out.raw("updateable", f.updateable ? "true" : "false");
  if (f.kind == CheckedFile::Kind::Patch)
    out.add("label", f.patch.label).add("from", f.patch.from).raw("signed", f.patch.signature ? "true" : "false");
  if (f.kind == CheckedFile::Kind::Object) {
    for (const CheckedObject& o : f.objects)
      add_object(out, o);
    return out.str();
  }
  std::vector<std::string> modules;
  for (const CheckedObject& o : f.objects) {
    JsonObject m;
    m.add("name", o.name).raw("accepted", o.object != nullptr ? "true" : "false");
    add_object(m, o);
    modules.push_back(m.str());
  }
  return out.raw("modules", json_list(modules)).str();
}

} // namespace driver
