// Streams: the opaque type FILE of core.h.
#ifndef STDLIB_RUNTIME_STREAMS_H
#define STDLIB_RUNTIME_STREAMS_H

#include <cstdio>

namespace poprt {

// A collected object. `file` is null once closed, so a handle can be kept and used after closing without harm.
struct Stream {
  std::FILE* file;
};

void open_standard_streams();

// The file of a stream, or null after noting an exception: no stream, or a closed one.
std::FILE* open_file(const Stream* stream, const char* native);
// False when an exception has been noted: no stream, or a closed one.
bool write_bytes(Stream* stream, const char* bytes, size_t count, const char* native);

}  // namespace poprt

#endif
