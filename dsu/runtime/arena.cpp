#include "dsu/runtime/arena.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

namespace dsu {
namespace {

constexpr uintptr_t reach = uintptr_t{1} << 31;
constexpr uintptr_t lowest = uintptr_t{64} << 10;
constexpr size_t step = size_t{2} << 20;
constexpr size_t smallest = size_t{8} << 20;

bool map_at(uintptr_t address, size_t bytes) {
  void* wanted = reinterpret_cast<void*>(address);
  void* got = ::mmap(wanted, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == wanted)
    return true;
  if (got != MAP_FAILED)  // a kernel that does not know the flag
    ::munmap(got, bytes);
  return false;
}

}  // namespace

bool Arena::reserve(uintptr_t image_start, uintptr_t image_end, size_t bytes, std::string& problem) {
  for (size_t size = whole_pages(bytes); size >= smallest; size /= 2) {
    // Everything between the far end of the arena and the far end of the image must stay within reach.
    for (uintptr_t gap = step; image_start > lowest + gap + size; gap += step) {
      uintptr_t at = page_of(image_start - gap - size);
      if (image_end - at >= reach)
        break;
      if (map_at(at, size)) {
        set_range(at, size);
        return true;
      }
    }
    for (uintptr_t at = page_of(image_end + page_size - 1); at + size - image_start < reach; at += step)
      if (map_at(at, size)) {
        set_range(at, size);
        return true;
      }
  }
  problem = "no free address range within 2 GiB of the program";
  return false;
}

void Arena::set_range(uintptr_t start, size_t size) {
  start_ = start;
  size_ = size;
  data_offset_ = data_end_ = whole_pages(size / 4 * 3);
}

uint8_t* Arena::take(size_t bytes, size_t& next, size_t end, size_t alignment) {
  const size_t from = (next + alignment - 1) & ~(alignment - 1);
  if (bytes == 0 || from > end || bytes > end - from)
    return nullptr;
  const size_t fresh = whole_pages(next), fresh_end = whole_pages(from + bytes);
  if (fresh < fresh_end && ::mprotect(reinterpret_cast<void*>(start_ + fresh), fresh_end - fresh, PROT_READ | PROT_WRITE) != 0)
    return nullptr;
  next = from + bytes;
  return reinterpret_cast<uint8_t*>(start_ + from);
}

bool Arena::seal(std::span<uint8_t> block, int protection) { return block.empty() || ::mprotect(block.data(), whole_pages(block.size()), protection) == 0; }

}  // namespace dsu
