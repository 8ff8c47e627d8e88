#include "stdlib/runtime/system.h"

#include <fcntl.h>
#include <link.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "stdlib/runtime/memory.h"
#include "stdlib/runtime/raise.h"

extern char** environ;

int32_t poprt_errno = 0;

namespace poprt {
namespace {

int argument_count = 0;
char** arguments = nullptr;

PointerArray* strings_of(char** texts, int64_t count) {
  PointerArray* array = new_pointer_array(count);
  for (int64_t i = 0; array != nullptr && i < count; i++) {
    String* text = new_string_from(texts[i]);
    if (text == nullptr)
      return nullptr;
    array->elements[i] = text;
  }
  return array;
}

}  // namespace

void set_arguments(int argc, char** argv) {
  argument_count = argc;
  arguments = argv;
}

PointerArray* argument_array() { return strings_of(arguments, argument_count); }

void remember_error() { poprt_errno = errno; }

namespace {

int is_code_of(dl_phdr_info* object, size_t, void* wanted) {
  const auto& file = *static_cast<const struct stat*>(wanted);
  struct stat code {};
  const char* name = object->dlpi_name[0] == '\0' ? "/proc/self/exe" : object->dlpi_name;
  return stat(name, &code) == 0 && code.st_dev == file.st_dev && code.st_ino == file.st_ino ? 1 : 0;
}

}  // namespace

bool is_running_code(const struct stat& file) {
  struct stat wanted = file;
  return S_ISREG(file.st_mode) && dl_iterate_phdr(is_code_of, &wanted) != 0;
}

bool may_be_written(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  struct statfs system {};
  struct stat file {};
  if (flags < 0 || fstatfs(descriptor, &system) != 0 || fstat(descriptor, &file) != 0)
    return false;
  return (flags & O_ACCMODE) == O_RDONLY || (system.f_type != PROC_SUPER_MAGIC && !is_running_code(file));
}

}  // namespace poprt

using namespace poprt;

POPRT_THROWING(PointerArray*, std_args, ()) { return argument_array(); }

POPRT_THROWING(PointerArray*, std_env, ()) {
  int64_t count = 0;
  while (environ[count] != nullptr)
    count++;
  return strings_of(environ, count);
}

// Ends the program; streams are flushed.
POPRT_NATIVE(void, exit, (uint64_t status)) { std::exit(to_int(status)); }

POPRT_NATIVE(uint64_t, Unix__last_error, ()) { return from_int(poprt_errno); }

POPRT_THROWING(String*, Unix__error_string, (uint64_t number)) { return new_string_from(strerror(to_int(number))); }

// A Cstring is a collected, terminated copy; only natives make one, and nothing frees it.
POPRT_THROWING(char*, string_to_Cstring, (const String* text)) {
  auto* copy = static_cast<char*>(allocate_pointer_free(static_cast<size_t>(text->length) + 1));
  if (copy != nullptr)
    std::memcpy(copy, text->bytes, static_cast<size_t>(text->length));
  return copy;
}

POPRT_THROWING(String*, Cstring_to_string, (const char* text)) {
  if (text == nullptr) {
    raise_null_pointer();
    return nullptr;
  }
  return new_string_from(text);
}

// Null when there is no such variable.
POPRT_THROWING(char*, getenv, (const char* name)) {
  if (name == nullptr) {
    raise_null_pointer();
    return nullptr;
  }
  const char* value = std::getenv(name);
  if (value == nullptr)
    return nullptr;
  auto* copy = static_cast<char*>(allocate_pointer_free(std::strlen(value) + 1));
  if (copy != nullptr)
    std::memcpy(copy, value, std::strlen(value));
  return copy;
}

// Generic identity: type variables arrive as canonical words, so equal values are equal words.
POPRT_NATIVE(uint64_t, ptr_compare, (uint64_t a, uint64_t b)) { return from_int(a < b ? -1 : a > b ? 1 : 0); }

POPRT_NATIVE(uint64_t, hash, (uint64_t value)) {
  return (value * 0x9e3779b97f4a7c15u) >> 33;  // 31 bits: not negative as an int
}

// Runs a command by the shell; its exit status, or -1.
POPRT_THROWING(uint64_t, system, (const char* command)) {
  if (command == nullptr) {
    raise_null_pointer();
    return 0;
  }
  std::fflush(nullptr);
  const int status = std::system(command);
  return from_int(status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

// Arrays of zeros.
POPRT_THROWING(void*, new_array1, (uint64_t length)) { return new_integer_array(to_int(length), 1); }
POPRT_THROWING(void*, new_array2, (uint64_t length)) { return new_integer_array(to_int(length), 2); }
POPRT_THROWING(void*, new_array4, (uint64_t length)) { return new_integer_array(to_int(length), 4); }
POPRT_THROWING(void*, new_array4u, (uint64_t length)) { return new_integer_array(to_int(length), 4); }
POPRT_THROWING(void*, new_array8, (uint64_t length)) { return new_integer_array(to_int(length), 8); }

// More room for the heap at once, in bytes; false if there is none.
POPRT_NATIVE(uint64_t, GC_expand_hp, (uint64_t bytes)) {
  return to_int(bytes) > 0 && expand_heap(static_cast<size_t>(to_int(bytes))) ? 1 : 0;
}

POPRT_NATIVE(void, GC_gcollect, ()) { collect(); }
POPRT_NATIVE(uint64_t, GC_get_heap_size, ()) { return from_int(static_cast<int64_t>(heap_size() & 0x7fffffff)); }
POPRT_NATIVE(uint64_t, GC_collections, ()) { return from_int(static_cast<int64_t>(collection_count() & 0x7fffffff)); }

// Milliseconds of a clock that never goes back; wraps after 24 days.
POPRT_NATIVE(uint64_t, int_time, ()) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return from_int((now.tv_sec * 1000 + now.tv_nsec / 1000000) & 0x7fffffff);
}
