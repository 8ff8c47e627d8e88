// Natives of the Unix module: addresses, names of hosts and services.
#include "stdlib/runtime/unix_addresses.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdio>
#include <cstring>

#include "stdlib/runtime/unix_support.h"

namespace poprt {
namespace {

constexpr socklen_t path_start = offsetof(sockaddr_un, sun_path);

// The error of a name that is not found, as a number of errno.
int error_of(int result) {
  switch (result) {
    case EAI_SYSTEM: return errno;
    case EAI_MEMORY: return ENOMEM;
    case EAI_AGAIN: return EAGAIN;
    case EAI_FAMILY: return EAFNOSUPPORT;
    case EAI_NONAME: case EAI_NODATA: case EAI_ADDRFAMILY: case EAI_FAIL: return EADDRNOTAVAIL;
    default: return EINVAL;
  }
}

bool port_of(uint64_t port, char (&text)[8], const char* native) {
  if (to_int(port) < 0 || to_int(port) > 0xffff) {
    raise_invalid_argument(native);
    return false;
  }
  std::snprintf(text, sizeof text, "%d", to_int(port));
  return true;
}

bool set(Address& address, const sockaddr* from, socklen_t size) {
  if (size > sizeof address.storage)
    return false;
  std::memcpy(&address.storage, from, size);
  address.size = size;
  return true;
}

// The list is freed here; null after noting an exception.
class Found {
public:
  Found(const char* host, const char* service, const addrinfo& hints, const char* native) {
    if (const int result = getaddrinfo(host, service, &hints, &list_); result != 0) {
      list_ = nullptr;
      raise_error(error_of(result), native);
    }
  }
  ~Found() {
    if (list_ != nullptr)
      freeaddrinfo(list_);
  }
  Found(const Found&) = delete;
  Found& operator=(const Found&) = delete;
  const addrinfo* first() const { return list_; }

private:
  addrinfo* list_ = nullptr;
};

// The first address of a host and a port; one of IPv4 if there is any, because servers that listen at one only do so there.
bool look_up(const String* host, uint64_t port, int flags, Address& address, const char* native) {
  const Text name(host, native);
  char service[8];
  if (!name.ok || !port_of(port, service, native))
    return false;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV | flags;
  hints.ai_family = host->length == 0 ? AF_INET : AF_UNSPEC;
  const Found found(host->length == 0 ? nullptr : name.bytes, service, hints, native);
  const addrinfo* best = found.first();
  for (const addrinfo* one = best; one != nullptr && best->ai_family != AF_INET; one = one->ai_next)
    if (one->ai_family == AF_INET)
      best = one;
  return best != nullptr && set(address, best->ai_addr, best->ai_addrlen);
}

}  // namespace

String* Address::text() const {
  return new_string_from(reinterpret_cast<const char*>(&storage), size <= sizeof storage ? size : sizeof storage);
}

bool read_address(const String* text, Address& address, const char* native) {
  const auto size = static_cast<size_t>(text->length);
  bool ok = size >= sizeof(sa_family_t) && size <= sizeof address.storage;
  if (ok) {
    std::memcpy(&address.storage, text->bytes, size);
    address.size = static_cast<socklen_t>(size);
    switch (address.storage.ss_family) {
      case AF_INET: ok = size == sizeof(sockaddr_in); break;
      case AF_INET6: ok = size == sizeof(sockaddr_in6); break;
      case AF_UNIX: ok = size <= sizeof(sockaddr_un); break;
      default: ok = false;
    }
  }
  if (!ok)
    raise_invalid_argument(native);
  return ok;
}

bool unix_address(const String* path, Address& address, const char* native) {
  sockaddr_un made{};
  made.sun_family = AF_UNIX;
  const auto length = static_cast<size_t>(path->length);
  if (length >= sizeof made.sun_path) {
    raise_invalid_argument(native);
    return false;
  }
  std::memcpy(made.sun_path, path->bytes, length);
  const size_t size = length == 0 ? path_start : path_start + length + 1;
  return set(address, reinterpret_cast<const sockaddr*>(&made), static_cast<socklen_t>(size));
}

bool resolve_host(const String* host, uint64_t port, Address& address, const char* native) {
  return look_up(host, port, 0, address, native);
}

}  // namespace poprt

