// Natives of the Unix module: sockets. Those made here are closed when another program is executed.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "stdlib/runtime/unix_addresses.h"
#include "stdlib/runtime/unix_support.h"

using namespace poprt;

namespace {

constexpr int message_flags = MSG_OOB | MSG_PEEK | MSG_DONTROUTE | MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL | MSG_MORE;

// Options whose value is an int; all others are refused, for their values have other layouts.
constexpr struct {
  int level, name;
} int_options[] = {
    {SOL_SOCKET, SO_DEBUG},       {SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_TYPE},      {SOL_SOCKET, SO_ERROR},
    {SOL_SOCKET, SO_DONTROUTE},   {SOL_SOCKET, SO_BROADCAST}, {SOL_SOCKET, SO_SNDBUF},    {SOL_SOCKET, SO_RCVBUF},
    {SOL_SOCKET, SO_KEEPALIVE},   {SOL_SOCKET, SO_OOBINLINE}, {SOL_SOCKET, SO_PRIORITY},  {SOL_SOCKET, SO_REUSEPORT},
    {SOL_SOCKET, SO_RCVLOWAT},    {SOL_SOCKET, SO_ACCEPTCONN}, {SOL_SOCKET, SO_DOMAIN},   {SOL_SOCKET, SO_PROTOCOL},
    {IPPROTO_TCP, TCP_NODELAY},   {IPPROTO_TCP, TCP_CORK},    {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_TCP, TCP_KEEPCNT},   {IPPROTO_TCP, TCP_DEFER_ACCEPT}, {IPPROTO_TCP, TCP_QUICKACK}, {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, TCP_FASTOPEN},  {IPPROTO_TCP, TCP_MAXSEG},  {IPPROTO_IP, IP_TOS},       {IPPROTO_IP, IP_TTL},
    {IPPROTO_IPV6, IPV6_V6ONLY},  {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
};

bool is_int_option(int level, int name) {
  for (const auto& option : int_options)
    if (option.level == level && option.name == name)
      return true;
  return false;
}

bool is_socket_kind(int domain, int type, const char* native) {
  const bool known = domain == AF_UNIX || domain == AF_INET || domain == AF_INET6;
  const int kind = type & ~SOCK_NONBLOCK;
  const bool usual = kind == SOCK_STREAM || kind == SOCK_DGRAM || kind == SOCK_RAW || kind == SOCK_SEQPACKET;
  if (!known || !usual)
    raise_error(known ? EINVAL : EAFNOSUPPORT, native);
  return known && usual;
}

void set_no_delay(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on other sockets, which is fine
}

using Attach = int (*)(int, const sockaddr*, socklen_t);

// A new stream socket that has been bound or connected to the address, or -1 with errno.
int attached_socket(const Address& address, Attach attach) {
  const int descriptor = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return -1;
  const int on = 1;
  if (address.storage.ss_family != AF_UNIX && attach == bind)
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (attach == connect)
    set_no_delay(descriptor);
  if (attach(descriptor, address.get(), address.size) == 0)
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

// A connection, -1 when nobody is waiting on a non-blocking socket, the one who was has gone, or a signal arrived.
uint64_t next_connection(uint64_t number, int flags, const char* native) {
  const int listener = usable_descriptor(number, native);
  if (listener < 0)
    return 0;
  const int descriptor = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | (flags & SOCK_NONBLOCK));
  if (descriptor < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED))
    return from_int(-1);
  if (descriptor >= 0)
    set_no_delay(descriptor);
  return from_int(enter_descriptor(descriptor, native));
}

struct Transfer {
  int descriptor;
  char* bytes;
  size_t count;
  int flags;
};

// False after noting an exception.
bool read_transfer(uint64_t number, const String* buffer, uint64_t offset, uint64_t count, uint64_t flags, const char* native,
                   Transfer& transfer) {
  const int descriptor = usable_descriptor(number, native);
  if (descriptor < 0 || !check_range(buffer, to_int(offset), to_int(count), native))
    return false;
  if ((to_int(flags) & ~message_flags) != 0) {
    raise_error(EINVAL, native);
    return false;
  }
  transfer = {descriptor, const_cast<char*>(buffer->bytes) + to_int(offset), static_cast<size_t>(to_int(count)), to_int(flags)};
  return true;
}

using Ask = int (*)(int, sockaddr*, socklen_t*);

String* address_of(uint64_t number, Ask ask, const char* native) {
  const int descriptor = usable_descriptor(number, native);
  Address address;
  if (descriptor < 0)
    return nullptr;
  if (ask(descriptor, address.out(), &address.size) == 0)
    return address.text();
  raise_error(errno, native);
  return nullptr;
}

}  // namespace

