// The abstract machine state of the checker: what each register and stack slot holds, and what is known of the values.
//
// A value is an affine form `name + c` with a type. A name stands for one run-time value: the complete 64-bit register
// content, read as a signed integer in Z. Facts (interval, differences, non-null, length, exception) hang on names, so a
// test refines every copy. Name 0 is the constant zero; an integer constant k is `0 + k`.
// Only integers have c != 0: an address plus something is never an address (rule R9 of the design, C12 here).
//
// State never reports errors: the checker asks it (interval, bound), tells it what a branch proved (assume), and replaces
// values. Weakening any fact is always sound; the functions below only ever forget or add what their comment justifies.
#pragma once

#include "tal/constraints.h"
#include "tal/decoder.h"
#include "tal/types.h"

#include <array>
#include <limits>
#include <vector>

namespace tal {

using NameId = uint32_t;
inline constexpr NameId zero_name = 0;
// Sums and products of 64-bit bounds, exactly.
__extension__ typedef __int128 Wide;
inline constexpr int64_t int64_min = std::numeric_limits<int64_t>::min();
inline constexpr int64_t int64_max = std::numeric_limits<int64_t>::max();
inline constexpr int64_t max_length = (int64_t{1} << 31) - 1;   // allocator invariant: lengths are in [0, 2^31-1]

struct Interval {
  int64_t lo = int64_min, hi = int64_max;
  bool within(int64_t a, int64_t b) const { return a <= lo && hi <= b; }
  bool contains(int64_t k) const { return lo <= k && k <= hi; }
};
// Of a word of union type: constants are in [first, end), addresses of boxed variants above (T10).
Interval union_range(const TypeTable& types, TypeId type);
// Values of w bits read without sign; everything for 64.
inline constexpr Interval unsigned_ranges[] = {{}, {0, UINT8_MAX}, {0, UINT16_MAX}, {}, {0, UINT32_MAX}, {}, {}, {}, {}};
inline Interval unsigned_range(unsigned bytes) { return unsigned_ranges[bytes]; } // of 1, 2, 4 or 8

struct Value {
  enum class Tag : uint8_t {
    Junk,     // anything; may not be read
    Word,     // a value of word type `type`; every integer has type i64 and its interval hangs on the name
    Saved,    // the entry value of callee-saved register `aux`
    ExnId,    // the exception name stored in the packet `name`
    Desc,     // address of the descriptor of `type`
    CodeBase, // address of text offset `c` of this function
    JumpDest, // address of text offset `c` plus what the entry `name` of a jump table says
  };
  Tag tag = Tag::Junk;
  uint8_t aux = 0;
  TypeId type;
  NameId name = zero_name;
  int64_t c = 0;

  bool is_int() const { return tag == Tag::Word && type.value == 4; }
  bool is_constant() const { return is_int() && name == zero_name; }
  bool is_constant(int64_t k) const { return is_constant() && c == k; }
  bool is_saved(uint8_t reg) const { return tag == Tag::Saved && aux == reg; }
  friend bool operator==(const Value&, const Value&) = default;
};

using RegisterFile = std::array<Value, 16>;

struct NameFacts {
  int64_t lo = int64_min, hi = int64_max;
  union {
    uint64_t missing = 0;      // of an object under construction: fields still to be written
    int64_t index;             // of an element of a table: `derived + index` is its index; of a sign: of which number it is the sign
  };
  TypeId under_construction;   // its memory type (or `exn`); no_type: an ordinary value
  NameId derived = 0;          // of an array: the name of its length; of a boxed union: of its tag; of an element of a table or a sign: see `index`
  TypeId exception;            // of an exception packet: `exnname t` that its name was found equal to
  uint32_t table = 0;          // 1 + symbol of a read-only array of numbers: the array is that one, or the number an element of it
  uint8_t node = 0;            // in the constraint matrix, 0: none
  uint8_t sign_bytes = 0;      // the value is copies of the sign of a number of so many bytes, what cdq or cqo leaves in rdx; 0: it is not
  bool nonnull = false, nonzero = false, not_minus_one = false;
};

// The facts of each name. Their room stays when they go, so that a new name costs a few stores.
class Names {
public:
  Names() = default;
  Names(const Names&) = default;
  Names& operator=(const Names& other);
  NameFacts& operator[](NameId n) { return room_[n]; }
  const NameFacts& operator[](NameId n) const { return room_[n]; }
  NameId size() const { return size_; }
  NameId add(Interval range) {
    if (size_ == room_.size())
      grow();
    room_[size_] = NameFacts{};
    room_[size_].lo = range.lo;
    room_[size_].hi = range.hi;
    return size_++;
  }
  void clear() { size_ = 0; }
  void swap(Names& other) { room_.swap(other.room_), std::swap(size_, other.size_); }

private:
  void grow();
  std::vector<NameFacts> room_;
  NameId size_ = 0;
};

// What the flags say (rule C13, R4): operands are frozen as they were at the instruction.
struct Flags {
  enum class Kind : uint8_t { Junk, Cmp, TestSelf, TestImm, Arith };
  Kind kind = Kind::Junk;
  uint8_t bytes = 8;
  Value a, b;
};

class State {
public:
  uint32_t depth = 0;                 // D: entry rsp - rsp, a multiple of 8
  RegisterFile reg;
  std::vector<Value> slots;           // slots[i] is stack slot -(i+1); size depth/8
  std::vector<Value> incoming;        // incoming[i] is slot i+1: stack arguments
  Flags flags;

