#include "dsu/format/control_path.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace dsu {

std::string control_directory() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime && runtime[0] == '/')
    return std::string(runtime) + "/popcorn";
  return "/tmp/popcorn-" + std::to_string(::geteuid());
}

std::string control_path(pid_t pid) {
  return control_directory() + "/" + std::to_string(pid) + ".sock";
}

bool is_private_directory(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() &&
         (info.st_mode & 077) == 0;
}

bool prepare_control_directory(std::string& problem) {
  std::string directory = control_directory();
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    problem = "cannot create " + directory + ": " + std::strerror(errno);
    return false;
  }
  if (!is_private_directory(directory)) {
    problem = directory + " is not a directory of this user closed to others (mode 0700)";
    return false;
  }
  return true;
}

}  // namespace dsu
