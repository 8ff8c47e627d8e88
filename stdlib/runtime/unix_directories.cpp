// Natives of the Unix module: names of files, their status, directories.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "stdlib/runtime/system.h"
#include "stdlib/runtime/unix_support.h"

using namespace poprt;

namespace {

// A directory that is read: a collected object, so that a handle can be kept and used after closing without harm.
struct Directory {
  DIR* stream;         // null once closed
  int32_t descriptor;  // what dirfd has given out, or -1
};

DIR* usable(const Directory* directory, const char* native) {
  if (directory == nullptr)
    raise_null_pointer();
  else if (directory->stream == nullptr)
    raise_invalid_argument(native);
  else
    return directory->stream;
  return nullptr;
}

constexpr int64_t status_fields = 16;

// In the order of the struct file_status of unix.h.
void store_status(const struct stat& status, int64_t* out) {
  const int64_t fields[status_fields] = {
      static_cast<int64_t>(status.st_dev),  static_cast<int64_t>(status.st_ino), status.st_mode,
      static_cast<int64_t>(status.st_nlink), status.st_uid, status.st_gid, static_cast<int64_t>(status.st_rdev),
      status.st_size, status.st_blksize, status.st_blocks, status.st_atim.tv_sec, status.st_mtim.tv_sec, status.st_ctim.tv_sec,
      status.st_atim.tv_nsec, status.st_mtim.tv_nsec, status.st_ctim.tv_nsec};
  for (int i = 0; i < status_fields; i++)
    out[i] = fields[i];
}

template <class Call>
void on_path(const String* path, const char* native, Call call) {
  if (const Text name(path, native); name.ok)
    check(restarted([&] { return call(name.bytes); }), native);
}

template <class Call>
void on_two_paths(const String* from, const String* to, const char* native, Call call) {
  const Text old_name(from, native);
  if (!old_name.ok)
    return;
  if (const Text new_name(to, native); new_name.ok)
    check(call(old_name.bytes, new_name.bytes), native);
}

}  // namespace

// ---- status

