// Natives of the Unix module: files by descriptor. Descriptors are close-on-exec, but for copies made by dup2.
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "stdlib/runtime/system.h"
#include "stdlib/runtime/unix_support.h"

using namespace poprt;

namespace {

constexpr int open_flags = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | O_SYNC |
                           O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

uint64_t open_path(const String* path, int flags, int mode, const char* native) {
  const Text name(path, native);
  if (!name.ok)
    return 0;
  if ((flags & ~open_flags) != 0 || (flags & O_ACCMODE) == O_ACCMODE || (mode & ~07777) != 0) {
    raise_error(EINVAL, native);
    return 0;
  }
  int descriptor = restarted([&] { return open(name.bytes, flags | O_CLOEXEC, mode); });
  if (descriptor >= 0 && !may_be_written(descriptor)) {
    close(descriptor);
    descriptor = -1;
    errno = EACCES;
  }
  return from_int(enter_descriptor(descriptor, native));
}

// The bytes that a transfer is about, or null after noting an exception.
template <class Text>
auto* transfer_range(Text* buffer, uint64_t offset, uint64_t count, const char* native) {
  return check_range(buffer, to_int(offset), to_int(count), native) ? buffer->bytes + to_int(offset) : nullptr;
}

void set_nonblocking(uint64_t number, bool on, const char* native) {
  const int descriptor = usable_descriptor(number, native);
  if (descriptor < 0)
    return;
  const int flags = fcntl(descriptor, F_GETFL);
  check(flags < 0 ? -1 : fcntl(descriptor, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), native);
}

// A copy of `descriptor` under a number that is free, which nobody else can take meanwhile; -1 with errno.
int copy_to_free_number(int descriptor, int wanted) {
  const int copy = fcntl(descriptor, F_DUPFD, wanted);
  if (copy < 0 || copy == wanted)
    return copy;
  close(copy);
  errno = EBUSY;  // the runtime's own
  return -1;
}

}  // namespace

POPRT_THROWING(uint64_t, Unix__open_file, (const String* path, uint64_t flags, uint64_t mode)) {
  return open_path(path, to_int(flags), to_int(mode), "open_file");
}

POPRT_THROWING(uint64_t, Unix__open_read, (const String* path)) { return open_path(path, O_RDONLY, 0, "open_read"); }

POPRT_THROWING(uint64_t, Unix__open_write, (const String* path)) {
  return open_path(path, O_WRONLY | O_CREAT | O_TRUNC, 0666, "open_write");
}

