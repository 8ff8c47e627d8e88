#include "driver/output.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace driver {

namespace {

std::string reason() { return std::strerror(errno); }

class FileDescriptor {
public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  // close() can be the first to report a full disk.
  bool close() {
    int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

private:
  int fd_;
};

bool write_all(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

// Devices and pipes have nothing to be replaced; they are written to directly.
bool is_special(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

bool write_directly(const std::string& path, std::span<const uint8_t> bytes, std::string& problem) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0 || !write_all(file.get(), bytes)) {
    problem = "cannot write `" + path + "`: " + reason();
    return false;
  }
  return true;
}

bool write_and_rename(const std::string& path, std::span<const uint8_t> bytes, mode_t mode, std::string& problem) {
  std::string temporary = path + ".tmp" + std::to_string(::getpid());
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (file.get() < 0) {
    problem = "cannot write `" + path + "`: " + reason();
    return false;
  }
  if (write_all(file.get(), bytes) && file.close() && ::rename(temporary.c_str(), path.c_str()) == 0)
    return true;
  problem = "cannot write `" + path + "`: " + reason();
  ::unlink(temporary.c_str());
  return false;
}

} // namespace

namespace {
ErrorHandler error_handler = nullptr;
}

void set_error_handler(ErrorHandler handler) { error_handler = handler; }

void print_error(std::string_view tool, std::string_view message) {
  if (error_handler != nullptr)
    return error_handler(tool, message);
  std::fprintf(stderr, "%.*s: error: %.*s\n", static_cast<int>(tool.size()), tool.data(),
               static_cast<int>(message.size()), message.data());
}

int usage_error(std::string_view tool, std::string_view message) {
  const std::string name(tool);
  print_error(name, std::string(message) + " (" + name + " --help lists the options)");
  return usage_exit_status;
}

std::optional<std::vector<uint8_t>> read_file(const std::string& path, std::string& problem) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    problem = "cannot read `" + path + "`: " + reason();
    return std::nullopt;
  }
  std::vector<uint8_t> bytes;
  struct stat status;
  if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode))
    bytes.reserve(static_cast<size_t>(status.st_size));
  uint8_t buffer[1 << 16];
  for (;;) {
    ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0) {
      problem = "cannot read `" + path + "`: " + reason();
      return std::nullopt;
    }
    if (count == 0)
      return bytes;
    bytes.insert(bytes.end(), buffer, buffer + count);
  }
}

bool write_file(const std::string& path, std::span<const uint8_t> bytes, std::string& problem, bool executable) {
  if (path == "-") {
    std::fflush(stdout);
    if (write_all(STDOUT_FILENO, bytes))
      return true;
    problem = "cannot write standard output: " + reason();
    return false;
  }
  if (is_special(path))
    return write_directly(path, bytes, problem);
  return write_and_rename(path, bytes, executable ? 0777 : 0666, problem);
}

bool write_file(const std::string& path, std::string_view text, std::string& problem) {
  return write_file(path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()), problem);
}

TemporaryDirectory::TemporaryDirectory() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string(base && *base ? base : "/tmp") + "/popc-XXXXXX";
  if (const char* made = ::mkdtemp(pattern.data()))
    path_ = made;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty())
    std::filesystem::remove_all(path_, ignored);
}

} // namespace driver
