/* The module table of a linked program: what the link step tells the runtime. C layout, usable from C.
 *
 * tal/link_object writes one table, under the symbol __tal_program, from verified modules only; the loader of patches builds
 * further tal_module values in memory. All addresses are final when the program starts. The runtime never writes to these
 * structures.
 */
#ifndef TAL_IMAGE_H
#define TAL_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "tal/records.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How __tal_new and __tal_newarray lay out what they allocate. Made by the linker or loader from a type id (R32). */
typedef struct tal_descriptor {
  uint32_t size;         /* object: bytes; array: bytes of one element */
  uint8_t is_array;
  uint8_t has_pointers;  /* some word may hold an address: scanned by the collector (R36) */
  uint16_t reserved;
} tal_descriptor;

/* What a payload of an exception looks like, for the message of an uncaught one. */
enum tal_payload {
  TAL_PAYLOAD_NONE,
  TAL_PAYLOAD_BOOL_OR_CHAR, /* i8 */
  TAL_PAYLOAD_INT,          /* i32, printed signed */
  TAL_PAYLOAD_LONG,         /* i64 */
  TAL_PAYLOAD_STRING,
  TAL_PAYLOAD_OTHER         /* printed as "..." */
};

typedef struct tal_exception_name {
  const void *address; /* the identity */
  const char *name;
  uint64_t payload;    /* enum tal_payload */
} tal_exception_name;

typedef struct tal_module {
  const char *name;
  const uint8_t *text;
  uint64_t text_size;
  const uint8_t *rodata;
  uint64_t rodata_size;
  uint8_t *data; /* roots for the collector */
  uint64_t data_size;
  uint8_t *bss;
  uint64_t bss_size;
  const uint8_t *relro; /* read-only after start-up: objects with ro fields that hold addresses */
  uint64_t relro_size;
  const uint8_t *descriptors; /* of the symbols of kind desc, in their order: tal/descriptor.h */
  uint64_t descriptors_size;
  tal_unwind_table unwind;
  const tal_exception_name *exceptions;
  uint64_t exception_count;
  const uint8_t *interface; /* tal::Interface, serialised; null unless the program is updateable */
  uint64_t interface_size;
  const uint8_t *dsu;       /* the object's .tal.dsu section, as it was; null unless the program is updateable */
  uint64_t dsu_size;
} tal_module;

/* A function or variable of the runtime that some module uses. */
typedef struct tal_native {
  const char *name; /* as in natives.tali */
  const void *address;
} tal_native;

enum tal_entry_kind {
  TAL_ENTRY_IGNORE_RESULT, /* pop_main(): exit status 0 */
  TAL_ENTRY_INT,           /* int main() */
  TAL_ENTRY_INT_ARGS       /* int main(string[]) */
};

typedef struct tal_program {
  uint64_t module_count;
  const tal_module *modules;
  uint64_t native_count;
  const tal_native *natives; /* sorted by name */
  const void *entry;
  uint64_t entry_kind;
  uint64_t updateable;
  const char *version; /* label given with --dsu-version, or "" */
  const char *user_natives; /* declarations of the user's natives in an updateable program, for the checking of patches; or null */
  uint64_t user_natives_size;
  const uint8_t *update_key; /* 32 bytes, the Ed25519 key that patches must be signed with; null if none is asked for */
} tal_program;

extern const tal_program __tal_program;

/* Where the program structure is, for readers of the file: the only content of the section "tal_anchor". */
typedef struct tal_anchor {
  char magic[8];   /* TAL_ANCHOR_MAGIC */
  int64_t program; /* address of __tal_program minus the address of this field */
} tal_anchor;
#define TAL_ANCHOR_MAGIC "TALPROG1"

#ifdef __cplusplus
}
#endif
#endif
