// The address range from which patches get their memory: within +-2 GiB of the program's own code and data, so that every
// rel32 of old code reaches new code and the other way round. Reserved at start, when the neighbourhood is still free; pages
// are committed as patches arrive and never given back (R46). Data has a part of its own and lies in one piece, because it is one
// set of roots for the collector, which takes a limited number of them.
//
// Pages are never writable and executable at once (R51): a text block is handed out writable and sealed executable before
// anything runs in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace dsu {

inline constexpr size_t page_size = 4096;
inline constexpr size_t data_alignment = 16;
inline constexpr size_t arena_size = size_t{512} << 20;

inline constexpr uintptr_t page_of(uintptr_t address) { return address & ~(page_size - 1); }
inline constexpr size_t whole_pages(size_t bytes) { return (bytes + page_size - 1) & ~(page_size - 1); }

class Arena {
public:
  // Reserves up to `bytes` below `image_start` (above `image_end` if there is no room). False with a message.
  [[nodiscard]] bool reserve(uintptr_t image_start, uintptr_t image_end, size_t bytes, std::string& problem);

  // `bytes` of zeroed memory, readable and writable; null if the arena is exhausted or the system refuses. Pages of its own for
  // what will be sealed; data follow those of the patch before.
  uint8_t* take(size_t bytes) { return take(bytes, code_used_, data_offset_, page_size); }
  uint8_t* take_data(size_t bytes) { return take(bytes, data_end_, size_, data_alignment); }
  [[nodiscard]] bool seal(std::span<uint8_t> block, int protection);

  uintptr_t start() const { return start_; }
  size_t used() const { return code_used_ + data_end_ - data_offset_; }
  uint8_t* data() const { return reinterpret_cast<uint8_t*>(start_ + data_offset_); }
  size_t data_size() const { return data_end_ - data_offset_; }

private:
  void set_range(uintptr_t start, size_t size);
  uint8_t* take(size_t bytes, size_t& next, size_t end, size_t alignment);

  uintptr_t start_ = 0;
  size_t size_ = 0;
  size_t code_used_ = 0;                     // of [0, data_offset_)
  size_t data_offset_ = 0, data_end_ = 0;    // used for data: [data_offset_, data_end_) of [data_offset_, size_)
};

}  // namespace dsu
