#include "driver/installation.h"

#include <unistd.h>

#include <cstdlib>

namespace driver {
namespace {

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string own_path() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  return length <= 0 ? std::string() : std::string(path, static_cast<size_t>(length));
}

}  // namespace

std::string library_directory() {
  if (const char* directory = std::getenv("POPCORN_LIBRARY"); directory != nullptr && *directory != '\0')
    return directory;
  return directory_of(directory_of(own_path())) + "/lib/popcorn";
}

}  // namespace driver
