// Allocation over the Boehm-Demers-Weiser collector; the only file that knows which collector it is.
#ifndef STDLIB_RUNTIME_MEMORY_H
#define STDLIB_RUNTIME_MEMORY_H

#include <cstddef>
#include <cstdint>

#include "tal/link/image.h"

namespace poprt {

void start_collector();
void add_roots(void* start, size_t size);  // before the first pointer to the heap is stored there
void collect();
bool expand_heap(size_t bytes);
uint64_t heap_size();
uint64_t collection_count();

}  // namespace poprt

#endif
