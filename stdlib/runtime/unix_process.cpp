// Natives of the Unix module: processes, users, limits.
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "stdlib/runtime/unix_support.h"

extern char** environ;

using namespace poprt;

namespace {

// Terminated copies of the strings of an array, in memory of malloc, for a call that replaces the program.
class Words {
public:
  // ok() is false after noting an exception: a byte 0 in a string, or no memory.
  Words(const PointerArray* strings, int64_t count, const char* native) {
    words_ = static_cast<char**>(std::calloc(static_cast<size_t>(count) + 1, sizeof(char*)));
    if (words_ == nullptr) {
      raise_out_of_memory();
      return;
    }
    for (count_ = 0; count_ < count; count_++)
      if (!add(static_cast<const String*>(strings->elements[count_]), native))
        return;
    ok_ = true;
  }
  ~Words() {
    for (int64_t i = 0; i < count_; i++)
      std::free(words_[i]);
    std::free(words_);
  }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  bool ok() const { return ok_; }
  char** get() const { return words_; }

private:
  bool add(const String* text, const char* native) {
    const auto length = static_cast<size_t>(text->length);
    if (std::memchr(text->bytes, 0, length) != nullptr) {
      raise_invalid_argument(native);
      return false;
    }
    auto* word = static_cast<char*>(std::malloc(length + 1));
    if (word == nullptr) {
      raise_out_of_memory();
      return false;
    }
    std::memcpy(word, text->bytes, length);
    word[length] = '\0';
    words_[count_] = word;
    return true;
  }

  char** words_ = nullptr;
  int64_t count_ = 0;
  bool ok_ = false;
};

}  // namespace

// What is buffered is written before, or both processes would write it.
POPRT_THROWING(uint64_t, Unix__fork, ()) {
  std::fflush(nullptr);
  const pid_t child = fork();
  check(child, "fork");
  return from_int(child);
}

// Returns only by an exception. No environment (an empty array is one): that of this program.
POPRT_THROWING(void, Unix__raw_execve,
               (const String* path, const PointerArray* arguments, uint64_t argument_count, const PointerArray* environment,
                uint64_t own_environment)) {
  const Text name(path, "execv");
  if (!name.ok)
    return;
  if (to_int(argument_count) < 0 || to_int(argument_count) > arguments->length)
    return raise_invalid_argument("execv");
  const Words words(arguments, to_int(argument_count), "execv");
  const Words variables(environment, environment->length, "execv");
  if (!words.ok() || !variables.ok())
    return;
  std::fflush(nullptr);
  signal(SIGPIPE, SIG_DFL);  // what this program ignores, others need not
  execve(name.bytes, words.get(), to_byte(own_environment) != 0 ? environ : variables.get());
  const int error = errno;
  signal(SIGPIPE, SIG_IGN);
  raise_error(error, "execv");
}

// Ends the process at once; nothing that is buffered is written.
POPRT_NATIVE(void, Unix__exit_now, (uint64_t status)) { _exit(to_int(status)); }

// The process whose state has changed, 0 if WNOHANG was given and none has; the state is stored.
POPRT_THROWING(uint64_t, Unix__raw_waitpid, (uint64_t process, uint64_t options, IntArray* state)) {
  int status = 0;
  if (!has_length(state->length, 1, "waitpid"))
    return 0;
  const pid_t found = restarted([&] { return waitpid(to_int(process), &status, to_int(options) & (WNOHANG | WUNTRACED)); });
  check(found, "waitpid");
  state->elements[0] = status;
  return from_int(found);
}

POPRT_THROWING(void, Unix__kill, (uint64_t process, uint64_t number)) {
  std::fflush(nullptr);
  check(kill(to_int(process), to_int(number)), "kill");
}

POPRT_NATIVE(uint64_t, Unix__getpid, ()) { return from_int(getpid()); }
POPRT_NATIVE(uint64_t, Unix__getppid, ()) { return from_int(getppid()); }
POPRT_THROWING(uint64_t, Unix__setsid, ()) {
  const pid_t session = setsid();
  check(session, "setsid");
  return from_int(session);
}