using namespace poprt;

// An IPv4 or IPv6 address in numbers, "" for all of this machine (IPv4), and a port.
POPRT_THROWING(String*, Unix__inet_address, (const String* host, uint64_t port)) {
  Address address;
  return look_up(host, port, AI_NUMERICHOST, address, "inet_address") ? address.text() : nullptr;
}

POPRT_THROWING(String*, Unix__unix_address, (const String* path)) {
  Address address;
  return unix_address(path, address, "unix_address") ? address.text() : nullptr;
}

POPRT_THROWING(uint64_t, Unix__address_family, (const String* text)) {
  Address address;
  return read_address(text, address, "address_family") ? from_int(address.storage.ss_family) : 0;
}

// 0 for a path.
POPRT_THROWING(uint64_t, Unix__address_port, (const String* text)) {
  Address address;
  if (!read_address(text, address, "address_port") || address.storage.ss_family == AF_UNIX)
    return 0;
  return from_int(ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port));  // at the same place in both
}

// In numbers; the path of one that is a path.
POPRT_THROWING(String*, Unix__address_host, (const String* text)) {
  Address address;
  char host[INET6_ADDRSTRLEN];
  if (!read_address(text, address, "address_host"))
    return nullptr;
  if (address.storage.ss_family == AF_UNIX) {
    const auto* path = reinterpret_cast<const char*>(&address.storage) + path_start;
    const size_t room = address.size <= path_start ? 0 : address.size - path_start;
    return new_string_from(path, strnlen(path, room));
  }
  const void* number = address.storage.ss_family == AF_INET
                           ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr)
                           : &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
  return inet_ntop(address.storage.ss_family, number, host, sizeof host) == nullptr ? new_string_from("") : new_string_from(host);
}

// All addresses of a host ("": this machine, `passive`: all its own) and a service by name or number ("": none), for a family
// (0: any) and type of socket (0: any).
POPRT_THROWING(PointerArray*, Unix__getaddrinfo,
               (const String* host, const String* service, uint64_t family, uint64_t type, uint64_t passive)) {
  const Text name(host, "getaddrinfo");
  if (!name.ok)
    return nullptr;
  const Text port(service, "getaddrinfo");
  if (!port.ok)
    return nullptr;
  addrinfo hints{};
  hints.ai_family = to_int(family);
  hints.ai_socktype = to_int(type);
  hints.ai_flags = to_byte(passive) != 0 ? AI_PASSIVE : 0;
  const Found found(host->length == 0 ? nullptr : name.bytes, service->length == 0 ? nullptr : port.bytes, hints, "getaddrinfo");
  int64_t count = 0;
  for (const addrinfo* one = found.first(); one != nullptr; one = one->ai_next)
    count++;
  PointerArray* result = count == 0 ? nullptr : new_pointer_array(count);
  int64_t i = 0;
  for (const addrinfo* one = found.first(); result != nullptr && one != nullptr; one = one->ai_next) {
    Address address;
    if (!set(address, one->ai_addr, one->ai_addrlen) || (result->elements[i++] = address.text()) == nullptr)
      return nullptr;
  }
  return result;
}

// The name of the host of an address, or the address in numbers if it has none.
POPRT_THROWING(String*, Unix__getnameinfo, (const String* text)) {
  Address address;
  char host[NI_MAXHOST];
  if (!read_address(text, address, "getnameinfo"))
    return nullptr;
  const int result = getnameinfo(address.get(), address.size, host, sizeof host, nullptr, 0, 0);
  if (result == 0)
    return new_string_from(host);
  raise_error(error_of(result), "getnameinfo");
  return nullptr;
}
