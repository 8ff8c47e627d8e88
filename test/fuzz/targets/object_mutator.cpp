// How libFuzzer changes an object: mostly inside one section and without moving the others, so that what it tries gets past the reader
// of the file. Linked into the targets whose input is an object.
#include <algorithm>
#include <random>
#include <vector>

#include "test/fuzz/object_regions.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  const std::vector<fuzz::Region> regions = fuzz::regions_of({data, size});
  if (regions.empty() || random() % 16 == 0)
    return LLVMFuzzerMutate(data, size, max_size);
  const fuzz::Region& region = fuzz::choose(regions, random());
  // A few bytes at a place, most often: libFuzzer would otherwise move all of a section.
  const size_t at = region.start + random() % region.size;
  const size_t length = std::min<size_t>(region.start + region.size - at, random() % 4 == 0 ? region.size : 1 + random() % 16);
  std::vector<uint8_t> piece(data + at, data + at + length);
  const size_t kept = LLVMFuzzerMutate(piece.data(), length, length);
  std::copy_n(piece.begin(), std::min(kept, length), data + at);
  return size;
}
