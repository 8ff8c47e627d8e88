#include "driver/keys.h"

#include "driver/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace driver {
namespace {

// Creates the file: an existing one, whose key may be in use, is never replaced.
bool create(const std::string& path, std::string_view text, mode_t mode, std::string& problem) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) {
    problem = "cannot create " + path + ": " + std::strerror(errno);
    return false;
  }
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written) {
    problem = "cannot write " + path + ": " + std::strerror(errno);
    ::unlink(path.c_str());  // it would be in the way of the next attempt
  }
  return ::close(file) == 0 && written;
}

} // namespace

std::optional<dsu::PublicKey> read_public_key(const std::string& path, std::string& problem) {
  const auto bytes = read_file(path, problem);
  if (!bytes)
    return std::nullopt;
  const auto key = dsu::parse_public_key({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!key)
    problem = path + " holds no public key; `popctl new-key FILE` makes FILE.pub, which does";
  return key;
}

std::optional<dsu::SecretKey> read_secret_key(const std::string& path, std::string& problem) {
  const auto bytes = read_file(path, problem);
  if (!bytes)
    return std::nullopt;
  const auto key = dsu::parse_secret_key({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!key)
    problem = path + " holds no secret key; `popctl new-key FILE` makes one";
  return key;
}

bool make_key_files(const std::string& path, std::string& problem) {
  const dsu::KeyPair pair = dsu::make_key_pair();
  if (!create(path, dsu::key_text(pair.secret_key), 0600, problem))
    return false;
  if (create(path + ".pub", dsu::key_text(pair.public_key), 0644, problem))
    return true;
  ::unlink(path.c_str()); // a secret key without its public one is of no use
  return false;
}

} // namespace driver
