// Code for hostile objects, and what inputs cost that were made to be slow: seconds of the processor per byte of the file, compared with more of the same or with a
// twin that is not hostile (R52).
#pragma once

#include "object_builder.h"
#include "tal/write/write.h"

#include <algorithm>
#include <ctime>
#include <set>

namespace tal::test {

inline void append(Bytes& code, std::initializer_list<int> bytes) {
  for (int b : bytes)
    code.push_back(static_cast<uint8_t>(b));
}
inline void append32(Bytes& code, uint32_t v) {
  for (int i = 0; i < 4; i++)
    code.push_back(static_cast<uint8_t>(v >> (8 * i)));
}

inline Bytes sub_rsp(uint32_t bytes) {
  Bytes code;
  append(code, {0x48, 0x81, 0xEC});
  append32(code, bytes);
  return code;
}
inline void leave(Bytes& code, uint32_t frame) { // add rsp, frame; ret
  append(code, {0x48, 0x81, 0xC4});
  append32(code, frame);
  code.push_back(0xC3);
}

// Forward branches without records: each keeps a state until its target. jp teaches nothing; `n` of them are open at once.
inline Bytes open_branches(uint32_t n, uint32_t frame) {
  Bytes code;
  if (frame != 0)
    code = sub_rsp(frame);
  auto start = static_cast<uint32_t>(code.size());
  uint32_t targets = start + 6 * n + 1 + (frame != 0 ? 7 : 0); // behind the ret
  const uint32_t each = frame != 0 ? 8 : 1;
  for (uint32_t i = 0; i < n; i++) {
    append(code, {0x0F, 0x8A}); // jp
    append32(code, targets + each * i - (start + 6 * (i + 1)));
  }
  if (frame != 0)
    leave(code, frame);
  else
    code.push_back(0xC3);
  for (uint32_t i = 0; i < n; i++) {
    if (frame != 0)
      leave(code, frame);
    else
      code.push_back(0xC3);
  }
  return code;
}

// Seconds that the checker takes per byte of the file; what it answers must be what the caller expects.
inline double seconds_per_byte(ObjectBuilder& b, const std::set<std::string>& expected = {""}, bool closes = true) {
  std::string problem;
  EXPECT_TRUE(!closes || b.a.types.close(&problem)) << problem;
  Bytes file = write_object(b.image, b.a);
  NativeInterface natives;
  double best = 1e9;
  for (int i = 0; i < 3; i++) { // the least of three: other processes make it slower, nothing makes it faster
    std::clock_t start = std::clock(); // of the processor, not of the wall
    VerifyResult r = verify(file, natives);
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    const auto* error = std::get_if<VerifyError>(&r);
    EXPECT_TRUE(expected.contains(error == nullptr ? "" : error->rule)) << (error == nullptr ? "accepted" : to_string(*error, "test.o"));
  }
  if (getenv("TAL_SHOW_TIMES") != nullptr)
    printf("%g ms for %zu bytes\n", 1e3 * best, file.size());
  return best / static_cast<double>(file.size());
}

// At most four times as much.
inline void expect_near(double cost, double plain, const std::string& what) {
  if (getenv("TAL_SHOW_TIMES") != nullptr)
    printf("%g ns per byte, %g for %s\n", 1e9 * plain, 1e9 * cost, what.c_str());
  EXPECT_LE(cost, 4 * plain) << "per byte: " << plain << " s, " << cost << " s for " << what;
}

// Eight times the input: a byte of it costs at most four times as much.
template <typename F> void expect_linear(F&& cost_of, uint32_t units) {
  const double small = cost_of(units), large = cost_of(8 * units);
  expect_near(large, small, std::to_string(8 * units) + " instead of " + std::to_string(units));
}

} // namespace tal::test
