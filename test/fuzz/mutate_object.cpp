// Mutates verified objects and asks the checker about each mutant. It must answer every time, soon, and without an error of
// memory (run it in the asan-ubsan build). What it accepts is printed on request, for a reader to judge.
//
//   mutate_object COUNT SEED [--show] OBJECT...
//
// The same count, seed and objects make the same mutants.
#include "tal/checker.h"
#include "tal/decoder.h"
#include "tal/natives.h"
#include "test/fuzz/object_regions.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

using namespace tal;

namespace {

using fuzz::Region;

struct Seed {
  std::string file;
  Bytes bytes;
  std::vector<Region> regions;
  std::unique_ptr<VerifiedObject> verified;
};

class Mutator {
public:
  explicit Mutator(uint64_t seed) : random_(seed) {}
  size_t below(size_t n) { return random_() % n; }

  const Region& choose(const Seed& seed) { return fuzz::choose(seed.regions, random_()); }

  void change(Bytes& bytes, const Region& region) {
    size_t at = region.start + below(region.size);
    switch (below(8)) {
    case 0: bytes[at] = static_cast<uint8_t>(random_()); break;
    case 1: bytes[at]++; break;
    case 2: bytes[at]--; break;
    case 3: bytes[at] = bytes[region.start + below(region.size)]; break;
    case 4: {
      static constexpr uint8_t interesting[] = {0x00, 0x01, 0x7F, 0x80, 0xFF, 0x90, 0xC3, 0x48, 0xEB, 0x66};
      bytes[at] = interesting[below(std::size(interesting))];
      break;
    }
    case 5: { // some bytes from another place of the region
      size_t from = region.start + below(region.size), n = 1 + below(8), end = region.start + region.size;
      for (size_t i = 0; i < n && at + i < end && from + i < end; i++)
        bytes[at + i] = bytes[from + i];
      break;
    }
    default: bytes[at] ^= static_cast<uint8_t>(1u << below(8));
    }
  }

private:
  std::mt19937_64 random_;
};

std::string instruction_at(std::span<const uint8_t> text, uint32_t start, uint32_t wanted) {
  for (uint32_t at = start; at < text.size();) {
    Inst inst;
    if (!decode(text.subspan(at), inst))
      return "?";
    if (at + inst.length > wanted)
      return print(inst, at);
    at += inst.length;
  }
  return "?";
}

// What changed, function by function.
void show(const Seed& seed, const Bytes& mutant, const VerifiedObject& accepted) {
  std::printf("accepted: %s", seed.file.c_str());
  for (const Region& r : seed.regions)
    for (size_t i = r.start; i < r.start + r.size; i++) {
      if (mutant[i] == seed.bytes[i])
        continue;
      auto offset = static_cast<uint32_t>(i - r.start);
      std::printf("\n  %s+0x%x: %02x -> %02x", r.name.c_str(), offset, seed.bytes[i], mutant[i]);
      if (r.name != ".text")
        continue;
      for (const tal_function& f : seed.verified->interface().functions)
        if (offset >= f.start && offset < f.start + f.size)
          std::printf("  %s: %s -> %s", seed.verified->interface().strings.c_str() + f.name,
                      instruction_at(seed.verified->text(), f.start, offset).c_str(),
                      instruction_at(accepted.text(), f.start, offset).c_str());
    }
  std::printf("\n");
}

bool read_seed(const char* file, const NativeInterface& natives, Seed& seed) {
  std::ifstream in(file, std::ios::binary);
  seed.file = file;
  seed.bytes.assign(std::istreambuf_iterator<char>(in), {});
  VerifyResult result = verify(seed.bytes, natives);
  if (const auto* error = std::get_if<VerifyError>(&result)) {
    std::fputs(to_string(*error, file).c_str(), stderr);
    return false;
  }
  seed.verified = std::move(std::get<std::unique_ptr<VerifiedObject>>(result));
  seed.regions = fuzz::regions_of(seed.bytes);
  return true;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: mutate_object COUNT SEED [--show] OBJECT...\n", stderr);
    return 64;
  }
  NativeInterface natives;
  std::string problem;
  if (!parse_natives(builtin_natives_text(), natives, problem)) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 1;
  }
  const uint64_t count = std::strtoull(argv[1], nullptr, 10);
  Mutator mutator(std::strtoull(argv[2], nullptr, 10));
  bool showing = false;
  std::vector<Seed> seeds;
  for (int i = 3; i < argc; i++) {
    if (std::strcmp(argv[i], "--show") == 0)
      showing = true;
    else if (!read_seed(argv[i], natives, seeds.emplace_back()))
      return 1;
  }
  std::map<std::string, std::pair<uint64_t, uint64_t>> tally; // mutants, accepted
  double longest = 0;
  for (uint64_t i = 0; i < count; i++) {
    const Seed& seed = seeds[mutator.below(seeds.size())];
    Bytes mutant = seed.bytes;
    const Region& region = mutator.choose(seed);
    for (size_t n = 1 + (mutator.below(4) == 0 ? mutator.below(4) : 0); n != 0; n--)
      mutator.change(mutant, region);
    if (mutant == seed.bytes)
      continue;
    const auto start = std::chrono::steady_clock::now();
    VerifyResult result = verify(mutant, natives);
    longest = std::max(longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    auto& [made, accepted] = tally[region.name];
    made++;
    if (auto* object = std::get_if<std::unique_ptr<VerifiedObject>>(&result)) {
      accepted++;
      if (showing)
        show(seed, mutant, **object);
    }
  }
  uint64_t made = 0, accepted = 0;
  for (const auto& [name, n] : tally) {
    std::printf("%-18s %8llu mutants %8llu accepted\n", name.c_str(), static_cast<unsigned long long>(n.first),
                static_cast<unsigned long long>(n.second));
    made += n.first;
    accepted += n.second;
  }
  std::printf("%-18s %8llu mutants %8llu accepted, longest %.0f ms\n", "all", static_cast<unsigned long long>(made),
              static_cast<unsigned long long>(accepted), longest * 1000);
  return longest > 10 ? 1 : 0; // a mutant of a small object that takes seconds is a fault
}
