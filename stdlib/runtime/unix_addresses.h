// Addresses of sockets: in Popcorn a string that holds what the kernel calls a sockaddr.
#ifndef STDLIB_RUNTIME_UNIX_ADDRESSES_H
#define STDLIB_RUNTIME_UNIX_ADDRESSES_H

#include <sys/socket.h>

#include "stdlib/runtime/value.h"

namespace poprt {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* out() {
    size = sizeof storage;
    return reinterpret_cast<sockaddr*>(&storage);
  }
  String* text() const;  // null after noting an exception
};

// An address that a program has made of any bytes: of a family that is known, not shorter or longer than such a one is.
// False after noting InvalidArg.
bool read_address(const String* text, Address& address, const char* native);
// A path; "" is the address of nothing, as of a socket that is not bound.
bool unix_address(const String* path, Address& address, const char* native);
// A host in numbers or by name, "" for all addresses of this machine, and a port. False after noting an exception.
bool resolve_host(const String* host, uint64_t port, Address& address, const char* native);

}  // namespace poprt

#endif