POPRT_THROWING(void, Unix__raw_stat, (const String* path, uint64_t follow, LongArray* out)) {
  struct stat status {};
  const Text name(path, "stat");
  if (!name.ok || !has_length(out->length, status_fields, "stat"))
    return;
  if (fstatat(AT_FDCWD, name.bytes, &status, to_byte(follow) != 0 ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
    return raise_error(errno, "stat");
  store_status(status, out->elements);
}

POPRT_THROWING(void, Unix__raw_fstat, (uint64_t number, LongArray* out)) {
  struct stat status {};
  const int descriptor = usable_descriptor(number, "fstat");
  if (descriptor < 0 || !has_length(out->length, status_fields, "fstat"))
    return;
  if (fstat(descriptor, &status) < 0)
    return raise_error(errno, "fstat");
  store_status(status, out->elements);
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

POPRT_THROWING(uint64_t, Unix__access, (const String* path, uint64_t mode)) {
  const Text name(path, "access");
  return name.ok && access(name.bytes, to_int(mode)) == 0 ? 1 : 0;
}

// ---- names

POPRT_THROWING(void, Unix__unlink, (const String* path)) { on_path(path, "unlink", unlink); }
POPRT_THROWING(void, Unix__rmdir, (const String* path)) { on_path(path, "rmdir", rmdir); }
POPRT_THROWING(void, Unix__chdir, (const String* path)) { on_path(path, "chdir", chdir); }
POPRT_THROWING(void, Unix__chroot, (const String* path)) { on_path(path, "chroot", chroot); }

POPRT_THROWING(void, Unix__mkdir, (const String* path, uint64_t mode)) {
  on_path(path, "mkdir", [&](const char* name) { return mkdir(name, static_cast<mode_t>(to_int(mode) & 07777)); });
}

POPRT_THROWING(void, Unix__chmod, (const String* path, uint64_t mode)) {
  on_path(path, "chmod", [&](const char* name) { return chmod(name, static_cast<mode_t>(to_int(mode) & 07777)); });
}

POPRT_THROWING(void, Unix__truncate, (const String* path, uint64_t length)) {
  on_path(path, "truncate", [&](const char* name) {
    struct stat file {};
    if (stat(name, &file) == 0 && is_running_code(file)) {
      errno = ETXTBSY;
      return -1;
    }
    return truncate(name, static_cast<off_t>(length));
  });
}

POPRT_THROWING(void, Unix__rename, (const String* from, const String* to)) { on_two_paths(from, to, "rename", rename); }
POPRT_THROWING(void, Unix__link, (const String* from, const String* to)) { on_two_paths(from, to, "link", link); }
POPRT_THROWING(void, Unix__symlink, (const String* from, const String* to)) { on_two_paths(from, to, "symlink", symlink); }

POPRT_NATIVE(uint64_t, Unix__umask, (uint64_t mask)) { return from_int(umask(static_cast<mode_t>(to_int(mask) & 0777))); }

POPRT_THROWING(String*, Unix__readlink, (const String* path)) {
  const Text name(path, "readlink");
  if (!name.ok)
    return nullptr;
  char target[path_limit];
  const ssize_t length = readlink(name.bytes, target, sizeof target);
  check(length, "readlink");
  return length < 0 ? nullptr : new_string_from(target, static_cast<size_t>(length));
}

POPRT_THROWING(String*, Unix__getcwd, ()) {
  char name[path_limit];
  if (getcwd(name, sizeof name) != nullptr)
    return new_string_from(name);
  raise_error(errno, "getcwd");
  return nullptr;
}

// ---- directories

POPRT_THROWING(Directory*, Unix__opendir, (const String* path)) {
  const Text name(path, "opendir");
  if (!name.ok)
    return nullptr;
  auto* directory = static_cast<Directory*>(allocate_pointer_free(sizeof(Directory)));
  if (directory == nullptr)
    return nullptr;
  directory->descriptor = -1;
  directory->stream = opendir(name.bytes);
  if (directory->stream == nullptr)
    raise_error(errno, "opendir");
  return directory;
}

// The next name, "" behind the last one; number of the file, position behind the entry and its length are stored in `out`.
POPRT_THROWING(String*, Unix__raw_readdir, (Directory* directory, LongArray* out)) {
  DIR* stream = usable(directory, "readdir");
  if (stream == nullptr || !has_length(out->length, 3, "readdir"))
    return nullptr;
  errno = 0;
  const dirent* entry = readdir(stream);
  if (entry == nullptr) {
    if (errno != 0)
      raise_error(errno, "readdir");
    return errno != 0 ? nullptr : new_string_from("");
  }
  out->elements[0] = static_cast<int64_t>(entry->d_ino);
  out->elements[1] = entry->d_off;
  out->elements[2] = entry->d_reclen;
  return new_string_from(entry->d_name);
}

POPRT_THROWING(void, Unix__closedir, (Directory* directory)) {
  DIR* stream = usable(directory, "closedir");
  if (stream == nullptr)
    return;
  directory->stream = nullptr;
  check(closedir(stream), "closedir");
}

POPRT_THROWING(void, Unix__rewinddir, (const Directory* directory)) {
  if (DIR* stream = usable(directory, "rewinddir"))
    rewinddir(stream);
}

POPRT_THROWING(void, Unix__seekdir, (const Directory* directory, uint64_t position)) {
  if (DIR* stream = usable(directory, "seekdir"))
    seekdir(stream, static_cast<long>(position));
}

POPRT_THROWING(uint64_t, Unix__telldir, (const Directory* directory)) {
  DIR* stream = usable(directory, "telldir");
  return stream == nullptr ? 0 : static_cast<uint64_t>(telldir(stream));
}

// A descriptor of the directory, the program's own: closing it does not disturb the reading.
POPRT_THROWING(uint64_t, Unix__dirfd, (Directory* directory)) {
  DIR* stream = usable(directory, "dirfd");
  if (stream == nullptr)
    return 0;
  if (!is_entered(directory->descriptor))
    directory->descriptor = enter_descriptor(fcntl(dirfd(stream), F_DUPFD_CLOEXEC, 0), "dirfd");
  return from_int(directory->descriptor);
}
