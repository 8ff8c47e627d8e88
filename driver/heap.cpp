// The heap of the compiler: replaces `operator new` and `operator delete` of the tools that link this file.
//
// A compilation allocates and frees millions of small objects, nearly all in one thread, and then ends. Small sizes are therefore
// rounded up to a size class; each class has a list of free cells, and new cells come from spans that are carved off one large
// reserved range of addresses, so that an address alone tells its class. No coalescing, no headers, memory is not given back.
// Large objects, and everything when the range cannot be reserved or is used up, come from malloc.
//
// Threads have lists of their own; a cell that another thread frees joins that thread's list.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace {

constexpr size_t granule = 16, largest = 1024, classes = largest / granule + 1;
constexpr size_t span_bytes = size_t(1) << 15, range_bytes = size_t(1) << 35, spans = range_bytes / span_bytes;

struct FreeCell {
  FreeCell* next;
};

struct ThreadHeap {
  FreeCell* free[classes];
  char* fresh[classes]; // cells of the class's latest span that were never handed out
  char* end[classes];
};

thread_local ThreadHeap heap;        // all zero: no constructor, so it can be used at any time
std::atomic<size_t> next_span;       // index of the first unused span
std::atomic<uintptr_t> range_start;  // 0: not reserved yet
uint8_t class_of_span[spans];        // touched as far as spans are in use

constexpr uintptr_t no_range = 1;

uintptr_t reserve() {
  // Huge pages if the system has them: most of the cost of fresh memory is the page faults.
  void* memory = ::mmap(nullptr, range_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  uintptr_t wanted = no_range;
  if (memory != MAP_FAILED) {
    wanted = reinterpret_cast<uintptr_t>(memory);
    ::madvise(memory, range_bytes, MADV_HUGEPAGE);
  }
  uintptr_t found = 0;
  if (range_start.compare_exchange_strong(found, wanted)) return wanted;
  if (memory != MAP_FAILED) ::munmap(memory, range_bytes); // another thread was first
  return found;
}

void* from_malloc(size_t size) {
  void* memory = std::malloc(size ? size : 1);
  if (!memory) throw std::bad_alloc();
  return memory;
}

[[gnu::noinline]] void* new_cell(size_t size, size_t cls) {
  if (heap.fresh[cls] == heap.end[cls]) {
    uintptr_t start = range_start.load(std::memory_order_relaxed);
    if (start == 0) start = reserve();
    if (start == no_range || next_span.load(std::memory_order_relaxed) >= spans) return from_malloc(size);
    const size_t span = next_span.fetch_add(1, std::memory_order_relaxed);
    if (span >= spans) return from_malloc(size);
    class_of_span[span] = static_cast<uint8_t>(cls);
    heap.fresh[cls] = reinterpret_cast<char*>(start + span * span_bytes);
    heap.end[cls] = heap.fresh[cls] + span_bytes / (cls * granule) * (cls * granule);
  }
  void* cell = heap.fresh[cls];
  heap.fresh[cls] += cls * granule;
  return cell;
}

} // namespace

void* operator new(size_t size) {
  if (size > largest) return from_malloc(size);
  const size_t cls = size == 0 ? 1 : (size + granule - 1) / granule;
  FreeCell* cell = heap.free[cls];
  if (!cell) return new_cell(size, cls);
  heap.free[cls] = cell->next;
  return cell;
}

void operator delete(void* memory) noexcept {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(memory) - range_start.load(std::memory_order_relaxed);
  if (offset >= range_bytes) return std::free(memory); // null too
  const size_t cls = class_of_span[offset / span_bytes];
  FreeCell* cell = static_cast<FreeCell*>(memory);
  cell->next = heap.free[cls];
  heap.free[cls] = cell;
}

void operator delete(void* memory, size_t) noexcept { operator delete(memory); }
