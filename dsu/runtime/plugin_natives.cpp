// The natives of stdlib/dlpop.pop in an updateable program.
#include "dsu/runtime/updates.h"
#include "stdlib/runtime/raise.h"

namespace {

using dsu::Plugins;
using dsu::PluginProblem;

// Why the last load was refused; program's thread.
std::string& problem_text() {
  static auto* text = new std::string;
  return *text;
}

std::string to_text(const poprt::String* string) { return {string->bytes, static_cast<size_t>(string->length)}; }
poprt::String* to_string(const std::string& text) { return poprt::new_string_from(text.data(), text.size()); }

uint64_t load(const poprt::PointerArray& objects, poprt::PointerArray& names) {
  PluginProblem problem;
  if (dsu::updates().is_transforming()) {
    problem = {PluginProblem::Kind::Other, "a state transformer cannot load plug-ins"};
  } else if (objects.length != names.length) {
    problem = {PluginProblem::Kind::Other, "as many names as objects are wanted"};
  } else {
    std::vector<std::span<const uint8_t>> files;
    for (int64_t i = 0; i < objects.length; i++) {
      const auto* object = static_cast<const poprt::String*>(objects.elements[i]);
      files.emplace_back(reinterpret_cast<const uint8_t*>(object->bytes), static_cast<size_t>(object->length));
    }
    std::vector<std::string> loaded;
    const auto use = [&](Plugins& plugins, const dsu::PreparedUpdate*) { return plugins.load(files, loaded, problem); };
    if (!dsu::updates().use_plugins(use, problem.text))
      problem.kind = PluginProblem::Kind::Other;
    for (size_t i = 0; i < loaded.size() && problem.kind == PluginProblem::Kind::None; i++)
      if (poprt::String* name = to_string(loaded[i]))
        names.elements[i] = name;
  }
  problem_text() = problem.text;
  return static_cast<uint64_t>(problem.kind);
}

Plugins::Found find(const poprt::String* module, const poprt::String* name, const void* rep, uintptr_t& address) {
  auto found = Plugins::Found::NoSymbol;
  std::string problem;
  const auto use = [&](Plugins& plugins, const dsu::PreparedUpdate*) {
    found = plugins.find(to_text(module), to_text(name), rep, address);
    return false;
  };
  return dsu::updates().use_plugins(use, problem) ? found : Plugins::Found::NoSymbol;
}

Plugins::Found find_updated(uint64_t old, const void* rep, const void* new_rep, uintptr_t& address) {
  auto found = Plugins::Found::NoSymbol;
  std::string problem;
  const auto use = [&](Plugins& plugins, const dsu::PreparedUpdate* waiting) {
    found = plugins.find_updated(old, rep, new_rep, waiting, address);
    return false;
  };
  return dsu::updates().use_plugins(use, problem) ? found : Plugins::Found::NoSymbol;
}

poprt::PointerArray* to_array(const std::vector<std::string>& lines) {
  poprt::PointerArray* array = poprt::new_pointer_array(static_cast<int64_t>(lines.size()));
  for (size_t i = 0; array != nullptr && i < lines.size(); i++)
    if ((array->elements[i] = to_string(lines[i])) == nullptr)
      return nullptr;
  return array;
}

}  // namespace

POPRT_THROWING(uint64_t, Dlpop__load, (const poprt::PointerArray* objects, poprt::PointerArray* names)) { return load(*objects, *names); }
POPRT_THROWING(poprt::String*, Dlpop__problem, ()) { return to_string(problem_text()); }

POPRT_THROWING(uint64_t, Dlpop__find, (const poprt::String* module, const poprt::String* name, const void* rep)) {
  uintptr_t address = 0;
  return static_cast<uint64_t>(find(module, name, rep, address));
}

POPRT_THROWING(uint64_t, Dlpop__value, (const poprt::String* module, const poprt::String* name, const void* rep)) {
  uintptr_t address = 0;
  if (find(module, name, rep, address) != Plugins::Found::Symbol)
    poprt::raise_invalid_argument("dlsym");
  return address;
}

POPRT_THROWING(void, Dlpop__close, (const poprt::String* module)) {
  std::string problem;
  if (dsu::updates().is_transforming())
    return poprt::raise_invalid_argument("dlclose");
  const auto use = [&](Plugins& plugins, const dsu::PreparedUpdate*) {
    plugins.close(to_text(module));
    return true;
  };
  if (!dsu::updates().use_plugins(use, problem))
    poprt::raise_invalid_argument("dlclose");
}

POPRT_THROWING(uint64_t, Dlpop__find_updated, (uint64_t old, const void* rep, const void* new_rep)) {
  uintptr_t address = 0;
  return static_cast<uint64_t>(find_updated(old, rep, new_rep, address));
}

POPRT_THROWING(uint64_t, Dlpop__updated, (uint64_t old, const void* rep, const void* new_rep)) {
  uintptr_t address = 0;
  if (find_updated(old, rep, new_rep, address) != Plugins::Found::Symbol)
    poprt::raise_invalid_argument("updated_sym");
  return address;
}

POPRT_THROWING(poprt::PointerArray*, Dlpop__names, (const poprt::String* module)) {
  std::vector<std::string> lines;
  std::string problem;
  const auto use = [&](Plugins& plugins, const dsu::PreparedUpdate*) {
    lines = module->length == 0 ? plugins.modules() : plugins.symbols(to_text(module));
    return false;
  };
  if (!dsu::updates().use_plugins(use, problem))
    poprt::raise_invalid_argument("print_table");
  return to_array(lines);
}
