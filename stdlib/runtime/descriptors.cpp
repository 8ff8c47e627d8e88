#include "stdlib/runtime/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "stdlib/runtime/raise.h"

namespace poprt {
namespace {

constexpr int descriptor_limit = 1 << 16;
bool entered[descriptor_limit] = {true, true, true};  // the standard streams

}  // namespace

int enter_descriptor(int descriptor, const char* native) {
  if (descriptor >= descriptor_limit) {
    close(descriptor);
    descriptor = -1;
    errno = EMFILE;
  }
  if (descriptor < 0) {
    raise_unix_error(errno, native);
    return -1;
  }
  entered[descriptor] = true;
  return descriptor;
}

int usable_descriptor(uint64_t number, const char* native) {
  if (is_entered(to_int(number)))
    return to_int(number);
  raise_unix_error(EBADF, native);
  return -1;
}

bool enter_pair(const int (&pair)[2], int32_t* numbers, const char* native) {
  for (int i = 0; i < 2; i++)
    if (enter_descriptor(pair[i], native) < 0) {
      if (i == 1) {
        leave_descriptor(pair[0]);
        close(pair[0]);
      } else {
        close(pair[1]);
      }
      return false;
    }
  numbers[0] = pair[0];
  numbers[1] = pair[1];
  return true;
}

bool is_entered(int descriptor) { return descriptor >= 0 && descriptor < descriptor_limit && entered[descriptor]; }

void leave_descriptor(int descriptor) { entered[descriptor] = false; }

void hold_standard_descriptors() {
  int descriptor = 0;
  while (is_standard(descriptor))
    descriptor = open("/dev/null", O_RDWR);
  if (descriptor >= 0)
    close(descriptor);
}

bool replace_standard_descriptor(int descriptor) {
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0)
    return false;
  const bool done = dup2(nothing, descriptor) == descriptor;
  const int error = errno;
  close(nothing);
  errno = error;
  return done;
}

}  // namespace poprt
