// The modules of the installed library: which of them a program, or a patch, needs for what it imports.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tal/checker.h"

namespace driver {

// "List::map" -> "list": most library modules are named after their prefix; library_names.def lists names without one. Empty if no
// module can have the name; whether the module is there at all, and has it, the caller finds out.
std::string library_module_of(const std::string& symbol);
std::string library_object_path(const std::string& module);
// Modules of the library are called "popcorn/list" in objects and programs.
inline constexpr std::string_view library_prefix = "popcorn/";

struct LibraryModule {
  std::string name;
  tal::Bytes object;
  std::unique_ptr<tal::VerifiedObject> verified;
};

// Installed modules that define what `imports` asks for and, transitively, what they import themselves, but for symbols that
// `is_present`. Imports that no library module defines are passed over. False with a message.
using IsPresent = std::function<bool(const std::string& symbol)>;
[[nodiscard]] bool find_library_modules(std::vector<std::string> imports, const IsPresent& is_present,
                                        const tal::NativeInterface& natives, std::vector<LibraryModule>& modules,
                                        std::string& problem);

std::vector<std::string> imports_of(const tal::Interface& interface);

}  // namespace driver
