#include "dsu/format/container.h"

#include <gtest/gtest.h>

namespace dsu {
namespace {

PatchFile sample() {
  PatchFile patch;
  patch.label = "0.3";
  patch.from = "0.2";
  patch.modules = {{"statistics", ModuleRole::Replaced, Hash{1}, Hash{2}},
                   {"main", ModuleRole::Required, Hash{3}, Hash{3}},
                   {"audit", ModuleRole::New, Hash{}, Hash{4}}};
  patch.objects = {{1, 2, 3}, {}};
  return patch;
}

std::string reason(const ContainerResult& result) {
  const auto* problem = std::get_if<ContainerProblem>(&result);
  return problem ? problem->reason : "accepted";
}

TEST(Container, RoundTrip) {
  ContainerResult result = read_container(write_container(sample()));
  ASSERT_TRUE(std::holds_alternative<PatchFile>(result));
  const PatchFile& patch = std::get<PatchFile>(result);
  EXPECT_EQ(patch.label, "0.3");
  ASSERT_EQ(patch.modules.size(), 3u);
  EXPECT_EQ(patch.modules[1].role, ModuleRole::Required);
  EXPECT_EQ(patch.modules[2].new_hash, Hash{4});
  ASSERT_EQ(patch.objects.size(), 2u);
  EXPECT_EQ(patch.objects[0], (tal::Bytes{1, 2, 3}));
}

TEST(Container, EveryTruncationIsRefused) {
  tal::Bytes file = write_container(sample());
  for (size_t n = 0; n < file.size(); n++)
    EXPECT_NE(reason(read_container(std::span(file).first(n))), "accepted") << n;
}

TEST(Container, EveryFlippedByteIsRefused) {
  const tal::Bytes file = write_container(sample());
  for (size_t i = 0; i < file.size(); i++) {
    if (i >= 12 && i < 16)  // reserved
      continue;
    tal::Bytes damaged = file;
    damaged[i] ^= 0x40;
    EXPECT_NE(reason(read_container(damaged)), "accepted") << i;
  }
}

TEST(Container, RightChecksumOverWrongContentIsRefused) {
  PatchFile patch = sample();
  patch.objects.pop_back();  // one object too few for the modules
  EXPECT_EQ(reason(read_container(write_container(patch))), "malformed content");
  patch = sample();
  patch.modules[0].name = "a\nb";
  EXPECT_EQ(reason(read_container(write_container(patch))), "malformed content");
}

TEST(Container, OtherVersionNamesBoth) {
  tal::Bytes file = write_container(sample());
  file[8] = 9;
  EXPECT_EQ(reason(read_container(file)), "patch file format 9, this program reads format 1");
}

TEST(Container, Hex) {
  Hash hash = sha256({}), back{};
  EXPECT_EQ(hex(hash).substr(0, 8), "e3b0c442");
  EXPECT_TRUE(parse_hex(hex(hash), back));
  EXPECT_EQ(hash, back);
  EXPECT_FALSE(parse_hex("abc", back));
}

}  // namespace
}  // namespace dsu
