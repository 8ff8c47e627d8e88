#include "dsu/client/client.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dsu/format/control_path.h"

namespace dsu {
namespace {

int64_t now_ms() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

class Socket {
public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

private:
  int descriptor_;
};

bool wait_for(int descriptor, short events, int64_t deadline) {
  for (;;) {
    pollfd p{descriptor, events, 0};
    int n = ::poll(&p, 1, static_cast<int>(std::max<int64_t>(0, deadline - now_ms())));
    if (n > 0)
      return true;
    if (n == 0 || errno != EINTR)
      return false;
  }
}

enum class Transfer { Done, Closed, TimedOut };

Transfer send_all(int descriptor, std::span<const uint8_t> bytes, int64_t deadline) {
  while (!bytes.empty()) {
    if (!wait_for(descriptor, POLLOUT, deadline))
      return Transfer::TimedOut;
    ssize_t n = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
      bytes = bytes.subspan(static_cast<size_t>(n));
    else if (errno != EAGAIN && errno != EINTR)
      return Transfer::Closed;
  }
  return Transfer::Done;
}

Transfer receive_all(int descriptor, std::span<uint8_t> into, int64_t deadline) {
  while (!into.empty()) {
    if (!wait_for(descriptor, POLLIN, deadline))
      return Transfer::TimedOut;
    ssize_t n = ::recv(descriptor, into.data(), into.size(), MSG_DONTWAIT);
    if (n > 0)
      into = into.subspan(static_cast<size_t>(n));
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
      return Transfer::Closed;
  }
  return Transfer::Done;
}

ClientProblem failed(Transfer transfer) {
  if (transfer == Transfer::TimedOut)
    return {ClientError::Timeout, "the program does not answer"};
  return {ClientError::Protocol, "the program closed the connection (did it end?)"};
}

// Anyone can make /tmp/popcorn-UID before its user does and listen there: a patch goes to the user's own programs only, and what
// somebody else's says about an update is not believed. Root may control the programs of all.
bool is_own_program(int descriptor) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == ::geteuid() || peer.uid == 0 || ::geteuid() == 0);
}

int connect_to(const std::string& path, ClientProblem& problem) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    problem = {ClientError::NoProgram, "no socket can have the path " + path};
    return -1;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor >= 0 && ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    if (is_own_program(descriptor))
      return descriptor;
    errno = EACCES;
  }
  switch (errno) {
    case ENOENT: problem = {ClientError::NoProgram, "no updateable program at " + path}; break;
    case ECONNREFUSED: problem = {ClientError::NoProgram, "the program behind " + path + " is gone"}; break;
    case EACCES: problem = {ClientError::NotAllowed, "the program belongs to another user"}; break;
    default: problem = {ClientError::NoProgram, path + ": " + std::strerror(errno)};
  }
  if (descriptor >= 0)
    ::close(descriptor);
  return -1;
}

}  // namespace

std::variant<Answer, ClientProblem> exchange(const std::string& socket_path, FrameKind kind, std::span<const uint8_t> payload,
                                             int timeout_ms) {
  const int64_t deadline = now_ms() + timeout_ms;
  ClientProblem problem{ClientError::NoProgram, ""};
  Socket socket(connect_to(socket_path, problem));
  if (socket.get() < 0)
    return problem;
  // A refusal of the connection itself may come before all is sent: then read the answer all the same.
  Transfer sent = send_all(socket.get(), frame(kind, payload), deadline);
  if (sent == Transfer::TimedOut)
    return failed(sent);
  uint8_t bytes[frame_header_size];
  if (Transfer t = receive_all(socket.get(), bytes, deadline); t != Transfer::Done)
    return failed(t);
  std::optional<FrameHeader> header = decode_header(bytes);
  if (!header)
    return ClientProblem{ClientError::Protocol, "the program speaks another protocol"};
  Answer answer{header->kind, Bytes(header->length)};
  if (Transfer t = receive_all(socket.get(), answer.payload, deadline); t != Transfer::Done)
    return failed(t);
  return answer;
}

std::string socket_of(const std::string& program) {
  pid_t pid = 0;
  auto [end, error] = std::from_chars(program.data(), program.data() + program.size(), pid);
  if (error == std::errc() && end == program.data() + program.size())
    return control_path(pid);
  return program;
}

std::vector<RunningProgram> running_programs() {
  std::vector<RunningProgram> programs;
  const std::string directory = control_directory();
  DIR* listing = is_private_directory(directory) ? ::opendir(directory.c_str()) : nullptr;
  if (!listing)
    return programs;
  while (const dirent* entry = ::readdir(listing)) {
    std::string_view name = entry->d_name;
    if (!name.ends_with(".sock"))
      continue;
    name.remove_suffix(5);
    pid_t pid = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size())
      continue;
    const std::string path = directory + "/" + entry->d_name;
    ClientProblem problem{ClientError::NoProgram, ""};
    int descriptor = connect_to(path, problem);
    if (descriptor >= 0) {
      programs.push_back({pid, path});
      ::close(descriptor);
    } else if (errno == ECONNREFUSED) {
      ::unlink(path.c_str());
    }
  }
  ::closedir(listing);
  std::sort(programs.begin(), programs.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return programs;
}

}  // namespace dsu
