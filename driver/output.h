// Files that a tool reads and writes, with errors in words that a user can act on.
//
// Outputs appear whole or not at all: they are written beside their final name and renamed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace driver {

// Prints "TOOL: error: MESSAGE" on stderr, or gives that to the handler if one is set. Instead of a tool a place "FILE:LINE".
void print_error(std::string_view tool, std::string_view message);
// For output that must stay in one format: errors go to `handler` from now on. Null: to stderr again.
using ErrorHandler = void (*)(std::string_view tool, std::string_view message);
void set_error_handler(ErrorHandler handler);

// A command line that makes no sense: prints the error and where help is. Returns the exit status, 64 in all tools.
inline constexpr int usage_exit_status = 64;
int usage_error(std::string_view tool, std::string_view message);

// The contents of a regular file or pipe; nothing, with the reason in `problem`, if it cannot be read.
std::optional<std::vector<uint8_t>> read_file(const std::string& path, std::string& problem);

// Replaces `path` by `bytes`. "-" is standard output. False with the reason in `problem`; then `path` is as it was.
bool write_file(const std::string& path, std::span<const uint8_t> bytes, std::string& problem, bool executable = false);
bool write_file(const std::string& path, std::string_view text, std::string& problem);

// A directory that is removed, with what is in it, when the object goes. path() is empty if it could not be made.
class TemporaryDirectory {
public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

} // namespace driver