// ---- sockets that are ready for use in one call

POPRT_THROWING(uint64_t, Unix__listen_tcp, (const String* host, uint64_t port, uint64_t backlog)) {
  Address address;
  return resolve_host(host, port, address, "listen_tcp") ? listening_socket(attached_socket(address, bind), backlog, "listen_tcp") : 0;
}

POPRT_THROWING(uint64_t, Unix__connect_tcp, (const String* host, uint64_t port)) {
  Address address;
  if (!resolve_host(host, port, address, "connect_tcp"))
    return 0;
  return from_int(enter_descriptor(attached_socket(address, connect), "connect_tcp"));
}

// A socket file that nobody listens on any more is replaced.
POPRT_THROWING(uint64_t, Unix__listen_unix, (const String* path, uint64_t backlog)) {
  Address address;
  if (path->length == 0)
    raise_invalid_argument("listen_unix");
  if (path->length == 0 || !unix_address(path, address, "listen_unix"))
    return 0;
  int descriptor = attached_socket(address, bind);
  if (descriptor < 0 && errno == EADDRINUSE) {
    const int probe = attached_socket(address, connect);
    if (probe >= 0) {
      close(probe);
      errno = EADDRINUSE;
    } else if (errno == ECONNREFUSED && unlink(reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path) == 0) {
      descriptor = attached_socket(address, bind);
    }
  }
  return listening_socket(descriptor, backlog, "listen_unix");
}

POPRT_THROWING(uint64_t, Unix__connect_unix, (const String* path)) {
  Address address;
  if (path->length == 0)
    raise_invalid_argument("connect_unix");
  if (path->length == 0 || !unix_address(path, address, "connect_unix"))
    return 0;
  return from_int(enter_descriptor(attached_socket(address, connect), "connect_unix"));
}

POPRT_THROWING(uint64_t, Unix__accept, (uint64_t number)) { return next_connection(number, 0, "accept"); }

// The port that a TCP socket is bound to: what port 0 became.
POPRT_THROWING(uint64_t, Unix__local_port, (uint64_t number)) {
  const int descriptor = usable_descriptor(number, "local_port");
  Address address;
  if (descriptor < 0)
    return 0;
  check(getsockname(descriptor, address.out(), &address.size), "local_port");
  const bool has_port = address.storage.ss_family == AF_INET || address.storage.ss_family == AF_INET6;
  return from_int(has_port ? ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port) : 0);
}

// No more writes; the other side sees the end.
POPRT_THROWING(void, Unix__shutdown_write, (uint64_t number)) {
  if (const int descriptor = usable_descriptor(number, "shutdown_write"); descriptor >= 0)
    check(shutdown(descriptor, SHUT_WR), "shutdown_write");
}

// ---- step by step

POPRT_THROWING(uint64_t, Unix__socket, (uint64_t domain, uint64_t type, uint64_t protocol)) {
  if (!is_socket_kind(to_int(domain), to_int(type), "socket"))
    return 0;
  return from_int(enter_descriptor(socket(to_int(domain), to_int(type) | SOCK_CLOEXEC, to_int(protocol)), "socket"));
}

POPRT_THROWING(void, Unix__socketpair, (uint64_t domain, uint64_t type, uint64_t protocol, IntArray* ends)) {
  if (!is_socket_kind(to_int(domain), to_int(type), "socketpair") || !has_length(ends->length, 2, "socketpair"))
    return;
  int descriptors[2];
  if (socketpair(to_int(domain), to_int(type) | SOCK_CLOEXEC, to_int(protocol), descriptors) < 0)
    return raise_error(errno, "socketpair");
  enter_pair(descriptors, ends->elements, "socketpair");
}

POPRT_THROWING(void, Unix__bind, (uint64_t number, const String* text)) {
  const int descriptor = usable_descriptor(number, "bind");
  Address address;
  if (descriptor >= 0 && read_address(text, address, "bind"))
    check(bind(descriptor, address.get(), address.size), "bind");
}

// True: connected; false: a non-blocking socket that will be, once poll_out says so.
POPRT_THROWING(uint64_t, Unix__connect, (uint64_t number, const String* text)) {
  const int descriptor = usable_descriptor(number, "connect");
  Address address;
  if (descriptor < 0 || !read_address(text, address, "connect"))
    return 0;
  if (connect(descriptor, address.get(), address.size) == 0)
    return 1;
  if (errno != EINPROGRESS)
    raise_error(errno, "connect");
  return 0;
}

