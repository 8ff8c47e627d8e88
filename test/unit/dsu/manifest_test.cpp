#include "dsu/format/manifest.h"

#include <gtest/gtest.h>

namespace dsu {
namespace {

Manifest sample() {
  Manifest m;
  m.module = "statistics";
  m.label = "0.2";
  m.definitions = {{"Statistics::add", DefinitionScope::Public, DefinitionKind::Function, "void (total)", Hash{7}},
                   {"Statistics::hidden", DefinitionScope::Static, DefinitionKind::Variable, "int", Hash{8}}};
  m.update_points = {"pop_main"};
  m.stubs = {{"Stub::Statistics::add", "", "Statistics::add"}, {"Stub::step", "main", "step"}};
  m.imports = {{"hidden", ImportFrom::Running, "statistics", "Statistics::hidden"}};
  m.hash = module_hash(m);
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
}

TEST(Manifest, TruncationIsRefused) {
  tal::Bytes bytes = encode_manifest(sample());
  for (size_t n = 0; n < bytes.size(); n++)
    EXPECT_FALSE(decode_manifest(std::span(bytes).first(n)).has_value()) << n;
}

// Millions of empty names: small in the file, gigabytes in memory.
TEST(Manifest, TheSizeIsLimited) {
  Manifest m = sample();
  m.update_points.assign(max_manifest / 2, "");
  EXPECT_TRUE(decode_manifest(encode_manifest(m)).has_value());
  m.update_points.assign(max_manifest, "");
  EXPECT_FALSE(decode_manifest(encode_manifest(m)).has_value());
}

TEST(Manifest, HashIgnoresOrderButNotContent) {
  Manifest a = sample(), b = sample();
  std::swap(b.definitions[0], b.definitions[1]);
  EXPECT_EQ(module_hash(a), module_hash(b));
  b.definitions[0].fingerprint[31] = 1;
  EXPECT_NE(module_hash(a), module_hash(b));
}

}  // namespace
}  // namespace dsu
