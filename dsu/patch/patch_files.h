// The text files of a patch directory that say what to compile: one `M.patch` per module, and `PATCH` for the whole.
//
// Both are white-space separated tokens: a keyword that ends in a colon, then its items. docs/patch-format.md describes them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dsu/format/container.h"

namespace dsu {

// Keyword (without the colon) -> items.
using TokenFile = std::map<std::string, std::vector<std::string>>;
std::optional<TokenFile> parse_tokens(const std::string& text, std::string& problem);
std::string write_tokens(const std::vector<std::pair<std::string, std::vector<std::string>>>& entries);

// M.patch. `implementation`, `interface`, `sharing` and `renaming` are those of the original system.
struct ModulePatch {
  std::string module;
  std::string implementation;            // path of the new source; empty: interface code only
  std::string interface;                 // file in the patch directory; may be empty
  std::vector<std::string> sharing;      // values that keep their running definition
  std::vector<std::string> moved;        // new=old@module: what goes on under another name or in another module
  std::vector<std::string> detached;     // nested functions that do not take the place of those of the same name
  std::vector<std::string> renaming;     // New::T=T!hash, for people
  std::vector<std::string> old_statics;  // static values of the running version that the interface code refers to; name@module if of another
  std::vector<std::string> new_statics;
  std::vector<std::string> function_variables;  // variables that hold functions, as the interface code names them
  bool is_new = false;                   // the program has no such module yet
  Hash from{};                           // of the running version
};
std::string write_module_patch(const ModulePatch& patch);
std::optional<ModulePatch> parse_module_patch(const std::string& text, std::string module, std::string& problem);

// PATCH.
struct PatchIndex {
  std::string from, to;                                // version labels
  std::vector<std::string> modules;                    // with an M.patch, most basic first
  std::vector<std::pair<std::string, Hash>> required;  // unchanged modules, as the patch expects them
  std::vector<std::pair<std::string, Hash>> removed;   // modules that the new version has no more, likewise
  std::vector<std::string> renames;                    // what the programmer said of names (--rename)
  std::vector<std::string> library;                    // modules of the library that the program has
  std::string conversions;                             // file with the conversions; may be empty
};
std::string write_index(const PatchIndex& index);
std::optional<PatchIndex> parse_index(const std::string& text, std::string& problem);

}  // namespace dsu
