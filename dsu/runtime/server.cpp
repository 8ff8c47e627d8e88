#include "dsu/runtime/server.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace dsu {
namespace {

constexpr uint64_t request_timeout_ns = 10'000'000'000;  // for a whole request to arrive, or an answer to leave
constexpr uint64_t for_ever = UINT64_MAX;
constexpr size_t stack_size = size_t{8} << 20;

uint64_t now_ns() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

int milliseconds_until(uint64_t deadline) {
  uint64_t now = now_ns();
  return deadline <= now ? 0 : static_cast<int>(std::min<uint64_t>((deadline - now + 999'999) / 1'000'000, INT_MAX));
}

bool wait_for(int descriptor, short events, uint64_t deadline) {
  for (;;) {
    pollfd p{descriptor, events, 0};
    int n = ::poll(&p, 1, milliseconds_until(deadline));
    if (n > 0)
      return true;
    if (n == 0 || errno != EINTR)
      return false;
  }
}

bool read_all(int descriptor, std::span<uint8_t> into, uint64_t deadline) {
  while (!into.empty()) {
    ssize_t n = ::recv(descriptor, into.data(), into.size(), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
      return false;
    if (n > 0)
      into = into.subspan(static_cast<size_t>(n));
    else if (!wait_for(descriptor, POLLIN, deadline))
      return false;
  }
  return true;
}

void send_all(int descriptor, std::span<const uint8_t> bytes) {
  const uint64_t deadline = now_ns() + request_timeout_ns;
  while (!bytes.empty()) {
    ssize_t n = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
      bytes = bytes.subspan(static_cast<size_t>(n));
    else if (n == 0 || (errno != EAGAIN && errno != EINTR) || !wait_for(descriptor, POLLOUT, deadline))
      return;
  }
}

void send_frame(int client, FrameKind kind, std::span<const uint8_t> payload) { send_all(client, frame(kind, payload)); }

void send_problem(int client, std::string_view text) {
  send_frame(client, FrameKind::Problem, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// Only the user that runs the program, and root.
bool may_control(int client) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == ::geteuid() || peer.uid == 0);
}

// Memory that is missing later, in the middle of a request, would be the end of the program: so it is asked for before.
bool has_room_for(size_t request) {
  void* volatile room = std::malloc(room_for(request));  // volatile: or the compiler leaves the question out
  std::free(room);
  return room != nullptr;
}

bool set_problem(std::string& problem, const char* what, const std::string& path) {
  problem = std::string(what) + " " + path + ": " + std::strerror(errno);
  return false;
}

}  // namespace

// A socket that nobody listens at any more is left by a process that was killed.
static bool is_free(const sockaddr_un& address, std::string& problem) {
  struct stat info;
  if (::lstat(address.sun_path, &info) != 0)
    return true;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool is_stale = S_ISSOCK(info.st_mode) && ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  if (is_stale && ::unlink(address.sun_path) == 0)
    return true;
  problem = std::string(address.sun_path) + (S_ISSOCK(info.st_mode) ? " is in use" : " is there already and no socket");
  return false;
}

static bool set_address(sockaddr_un& address, const std::string& path) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos)
    return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

// Who sees the socket can connect to it: until it listens it has another name.
static int listen_at(const std::string& path, std::string& problem) {
  sockaddr_un address, first;
  if (!set_address(address, path)) {
    problem = "the path " + path + (path.empty() ? "is empty" : " is too long for a socket, or no path");
    return -1;
  }
  std::string first_path = path;
  first_path.back() = path.back() == '~' ? '_' : '~';
  if (!set_address(first, first_path) || !is_free(address, problem) || !is_free(first, problem))
    return -1;
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool is_bound = listener >= 0 && ::bind(listener, reinterpret_cast<sockaddr*>(&first), sizeof first) == 0;
  if (is_bound && ::chmod(first_path.c_str(), 0600) == 0 && ::listen(listener, 16) == 0 &&
      ::renameat2(AT_FDCWD, first_path.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0)
    return listener;
  set_problem(problem, "cannot listen on", path);
  if (is_bound)
    ::unlink(first_path.c_str());
  if (listener >= 0)
    ::close(listener);
  return -1;
}

bool ControlServer::open(const std::string& path, std::string& problem) {
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_ < 0)
    return set_problem(problem, "cannot create what wakes the control thread for", path);
  listener_ = listen_at(path, problem);
  if (listener_ < 0)
    return false;
  path_ = path;
  owner_ = ::getpid();
  return true;
}

bool ControlServer::listen_also(const std::string& path, std::string& problem) {
  if (listener_ < 0 || second_ >= 0) {
    problem = listener_ < 0 ? "the program has no control thread" : "there is a second socket already, " + second_path_;
    return false;
  }
  const int listener = listen_at(path, problem);
  if (listener < 0)
    return false;
  second_path_ = path;
  second_.store(listener);
  wake();
  return true;
}

void ControlServer::forget() {
  for (int* descriptor : {&listener_, &wake_, &waiting_}) {
    if (*descriptor >= 0)
      ::close(*descriptor);
    *descriptor = -1;
  }
  if (const int second = second_.exchange(-1); second >= 0)
    ::close(second);
  is_waiting_ = false;
  path_.clear();
  second_path_.clear();
}

void ControlServer::remove_sockets() const {
  if (owner_ != ::getpid())
    return;
  for (const std::string* path : {&path_, &second_path_})
    if (!path->empty())
      ::unlink(path->c_str());
}

bool ControlServer::start(RequestHandler& handler, std::string& problem) {
  handler_ = &handler;
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, stack_size);
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, run, this);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (error != 0) {
    problem = std::string("cannot start the control thread: ") + std::strerror(error);
    return false;
  }
  return true;
}

void* ControlServer::run(void* self) {
  static_cast<ControlServer*>(self)->serve();
  return nullptr;
}

void ControlServer::serve() {
  for (;;) {
    pollfd watched[5] = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}, {waiting_, POLLIN | POLLRDHUP, 0}, {-1, POLLIN, 0}, {second_, POLLIN, 0}};
    uint64_t wake_at = for_ever;
    if (is_waiting_) {
      watched[3].fd = handler_->descriptor();
      wake_at = std::min(waiting_until_ns_, handler_->wake_at_ns());
    }
    if (::poll(watched, std::size(watched), wake_at == for_ever ? -1 : milliseconds_until(wake_at)) < 0)
      continue;
    if (watched[1].revents != 0) {
      uint64_t count;
      if (::read(wake_, &count, sizeof count) < 0)
        count = 0;  // somebody else's wake-up: nothing to do
    }
    if (is_waiting_) {
      handler_->advance();
      check_waiting(watched[2].revents != 0);
    }
    if (!is_waiting_)
      begin_own_update();
    for (const pollfd& listener : {watched[0], watched[4]})
      if (listener.revents != 0)
        accept_client(listener.fd);
  }
}

