/* Unwind records: what the checker derives for every call site and trap site and the unwinder reads. C layout, usable from C.
 *
 * Nothing here is written by the compiler. The records of one module are sorted by return address; both tables are
 * immutable from the moment the module is verified. Offsets are from the start of the module's verified text.
 */
#ifndef TAL_RECORDS_H
#define TAL_RECORDS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TAL_NO_PAD 0xFFFFFFFFu

/* Callee-saved registers in the order of tal_record.saved: rbx rbp r12 r13 r14 r15. */
#define TAL_CALLEE_SAVED 6

/* Where the caller's value of a callee-saved register is while the call is running:
 *   0..15      that machine register (its own number: never touched by this frame so far)
 *   < 0        memory at entry_rsp + 8 * value, entry_rsp being the address of the frame's return address
 *   TAL_LOST   gone (only at calls that cannot throw) */
#define TAL_LOST 0x7FFF

typedef struct tal_record {
  uint32_t return_offset; /* text offset just after the call instruction, or the trap site */
  uint16_t frame;         /* D: entry_rsp = rsp at the call (before it pushes) + D */
  uint16_t trap;          /* 0: a call; else the length of an instruction that raises NullPointer if it faults near address 0 */
  uint32_t pad;           /* text offset of the landing pad, or TAL_NO_PAD */
  uint32_t function;      /* index into tal_function table */
  int16_t saved[TAL_CALLEE_SAVED];
} tal_record;             /* 28 bytes */

typedef struct tal_function {
  uint32_t start, size; /* text offset and length in bytes */
  uint32_t name;        /* offset of a NUL-terminated source name in the module's string table */
} tal_function;

/* Source line of a return address (not trusted: for messages only); sorted by offset, first call site at or above. */
typedef struct tal_line {
  uint32_t return_offset;
  uint32_t file; /* offset of a NUL-terminated file name in the string table */
  uint32_t line;
} tal_line;

/* Everything the unwinder knows of one module. */
typedef struct tal_unwind_table {
  const tal_record *records;
  const tal_function *functions;
  const tal_line *lines;
  const char *strings;
  uint32_t record_count, function_count, line_count, string_size;
} tal_unwind_table;

#ifdef __cplusplus
}
#endif
#endif