POPRT_THROWING(void, Unix__listen, (uint64_t number, uint64_t backlog)) {
  if (const int descriptor = usable_descriptor(number, "listen"); descriptor >= 0)
    check(listen(descriptor, to_int(backlog)), "listen");
}

POPRT_THROWING(uint64_t, Unix__accept4, (uint64_t number, uint64_t flags)) {
  return next_connection(number, to_int(flags), "accept4");
}

POPRT_THROWING(void, Unix__shutdown, (uint64_t number, uint64_t how)) {
  if (const int descriptor = usable_descriptor(number, "shutdown"); descriptor >= 0)
    check(shutdown(descriptor, to_int(how)), "shutdown");
}

POPRT_THROWING(String*, Unix__getsockname, (uint64_t number)) { return address_of(number, getsockname, "getsockname"); }
POPRT_THROWING(String*, Unix__getpeername, (uint64_t number)) { return address_of(number, getpeername, "getpeername"); }

// ---- messages

POPRT_THROWING(uint64_t, Unix__recv, (uint64_t number, String* buffer, uint64_t offset, uint64_t count, uint64_t flags)) {
  Transfer t;
  if (!read_transfer(number, buffer, offset, count, flags, "recv", t))
    return 0;
  return transferred(restarted([&] { return recv(t.descriptor, t.bytes, t.count, t.flags); }), "recv");
}

POPRT_THROWING(uint64_t, Unix__send, (uint64_t number, const String* buffer, uint64_t offset, uint64_t count, uint64_t flags)) {
  Transfer t;
  if (!read_transfer(number, buffer, offset, count, flags, "send", t))
    return 0;
  return transferred(restarted([&] { return send(t.descriptor, t.bytes, t.count, t.flags); }), "send");
}

// The sender's address is stored in the first element of `from`.
POPRT_THROWING(uint64_t, Unix__recvfrom,
               (uint64_t number, String* buffer, uint64_t offset, uint64_t count, uint64_t flags, PointerArray* from)) {
  Transfer t;
  Address address;
  if (!has_length(from->length, 1, "recvfrom") || !read_transfer(number, buffer, offset, count, flags, "recvfrom", t))
    return 0;
  const ssize_t received = restarted([&] { return recvfrom(t.descriptor, t.bytes, t.count, t.flags, address.out(), &address.size); });
  if (received >= 0) {
    String* sender = address.text();
    if (sender == nullptr)
      return 0;
    from->elements[0] = sender;
  }
  return transferred(received, "recvfrom");
}

POPRT_THROWING(uint64_t, Unix__sendto,
               (uint64_t number, const String* buffer, uint64_t offset, uint64_t count, uint64_t flags, const String* to)) {
  Transfer t;
  Address address;
  if (!read_transfer(number, buffer, offset, count, flags, "sendto", t) || !read_address(to, address, "sendto"))
    return 0;
  return transferred(restarted([&] { return sendto(t.descriptor, t.bytes, t.count, t.flags, address.get(), address.size); }), "sendto");
}

// ---- options

POPRT_THROWING(uint64_t, Unix__getsockopt, (uint64_t number, uint64_t level, uint64_t name)) {
  const int descriptor = usable_descriptor(number, "getsockopt");
  int value = 0;
  socklen_t size = sizeof value;
  if (descriptor < 0)
    return 0;
  if (!is_int_option(to_int(level), to_int(name)))
    raise_error(ENOPROTOOPT, "getsockopt");
  else
    check(getsockopt(descriptor, to_int(level), to_int(name), &value, &size), "getsockopt");
  return from_int(value);
}

POPRT_THROWING(void, Unix__setsockopt, (uint64_t number, uint64_t level, uint64_t name, uint64_t setting)) {
  const int descriptor = usable_descriptor(number, "setsockopt");
  const int value = to_int(setting);
  if (descriptor < 0)
    return;
  if (!is_int_option(to_int(level), to_int(name)))
    return raise_error(ENOPROTOOPT, "setsockopt");
  check(setsockopt(descriptor, to_int(level), to_int(name), &value, sizeof value), "setsockopt");
}

// How long close waits for what has not been sent, in seconds; negative: not at all.
POPRT_THROWING(void, Unix__set_linger, (uint64_t number, uint64_t seconds)) {
  const int descriptor = usable_descriptor(number, "set_linger");
  const linger value = {to_int(seconds) < 0 ? 0 : 1, to_int(seconds)};
  if (descriptor >= 0)
    check(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, sizeof value), "set_linger");
}
