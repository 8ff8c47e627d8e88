// The natives of the Unix module: descriptors, sockets, waiting. A failing call raises Unix_error(number, name of the
// call), except where the comment says otherwise. Calls that wait end early, as if their time were over, when a signal
// arrives: the program then comes to its next update point.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "stdlib/runtime/descriptors.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/system.h"

using namespace poprt;

namespace {

constexpr size_t path_limit = 4096;

// A Popcorn string as a terminated C string of limited length, on the stack of the native.
struct Text {
  char bytes[path_limit];
  bool ok;

  Text(const String* text, const char* native) {
    ok = text->length < static_cast<int64_t>(path_limit) &&
         std::memchr(text->bytes, 0, static_cast<size_t>(text->length)) == nullptr;
    if (!ok) {
      raise_invalid_argument(native);
      return;
    }
    std::memcpy(bytes, text->bytes, static_cast<size_t>(text->length));
    bytes[text->length] = '\0';
  }
};

uint64_t open_path(const String* path, int flags, const char* native) {
  const Text name(path, native);
  if (!name.ok)
    return 0;
  int descriptor = open(name.bytes, flags | O_CLOEXEC, 0666);
  if (descriptor >= 0 && !may_be_written(descriptor)) {
    close(descriptor);
    descriptor = -1;
    errno = EACCES;
  }
  return from_int(enter_descriptor(descriptor, native));
}

// Result of a transfer: the count, or -1 when it would have had to wait.
uint64_t transferred(ssize_t count, const char* native) {
  if (count >= 0)
    return from_int(count);
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return from_int(-1);
  raise_unix_error(errno, native);
  return 0;
}

void check(int result, const char* native) {
  if (result < 0)
    raise_unix_error(errno, native);
}

bool read_port(uint64_t port, uint16_t& number, const char* native) {
  if (to_int(port) < 0 || to_int(port) > 0xffff) {
    raise_invalid_argument(native);
    return false;
  }
  number = static_cast<uint16_t>(to_int(port));
  return true;
}

// An IPv4 address in dotted form, or a name that the system knows.
bool resolve(const char* host, uint16_t port, sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host, &address.sin_addr) == 1)
    return true;
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host, nullptr, &hints, &found) != 0 || found == nullptr)
    return false;
  address.sin_addr = reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr;
  freeaddrinfo(found);
  return true;
}

bool unix_address(const String* path, sockaddr_un& address, const char* native) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path->length == 0 || path->length >= static_cast<int64_t>(sizeof(address.sun_path))) {
    raise_invalid_argument(native);
    return false;
  }
  std::memcpy(address.sun_path, path->bytes, static_cast<size_t>(path->length));
  return true;
}

using Attach = int (*)(int, const sockaddr*, socklen_t);

// A new stream socket that has been bound or connected to the address, or -1 with errno.
int attached_socket(int family, const void* address, socklen_t size, Attach attach) {
  const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return -1;
  const int on = 1;
  if (family == AF_INET && attach == bind)
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (family == AF_INET && attach == connect)
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (attach(descriptor, static_cast<const sockaddr*>(address), size) == 0)
    return descriptor;
  const int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

uint64_t listening_socket(int descriptor, uint64_t backlog, const char* native) {
  if (descriptor >= 0 && listen(descriptor, to_int(backlog)) < 0) {
    const int error = errno;
    close(descriptor);
    descriptor = -1;
    errno = error;
  }
  return from_int(enter_descriptor(descriptor, native));
}

void set_nonblocking(uint64_t number, bool on, const char* native) {
  const int descriptor = usable_descriptor(number, native);
  if (descriptor < 0)
    return;
  const int flags = fcntl(descriptor, F_GETFL);
  check(flags < 0 ? -1 : fcntl(descriptor, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), native);
}

int wait_for(pollfd* entries, size_t count, int milliseconds) {
  const int ready = poll(entries, count, milliseconds);
  return ready < 0 && errno == EINTR ? 0 : ready;
}

uint64_t wait_for_one(uint64_t number, short events, uint64_t milliseconds, const char* native) {
  const int descriptor = usable_descriptor(number, native);
  if (descriptor < 0)
    return 0;
  pollfd entry = {descriptor, events, 0};
  const int ready = wait_for(&entry, 1, to_int(milliseconds));
  check(ready, native);
  return ready > 0 ? 1 : 0;
}

}  // namespace

// ---- files

