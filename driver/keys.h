// Files with the keys that patches are signed with (dsu/format/signature.h).
#pragma once

#include "dsu/format/signature.h"

namespace driver {

// Nothing, with the reason in `problem`, if the file cannot be read or holds something else.
std::optional<dsu::PublicKey> read_public_key(const std::string& path, std::string& problem);
std::optional<dsu::SecretKey> read_secret_key(const std::string& path, std::string& problem);

// Writes a new secret key to `path`, readable by its owner only, and its public key to `path`.pub. Neither file may exist.
bool make_key_files(const std::string& path, std::string& problem);

} // namespace driver
