#include "dsu/format/manifest.h"

#include <gtest/gtest.h>

namespace dsu {
namespace {

Manifest sample() {
  Manifest m;
  m.module = "statistics";
  m.label = "0.2";
  m.stubs = {{"Stub::Statistics::add", "", "Statistics::add"}, {"Stub::step", "main", "step"}};
  m.imports = {{"hidden", ImportFrom::Running, Provides::Public, "statistics", "Statistics::hidden"}};
  m.description = {1, 2, 3};
  m.hash = Hash{9};
  return m;
}

TEST(Manifest, RoundTrip) {
  std::optional<Manifest> m = decode_manifest(encode_manifest(sample()));
  ASSERT_TRUE(m.has_value());
  EXPECT_EQ(m->module, "statistics");
  EXPECT_EQ(m->hash, sample().hash);
  ASSERT_EQ(m->stubs.size(), 2u);
  EXPECT_EQ(m->stubs[1].module, "main");
  ASSERT_EQ(m->imports.size(), 1u);
  EXPECT_EQ(m->imports[0].module, "statistics");
  EXPECT_EQ(m->imports[0].provides, Provides::Public);
  EXPECT_EQ(m->description, sample().description);
}

TEST(Manifest, TruncationIsRefused) {
  tal::Bytes bytes = encode_manifest(sample());
  for (size_t n = 0; n < bytes.size(); n++)
    EXPECT_FALSE(decode_manifest(std::span(bytes).first(n)).has_value()) << n;
}

// Millions of empty names: small in the file, gigabytes in memory.
TEST(Manifest, TheSizeIsLimited) {
  Manifest m = sample();
  m.stubs.assign(max_manifest / 4, {});
  EXPECT_TRUE(decode_manifest(encode_manifest(m)).has_value());
  m.stubs.assign(max_manifest / 2, {});
  EXPECT_FALSE(decode_manifest(encode_manifest(m)).has_value());
}

// The description is one block of bytes, whatever its size.
TEST(Manifest, TheDescriptionDoesNotCount) {
  Manifest m = sample();
  m.description.assign(2 * max_manifest, 7);
  EXPECT_TRUE(decode_manifest(encode_manifest(m)).has_value());
}

}  // namespace
}  // namespace dsu