// ---- users

POPRT_NATIVE(uint64_t, Unix__getuid, ()) { return from_int(getuid()); }
POPRT_NATIVE(uint64_t, Unix__geteuid, ()) { return from_int(geteuid()); }
POPRT_NATIVE(uint64_t, Unix__getgid, ()) { return from_int(getgid()); }
POPRT_NATIVE(uint64_t, Unix__getegid, ()) { return from_int(getegid()); }
POPRT_THROWING(void, Unix__setuid, (uint64_t user)) { check(setuid(static_cast<uid_t>(to_int(user))), "setuid"); }
POPRT_THROWING(void, Unix__setgid, (uint64_t group)) { check(setgid(static_cast<gid_t>(to_int(group))), "setgid"); }

// The user of a name, or of a number if the name is "": name, password, description, directory, shell. Numbers of user and
// group are stored. No such user: an empty array.
POPRT_THROWING(PointerArray*, Unix__raw_getpw, (const String* name, uint64_t user, IntArray* ids)) {
  const Text wanted(name, "getpwnam");
  if (!wanted.ok || !has_length(ids->length, 2, "getpwnam"))
    return nullptr;
  passwd entry{};
  passwd* found = nullptr;
  char strings[16384];
  const int error = name->length != 0 ? getpwnam_r(wanted.bytes, &entry, strings, sizeof strings, &found)
                                      : getpwuid_r(static_cast<uid_t>(to_int(user)), &entry, strings, sizeof strings, &found);
  if (error != 0 && error != ENOENT && error != ESRCH) {
    raise_error(error, "getpwnam");
    return nullptr;
  }
  const char* const fields[] = {entry.pw_name, entry.pw_passwd, entry.pw_gecos, entry.pw_dir, entry.pw_shell};
  PointerArray* result = new_pointer_array(found == nullptr ? 0 : 5);
  if (result == nullptr || found == nullptr)
    return result;
  for (int i = 0; i < 5; i++) {
    result->elements[i] = new_string_from(fields[i] == nullptr ? "" : fields[i]);
    if (result->elements[i] == nullptr)
      return nullptr;
  }
  ids->elements[0] = static_cast<int32_t>(entry.pw_uid);
  ids->elements[1] = static_cast<int32_t>(entry.pw_gid);
  return result;
}

// ---- limits and other numbers of the system

// Both limits; -1 is none.
POPRT_THROWING(void, Unix__raw_getrlimit, (uint64_t resource, LongArray* out)) {
  rlimit limit{};
  if (!has_length(out->length, 2, "getrlimit"))
    return;
  if (getrlimit(static_cast<__rlimit_resource>(to_int(resource)), &limit) < 0)
    return raise_error(errno, "getrlimit");
  out->elements[0] = static_cast<int64_t>(limit.rlim_cur);
  out->elements[1] = static_cast<int64_t>(limit.rlim_max);
}

POPRT_THROWING(void, Unix__setrlimit, (uint64_t resource, uint64_t soft, uint64_t hard)) {
  const rlimit limit = {soft, hard};
  // The bounds of the stack are known since the start (traps.cpp).
  if (to_int(resource) == RLIMIT_STACK)
    return raise_error(EPERM, "setrlimit");
  check(setrlimit(static_cast<__rlimit_resource>(to_int(resource)), &limit), "setrlimit");
}

POPRT_NATIVE(uint64_t, getpagesize, ()) { return from_int(getpagesize()); }

POPRT_THROWING(String*, Unix__gethostname, ()) {
  char name[256] = "";
  check(gethostname(name, sizeof name - 1), "gethostname");
  return new_string_from(name);
}

// Numbers that look random, from 0 to 2^31-1. srandom returns its seed.
POPRT_NATIVE(uint64_t, random, ()) { return from_int(random()); }
POPRT_NATIVE(uint64_t, srandom, (uint64_t seed)) {
  srandom(static_cast<unsigned>(to_int(seed)));
  return seed;
}
