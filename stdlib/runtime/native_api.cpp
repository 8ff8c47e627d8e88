// What C code of users finds here (popcorn_native.h).
#include "stdlib/runtime/popcorn_native.h"

#include "stdlib/runtime/raise.h"

using namespace poprt;

pop_string* pop_new_string(int64_t length) { return reinterpret_cast<pop_string*>(new_string(length)); }
void* pop_new_object(size_t bytes) { return allocate(bytes); }
void* pop_new_pointer_free_object(size_t bytes) { return allocate_pointer_free(bytes); }

void pop_raise_invalid_argument(const char* what) { raise_invalid_argument(what); }
void pop_raise_unix_error(int number, const char* function) { raise_unix_error(number, function); }
void pop_raise_null_pointer() { raise_null_pointer(); }
void pop_raise_out_of_memory() { raise_out_of_memory(); }

void pop_raise(const void* exception, uint64_t payload) {
  auto* packet = static_cast<Exception*>(allocate(sizeof(Exception)));
  if (packet == nullptr)
    return;
  packet->name = static_cast<const ExceptionName*>(exception);
  packet->payload = payload;
  raise(packet);
}
