// The checker and the second opinion about one object.
#pragma once

#include "tal/checker.h"

#include <functional>
#include <map>
#include <string>

namespace second {

struct Comparison {
  uint64_t agreed = 0, no_opinion = 0;         // functions
  std::map<std::string, uint64_t> left_out;    // reasons of no opinion
  std::vector<std::string> disagreements;
};

// `checked`: the checker's answer for these bytes. A function is compared if `asked` (of its place in .text) says so. Of an object
// that the checker refuses in some function, that function and those before it are compared: of the rest it said nothing.
void compare(std::span<const uint8_t> bytes, const tal::VerifyResult& checked, const tal::NativeInterface& natives,
             const std::function<bool(uint32_t start, uint32_t end)>& asked, Comparison& out);

} // namespace second
