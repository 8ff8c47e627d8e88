// What a register, a stack slot or eight bytes of an object hold: the bits that the processor would see, and what they are.
#pragma once

#include <cstdint>
#include <string>

namespace talsim {

enum class Tag : uint8_t {
  Undef,   // nothing that may be read
  Int,     // a number; null is the number zero
  Pointer, // into object `id`
  Code,    // the entry of closure `id`
  Desc,    // the descriptor of type `id`
  Return,  // the return address of frame `id`
  Package, // number `id` of the packages: bits of what is in it
  Text,    // text offset `bits` of module `id`
  Token,   // what callee-saved register `aux` held when frame `id` was entered
};

struct Word {
  uint64_t bits = 0;
  uint32_t id = 0;
  Tag tag = Tag::Undef;
  uint8_t aux = 0;

  bool is_value() const { return tag == Tag::Int || tag == Tag::Pointer || tag == Tag::Code || tag == Tag::Package; }
  bool is_null() const { return tag == Tag::Int && bits == 0; }
  friend bool operator==(const Word&, const Word&) = default;
};

inline Word number(uint64_t bits) { return {bits, 0, Tag::Int, 0}; }
inline Word undefined(uint64_t bits = 0) { return {bits, 0, Tag::Undef, 0}; }

inline std::string describe(const Word& w) {
  static constexpr const char* names[] = {"junk",         "the number ",
                                          "a pointer to object ", "the code ",
                                          "the descriptor of type ", "the return address of frame ",
                                          "the package ", "a place in the code of module ", "the caller's register of frame "};
  std::string out = names[static_cast<int>(w.tag)];
  if (w.tag == Tag::Int)
    return out + std::to_string(static_cast<int64_t>(w.bits));
  return w.tag == Tag::Undef ? out : out + std::to_string(w.id);
}

__extension__ typedef __int128 Wide;

// Small, fast and repeatable everywhere.
class Random {
public:
  explicit Random(uint64_t seed = 1) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  uint64_t below(uint64_t n) { return n == 0 ? 0 : next() % n; }
  bool one_in(uint64_t n) { return below(n) == 0; }

private:
  uint64_t state_;
};

} // namespace talsim
