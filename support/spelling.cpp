#include "support/spelling.h"

#include <algorithm>
#include <vector>

namespace support {

namespace {

// Edit distance with transpositions, cut off above `limit`.
size_t distance(std::string_view a, std::string_view b, size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest_spelling(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.size() < 3) return {};
  const size_t limit = 1 + name.size() / 5;
  std::string_view nearest;
  size_t best = limit + 1;
  for (const std::string_view candidate : candidates) {
    const size_t d = distance(name, candidate, limit);
    if (d < best || (d == best && !nearest.empty() && candidate < nearest)) {
      best = d;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace support
