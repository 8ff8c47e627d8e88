#include "driver/big_stack.h"

#include <cstddef>

#include <pthread.h>

namespace driver {

namespace {

// Only what is used becomes memory.
constexpr size_t stack_bytes = size_t(1) << 30;

struct Call {
  const std::function<int()>& function;
  int result = 0;
};

void* run(void* argument) {
  Call* call = static_cast<Call*>(argument);
  call->result = call->function();
  return nullptr;
}

} // namespace

int on_big_stack(const std::function<int()>& function) {
  Call call{function};
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0)
    return function();
  const bool started = pthread_attr_setstacksize(&attributes, stack_bytes) == 0 && pthread_create(&thread, &attributes, run, &call) == 0;
  pthread_attr_destroy(&attributes);
  if (!started)
    return function();
  pthread_join(thread, nullptr);
  return call.result;
}

} // namespace driver
