// Asks the checker and the second opinion about each function of the objects and prints where they disagree.
//
//   second_opinion OBJECT...
//
// Exit status 1 if they disagree. scripts/attack --second-opinion does the same with mutants.
#include "compare.h"

#include <cstdio>
#include <fstream>
#include <iterator>

int main(int argc, char** argv) {
  tal::NativeInterface natives;
  std::string problem;
  if (argc < 2 || !tal::parse_natives(tal::builtin_natives_text(), natives, problem)) {
    std::fprintf(stderr, "usage: second_opinion OBJECT...\n%s\n", problem.c_str());
    return 64;
  }
  second::Comparison all;
  for (int i = 1; i < argc; i++) {
    std::ifstream in(argv[i], std::ios::binary);
    const tal::Bytes bytes((std::istreambuf_iterator<char>(in)), {});
    const size_t before = all.disagreements.size();
    second::compare(bytes, tal::verify(bytes, natives), natives, [](uint32_t, uint32_t) { return true; }, all);
    for (size_t k = before; k < all.disagreements.size(); k++)
      std::printf("DISAGREEMENT %s: %s\n", argv[i], all.disagreements[k].c_str());
  }
  std::printf("%llu functions judged alike, %llu without opinion, %zu disagreements\n", static_cast<unsigned long long>(all.agreed),
              static_cast<unsigned long long>(all.no_opinion), all.disagreements.size());
  for (const auto& [reason, times] : all.left_out)
    std::printf("  no opinion: %s: %llu\n", reason.c_str(), static_cast<unsigned long long>(times));
  return all.disagreements.empty() ? 0 : 1;
}
