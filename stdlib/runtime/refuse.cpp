// Dsu::refuse(why): how a state transformer calls an update off. An ordinary exception, so that it may also be caught.
#include "stdlib/runtime/raise.h"

using namespace poprt;

POPRT_THROWING(void, Dsu__refuse, (String* why)) {
  auto* exception = static_cast<Exception*>(allocate(sizeof(Exception)));
  if (exception == nullptr)
    return;  // out of memory has been noted
  exception->name = &poprt_Dsu__Refused;
  exception->payload = reinterpret_cast<uint64_t>(why);
  raise(exception);
}
