// File descriptors of the program, as plain ints of the language.
//
// A number names a descriptor only while this table says that a native opened it: the runtime's own descriptors (control
// socket, patch files) cannot be reached from Popcorn, however a program computes its numbers.
#ifndef STDLIB_RUNTIME_DESCRIPTORS_H
#define STDLIB_RUNTIME_DESCRIPTORS_H

#include <cstdint>

namespace poprt {

// Enters a new descriptor (-1: an error of `native`, raised). Returns the number, or -1 after noting an exception.
int enter_descriptor(int descriptor, const char* native);
// The descriptor of a number, or -1 after noting Unix_error(EBADF, native).
int usable_descriptor(uint64_t number, const char* native);
// Enters both of a new pair or, after an exception, none: they are closed then.
bool enter_pair(const int (&pair)[2], int32_t* numbers, const char* native);
bool is_entered(int descriptor);
void leave_descriptor(int descriptor);

// The numbers 0, 1 and 2 stay taken for ever, closed or not: a descriptor that the runtime opens for itself would else become
// one of them, and what the program prints would go there.
inline bool is_standard(int descriptor) { return descriptor >= 0 && descriptor <= 2; }
void hold_standard_descriptors();               // at the start: those that the program was started without
bool replace_standard_descriptor(int descriptor); // in place of closing it; false with errno

}  // namespace poprt

#endif
