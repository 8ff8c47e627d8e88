// Signed patches: Ed25519 (RFC 8032) over the checksum of the patch, which covers everything that is applied.
//
// A program that was linked with a public key takes only patches signed with the secret one, and of those only patches made after
// the newest that it has taken (PatchFile::sequence), so that an old patch cannot be played back. Key files are one line of text.
#pragma once

#include <optional>

#include "dsu/format/container.h"

namespace dsu {

using SecretKey = std::array<uint8_t, 64>; // RFC 8032's seed and public key

struct KeyPair {
  PublicKey public_key{};
  SecretKey secret_key{};
};
KeyPair make_key_pair();

// "popcorn-patch-public HEX\n" and "popcorn-patch-secret HEX\n". Parsing: nothing if the text is something else.
std::string key_text(const PublicKey& key);
std::string key_text(const SecretKey& key);
std::optional<PublicKey> parse_public_key(std::string_view text);
std::optional<SecretKey> parse_secret_key(std::string_view text);

// Fills in checksum and signature; everything else must be final.
void sign(PatchFile& patch, const SecretKey& key);

// Whether `patch`, whose checksum fits its content, may be applied where `key` is asked for and patches up to `sequence` have been
// taken. If not: why, and what would help.
std::optional<ContainerProblem> find_signature_problem(const PatchFile& patch, const PublicKey& key, uint64_t sequence);

} // namespace dsu
