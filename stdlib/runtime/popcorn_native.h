/* For C code that verified programs call: how to bind a C library (docs/interop.md).
 *
 * The interface file says   Zlib::crc32 : (arr i8) -> i32 nothrow
 * and the C source           POP_NATIVE(uint64_t, Zlib__crc32, (const pop_string *text)) { ... }
 *
 * Every integer arrives as a 64-bit word whose upper bits mean nothing: convert it first (pop_int, pop_byte), and check its
 * range. A result of type i8 or i32 is returned by pop_from_byte or pop_from_int. f32 and f64 are float and double.
 *
 * A function that is not `nothrow` is defined with POP_THROWING. It raises by noting an exception with one of the pop_raise
 * functions, or by a pop_new function that returns NULL, and then returning at once; whatever it returns is ignored.
 *
 * A pointer to what the collector manages may be kept in variables of C functions and in collected memory, never in memory of malloc.
 */
#ifndef POPCORN_NATIVE_H
#define POPCORN_NATIVE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pop_string {
  int64_t length; /* 0 to 2^31-1 */
  char bytes[1];  /* so many, not terminated */
} pop_string;     /* arr i8 */

typedef struct pop_array {
  int64_t length;
  uint64_t elements[1]; /* of 1, 2, 4 or 8 bytes, as the type says */
} pop_array;

static inline int32_t pop_int(uint64_t word) { return (int32_t)word; }
static inline uint8_t pop_byte(uint64_t word) { return (uint8_t)word; }
static inline uint64_t pop_from_int(int32_t value) { return (uint32_t)value; }
static inline uint64_t pop_from_byte(uint8_t value) { return value; }

/* Collected memory, cleared. NULL: an exception has been noted. */
pop_string *pop_new_string(int64_t length);
void *pop_new_object(size_t bytes);               /* may hold pointers to other collected memory */
void *pop_new_pointer_free_object(size_t bytes);

void pop_raise_invalid_argument(const char *what);               /* Core::InvalidArg(what) */
void pop_raise_unix_error(int number, const char *function);     /* Unix::Unix_error(*(number, function)) */
void pop_raise_null_pointer(void);
void pop_raise_out_of_memory(void);
/* An exception of the interface file (`exception A::E of t`), defined by POP_EXCEPTION. Payload: a pointer, or an integer as above. */
void pop_raise(const void *exception, uint64_t payload);

#ifdef __cplusplus
#define POP_C extern "C"
#else
#define POP_C
#endif

#define POP_NATIVE(result, name, parameters) POP_C result popnat_##name parameters

#define POP_EXCEPTION(name) POP_C const uint64_t popnat_##name = 0

#define POP_THROWING(result, name, parameters)       \
  POP_C result popnat_body_##name parameters;        \
  __asm__(".pushsection .text\n"                     \
          "  .globl popnat_" #name "\n"              \
          "  .type popnat_" #name ", @function\n"    \
          "  .p2align 4\n"                           \
          "popnat_" #name ":\n"                      \
          "  subq $8, %rsp\n"                        \
          "  call popnat_body_" #name "\n"           \
          "  addq $8, %rsp\n"                        \
          "  cmpq $0, poprt_pending(%rip)\n"         \
          "  jne poprt_raise_pending\n"              \
          "  ret\n"                                  \
          "  .size popnat_" #name ", . - popnat_" #name "\n" \
          ".popsection\n");                          \
  POP_C result popnat_body_##name parameters

#ifdef __cplusplus
}
#endif
#endif