POPRT_THROWING(uint64_t, Unix__open_append, (const String* path)) {
  return open_path(path, O_WRONLY | O_CREAT | O_APPEND, 0666, "open_append");
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

POPRT_THROWING(uint64_t, Unix__read, (uint64_t number, String* buffer, uint64_t offset, uint64_t count)) {
  const int descriptor = usable_descriptor(number, "read");
  if (descriptor < 0)
    return 0;
  char* bytes = transfer_range(buffer, offset, count, "read");
  if (bytes == nullptr)
    return 0;
  return transferred(restarted([&] { return read(descriptor, bytes, static_cast<size_t>(to_int(count))); }), "read");
}

POPRT_THROWING(uint64_t, Unix__write, (uint64_t number, const String* buffer, uint64_t offset, uint64_t count)) {
  const int descriptor = usable_descriptor(number, "write");
  if (descriptor < 0)
    return 0;
  const char* bytes = transfer_range(buffer, offset, count, "write");
  if (bytes == nullptr)
    return 0;
  return transferred(restarted([&] { return write(descriptor, bytes, static_cast<size_t>(to_int(count))); }), "write");
}

POPRT_THROWING(uint64_t, Unix__pread, (uint64_t number, String* buffer, uint64_t offset, uint64_t count, uint64_t at)) {
  const int descriptor = usable_descriptor(number, "pread");
  if (descriptor < 0)
    return 0;
  char* bytes = transfer_range(buffer, offset, count, "pread");
  if (bytes == nullptr)
    return 0;
  return transferred(
      restarted([&] { return pread(descriptor, bytes, static_cast<size_t>(to_int(count)), static_cast<off_t>(at)); }), "pread");
}

POPRT_THROWING(uint64_t, Unix__pwrite, (uint64_t number, const String* buffer, uint64_t offset, uint64_t count, uint64_t at)) {
  const int descriptor = usable_descriptor(number, "pwrite");
  if (descriptor < 0)
    return 0;
  const char* bytes = transfer_range(buffer, offset, count, "pwrite");
  if (bytes == nullptr)
    return 0;
  return transferred(
      restarted([&] { return pwrite(descriptor, bytes, static_cast<size_t>(to_int(count)), static_cast<off_t>(at)); }), "pwrite");
}

// The first `count` of several pieces of strings, at once.
POPRT_THROWING(uint64_t, Unix__writev,
               (uint64_t number, const PointerArray* buffers, const IntArray* offsets, const IntArray* lengths, uint64_t count)) {
  const int descriptor = usable_descriptor(number, "writev");
  const int pieces = to_int(count);
  if (descriptor < 0)
    return 0;
  if (pieces < 0 || pieces > IOV_MAX || pieces > buffers->length || pieces > offsets->length || pieces > lengths->length) {
    raise_invalid_argument("writev");
    return 0;
  }
  iovec vectors[IOV_MAX];
  for (int i = 0; i < pieces; i++) {
    auto* buffer = static_cast<String*>(buffers->elements[i]);
    if (!check_range(buffer, offsets->elements[i], lengths->elements[i], "writev"))
      return 0;
    vectors[i] = {buffer->bytes + offsets->elements[i], static_cast<size_t>(lengths->elements[i])};
  }
  return transferred(restarted([&] { return writev(descriptor, vectors, pieces); }), "writev");
}

// From `at` on, or from where the file stands if that is -1.
POPRT_THROWING(uint64_t, Unix__sendfile, (uint64_t to, uint64_t from, uint64_t at, uint64_t count)) {
  const int out = usable_descriptor(to, "sendfile");
  if (out < 0)
    return 0;
  const int in = usable_descriptor(from, "sendfile");
  if (in < 0)
    return 0;
  auto position = static_cast<off_t>(at);
  if (position < -1 || static_cast<int64_t>(count) < 0) {
    raise_invalid_argument("sendfile");
    return 0;
  }
  return transferred_long(restarted([&] { return sendfile(out, in, position < 0 ? nullptr : &position, count); }), "sendfile");
}

POPRT_THROWING(uint64_t, Unix__lseek, (uint64_t number, uint64_t offset, uint64_t whence)) {
  const int descriptor = usable_descriptor(number, "lseek");
  if (descriptor < 0)
    return 0;
  const off_t position = lseek(descriptor, static_cast<off_t>(offset), to_int(whence));
  check(position, "lseek");
  return static_cast<uint64_t>(position);
}

POPRT_THROWING(void, Unix__ftruncate, (uint64_t number, uint64_t length)) {
  if (const int descriptor = usable_descriptor(number, "ftruncate"); descriptor >= 0)
    check(restarted([&] { return ftruncate(descriptor, static_cast<off_t>(length)); }), "ftruncate");
}

POPRT_THROWING(void, Unix__fsync, (uint64_t number)) {
  if (const int descriptor = usable_descriptor(number, "fsync"); descriptor >= 0)
    check(restarted([&] { return fsync(descriptor); }), "fsync");
}

POPRT_THROWING(uint64_t, Unix__dup, (uint64_t number)) {
  const int descriptor = usable_descriptor(number, "dup");
  return descriptor < 0 ? 0 : from_int(enter_descriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, 0), "dup"));
}

// The number must be free or the program's own: what the runtime has opened stays as it is.
POPRT_THROWING(void, Unix__dup2, (uint64_t number, uint64_t wanted)) {
  const int descriptor = usable_descriptor(number, "dup2");
  const int copy = to_int(wanted);
  if (descriptor < 0 || copy == descriptor)
    return;
  if (copy < 0) {
    raise_error(EBADF, "dup2");
    return;
  }
  enter_descriptor(is_entered(copy) || is_standard(copy) ? dup2(descriptor, copy) : copy_to_free_number(descriptor, copy), "dup2");
}

// Two descriptors, the one to read from first.
POPRT_THROWING(void, Unix__pipe, (IntArray* ends)) {
  if (!has_length(ends->length, 2, "pipe"))
    return;
  int descriptors[2];
  if (pipe2(descriptors, O_CLOEXEC) < 0)
    return raise_error(errno, "pipe");
  enter_pair(descriptors, ends->elements, "pipe");
}

POPRT_THROWING(void, Unix__set_nonblock, (uint64_t number)) { set_nonblocking(number, true, "set_nonblock"); }
POPRT_THROWING(void, Unix__clear_nonblock, (uint64_t number)) { set_nonblocking(number, false, "clear_nonblock"); }

// May a program that this one becomes by execv use the descriptor?
POPRT_THROWING(void, Unix__set_inherited, (uint64_t number, uint64_t on)) {
  if (const int descriptor = usable_descriptor(number, "set_inherited"); descriptor >= 0)
    check(fcntl(descriptor, F_SETFD, to_byte(on) != 0 ? 0 : FD_CLOEXEC), "set_inherited");
}

POPRT_THROWING(uint64_t, Unix__isatty, (uint64_t number)) {
  const int descriptor = usable_descriptor(number, "isatty");
  return descriptor >= 0 && isatty(descriptor) == 1 ? 1 : 0;
}
