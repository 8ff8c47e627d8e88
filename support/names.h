// Interned identifiers.
//
// Equal spellings give the same Name, so comparing and hashing names costs what it costs for a pointer. A NameTable owns the text; names
// stay valid as long as their table. Qualified names ("List::map") are interned as a whole.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace support {

class Name {
 public:
  Name() = default;
  bool empty() const { return text_ == nullptr || text_->empty(); }
  std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }
  std::string str() const { return std::string(view()); }
  friend bool operator==(Name a, Name b) { return a.text_ == b.text_; }

 private:
  friend class NameTable;
  friend struct std::hash<Name>;
  explicit Name(const std::string* text) : text_(text) {}
  const std::string* text_ = nullptr;
};

class NameTable {
 public:
  NameTable() = default;
  NameTable(const NameTable&) = delete;
  NameTable& operator=(const NameTable&) = delete;

  Name get(std::string_view text);

 private:
  std::deque<std::string> storage_;
  std::unordered_map<std::string_view, const std::string*> index_;
};

}  // namespace support

template <>
struct std::hash<support::Name> {
  size_t operator()(support::Name name) const noexcept { return std::hash<const void*>()(name.text_); }
};
