// The running program as updating sees it: every version of every module that is mapped, and what names are bound to now.
//
// A module version is never removed (R46). `latest` names the version of each module that new code links to; `names` binds the
// names of the program (a static one is qualified by its module) to definitions, some of which may be in older versions:
// data that an update shared stays where it was. `callers` tells which call sites lead to a definition now.
//
// A program that is updated for years has thousands of versions. Nothing here is walked version by version during an update.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dsu/format/manifest.h"
#include "tal/link/image.h"
#include "tal/interface.h"

namespace dsu {

struct LoadedModule {
  std::string name, version;
  Hash hash{};
  uint32_t updates = 0;
  bool is_private = false;             // came with a patch for the patch's own use
  tal::Bytes dsu;                      // its manifest as it came, for tools
  tal::Interface interface;
  tal::RunningModule linked;           // with this interface
  uint8_t* section[6] = {};            // address, by tal::Section
  const uint8_t* descriptors = nullptr; // as tal/descriptor.h lays them out
  std::vector<bool> finished;          // by function of the interface; see OldFunction

  // Index into interface.functions of the function that holds a text offset, or of none: functions.size().
  size_t function_at(uint32_t offset) const;
  // A read-only pointer serves all functions of its module, and is left alone when none of them is entered again.
  bool is_finished(const tal::Site& site) const {
    if (site.section == tal::Section::RelRo)
      return finished.size() == interface.functions.size() && std::all_of(finished.begin(), finished.end(), [](bool f) { return f; });
    return site.section == tal::Section::Text && function_at(site.offset) < finished.size() && finished[function_at(site.offset)];
  }

  uintptr_t address_of(uint32_t symbol) const {
    const tal::InterfaceSymbol& s = interface.symbols[symbol];
    return reinterpret_cast<uintptr_t>(section[static_cast<unsigned>(s.section)]) + s.offset;
  }
};

// "main\nreport" for the static `report` of module main; the plain name for a public one.
std::string program_name(const std::string& name, const std::string& module, bool is_static);

// One whose entry leads to a newer one, and which a frame may still run. When none does any more it is finished: nothing enters
// its body again, so its call sites need no relinking, and updates do not become slower.
struct OldFunction {
  uintptr_t entry = 0, end = 0;
  tal::Binding symbol;
  bool is_active = false;
};

using NameTable = std::map<std::string, tal::Binding, std::less<>>;

struct Program {
  std::string version;
  std::optional<PublicKey> key;  // that patches must be signed with
  uint64_t sequence = 0;         // of the newest patch applied; asked for only where there is a key
  std::vector<std::unique_ptr<LoadedModule>> modules;
  std::map<std::string, uint32_t, std::less<>> latest;
  NameTable names;
  // Public names that a module provides though the definition is another's: data that moved stay where they are.
  std::map<std::string, std::string, std::less<>> adopted;
  tal::Callers callers;
  tal::AbstractTypes abstract_types;
  std::vector<OldFunction> old_functions;  // by entry

  // What the last commit left for later, so that the program did not stand still for it. First thing of whoever looks at the above.
  void settle();
  tal::Callers unsettled;            // lists of callers that it changed
  bool has_found_old_frames = false; // it has seen which old functions are active

  tal::RunningProgram running() const {
    return {static_cast<uint32_t>(modules.size()), [this](uint32_t m) -> const tal::RunningModule& { return modules[m]->linked; }, callers, abstract_types};
  }
  // `name` as code of `module` sees it: its own static definition first, then the public one.
  std::optional<tal::Binding> find(const std::string& name, const std::string& module) const;
};

// Lists that change take the place of those in force, which are then in `changed`.
void swap_lists(tal::Callers& callers, tal::Callers& changed);

// The module whose new version says whether the name stays.
std::string owner_of(const Program& program, const std::string& name, const tal::Binding& definition);

// Reads the interfaces that the program carries. False with a message: it was not linked with -dsu, or is damaged.
[[nodiscard]] bool describe_program(const tal_program& image, const tal::NativeInterface& natives, Program& program,
                                    std::string& problem);

}  // namespace dsu
