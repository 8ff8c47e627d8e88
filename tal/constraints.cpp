// Closure of difference constraints; see constraints.h.
#include "tal/constraints.h"

namespace tal {

// clip() may weaken x - y <= c with c < -limit to -limit, which is implied by it; so every entry stays true.

unsigned Constraints::add_node(int64_t lo, int64_t hi) {
  unsigned n = size_++;
  bound_[n][n] = 0;
  bound_[n][0] = clip(hi);
  bound_[0][n] = lo < -limit ? none : clip(-lo);
  for (unsigned i = 1; i < n; i++) {
    bound_[n][i] = sum(bound_[n][0], bound_[0][i]);
    bound_[i][n] = sum(bound_[i][0], bound_[0][n]);
  }
  return n;
}

void Constraints::remove_node(unsigned i) {
  unsigned last = --size_;
  if (i == last)
    return;
  for (unsigned j = 0; j < last; j++) {
    bound_[i][j] = bound_[last][j];
    bound_[j][i] = bound_[j][last];
  }
  bound_[i][i] = 0;
}

bool Constraints::tighten(unsigned x, unsigned y, int64_t c) {
  if (x == y)
    return false; // less than zero
  if (bound_[y][x] != none && bound_[y][x] + c < 0)
    return false;
  // Every new path uses the new edge once: i - x, x - y <= c, y - j.
  bound_[x][y] = c;
  for (unsigned i = 0; i < size_; i++) {
    int64_t to_x = sum(bound_[i][x], c);
    if (to_x == none)
      continue;
    for (unsigned j = 0; j < size_; j++) {
      int64_t path = sum(to_x, bound_[y][j]);
      if (path < bound_[i][j])
        bound_[i][j] = path;
    }
  }
  return true;
}

} // namespace tal
