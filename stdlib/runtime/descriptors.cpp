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
  const int32_t descriptor = to_int(number);
  if (descriptor >= 0 && descriptor < descriptor_limit && entered[descriptor])
    return descriptor;
  raise_unix_error(EBADF, native);
  return -1;
}

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
