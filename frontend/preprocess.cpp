// Reading a source file and preprocessing it.
//
// The C preprocessor is part of the language, and the system's is used: `cpp` runs as a subprocess, in gnu mode, over the file itself, so
// that relative includes and messages are right. Starting it costs more than compiling a small module, so a text in which it would change
// nothing (no directive, no spliced line, no predefined macro) is not sent through it; the lexer then removes the comments.
//
// What a preprocessor would hide is checked before: NUL bytes, bad UTF-8, lines of megabytes.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <unordered_set>

#include "frontend/frontend.h"

extern char** environ;

namespace frontend {

using support::Diag;

namespace {

constexpr size_t kMaxLine = 1 << 20;
constexpr rlim_t kMaxCppSeconds = 60, kMaxCppMemory = rlim_t{4} << 30;
constexpr size_t kMaxFile = size_t{1} << 28;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { close(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// Appends what is there; false at the end or on an error.
bool read_some(int fd, std::string& out) {
  char buffer[65536];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  out.append(buffer, static_cast<size_t>(got));
  return true;
}

std::optional<std::string> read_file(Session& session, const std::string& path) {
  const SourceLoc nowhere;
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    session.diagnostics.report<Diag::FileNotReadable>(nowhere, path, std::strerror(errno));
    return std::nullopt;
  }
  if (S_ISDIR(status.st_mode)) {
    session.diagnostics.report<Diag::FileNotReadable>(nowhere, path, "it is a directory");
    return std::nullopt;
  }
  std::string text;
  while (text.size() <= kMaxFile && read_some(file.get(), text)) {
  }
  if (text.size() > kMaxFile) {
    session.diagnostics.report<Diag::FileNotReadable>(nowhere, path, "it has more than 256 MB");
    return std::nullopt;
  }
  return text;
}

// Length of the UTF-8 sequence at `p`, 0 if there is none.
size_t utf8_length(const unsigned char* p, size_t left) {
  auto continues = [&](size_t i) { return i < left && (p[i] & 0xc0) == 0x80; };
  if (p[0] < 0x80) return 1;
  if (p[0] >= 0xc2 && p[0] <= 0xdf && continues(1)) return 2;
  if ((p[0] & 0xf0) == 0xe0 && continues(1) && continues(2)) {
    const bool overlong = p[0] == 0xe0 && p[1] < 0xa0;
    const bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (p[0] >= 0xf0 && p[0] <= 0xf4 && continues(1) && continues(2) && continues(3)) {
    const bool overlong = p[0] == 0xf0 && p[1] < 0x90;
    const bool too_large = p[0] == 0xf4 && p[1] >= 0x90;
    return overlong || too_large ? 0 : 4;
  }
  return 0;
}

// The length of the run of ASCII characters other than NUL at the beginning of a text, rounded down to whole words.
size_t plain_ascii(std::string_view text) {
  constexpr uint64_t kLow = 0x0101010101010101, kHigh = 0x8080808080808080;
  size_t length = 0;
  for (uint64_t word; length + sizeof word <= text.size(); length += sizeof word) {
    std::memcpy(&word, text.data() + length, sizeof word);
    if (((word - kLow) | word) & kHigh) break;
  }
  return length;
}

// One error for the first thing that makes the file no text.
bool check_text(Session& session, support::FileId file, std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  uint32_t number = 1;
  for (size_t start = 0, end; start < text.size(); start = end, ++number) {
    end = std::min(text.find('\n', start), text.size() - 1) + 1;
    size_t length = 0;
    for (size_t i = start + plain_ascii(text.substr(start, end - start)); i < end; i += length) {
      const SourceLoc loc{number, static_cast<uint16_t>(std::min<size_t>(i - start + 1, UINT16_MAX)), file};
      length = utf8_length(bytes + i, text.size() - i);
      if (bytes[i] == 0 || length == 0) {
        bytes[i] == 0 ? session.diagnostics.report<Diag::NulByte>(loc) : session.diagnostics.report<Diag::BadUtf8>(loc);
        return false;
      }
    }
    if (end - start > kMaxLine + 1) {
      session.diagnostics.report<Diag::LineTooLong>(SourceLoc{number, 1, file});
      return false;
    }
  }
  return true;
}

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Would the preprocessor do more than remove comments?
bool needs_preprocessor(const Options& options, std::string_view text) {
  if (options.always_preprocess || !options.defines.empty() || !options.undefines.empty()) return true;
  constexpr size_t npos = std::string_view::npos;
  for (size_t i = text.find('#'); i != npos; i = text.find('#', i + 1)) {
    size_t start = i;
    while (start > 0 && (text[start - 1] == ' ' || text[start - 1] == '\t')) --start;
    if (start == 0 || text[start - 1] == '\n' || text[start - 1] == '\r') return true;
  }
  for (size_t i = text.find('\\'); i != npos; i = text.find('\\', i + 1)) {
    if (i + 1 < text.size() && (text[i + 1] == '\n' || text[i + 1] == '\r')) return true;
  }
  for (size_t i = text.find("__"); i != npos; i = text.find("__", i + 1)) {
    const std::string_view word = text.substr(i);
    if ((i == 0 || !is_word(text[i - 1])) && !word.starts_with("__cdecl") && !word.starts_with("__stdcall")) return true;
  }
  return false;
}

struct ProcessResult {
  bool started = false;
  int status = 0;
  std::string out, err;
};

ProcessResult run(const std::vector<std::string>& command) {
  ProcessResult result;
  int out[2], err[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return result;
  FileDescriptor out_read(out[0]), out_write(out[1]);
  if (::pipe2(err, O_CLOEXEC) != 0) return result;
  FileDescriptor err_read(err[0]), err_write(err[1]);

  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err_write.get(), 2);
  pid_t pid = 0;
  result.started = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  if (!result.started) return result;
  // Macros that double themselves would keep it busy for ever.
  const rlimit time{kMaxCppSeconds, kMaxCppSeconds}, memory{kMaxCppMemory, kMaxCppMemory};
  (void)::prlimit(pid, RLIMIT_CPU, &time, nullptr);
  (void)::prlimit(pid, RLIMIT_AS, &memory, nullptr);
  out_write.close();
  err_write.close();

  pollfd fds[2] = {{out_read.get(), POLLIN, 0}, {err_read.get(), POLLIN, 0}};
  std::string* texts[2] = {&result.out, &result.err};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (::poll(fds, 2, -1) < 0 && errno != EINTR) break;
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd >= 0 && fds[i].revents != 0 && !read_some(fds[i].fd, *texts[i])) fds[i].fd = -1;
    }
    if (result.out.size() > kMaxFile) ::kill(pid, SIGKILL);
  }
  while (::waitpid(pid, &result.status, 0) < 0 && errno == EINTR) {
  }
  return result;
}

// `FILE:LINE:COLUMN: error: MESSAGE`; the lines between (source excerpts, include stacks) are left out.
bool report_cpp_line(Session& session, std::string_view line) {
  size_t at = line.find(": error: "), skip = 9;
  if (at == std::string_view::npos) at = line.find(": fatal error: "), skip = 15;
  if (at == std::string_view::npos) return false;
  const std::string message(line.substr(at + skip));
  std::string_view place = line.substr(0, at);
  uint32_t numbers[2] = {0, 0};
  for (int i = 1; i >= 0; --i) {
    const size_t colon = place.rfind(':');
    if (colon == std::string_view::npos) break;
    std::from_chars(place.data() + colon + 1, place.data() + place.size(), numbers[i]);
    place = place.substr(0, colon);
  }
  const SourceLoc loc{numbers[0], static_cast<uint16_t>(std::min<uint32_t>(numbers[1], UINT16_MAX)), session.sources.file(place)};
  session.diagnostics.report<Diag::PreprocessorError>(loc, message);
  return true;
}

void report_cpp_errors(Session& session, std::string_view text) {
  bool any = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    any |= report_cpp_line(session, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!any) session.diagnostics.report<Diag::PreprocessorFailed>(SourceLoc());
}

std::optional<std::string> preprocess(Session& session, const std::string& path) {
  std::vector<std::string> command = {"cpp", "-x", "c", "-std=gnu11", "-nostdinc", "-w", "-fdiagnostics-color=never"};
  for (const std::string& directory : session.options.include_dirs) command.insert(command.end(), {"-I", directory});
  // What the original's make files define wherever there is floating point.
  command.insert(command.end(), {"-D", "FLOATS=1"});
  for (const std::string& define : session.options.defines) command.insert(command.end(), {"-D", define});
  for (const std::string& name : session.options.undefines) command.insert(command.end(), {"-U", name});
  command.push_back(path.starts_with("-") ? "./" + path : path);
  ProcessResult result = run(command);
  if (!result.started) {
    session.diagnostics.report<Diag::PreprocessorFailed>(SourceLoc());
    return std::nullopt;
  }
  if (result.out.size() > kMaxFile || (WIFSIGNALED(result.status) && (WTERMSIG(result.status) == SIGXCPU || WTERMSIG(result.status) == SIGKILL))) {
    session.diagnostics.report<Diag::PreprocessorLimit>(SourceLoc());
    return std::nullopt;
  }
  if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) != 0) {
    report_cpp_errors(session, result.err);
    return std::nullopt;
  }
  return std::move(result.out);
}

