// What is known on one way through a function: the state of the second opinion.
//
// A path is copied whole wherever the way forks, and inequalities are searched anew for every question. That is slow, and plain
// enough to be read against docs/tal.md.
#pragma once

#include "types.h"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace second {

using talsim::TypeRef;
__extension__ typedef __int128 Wide;

// One run-time value, for as long as the path lasts. Name 0 is the number zero, so that constants are zero plus something.
using Name = uint32_t;
inline constexpr Name zero = 0;

struct Value {
  enum class What : uint8_t {
    Junk,
    Token,      // what callee-saved register `token` held at the entry
    Return,     // the return address
    Word,       // `name` + c, of type `type`
    Descriptor, // the address of the descriptor of `type`
    Place,      // the address of .text + c
    Jump,       // that of .text + c + `name`, an element of a jump table
  } what = What::Junk;
  uint8_t token = 0;
  TypeRef type = 0;
  Name name = zero;
  int64_t c = 0;

  bool is_word() const { return what == What::Word; }
  bool same(const Value& v) const { return is_word() && v.is_word() && name == v.name && c == v.c; }
  bool is_constant() const { return is_word() && name == zero; }
};

// What is known of a name for good: nothing here can be changed by a store.
struct About {
  Wide least = INT64_MIN, most = INT64_MAX;
  bool not_zero = false, not_minus_one = false;
  Name length = 0, tag = 0, exception = 0; // of the object behind the address, once somebody asked
  Name packet = 0;                         // of an exception name that was loaded: the packet it is in
  TypeRef payload_of = 0;                  // of a packet: the type of its exception name
  bool under_construction = false;
  std::set<uint32_t> missing;              // offsets of the fields that still have to be stored
  TypeRef payload = 0;                     // under construction: what the payload has to be
  uint32_t table = 0;                      // a read-only array of this object, or an element of it: 1 + its symbol
  Name index = 0;                          // which element
  int64_t index_c = 0;
  uint8_t sign_bytes = 0;                  // this is the sign of `sign_of` at that width
  Name sign_of = 0;
  int64_t sign_of_c = 0;
};

struct Flags {
  enum class What : uint8_t { Junk, Compare, Test, TestMask, Result } what = What::Junk;
  unsigned bytes = 8;
  Value a, b;
};

struct Interval {
  Wide least, most;
  bool inside(Wide lo, Wide hi) const { return least >= lo && most <= hi; }
};

class Path {
public:
  uint32_t depth = 0;
  std::array<Value, 16> registers;
  std::map<int32_t, Value> slots;        // by number, as in tal/object.h; what is not there is junk
  std::set<int32_t> narrow;              // slots of which only the low four bytes are what the value says
  Flags flags;

  Name fresh(Wide least = INT64_MIN, Wide most = INT64_MAX);
  Value word(TypeRef type, Name name, int64_t c = 0) const;
  Value integer(Wide least, Wide most); // a new one
  Value constant(int64_t c) const { return word(4, zero, c); }
  About& about(Name name) { return names_[name]; }
  const About& about(Name name) const { return names_.at(name); }

  Interval interval(const Value& v) const;
  // The least c for which x - y <= c follows from what is known; nothing if there is none.
  std::optional<Wide> difference(Name x, Name y) const;
  bool at_most(const Value& a, const Value& b, Wide c) const; // a <= b + c is known
  // From now on a <= b + c. False if that contradicts what is known: then nobody comes this way.
  bool assume(const Value& a, const Value& b, Wide c);
  bool assume_equal(const Value& a, const Value& b) { return assume(a, b, 0) && assume(b, a, 0); }
  bool assume_unequal(const Value& a, const Value& b);
  bool excludes_zero(const Value& v) const;
  bool is_related(Name name) const;      // in inequalities with others
  size_t related() const;                // names that take part in inequalities with others

  Name length_of(Name array);
  Name tag_of(Name object, size_t variants);
  Name exception_of(Name packet);
  template <class Mentions> void forget_payloads(Mentions mentions) {
    for (auto& [name, about] : names_)
      if (mentions(about.payload_of) || mentions(about.payload))
        about.payload_of = about.payload = 0;
  }

private:
  struct Edge {
    Name x, y; // x - y <= c
    Wide c;
  };
  std::map<Name, About> names_{{zero, number_zero()}};
  static About number_zero() {
    About a;
    a.least = a.most = 0;
    return a;
  }
  std::vector<Edge> edges_; // between names other than zero
  Name next_ = 1;
};

} // namespace second
