// Difference constraints x - y <= c over at most 24 integers, as a closed matrix (rule C8 of docs/tal.md).
//
// Node 0 is the constant zero, so row and column 0 are the intervals. The matrix is always closed under the triangle
// inequality: a query is one look-up, adding a constraint costs n*n. Bounds beyond +-2^34 are not kept: every bound that
// matters (lengths, indices, 32-bit values) is below, and sums of two bounds cannot overflow. Dropping a bound is sound,
// it only forgets.
#pragma once

#include <cstdint>

namespace tal {

class Constraints {
public:
  static constexpr unsigned capacity = 25;              // with node 0
  static constexpr int64_t limit = int64_t{1} << 34;
  static constexpr int64_t none = INT64_MAX;            // no bound

  Constraints() { bound_[0][0] = 0; }
  Constraints(const Constraints& other) { copy(other); }
  Constraints& operator=(const Constraints& other) { return copy(other), *this; }

  unsigned size() const { return size_; }
  bool full() const { return size_ == capacity; }
  void clear() { size_ = 1; }

  // A new node with value in [lo, hi]; the matrix must not be full.
  unsigned add_node(int64_t lo, int64_t hi);
  // Forgets node i; the last node takes its number.
  void remove_node(unsigned i);

  // The least c with x - y <= c known, or none.
  int64_t bound(unsigned x, unsigned y) const { return bound_[x][y]; }
  // Adds x - y <= c. False if that contradicts what is known; the matrix is then of no further use.
  [[nodiscard]] bool add(unsigned x, unsigned y, int64_t c) { return implies(x, y, c) || tighten(x, y, clip(c)); }
  // Nothing new, also "no bound".
  bool implies(unsigned x, unsigned y, int64_t c) const { return clip(c) >= bound_[x][y]; }

private:
  bool tighten(unsigned x, unsigned y, int64_t c);
  void copy(const Constraints& other) {
    size_ = other.size_;
    for (unsigned i = 0; i < size_; i++)
      for (unsigned j = 0; j < size_; j++)
        bound_[i][j] = other.bound_[i][j];
  }
  static int64_t sum(int64_t a, int64_t b) {
    if (a == none || b == none)
      return none;
    return clip(a + b);
  }
  static int64_t clip(int64_t c) { return c > limit ? none : c < -limit ? -limit : c; }

  unsigned size_ = 1;
  int64_t bound_[capacity][capacity];
};

} // namespace tal
