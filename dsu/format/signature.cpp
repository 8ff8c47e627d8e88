#include "dsu/format/signature.h"

#include <algorithm>
#include <sodium.h>

namespace dsu {
namespace {

constexpr std::string_view public_prefix = "popcorn-patch-public ", secret_prefix = "popcorn-patch-secret ";
// Signatures of patches cannot pass for signatures of anything else.
constexpr std::string_view domain = "popcorn patch signature 1";

static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(PublicKey));
static_assert(crypto_sign_SECRETKEYBYTES == sizeof(SecretKey));
static_assert(crypto_sign_BYTES == sizeof(Signature::bytes));

tal::Bytes message(const Hash& checksum) {
  tal::Bytes text(domain.size() + checksum.size());
  std::copy(checksum.begin(), checksum.end(), std::copy(domain.begin(), domain.end(), text.begin()));
  return text;
}

template <class Key>
std::optional<Key> parse_key(std::string_view text, std::string_view prefix) {
  Key key;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  if (!text.starts_with(prefix) || !parse_hex(text.substr(prefix.size()), key))
    return std::nullopt;
  return key;
}

std::string name_of(const PublicKey& key) { return hex(key).substr(0, 16); }

} // namespace

KeyPair make_key_pair() {
  KeyPair pair;
  crypto_sign_keypair(pair.public_key.data(), pair.secret_key.data());
  return pair;
}

std::string key_text(const PublicKey& key) { return std::string(public_prefix) + hex(key) + "\n"; }
std::string key_text(const SecretKey& key) { return std::string(secret_prefix) + hex(key) + "\n"; }
std::optional<PublicKey> parse_public_key(std::string_view text) { return parse_key<PublicKey>(text, public_prefix); }
std::optional<SecretKey> parse_secret_key(std::string_view text) { return parse_key<SecretKey>(text, secret_prefix); }

void sign(PatchFile& patch, const SecretKey& key) {
  Signature signature;
  // The second half of the secret key is the public one.
  std::copy(key.begin() + 32, key.end(), signature.key.begin());
  patch.checksum = body_checksum(patch);
  const tal::Bytes text = message(patch.checksum);
  crypto_sign_detached(signature.bytes.data(), nullptr, text.data(), text.size(), key.data());
  patch.signature = signature;
}

std::optional<ContainerProblem> find_signature_problem(const PatchFile& patch, const PublicKey& key, uint64_t sequence) {
  const std::string wanted = "this program takes patches signed with key " + name_of(key);
  if (!patch.signature)
    return ContainerProblem{"the patch is not signed", wanted + "; sign it with `popc -patch --sign=KEY`"};
  if (patch.signature->key != key)
    return ContainerProblem{"the patch is signed with key " + name_of(patch.signature->key), wanted};
  const tal::Bytes text = message(patch.checksum);
  if (crypto_sign_verify_detached(patch.signature->bytes.data(), text.data(), text.size(), key.data()) != 0)
    return ContainerProblem{"the signature does not fit the patch", "the file was changed after it was signed: do not use it"};
  if (patch.sequence <= sequence)
    return ContainerProblem{"the patch is older than what has been applied already: its number is " + std::to_string(patch.sequence) +
                                ", that of the newest one " + std::to_string(sequence),
                            "to go back to an earlier version, make and sign a new patch that does"};
  return std::nullopt;
}

} // namespace dsu
