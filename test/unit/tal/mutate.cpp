// Flips every bit of the bytes of .text, the data sections and .tal.* of an object, one at a time, and verifies each mutant:
// the checker must not crash and must accept, or refuse with a rule, an expectation and a finding. Also every prefix of the
// file, and bytes set to 0, 255 and their successor.
//
// usage: tal_mutate FILE.o [MINIMUM]     fails if fewer than MINIMUM mutants were tried
#include "tal/checker.h"
#include "tal/elf.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

namespace {

struct Counts {
  size_t tried = 0, accepted = 0, silent = 0;
  std::map<std::string, size_t> rules;
};

void try_one(const tal::Bytes& bytes, const tal::NativeInterface& natives, Counts& counts) {
  counts.tried++;
  tal::VerifyResult result = tal::verify(bytes, natives);
  if (const auto* e = std::get_if<tal::VerifyError>(&result)) {
    counts.silent += e->rule.empty() || e->expected.empty() || e->found.empty();
    counts.rules[e->rule]++;
  } else {
    counts.accepted++;
  }
}

bool interesting(std::string_view name) {
  return name == ".text" || name == ".data" || name == ".rodata" || name == ".data.rel.ro" || name == ".symtab" ||
         name.starts_with(".rela.") || (name.starts_with(".tal.") && name != ".tal.lines");
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    return 64;
  std::ifstream file(argv[1], std::ios::binary);
  tal::Bytes original((std::istreambuf_iterator<char>(file)), {});
  tal::NativeInterface natives;
  std::string problem;
  if (original.size() < sizeof(tal::elf::Header) || !tal::parse_natives(tal::builtin_natives_text(), natives, problem)) {
    std::fprintf(stderr, "tal_mutate: cannot read %s\n", argv[1]);
    return 1;
  }
  Counts counts;
  tal::elf::Header header;
  std::memcpy(&header, original.data(), sizeof header);
  auto section = [&](size_t i) {
    tal::elf::SectionHeader s;
    std::memcpy(&s, original.data() + header.shoff + i * sizeof s, sizeof s);
    return s;
  };
  uint64_t names = section(header.shstrndx).offset;
  tal::Bytes mutant = original;
  for (size_t i = 0; i < header.shnum; i++) {
    tal::elf::SectionHeader s = section(i);
    if (!interesting(reinterpret_cast<const char*>(original.data() + names + s.name)) || s.type == tal::elf::sht_nobits)
      continue;
    for (uint64_t at = s.offset; at < s.offset + s.size; at++) {
      uint8_t old = original[at];
      for (int bit = 0; bit < 8; bit++) {
        mutant[at] = static_cast<uint8_t>(old ^ 1u << bit);
        try_one(mutant, natives, counts);
      }
      for (unsigned value : {0u, 255u, old + 1u}) {
        mutant[at] = static_cast<uint8_t>(value);
        if (mutant[at] != old)
          try_one(mutant, natives, counts);
      }
      mutant[at] = old;
    }
  }
  for (size_t at = 0; at < original.size(); at += at < 256 ? 1 : 37)
    try_one(tal::Bytes(original.begin(), original.begin() + static_cast<long>(at)), natives, counts);
  std::printf("%zu mutants, %zu accepted, %zu refused without reason\n", counts.tried, counts.accepted, counts.silent);
  for (const auto& [rule, n] : counts.rules)
    std::printf("  %-4s %zu\n", rule.c_str(), n);
  size_t minimum = argc > 2 ? static_cast<size_t>(std::atoi(argv[2])) : 0;
  return counts.silent == 0 && counts.tried >= minimum ? 0 : 1;
}
