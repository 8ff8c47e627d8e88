// What the fuzz targets share. Each target is one function over arbitrary bytes; libFuzzer drives it in the `fuzz` preset, replay.cpp in
// every other tree. A target returns on bad input and calls fail() on a bug that is no crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tal/natives.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fuzz {

[[noreturn]] inline void fail(std::string_view what, std::string_view why) {
  std::fprintf(stderr, "fuzz: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(), static_cast<int>(why.size()), why.data());
  std::abort();
}

inline std::string_view text_of(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

inline const tal::NativeInterface& natives() {
  static const tal::NativeInterface* interface = [] {
    auto* parsed = new tal::NativeInterface;
    std::string problem;
    if (!tal::parse_natives(tal::builtin_natives_text(), *parsed, problem))
      fail("natives", problem);
    return parsed;
  }();
  return *interface;
}

} // namespace fuzz
