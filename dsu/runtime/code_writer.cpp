#include "dsu/runtime/code_writer.h"

#include <algorithm>
#include <cpuid.h>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

#include "dsu/runtime/arena.h"

namespace dsu {
namespace {

constexpr uint32_t jump_size = 5;

bool fits(int64_t displacement) { return displacement == static_cast<int32_t>(displacement); }

void serialise() {
  unsigned a, b, c, d;
  __cpuid(0, a, b, c, d);
  asm volatile("" : : "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
}

bool protect(uintptr_t start, uintptr_t end, int protection) {
  return ::mprotect(reinterpret_cast<void*>(start), end - start, protection) == 0;
}

}  // namespace

bool CodeWriter::add_rel32(uintptr_t field, uintptr_t target, int32_t addend) {
  int64_t value = static_cast<int64_t>(target) + addend - static_cast<int64_t>(field);
  if (!fits(value))
    return false;
  Write w{field, 4, {}};
  auto rel = static_cast<int32_t>(value);
  std::memcpy(w.bytes, &rel, 4);
  writes_.push_back(w);
  return true;
}

bool CodeWriter::add_pointer(uintptr_t field, uintptr_t target) {
  if (field % 8 != 0)
    return false;
  Write w{field, 8, {}};
  std::memcpy(w.bytes, &target, 8);
  writes_.push_back(w);
  return true;
}

bool CodeWriter::add_redirect(uintptr_t entry, uintptr_t target) {
  int64_t value = static_cast<int64_t>(target) - static_cast<int64_t>(entry);  // the jump ends at the entry
  if (!fits(value))
    return false;
  Write jump{entry - jump_size, jump_size, {0xE9}};  // E9 rel32  jmp target
  auto rel = static_cast<int32_t>(value);
  std::memcpy(jump.bytes + 1, &rel, 4);
  Write back{entry, 2, {0xEB, 0xF9}};  // EB F9     jmp $-5
  writes_.push_back(jump);
  writes_.push_back(back);
  return true;
}

void CodeWriter::prepare() {
  ranges_ = pages();
  prepared_ = true;
}

// Code and read-only data never share a page: what a page goes back to follows from any write into it.
std::vector<CodeWriter::Range> CodeWriter::pages() const {
  std::map<uintptr_t, int> touched;
  for (const Write& w : writes_) {
    const int protection = w.size == 8 ? PROT_READ : PROT_READ | PROT_EXEC;
    touched[page_of(w.address)] = protection;
    touched[page_of(w.address + w.size - 1)] = protection;
  }
  std::vector<Range> ranges;
  for (const auto& [page, protection] : touched) {
    if (!ranges.empty() && ranges.back().end == page && ranges.back().protection == protection)
      ranges.back().end += page_size;
    else
      ranges.push_back({page, page + page_size, protection});
  }
  return ranges;
}

void CodeWriter::prefault() const {
  int memory = ::open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  if (memory < 0)
    return;
  for (const Range& range : ranges_)
    for (uintptr_t page = range.start; page < range.end; page += page_size) {
      uint8_t byte = *reinterpret_cast<volatile uint8_t*>(page);
      if (::pwrite(memory, &byte, 1, static_cast<off_t>(page)) != 1)
        break;
    }
  ::close(memory);
}

bool CodeWriter::commit() {
  if (!prepared_)
    return false;
  for (size_t i = 0; i < ranges_.size(); i++) {
    if (protect(ranges_[i].start, ranges_[i].end, PROT_READ | PROT_WRITE))
      continue;
    while (i-- > 0)
      if (!protect(ranges_[i].start, ranges_[i].end, ranges_[i].protection))
        std::abort();
    return false;
  }
  for (const Write& w : writes_) {
    auto* at = reinterpret_cast<uint8_t*>(w.address);
    if (w.size == 8) {
      uint64_t pointer;
      std::memcpy(&pointer, w.bytes, 8);
      __atomic_store_n(reinterpret_cast<uint64_t*>(at), pointer, __ATOMIC_RELEASE);
    } else if (w.size == 2 && w.address % 2 == 0) {
      uint16_t both;
      std::memcpy(&both, w.bytes, 2);
      __atomic_store_n(reinterpret_cast<uint16_t*>(at), both, __ATOMIC_RELEASE);
    } else {
      std::memcpy(at, w.bytes, w.size);
    }
  }
  for (const Range& range : ranges_)
    if (!protect(range.start, range.end, range.protection))
      std::abort();
  serialise();
  return true;
}

bool has_redirect_room(uintptr_t entry) {
  const auto* before = reinterpret_cast<const uint8_t*>(entry - jump_size);
  if (before[0] == 0xE9)
    return reinterpret_cast<const uint8_t*>(entry)[0] == 0xEB;
  return std::all_of(before, before + jump_size, [](uint8_t byte) { return byte == 0xCC; });
}

}  // namespace dsu