POPRT_THROWING(uint64_t, Unix__open_read, (const String* path)) { return open_path(path, O_RDONLY, "open_read"); }

POPRT_THROWING(uint64_t, Unix__open_write, (const String* path)) {
  return open_path(path, O_WRONLY | O_CREAT | O_TRUNC, "open_write");
}

POPRT_THROWING(uint64_t, Unix__open_append, (const String* path)) {
  return open_path(path, O_WRONLY | O_CREAT | O_APPEND, "open_append");
}

POPRT_THROWING(void, Unix__close, (uint64_t number)) {
  const int descriptor = usable_descriptor(number, "close");
  if (descriptor < 0)
    return;
  leave_descriptor(descriptor);
  if (is_standard(descriptor))
    check(replace_standard_descriptor(descriptor) ? 0 : -1, "close");
  else
    check(close(descriptor), "close");
}

// Bytes read, 0 at the end, -1 when a non-blocking descriptor has nothing.
POPRT_THROWING(uint64_t, Unix__read, (uint64_t number, String* buffer, uint64_t offset, uint64_t count)) {
  const int descriptor = usable_descriptor(number, "read");
  if (descriptor < 0 || !check_range(buffer, to_int(offset), to_int(count), "read"))
    return 0;
  ssize_t result;
  do
    result = read(descriptor, buffer->bytes + to_int(offset), static_cast<size_t>(to_int(count)));
  while (result < 0 && errno == EINTR);
  return transferred(result, "read");
}

// Bytes written, -1 when a non-blocking descriptor takes none.
POPRT_THROWING(uint64_t, Unix__write, (uint64_t number, const String* buffer, uint64_t offset, uint64_t count)) {
  const int descriptor = usable_descriptor(number, "write");
  if (descriptor < 0 || !check_range(buffer, to_int(offset), to_int(count), "write"))
    return 0;
  ssize_t result;
  do
    result = write(descriptor, buffer->bytes + to_int(offset), static_cast<size_t>(to_int(count)));
  while (result < 0 && errno == EINTR);
  return transferred(result, "write");
}

POPRT_THROWING(void, Unix__unlink, (const String* path)) {
  if (const Text name(path, "unlink"); name.ok)
    check(unlink(name.bytes), "unlink");
}

// Size of a regular file; -1 for anything else, also when there is no such file.
POPRT_THROWING(uint64_t, Unix__file_size, (const String* path)) {
  const Text name(path, "file_size");
  struct stat status {};
  if (!name.ok || stat(name.bytes, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > max_length)
    return from_int(-1);
  return from_int(status.st_size);
}

POPRT_THROWING(uint64_t, Unix__is_directory, (const String* path)) {
  const Text name(path, "is_directory");
  struct stat status {};
  return name.ok && stat(name.bytes, &status) == 0 && S_ISDIR(status.st_mode) ? 1 : 0;
}

// ---- sockets

POPRT_THROWING(uint64_t, Unix__listen_tcp, (const String* host, uint64_t port, uint64_t backlog)) {
  const Text name(host, "listen_tcp");
  uint16_t port_number = 0;
  sockaddr_in address;
  if (!name.ok || !read_port(port, port_number, "listen_tcp"))
    return 0;
  if (!resolve(name.bytes, port_number, address)) {
    raise_unix_error(EADDRNOTAVAIL, "listen_tcp");
    return 0;
  }
  return listening_socket(attached_socket(AF_INET, &address, sizeof(address), bind), backlog, "listen_tcp");
}

POPRT_THROWING(uint64_t, Unix__connect_tcp, (const String* host, uint64_t port)) {
  const Text name(host, "connect_tcp");
  uint16_t port_number = 0;
  sockaddr_in address;
  if (!name.ok || !read_port(port, port_number, "connect_tcp"))
    return 0;
  if (!resolve(name.bytes, port_number, address)) {
    raise_unix_error(EADDRNOTAVAIL, "connect_tcp");
    return 0;
  }
  return from_int(enter_descriptor(attached_socket(AF_INET, &address, sizeof(address), connect), "connect_tcp"));
}

// A socket file that nobody listens on any more is replaced.
POPRT_THROWING(uint64_t, Unix__listen_unix, (const String* path, uint64_t backlog)) {
  sockaddr_un address;
  if (!unix_address(path, address, "listen_unix"))
    return 0;
  int descriptor = attached_socket(AF_UNIX, &address, sizeof(address), bind);
  if (descriptor < 0 && errno == EADDRINUSE) {
    const int probe = attached_socket(AF_UNIX, &address, sizeof(address), connect);
    if (probe >= 0) {
      close(probe);
      errno = EADDRINUSE;
    } else if (errno == ECONNREFUSED && unlink(address.sun_path) == 0) {
      descriptor = attached_socket(AF_UNIX, &address, sizeof(address), bind);
    }
  }
  return listening_socket(descriptor, backlog, "listen_unix");
}

POPRT_THROWING(uint64_t, Unix__connect_unix, (const String* path)) {
  sockaddr_un address;
  if (!unix_address(path, address, "connect_unix"))
    return 0;
  return from_int(enter_descriptor(attached_socket(AF_UNIX, &address, sizeof(address), connect), "connect_unix"));
}

// -1 when nobody is waiting on a non-blocking socket, or the one who was has gone.
POPRT_THROWING(uint64_t, Unix__accept, (uint64_t number)) {
  const int listener = usable_descriptor(number, "accept");
  if (listener < 0)
    return 0;
  const int descriptor = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED))
    return from_int(-1);
  const int on = 1;
  if (descriptor >= 0)
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // fails on other sockets, which is fine
  return from_int(enter_descriptor(descriptor, "accept"));
}

