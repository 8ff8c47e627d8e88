// Drives a fuzz target without libFuzzer: each file once, then mutants of them, the same for the same files, count and seed.
//
//   TARGET [--mutants=N] [--seed=S] FILE|DIRECTORY...
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "target.h"

namespace {

std::vector<std::string> read_all(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
      if (entry.is_regular_file())
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
  } else {
    files.push_back(path);
  }
  std::vector<std::string> texts;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return texts;
}

class Mutator {
public:
  Mutator(const std::vector<std::string>& seeds, uint64_t seed) : seeds_(seeds), random_(seed) {}

  std::string mutant() {
    std::string text = pick();
    for (size_t n = 1 + below(4); n > 0; --n)
      change(text);
    return text;
  }

private:
  size_t below(size_t n) { return random_() % n; }
  const std::string& pick() { return seeds_[below(seeds_.size())]; }

  static bool is_binary(const std::string& text) { return text.find('\0') != std::string::npos; }

  // A piece of a text, most often some words of it.
  std::string piece(const std::string& text) {
    if (text.empty())
      return {};
    size_t begin = below(text.size()), end = std::min(text.size(), begin + 1 + below(24));
    while (begin > 0 && std::isalnum(static_cast<unsigned char>(text[begin - 1])))
      --begin;
    while (end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])))
      ++end;
    return text.substr(begin, end - begin);
  }

  void change(std::string& text) {
    if (is_binary(text) && below(8) != 0) { // what moves the rest of a binary format stops at its first length
      char& byte = text[below(text.size())];
      byte = static_cast<char>(below(2) ? byte ^ (1 << below(8)) : static_cast<int>(below(256)));
      return;
    }
    const size_t at = below(text.size() + 1), length = below(std::min<size_t>(text.size() - at, 32) + 1);
    switch (below(5)) {
    case 0: text.erase(at, length); break;
    case 1: text.insert(at, piece(pick())); break;
    case 2: text.replace(at, length, piece(pick())); break;
    case 3: text.insert(at, text.substr(at, length)); break;
    case 4:
      if (at < text.size())
        text[at] = "(){}[]<>;,.:?@_^&|+-*/%=!~\"'\\#0 9a\n"[below(36)];
      break;
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_;
};

void run(const std::string& text) { LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size()); }

} // namespace

int main(int argc, char** argv) {
  uint64_t mutants = 0, seed = 1;
  std::vector<std::string> seeds;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--mutants=", 10) == 0)
      mutants = std::strtoull(argv[i] + 10, nullptr, 10);
    else if (std::strncmp(argv[i], "--seed=", 7) == 0)
      seed = std::strtoull(argv[i] + 7, nullptr, 10);
    else
      for (std::string& text : read_all(argv[i]))
        seeds.push_back(std::move(text));
  }
  for (const std::string& text : seeds)
    run(text);
  if (seeds.empty())
    seeds.emplace_back();
  Mutator mutator(seeds, seed);
  for (uint64_t i = 0; i < mutants; ++i) {
    const std::string text = mutator.mutant();
    if (const char* file = std::getenv("FUZZ_LAST"))
      std::ofstream(file, std::ios::binary) << text;
    run(text);
  }
  std::printf("%zu files, %llu mutants\n", seeds.size(), static_cast<unsigned long long>(mutants));
  return 0;
}
