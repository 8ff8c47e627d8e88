// The process: arguments, environment, error numbers, and which files a program may write.
#ifndef STDLIB_RUNTIME_SYSTEM_H
#define STDLIB_RUNTIME_SYSTEM_H

#include "stdlib/runtime/value.h"

struct stat;

namespace poprt {

void set_arguments(int argc, char** argv);
PointerArray* argument_array();  // of strings; null: an exception has been noted

void remember_error();  // keeps errno for the program

// False for writable files of the proc file system, because /proc/self/mem would let a program write anywhere, and for those that code of
// this process comes from: what is written to them shows in pages of code that are mapped.
bool may_be_written(int descriptor);
bool is_running_code(const struct stat& file);

}  // namespace poprt

// A variable of the language: the error number of the last call that failed.
extern "C" int32_t poprt_errno;

#endif