  void reset(const RegisterFile& registers = {}); // these, no names, depth 0
  void take(State& other);            // becomes `other`, of which no more than the memory is left

  NameFacts& facts(NameId n) { return names_[n]; }
  const NameFacts& facts(NameId n) const { return names_[n]; }
  NameId name_count() const { return names_.size(); }

  NameId fresh(Interval range = {}) { return names_.add(range); }
  Value integer(Interval range = {}) { return named_int(fresh(range), 0); }
  Value unsigned_int(unsigned bytes) { return integer(unsigned_range(bytes)); }
  static Value constant(int64_t k) { return named_int(zero_name, k); }
  static Value named_int(NameId n, int64_t c) { return {Value::Tag::Word, 0, TypeId{4}, n, c}; }
  // A value of a word type about which nothing else is known: canonical integers have the interval of their type, unions
  // that of their constants and of addresses.
  Value word(const TypeTable& types, TypeId type) {
    if (types.is_integer(type))
      return unsigned_int(types.integer_size(type));
    return {Value::Tag::Word, 0, type, fresh(types.tag(type) == TypeTag::Union ? union_range(types, type) : Interval{}), 0};
  }

  Interval interval(const Value& v) const {
    const NameFacts& f = names_[v.name];
    // A form with c != 0 was made only where lo + c and hi + c are in range; facts narrow from there.
    return v.c == 0 ? Interval{f.lo, f.hi} : shifted({f.lo, f.hi}, v.c);
  }
  bool within(const Value& v, int64_t lo, int64_t hi) const {
    const NameFacts& f = names_[v.name];
    return v.c == 0 ? lo <= f.lo && f.hi <= hi : shifted({f.lo, f.hi}, v.c).within(lo, hi);
  }
  // The number that the low bytes of v are, read without or with a sign, if it is v itself or a constant.
  bool reading(const Value& v, unsigned bytes, bool is_signed, Value& number) const;
  // Least known c with a - b <= c (values), or Constraints::none.
  int64_t bound(const Value& a, const Value& b) const;
  bool at_most(const Value& a, const Value& b, int64_t c) const {
    int64_t known = bound(a, b);
    return known != Constraints::none && known <= c;
  }
  // Learns a - b <= c; false if that contradicts what is known: the path is impossible (R11).
  [[nodiscard]] bool assume(const Value& a, const Value& b, int64_t c);
  // The name of the length of the array `v`, or of the tag of the union, made on first use.
  Value length_of(const Value& v) { return derived_of(v, {0, max_length}); }
  Value tag_of(const Value& v, size_t variants) { return derived_of(v, {0, static_cast<int64_t>(variants) - 1}); }

  // Makes junk of everything whose type mentions the type variable `var`.
  void forget_variable(const TypeTable& types, TypeId var);

  // Drops names that nothing refers to and renumbers the rest. Call where names_ got long.
  void collect();
  bool crowded() const { return names_.size() > crowd_; }

private:
  static Interval shifted(Interval i, int64_t c);
  Value derived_of(const Value& v, Interval range) {
    if (names_[v.name].derived == 0) {
      const NameId derived = fresh(range); // which may move the names
      names_[v.name].derived = derived;
    }
    return named_int(names_[v.name].derived, 0);
  }
  [[nodiscard]] bool assume_names(NameId x, NameId y, int64_t c);
  int64_t name_bound(NameId x, NameId y) const;
  bool track(NameId n);
  void forget_node(unsigned node);
  bool sync_intervals();
  template <typename F> void each_value(F f);

  Names names_;
  Constraints constraints_;
  std::array<NameId, Constraints::capacity> node_name_{};
  size_t crowd_ = 96;
};

int64_t saturating_add(int64_t a, int64_t b);
int64_t saturating_sub(int64_t a, int64_t b);

} // namespace tal
