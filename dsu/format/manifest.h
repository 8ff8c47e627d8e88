// The section `.tal.dsu`: what updating needs to know of a module beyond its verified interface.
//
//   section     ::= version:u8 module:string label:string hash[32] description:string stubs imports
//   stubs       ::= count { symbol:string module:string target:string }                          patches only
//   imports     ::= count { symbol:string where:u8 provides:u8 module:string target:string }     patches only
//
// The description (dsu/pass/description.h) is for the tools that make patches; the running program does not read it.
//
// A definition of a patch's module replaces the running definition of the same name (of the same module, if static); only what
// deviates from that is written down.
//
// Nothing here is trusted: a wrong manifest can make an update fail or bind a name to another definition of a fitting
// type, but types are always taken from verified interfaces.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dsu/format/container.h"

namespace dsu {

// Without the description. An empty name takes one byte here and 32 in memory: the limit keeps a patch from exhausting the program that
// reads it.
inline constexpr size_t max_manifest = size_t{4} << 20;

// `symbol` of this object has the type of the running function `target` and takes the calls of remaining old code.
struct Stub {
  std::string symbol;
  std::string module;  // not empty: `target` is a static function of that module
  std::string target;
};

enum class ImportFrom : uint8_t {
  Patch,    // the patch's definition if it has one, else the running one
  Running,  // the version that is running when the patch is applied: interface code, shared data
};

// Shared data and exceptions: the module imports what it has as its own definition in the source.
enum class Provides : uint8_t {
  Nothing,
  Static,  // from now on the module's static definition of the name is the running one that is imported
  Public,
};

struct ImportOfSymbol {
  std::string symbol;
  ImportFrom from = ImportFrom::Patch;
  Provides provides = Provides::Nothing;
  std::string module;  // not empty: a static symbol of that module
  std::string target;
};

struct Manifest {
  std::string module, label;
  Hash hash{};  // of all definitions: the version of the module
  tal::Bytes description;
  std::vector<Stub> stubs;
  std::vector<ImportOfSymbol> imports;
};

tal::Bytes encode_manifest(const Manifest& manifest);
std::optional<Manifest> decode_manifest(std::span<const uint8_t> section);

}  // namespace dsu
