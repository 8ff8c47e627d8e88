// How natives raise exceptions.
//
// No C++ frame is ever unwound. A native that wants to raise notes the exception with one of the
// functions below and returns any value; the entry stub that POPRT_THROWING puts in front of it finds
// the note and raises on its behalf, at a point where the caller's registers are as the caller left
// them. A native that never raises needs no stub and is exported under its own name.
#ifndef STDLIB_RUNTIME_RAISE_H
#define STDLIB_RUNTIME_RAISE_H

#include "stdlib/runtime/value.h"

namespace poprt {

void raise(Exception* exception);
void raise_with_string(const ExceptionName& name, const char* text);
void raise_out_of_memory();
void raise_null_pointer();
void raise_invalid_argument(const char* what);  // Core::InvalidArg
void raise_unix_error(int error_number, const char* function);  // Unix::Unix_error(*(int, string))

// Checks that [offset, offset+count) lies in `text`; raises Core::InvalidArg(what) otherwise.
bool check_range(const String* text, int32_t offset, int32_t count, const char* what);

}  // namespace poprt

extern "C" {
extern poprt::Exception* poprt_pending;  // the noted exception, or null
extern poprt::ExceptionName poprt_NullPointer, poprt_ArrayBounds, poprt_DivideByZero, poprt_OutOfMemory, poprt_UnionVariant;
extern poprt::ExceptionName poprt_Core__InvalidArg, poprt_Unix__Unix_error, poprt_Dsu__Refused;
}

// POPRT_THROWING(result, name, (parameters)) { body }
//   Defines the native `name` (at most six parameters, none on the stack) with its entry stub.
#define POPRT_THROWING(result, name, parameters)                       \
  extern "C" result poprt_body_##name parameters;                      \
  __asm__(".pushsection .text\n"                                       \
          "  .globl poprt_" #name "\n"                                 \
          "  .type poprt_" #name ", @function\n"                       \
          "  .p2align 4\n"                                             \
          "poprt_" #name ":\n"                                         \
          "  .cfi_startproc\n"                                         \
          "  subq $8, %rsp\n"                                          \
          "  .cfi_adjust_cfa_offset 8\n"                               \
          "  call poprt_body_" #name "\n"                              \
          "  addq $8, %rsp\n"                                          \
          "  .cfi_adjust_cfa_offset -8\n"                              \
          "  cmpq $0, poprt_pending(%rip)\n"                           \
          "  jne poprt_raise_pending\n"                                \
          "  ret\n"                                                    \
          "  .cfi_endproc\n"                                           \
          "  .size poprt_" #name ", . - poprt_" #name "\n"             \
          ".popsection\n");                                            \
  extern "C" result poprt_body_##name parameters

// POPRT_NATIVE(result, name, (parameters)) { body }: a native that never raises.
#define POPRT_NATIVE(result, name, parameters) extern "C" result poprt_##name parameters

#endif