void ControlServer::accept_client(int listener) {
  int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0)
    return;
  if (!may_control(client)) {
    send_problem(client, "only the user that runs the program may control it");
    ::close(client);
    return;
  }
  const uint64_t deadline = now_ns() + request_timeout_ns;
  uint8_t bytes[frame_header_size];
  std::optional<FrameHeader> header;
  if (read_all(client, bytes, deadline))
    header = decode_header(bytes);
  if (!header) {
    send_problem(client, "malformed request");
    ::close(client);
    return;
  }
  if (!has_room_for(header->length)) {
    send_problem(client, "the program has not enough memory left to look at the request");
    ::close(client);
    return;
  }
  // Grows with what arrives, so that a length alone costs nothing.
  Bytes payload;
  for (size_t wanted = header->length; wanted > 0;) {
    size_t piece = std::min<size_t>(wanted, size_t{1} << 20);
    payload.resize(payload.size() + piece);
    if (!read_all(client, std::span(payload).last(piece), deadline)) {
      send_problem(client, "incomplete request");
      ::close(client);
      return;
    }
    wanted -= piece;
  }
  answer(client, header->kind, payload);
  if (!is_waiting_ || client != waiting_)
    ::close(client);
}

void ControlServer::answer(int client, FrameKind kind, std::span<const uint8_t> payload) {
  switch (kind) {
    case FrameKind::Status: return send_frame(client, FrameKind::Status, encode(handler_->status()));
    case FrameKind::History: return send_frame(client, FrameKind::History, encode(handler_->history()));
    case FrameKind::Check: return send_frame(client, FrameKind::Report, encode(handler_->check(payload)));
    case FrameKind::Update: return begin_update(client, payload);
    case FrameKind::Where: return send_frame(client, FrameKind::Where, encode(handler_->where()));
    case FrameKind::Manifests: return send_frame(client, FrameKind::Manifests, encode(handler_->manifests()));
    case FrameKind::Report:
    case FrameKind::Problem: break;
  }
  send_problem(client, "not a request");
}

void ControlServer::begin_update(int client, std::span<const uint8_t> payload) {
  const std::optional<UpdateOptions> options = take_options(payload);
  if (!options)
    return send_problem(client, "malformed request, or one of another version of popctl");
  Report report;
  if (is_waiting_) {
    report.outcome = Outcome::Busy;
    report.reason = "another update waits for an update point";
    report.help = "try again when it is done";
    return send_frame(client, FrameKind::Report, encode(report));
  }
  if (!handler_->begin(payload, *options, report))
    return send_frame(client, FrameKind::Report, encode(report));
  is_waiting_ = true;
  waiting_ = client;
  wait_ms_ = options->wait_ms;
  waiting_until_ns_ = now_ns() + uint64_t{wait_ms_} * 1'000'000;
}

void ControlServer::begin_own_update() {
  Bytes patch;
  Report report;
  if (!handler_->take_own_patch(patch) || !handler_->begin(patch, UpdateOptions{}, report))
    return;
  is_waiting_ = true;
  waiting_ = -1;
  waiting_until_ns_ = for_ever;
}

void ControlServer::wake() const {
  const uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) < 0)
    return;  // the counter is full: the thread is awake
}

void ControlServer::check_waiting(bool client_gone) {
  Report report;
  if (handler_->finished(report))
    return reply_to_waiting(report);
  if (client_gone) {
    ::close(waiting_);
    waiting_ = -1;
  } else if (now_ns() < waiting_until_ns_) {
    return;
  }
  if (handler_->withdraw(report))
    return reply_to_waiting(report);
  // Being carried out at this moment, or rehearsed: after that it has as long again to reach an update point.
  waiting_until_ns_ = now_ns() + std::max<uint64_t>(wait_ms_, 10) * 1'000'000;
}

void ControlServer::reply_to_waiting(const Report& report) {
  if (waiting_ >= 0) {
    send_frame(waiting_, FrameKind::Report, encode(report));
    ::close(waiting_);
  }
  is_waiting_ = false;
  waiting_ = -1;
}

}  // namespace dsu
