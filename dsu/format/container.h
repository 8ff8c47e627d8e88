// The patch file (.pup): everything one update needs, in one file that is applied whole or not at all.
//
//   file     ::= "POPPATCH" version:u32 signed:u32 checksum[32] [ key[32] signature[64] ] body      signed is 0 or 1
//   body     ::= label:string from:string sequence:u64 modules objects
//   modules  ::= count { name:string role:u8 old_hash[32] new_hash[32] }
//   objects  ::= count { size:u32 bytes }
//
// `checksum` is the SHA-256 of the body and names the patch: applying the same one again is "already applied". Strings and
// counts are as in tal/bytes.h (LEB128). There is one object per module whose role has one (has_object), in the order in which
// their init() functions run. The file is refused if anything is left over at its end.
//
// The checksum finds damage, not malice: what makes a patch harmless is the checker and the link check. Who made it is told by the
// signature, which covers the checksum (dsu/format/signature.h).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tal/bytes.h"

namespace dsu {

using Hash = std::array<uint8_t, 32>;
std::string hex(std::span<const uint8_t> bytes);
// Two lower-case digits for each byte of `bytes`, nothing else.
bool parse_hex(std::string_view text, std::span<uint8_t> bytes);
Hash sha256(std::span<const uint8_t> bytes);

enum class ModuleRole : uint8_t {
  Replaced,  // running at old_hash, becomes new_hash
  New,       // not running, becomes new_hash
  Private,   // conversions and the like: seen by this patch only, not a module of the program
  Required,  // not changed, but the patch was made for a program in which it is at old_hash
  Library,   // of the library: new if the program has no module of this name, passed over if it has
  Removed,   // running at old_hash; stays mapped, but its names are free from then on
  Part,      // no module: the object is a whole patch file, to be applied after the parts before it
};
inline constexpr bool has_object(ModuleRole role) { return role != ModuleRole::Required && role != ModuleRole::Removed; }

struct PatchModule {
  std::string name;
  ModuleRole role = ModuleRole::Replaced;
  Hash old_hash{}, new_hash{};
};

using PublicKey = std::array<uint8_t, 32>;

struct Signature {
  PublicKey key{};
  std::array<uint8_t, 64> bytes{};
};

struct PatchFile {
  Hash checksum{};
  std::optional<Signature> signature;  // as read, not verified
  uint64_t sequence = 0;               // grows from signed patch to signed patch
  std::string label, from;  // version labels, for people
  std::vector<PatchModule> modules;
  std::vector<tal::Bytes> objects;  // of modules that have one, in that order
};

inline constexpr uint32_t container_version = 4;
inline constexpr uint32_t max_patch_modules = 4096;
inline constexpr size_t max_parts = 64;  // a program prepares each with tables of its own

struct ContainerProblem {
  std::string reason, help;
};
using ContainerResult = std::variant<PatchFile, ContainerProblem>;
[[nodiscard]] ContainerResult read_container(std::span<const uint8_t> file);

// A composed patch consists of parts only, which are not composed themselves; another is its own only part. False: something else, or
// too many parts.
[[nodiscard]] bool read_parts(PatchFile patch, std::vector<PatchFile>& parts);
// What modules are at after the patch; nothing for those that are removed. Private modules and the library's are left out.
using ModuleVersions = std::map<std::string, std::optional<Hash>>;
void apply_versions(const PatchFile& part, ModuleVersions& versions);

// The checksum is computed, the signature written as it stands.
tal::Bytes write_container(const PatchFile& patch);
Hash body_checksum(const PatchFile& patch);

}  // namespace dsu
