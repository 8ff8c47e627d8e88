// Memory for many small objects that live and die together: allocation moves a pointer, and nothing is freed before the arena is.
//
// Destructors are not run, so only trivially destructible types are admitted. Addresses stay valid as long as the arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace support {

class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlign);
    return new (allocate(sizeof(T))) T{std::forward<Args>(args)...};
  }

  // Uninitialised storage.
  void* allocate(size_t bytes) {
    bytes = (bytes + kAlign - 1) & ~(kAlign - 1);
    if (bytes > static_cast<size_t>(end_ - next_)) new_block(bytes);
    char* memory = next_;
    next_ += bytes;
    return memory;
  }

  // Makes the object at `memory` larger where it stands; false if something stands behind it.
  bool extend(const void* memory, size_t from_bytes, size_t to_bytes) {
    const size_t from = (from_bytes + kAlign - 1) & ~(kAlign - 1), to = (to_bytes + kAlign - 1) & ~(kAlign - 1);
    if (static_cast<const char*>(memory) + from != next_ || to - from > static_cast<size_t>(end_ - next_)) return false;
    next_ += to - from;
    return true;
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* memory = static_cast<char*>(allocate(text.size()));
    std::memcpy(memory, text.data(), text.size());
    return {memory, text.size()};
  }

 private:
  static constexpr size_t kAlign = 8, kFirstBlock = size_t{1} << 14, kLargestBlock = size_t{1} << 20;

  void new_block(size_t bytes) {
    block_size_ = blocks_.empty() ? kFirstBlock : std::min(block_size_ * 2, kLargestBlock);
    const size_t size = std::max(bytes, block_size_);
    blocks_.emplace_back(new char[size]);
    next_ = blocks_.back().get();
    end_ = next_ + size;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_size_ = 0;
  char* next_ = nullptr;
  char* end_ = nullptr;
};

// A sequence in an arena. A plain value: copies share the elements, and appending to one of them leaves the others as they were or not,
// so whoever appends goes on with the list he appended to.
template <class T>
class ArenaList {
 public:
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }

  // A copy, for what is to live on its own.
  operator std::vector<T>() const { return std::vector<T>(begin(), end()); }

  void append(Arena& arena, T item) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (size_ == capacity_) grow(arena, capacity_ == 0 ? 1 : 2 * capacity_);
    new (data_ + size_) T(item);
    ++size_;
  }
  void append(Arena& arena, const ArenaList& more) {
    for (const T& item : more) append(arena, item);
  }
  // Cuts the list off in front of element `index` and returns the rest.
  ArenaList split(size_t index) {
    ArenaList rest;
    rest.data_ = data_ + index;
    rest.size_ = rest.capacity_ = size_ - static_cast<uint32_t>(index);
    size_ = capacity_ = static_cast<uint32_t>(index);
    return rest;
  }

 private:
  void grow(Arena& arena, uint32_t capacity) {
    if (data_ && arena.extend(data_, capacity_ * sizeof(T), capacity * sizeof(T))) {
      capacity_ = capacity;
      return;
    }
    T* data = static_cast<T*>(arena.allocate(capacity * sizeof(T)));
    if (size_ > 0) std::memcpy(static_cast<void*>(data), data_, size_ * sizeof(T));
    data_ = data;
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace support
