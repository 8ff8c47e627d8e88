// Every object is zeroed before its first use, pointer-free ones too: a stale word in one of them could otherwise pass for
// a function address or a union case (R36). The collector clears only what it scans, so the rest is cleared here.
//
// Small objects come from free lists in static memory, without locking: verified code runs on one thread. Interior
// pointers count as references from everywhere, because code keeps pointers into the middle of objects across calls.
//
// The collector's own kind of scanned objects has a spare byte at the end of each, for pointers past the end, and leaves the
// object's last word unscanned. Verified code keeps no pointer past the end, so small objects are of a kind of ours, which
// is scanned in full and needs no spare byte: a list cell takes 16 bytes, not 32.
#include "stdlib/runtime/memory.h"

#include <cstdlib>
#include <cstring>

#ifndef NDEBUG
#define NDEBUG  // the checks of the allocation macro cost more than the allocation
#endif
#include <gc/gc.h>
#include <gc/gc_inline.h>
#include <gc/gc_mark.h>

#include "stdlib/runtime/exceptions.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/value.h"

// Variables of the language: how many collections there have been; whether the collector is quiet, which it always is.
extern "C" {
uint32_t poprt_GC_gc_no = 0;
int32_t poprt_GC_quiet = 1;
}

namespace poprt {
namespace {

constexpr size_t initial_heap = size_t{16} << 20;
constexpr size_t granule = 16;

// Roots of the collector, as all static data of the runtime: it finds the objects on the first, each through the one before.
// It does not look into pointer-free objects, so those lists are given up when a collection begins, and swept with the rest.
void* scanned_lists[GC_TINY_FREELISTS];
void* pointer_free_lists[GC_TINY_FREELISTS];
unsigned scanned_kind = 0;  // set by start_collector

void at_start_of_collection() {
  poprt_GC_gc_no++;
  std::memset(pointer_free_lists, 0, sizeof pointer_free_lists);
}
void* no_memory(size_t) { return nullptr; }
void quiet_warning(char*, GC_word) {}

size_t granules_of(size_t bytes) { return bytes == 0 ? 1 : (bytes + granule - 1) / granule; }

inline void* allocate_scanned(size_t bytes) {
  const size_t count = granules_of(bytes);
  void* object;
  GC_FAST_MALLOC_GRANS(object, count, scanned_lists, 0, scanned_kind, GC_malloc(bytes), *static_cast<void**>(object) = nullptr);
  return object;
}

inline void* allocate_cleared(size_t bytes) {
  const size_t count = granules_of(bytes);
  void* object;
  GC_FAST_MALLOC_GRANS(object, count, pointer_free_lists, 0, GC_I_PTRFREE, GC_malloc_atomic(bytes), (void)0);
  if (object != nullptr)
    std::memset(object, 0, bytes);
  return object;
}

[[gnu::always_inline]] inline void* allocate_once(size_t bytes, bool has_pointers) {
  return has_pointers ? allocate_scanned(bytes) : allocate_cleared(bytes);
}

// The collector gives up when the heap may not grow, without looking whether something could be freed.
[[gnu::noinline]] void* allocate_after_collection(size_t bytes, bool has_pointers) {
  GC_gcollect();
  void* object = allocate_once(bytes, has_pointers);
  if (object == nullptr)
    raise_out_of_memory();
  return object;
}

inline void* allocate_as(size_t bytes, bool has_pointers) {
  void* object = allocate_once(bytes, has_pointers);
  return __builtin_expect(object == nullptr, 0) ? allocate_after_collection(bytes, has_pointers) : object;
}

template <class Element>
void fill(void* elements, int64_t count, uint64_t init) {
  auto* out = static_cast<Element*>(elements);
  for (int64_t i = 0; i < count; i++)
    out[i] = static_cast<Element>(init);
}

void fill_elements(void* elements, uint32_t size, int64_t count, uint64_t init) {
  switch (size) {
    case 1: fill<uint8_t>(elements, count, init); return;
    case 2: fill<uint16_t>(elements, count, init); return;
    case 4: fill<uint32_t>(elements, count, init); return;
    default: fill<uint64_t>(elements, count, init); return;
  }
}

}  // namespace

void start_collector() {
  if (scanned_kind != 0)
    return;
  GC_set_all_interior_pointers(1);
  GC_set_oom_fn(no_memory);
  GC_set_warn_proc(quiet_warning);
  GC_set_start_callback(at_start_of_collection);
  GC_set_handle_fork(1);  // the child of a fork collects too
  GC_INIT();
  constexpr int add_size_to_descriptor = 1, clear_objects = 1;
  scanned_kind = GC_new_kind(GC_new_free_list(), GC_DS_LENGTH, add_size_to_descriptor, clear_objects);
  GC_expand_hp(initial_heap);
}

void add_roots(void* start, size_t size) {
  if (size != 0)
    GC_add_roots(start, static_cast<char*>(start) + size);
}

void collect() { GC_gcollect(); }
uint64_t heap_size() { return GC_get_heap_size(); }
uint64_t collection_count() { return GC_get_gc_no(); }

void* allocate(size_t bytes) { return allocate_as(bytes, true); }
void* allocate_pointer_free(size_t bytes) { return allocate_as(bytes, false); }

String* new_string(int64_t length) {
  if (length < 0 || length > max_length) {
    raise_invalid_argument("new_string");
    return nullptr;
  }
  auto* text = static_cast<String*>(allocate_pointer_free(sizeof(int64_t) + static_cast<size_t>(length)));
  if (text != nullptr)
    text->length = length;
  return text;
}

String* new_string_from(const char* bytes, size_t length) {
  String* text = new_string(length > static_cast<size_t>(max_length) ? -1 : static_cast<int64_t>(length));
  if (text != nullptr)
    std::memcpy(text->bytes, bytes, length);
  return text;
}

String* new_string_from(const char* terminated) { return new_string_from(terminated, std::strlen(terminated)); }

PointerArray* new_pointer_array(int64_t length) {
  auto* array = static_cast<PointerArray*>(allocate(sizeof(int64_t) + 8 * static_cast<size_t>(length)));
  if (array != nullptr)
    array->length = length;
  return array;
}

void* new_integer_array(int64_t length, size_t element_size) {
  if (length < 0 || length > max_length) {
    raise_invalid_argument("new_array");
    return nullptr;
  }
  auto* array = static_cast<IntArray*>(allocate_pointer_free(sizeof(int64_t) + static_cast<size_t>(length) * element_size));
  if (array != nullptr)
    array->length = length;
  return array;
}

bool expand_heap(size_t bytes) { return GC_expand_hp(bytes) != 0; }

}  // namespace poprt

using namespace poprt;

// The bodies of __tal_new and __tal_newarray (entry.S). Null: an exception has been noted.
extern "C" void* poprt_new(const tal_descriptor* descriptor) {
  return allocate_as(descriptor->size, descriptor->has_pointers != 0);
}

extern "C" void* poprt_new_array(const tal_descriptor* descriptor, int64_t count, uint64_t init) {
  if (count < 0 || count > max_length) {
    raise_invalid_argument("new_array");
    return nullptr;
  }
  const size_t bytes = sizeof(int64_t) + static_cast<size_t>(count) * descriptor->size;
  auto* array = static_cast<IntArray*>(allocate_as(bytes, descriptor->has_pointers != 0));
  if (array == nullptr)
    return nullptr;
  array->length = count;
  if (init != 0)
    fill_elements(array->elements, descriptor->size, count, init);
  return array;
}
