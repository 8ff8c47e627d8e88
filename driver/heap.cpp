// The heap of the compiler: replaces `operator new` and `operator delete` of the tools that link this file.
//
// A compilation allocates and frees millions of small objects, nearly all in one thread, and then ends. Sizes are therefore
// rounded up to a size class; each class has a list of free cells, and new cells come from pages that are carved off one large
// reserved range of addresses, so that an address alone tells its class. No headers, no coalescing; but what was one large cell
// (a block of an arena, an array that has grown) can be divided into new ones of other classes. What is larger than the largest class,
// and everything when the range cannot be reserved or is used up, comes from malloc.
//
// The range is made of huge pages if the system has them, which is why even large cells are in it: malloc's arena of a thread
// grows by a system call for each few pages, and most of the cost of fresh memory is the page faults.
//
// Threads have lists of their own; a cell that another thread frees joins that thread's list.
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace {

// Classes: multiples of the granule up to `fine`, then four to each doubling, as far as `largest`.
constexpr size_t granule = 16, fine = 1024, fine_classes = fine / granule + 1;
constexpr unsigned fine_bits = 10, largest_bits = 28;
constexpr size_t largest = size_t(1) << largest_bits, classes = fine_classes + 4 * (largest_bits - fine_bits);
constexpr size_t page_bytes = 4096, range_bytes = size_t(1) << 35, pages = range_bytes / page_bytes;
constexpr size_t refill_bytes = 8 * page_bytes; // what a class of small cells takes at once
constexpr size_t first_large = fine_classes + 4 * (std::bit_width(refill_bytes) - 1 - fine_bits); // cells of this class on are whole pages

constexpr size_t class_of(size_t size) {
  if (size <= fine) return size == 0 ? 1 : (size + granule - 1) / granule;
  const unsigned doubling = unsigned(std::bit_width(size - 1)) - 1; // 2^doubling < size <= 2^(doubling + 1)
  const size_t quarter = ((size - 1) >> (doubling - 2)) & 3;
  return fine_classes + 4 * (doubling - fine_bits) + quarter;
}

constexpr size_t cell_size(size_t cls) {
  if (cls < fine_classes) return cls * granule;
  const size_t doubling = fine_bits + (cls - fine_classes) / 4, quarter = (cls - fine_classes) % 4;
  return (5 + quarter) << (doubling - 2);
}

static_assert(class_of(1) == 1 && class_of(1024) == 64 && cell_size(class_of(1024)) == 1024);
static_assert(cell_size(class_of(1025)) == 1280 && cell_size(class_of(1280)) == 1280 && cell_size(class_of(1281)) == 1536);
static_assert(cell_size(class_of(2048)) == 2048 && cell_size(class_of(2049)) == 2560 && class_of(largest) == classes - 1);
static_assert(classes <= 256 && cell_size(first_large) > refill_bytes && cell_size(first_large - 1) == refill_bytes && cell_size(first_large) % page_bytes == 0);

struct FreeCell {
  FreeCell* next;
};

struct ThreadHeap {
  FreeCell* free[classes];
  char* fresh[classes]; // cells of the class's latest pages that were never handed out
  char* end[classes];
  char* spare;          // pages of a large cell that was freed, to be used for any class
  char* spare_end;
};

thread_local ThreadHeap heap;        // all zero: no constructor, so it can be used at any time
std::atomic<size_t> next_page;       // index of the first unused page
std::atomic<uintptr_t> range_start;  // 0: not reserved yet
uint8_t class_of_page[pages];        // touched as far as pages are in use; only at the first page of a cell of several

constexpr uintptr_t no_range = 1;

void reserve() {
  void* memory = ::mmap(nullptr, range_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  uintptr_t wanted = no_range;
  if (memory != MAP_FAILED) {
    wanted = reinterpret_cast<uintptr_t>(memory);
    ::madvise(memory, range_bytes, MADV_HUGEPAGE);
  }
  uintptr_t found = 0;
  if (!range_start.compare_exchange_strong(found, wanted) && memory != MAP_FAILED)
    ::munmap(memory, range_bytes); // another thread was first
}

void* from_malloc(size_t size) {
  void* memory = std::malloc(size ? size : 1);
  if (!memory) throw std::bad_alloc();
  return memory;
}

char* first_page(size_t index) { return reinterpret_cast<char*>(range_start.load(std::memory_order_relaxed) + index * page_bytes); }
size_t page_index(const void* memory) { return (reinterpret_cast<uintptr_t>(memory) - range_start.load(std::memory_order_relaxed)) / page_bytes; }

void put_free(void* memory, size_t cls) {
  FreeCell* cell = static_cast<FreeCell*>(memory);
  cell->next = heap.free[cls];
  heap.free[cls] = cell;
}

// What is left of the spare pages becomes a cell again, if it is large enough.
void set_spare(char* start, size_t bytes) {
  const size_t left = static_cast<size_t>(heap.spare_end - heap.spare);
  if (left >= cell_size(first_large)) {
    size_t cls = class_of(left);
    if (cell_size(cls) > left) --cls;
    class_of_page[page_index(heap.spare)] = static_cast<uint8_t>(cls);
    put_free(heap.spare, cls);
  }
  heap.spare = start;
  heap.spare_end = start + bytes;
}

// Makes the smallest large cell that is free and has so many bytes the spare pages.
bool recycle(size_t bytes) {
  for (size_t cls = class_of(bytes) < first_large ? first_large : class_of(bytes); cls < classes; ++cls) {
    FreeCell* cell = heap.free[cls];
    if (!cell) continue;
    heap.free[cls] = cell->next;
    set_spare(reinterpret_cast<char*>(cell), cell_size(cls));
    return true;
  }
  return false;
}

// So many pages in a row, or null.
char* take_pages(size_t count) {
  const size_t bytes = count * page_bytes;
  if (static_cast<size_t>(heap.spare_end - heap.spare) >= bytes || recycle(bytes)) {
    char* memory = heap.spare;
    heap.spare += bytes;
    return memory;
  }
  if (range_start.load(std::memory_order_relaxed) == 0) reserve();
  if (range_start.load(std::memory_order_relaxed) == no_range || next_page.load(std::memory_order_relaxed) >= pages) return nullptr;
  const size_t first = next_page.fetch_add(count, std::memory_order_relaxed);
  return first + count <= pages ? first_page(first) : nullptr;
}

[[gnu::noinline]] void* new_cell(size_t size, size_t cls) {
  const size_t bytes = cell_size(cls);
  if (heap.fresh[cls] == heap.end[cls]) {
    const size_t count = (cls < first_large ? refill_bytes : bytes) / page_bytes;
    char* memory = take_pages(count);
    if (!memory) return from_malloc(size);
    const size_t index = page_index(memory);
    for (size_t i = 0; i < (cls < first_large ? count : 1); ++i) class_of_page[index + i] = static_cast<uint8_t>(cls);
    heap.fresh[cls] = memory;
    heap.end[cls] = memory + count * page_bytes / bytes * bytes;
  }
  void* cell = heap.fresh[cls];
  heap.fresh[cls] += bytes;
  return cell;
}

} // namespace

void* operator new(size_t size) {
  if (size > largest) return from_malloc(size);
  const size_t cls = class_of(size);
  FreeCell* cell = heap.free[cls];
  if (!cell) return new_cell(size, cls);
  heap.free[cls] = cell->next;
  return cell;
}

void operator delete(void* memory) noexcept {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(memory) - range_start.load(std::memory_order_relaxed);
  if (offset >= range_bytes) return std::free(memory); // null too
  put_free(memory, class_of_page[offset / page_bytes]);
}

void operator delete(void* memory, size_t) noexcept { operator delete(memory); }