// The files named in line markers, without the compiler's own pseudo-files.
std::vector<std::string> included_files(std::string_view text, const std::string& path) {
  std::vector<std::string> files;
  std::unordered_set<std::string> seen{path};
  for (size_t at = text.starts_with("# ") ? 0 : text.find("\n# "); at != std::string_view::npos; at = text.find("\n# ", at + 1)) {
    const size_t open = text.find('"', at);
    const size_t close = open == std::string_view::npos ? open : text.find('"', open + 1);
    if (close == std::string_view::npos) break;
    std::string name(text.substr(open + 1, close - open - 1));
    if (!name.starts_with("<") && seen.insert(name).second) files.push_back(std::move(name));
  }
  return files;
}

}  // namespace

std::optional<SourceText> source_from_text(Session& session, const std::string& name, std::string text) {
  const support::FileId file = session.sources.add_text(name, text);
  if (!check_text(session, file, text)) return std::nullopt;
  return SourceText{name, std::move(text), {}};
}

std::optional<SourceText> read_source(Session& session, const std::string& path) {
  std::optional<std::string> text = read_file(session, path);
  if (!text) return std::nullopt;
  std::optional<SourceText> source = source_from_text(session, path, std::move(*text));
  if (!source || !needs_preprocessor(session.options, source->text)) return source;
  std::optional<std::string> expanded = preprocess(session, path);
  if (!expanded) return std::nullopt;
  source->text = std::move(*expanded);
  source->dependencies = included_files(source->text, path);
  return source;
}

}  // namespace frontend
