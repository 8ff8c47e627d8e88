// Plug-ins: modules that the running program loads itself, and symbols that it looks up by name and type (stdlib/dlpop.h).
//
// A plug-in goes through what a patch goes through (verify, link check, load) and changes nothing that is there: its modules and public
// names are new, it has no stubs, and no call site or entry is rewritten. Therefore it needs no update point.
//
// A symbol is given out at exactly the type that the program asks for. The type asked for is a value of type `rep t`, which code can only
// have from the descriptors of some module (T12). It is found again by its address, and t compared with the symbol's type by the types of the
// modules concerned (tal/link_types.h), in which abstract types are what their definitions are and not how they are called.
#pragma once

#include <set>

#include "dsu/runtime/prepare.h"
#include "tal/link_types.h"

namespace dsu {

struct PluginProblem {
  enum class Kind : uint8_t { None, FailsTypeCheck, UnresolvedSymbol, Other } kind = Kind::None;
  std::string text;  // of an unresolved symbol its name
};

class Plugins {
public:
  Plugins(Program& program, const tal::NativeInterface& natives, Arena& arena) : program_(program), natives_(natives), arena_(arena) {}

  // Loads objects that may need each other. All or nothing; `names` are the modules' names in the order of the objects. A module that runs
  // at this very version already is not loaded again.
  [[nodiscard]] bool load(std::span<const std::span<const uint8_t>> objects, std::vector<std::string>& names, PluginProblem& problem);
  // The names that the module provides are free again. What was loaded stays mapped (R46), and values taken from it stay good.
  void close(const std::string& module);

  enum class Found : uint8_t { Symbol, NoSymbol, WrongType };
  // The address of a public symbol of the module's running version, or of its static function `init`. `rep`: the type that it must have.
  Found find(const std::string& module, const std::string& name, const void* rep, uintptr_t& address);
  // What has taken the place of the function, variable or exception at `old`, whose type is `rep`: the definition of its name now, or, in
  // a state transformer, after the update `waiting`; at the type `new_rep`.
  Found find_updated(uintptr_t old, const void* rep, const void* new_rep, const PreparedUpdate* waiting, uintptr_t& address);
  // Names of the modules; "name : type" of what a module provides.
  std::vector<std::string> modules() const;
  std::vector<std::string> symbols(const std::string& module) const;

private:
  bool read(std::span<const std::span<const uint8_t>> objects, PatchFile& patch, std::vector<std::string>& names, PluginProblem& problem) const;
  bool brings_new_names(const tal::Interface& interface, PluginProblem& problem) const;
  bool know_types(std::vector<uint32_t> modules, const PreparedUpdate* waiting);
  tal::TypeId type_of(tal::Binding symbol) const;
  const LoadedModule& module_of(uint32_t number, const PreparedUpdate* waiting) const;
  std::optional<tal::Binding> find_rep(const void* rep, const PreparedUpdate* waiting) const;
  bool has_type(tal::Binding symbol, tal::Binding rep) const;

  Program& program_;
  const tal::NativeInterface& natives_;
  Arena& arena_;
  std::vector<std::unique_ptr<PreparedUpdate>> failed_;  // some of their modules are registered
  std::unique_ptr<tal::LinkTypes> types_;  // of the modules `known_`, in this order
  std::set<uint32_t> known_;
  bool is_of_waiting_ = false;
};

}  // namespace dsu