// The port that a TCP socket is bound to: what port 0 became.
POPRT_THROWING(uint64_t, Unix__local_port, (uint64_t number)) {
  const int descriptor = usable_descriptor(number, "local_port");
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  if (descriptor < 0)
    return 0;
  check(getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size), "local_port");
  return from_int(address.sin_family == AF_INET ? ntohs(address.sin_port) : 0);
}

// No more writes; the other side sees the end.
POPRT_THROWING(void, Unix__shutdown_write, (uint64_t number)) {
  if (const int descriptor = usable_descriptor(number, "shutdown_write"); descriptor >= 0)
    check(shutdown(descriptor, SHUT_WR), "shutdown_write");
}

POPRT_THROWING(void, Unix__set_nonblock, (uint64_t number)) { set_nonblocking(number, true, "set_nonblock"); }
POPRT_THROWING(void, Unix__clear_nonblock, (uint64_t number)) { set_nonblocking(number, false, "clear_nonblock"); }

// ---- waiting

POPRT_THROWING(uint64_t, Unix__poll_in, (uint64_t number, uint64_t milliseconds)) {
  return wait_for_one(number, POLLIN, milliseconds, "poll_in");
}

POPRT_THROWING(uint64_t, Unix__poll_out, (uint64_t number, uint64_t milliseconds)) {
  return wait_for_one(number, POLLOUT, milliseconds, "poll_out");
}

// Three arrays of one length: descriptors (-1: skip), events wanted, and where the events found are stored. Returns how
// many descriptors have any. The bits are those of unix.h.
POPRT_THROWING(uint64_t, Unix__poll, (const IntArray* numbers, const IntArray* wanted, IntArray* found, uint64_t milliseconds)) {
  const int64_t count = numbers->length;
  if (wanted->length != count || found->length != count) {
    raise_invalid_argument("poll");
    return 0;
  }
  auto* entries = static_cast<pollfd*>(std::calloc(static_cast<size_t>(count) + 1, sizeof(pollfd)));
  if (entries == nullptr) {
    raise_out_of_memory();
    return 0;
  }
  bool usable = true;
  for (int64_t i = 0; usable && i < count; i++) {
    const int32_t number = numbers->elements[i];
    entries[i] = {number < 0 ? -1 : usable_descriptor(from_int(number), "poll"), static_cast<short>(wanted->elements[i]), 0};
    usable = number < 0 || entries[i].fd >= 0;
  }
  int ready = 0;
  if (usable) {
    ready = wait_for(entries, static_cast<size_t>(count), to_int(milliseconds));
    check(ready, "poll");
    for (int64_t i = 0; i < count; i++)
      found->elements[i] = ready > 0 ? entries[i].revents : 0;
  }
  std::free(entries);
  return from_int(ready);
}

POPRT_NATIVE(void, Unix__sleep_ms, (uint64_t milliseconds)) {
  const int32_t duration = to_int(milliseconds);
  if (duration <= 0)
    return;
  const timespec wait = {duration / 1000, static_cast<long>(duration % 1000) * 1000000};
  nanosleep(&wait, nullptr);
}
