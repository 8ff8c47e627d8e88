// The process: arguments, environment, error numbers, and which files a program may write.
#ifndef STDLIB_RUNTIME_SYSTEM_H
#define STDLIB_RUNTIME_SYSTEM_H

#include "stdlib/runtime/value.h"

namespace poprt {

void set_arguments(int argc, char** argv);
PointerArray* argument_array();  // of strings; null: an exception has been noted

void remember_error();  // keeps errno for the program

// False for writable files of the proc file system: /proc/self/mem would let a program write anywhere.
bool may_be_written(int descriptor);

}  // namespace poprt

// A variable of the language: the error number of the last call that failed.
extern "C" int32_t poprt_errno;

#endif
