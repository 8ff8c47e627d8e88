#include "dsu/format/signature.h"

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
  EXPECT_EQ(reason(read_container(file)), "patch file format 9, this program reads format 4");
}

PatchFile signed_sample(const KeyPair& pair) {
  PatchFile patch = sample();
  patch.sequence = 7;
  sign(patch, pair.secret_key);
  return patch;
}

std::string signature_problem(const PatchFile& patch, const PublicKey& key, uint64_t sequence) {
  auto problem = find_signature_problem(patch, key, sequence);
  return problem ? problem->reason : "";
}

TEST(Signature, FitsAfterTheRoundTripAndOnlyItsKey) {
  const KeyPair pair = make_key_pair(), other = make_key_pair();
  ContainerResult result = read_container(write_container(signed_sample(pair)));
  ASSERT_TRUE(std::holds_alternative<PatchFile>(result)) << reason(result);
  const PatchFile& patch = std::get<PatchFile>(result);
  EXPECT_EQ(patch.sequence, 7u);
  EXPECT_EQ(signature_problem(patch, pair.public_key, 6), "");
  EXPECT_EQ(signature_problem(patch, other.public_key, 6).substr(0, 29), "the patch is signed with key ");
  EXPECT_EQ(signature_problem(sample(), pair.public_key, 0), "the patch is not signed");
}

TEST(Signature, OldPatchesAreRefused) {
  const KeyPair pair = make_key_pair();
  const PatchFile patch = signed_sample(pair);
  EXPECT_EQ(signature_problem(patch, pair.public_key, 7),
            "the patch is older than what has been applied already: its number is 7, that of the newest one 7");
  EXPECT_EQ(signature_problem(patch, pair.public_key, 8).substr(0, 22), "the patch is older tha");
}

// A forger who changes anything and computes the checksum again, or claims another key.
TEST(Signature, NothingCanBeChangedAfterwards) {
  const KeyPair pair = make_key_pair(), other = make_key_pair();
  auto forged = [&](auto change) {
    PatchFile patch = signed_sample(pair);
    change(patch);
    ContainerResult result = read_container(write_container(patch));
    return std::holds_alternative<PatchFile>(result) ? signature_problem(std::get<PatchFile>(result), pair.public_key, 0) : reason(result);
  };
  EXPECT_EQ(forged([](PatchFile&) {}), "");
  const std::string misfit = "the signature does not fit the patch";
  EXPECT_EQ(forged([](PatchFile& p) { p.objects[0][0] ^= 1; }), misfit);
  EXPECT_EQ(forged([](PatchFile& p) { p.sequence++; }), misfit);
  EXPECT_EQ(forged([](PatchFile& p) { p.modules[0].old_hash[0] ^= 1; }), misfit);
  EXPECT_EQ(forged([](PatchFile& p) { p.label = "0.4"; }), misfit);
  for (size_t i = 0; i < 64; i++)
    EXPECT_EQ(forged([&](PatchFile& p) { p.signature->bytes[i] ^= 0x40; }), misfit) << i;
  EXPECT_EQ(forged([&](PatchFile& p) {
    sign(p, other.secret_key);
    p.signature->key = pair.public_key;
  }), misfit);
}

TEST(Signature, EveryFlippedByteAndEveryTruncationOfASignedFileIsRefused) {
  const KeyPair pair = make_key_pair();
  const tal::Bytes file = write_container(signed_sample(pair));
  auto accepted = [&](std::span<const uint8_t> bytes) {
    ContainerResult result = read_container(bytes);
    return std::holds_alternative<PatchFile>(result) && signature_problem(std::get<PatchFile>(result), pair.public_key, 0).empty();
  };
  ASSERT_TRUE(accepted(file));
  for (size_t i = 0; i < file.size(); i++) {
    tal::Bytes damaged = file;
    damaged[i] ^= 0x40;
    EXPECT_FALSE(accepted(damaged)) << i;
    EXPECT_FALSE(accepted(std::span(file).first(i))) << i;
  }
}

TEST(Signature, KeyFiles) {
  const KeyPair pair = make_key_pair();
  EXPECT_EQ(parse_public_key(key_text(pair.public_key)), pair.public_key);
  EXPECT_EQ(parse_secret_key(key_text(pair.secret_key)), pair.secret_key);
  EXPECT_EQ(parse_public_key(key_text(pair.secret_key)), std::nullopt);
  EXPECT_EQ(parse_secret_key("popcorn-patch-secret 00\n"), std::nullopt);
}

TEST(Container, Hex) {
  Hash hash = sha256({}), back{};
  EXPECT_EQ(hex(hash).substr(0, 8), "e3b0c442");
  EXPECT_TRUE(parse_hex(hex(hash), back));
  EXPECT_EQ(hash, back);
  EXPECT_FALSE(parse_hex("abc", back));
}

// A composed patch has parts only, and those have none.
TEST(Container, PartsAreReadOneLevelDeep) {
  PatchFile part;
  part.label = "v2";
  part.modules = {{"m", ModuleRole::Required, Hash{1}, Hash{1}}, {"gone", ModuleRole::Removed, Hash{2}, Hash{}}};
  PatchFile composed;
  composed.modules = {{"part1", ModuleRole::Part, Hash{}, Hash{}}};
  composed.objects = {write_container(part)};
  std::vector<PatchFile> parts;
  ASSERT_TRUE(read_parts(composed, parts));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].label, "v2");
  ModuleVersions versions;
  apply_versions(parts[0], versions);
  EXPECT_EQ(versions.at("m"), Hash{1});
  EXPECT_EQ(versions.at("gone"), std::nullopt);

  PatchFile nested = composed;
  nested.objects = {write_container(composed)};
  EXPECT_FALSE(read_parts(nested, parts));
  PatchFile mixed = composed;
  mixed.modules.push_back({"m", ModuleRole::Required, Hash{}, Hash{}});
  EXPECT_FALSE(read_parts(mixed, parts));
  PatchFile damaged = composed;
  damaged.objects[0].back() ^= 1;
  EXPECT_FALSE(read_parts(damaged, parts));
  PatchFile many;
  for (size_t i = 0; i <= max_parts; i++) {
    EXPECT_TRUE(read_parts(many, parts)) << i;
    many.modules.push_back(composed.modules[0]);
    many.objects.push_back(composed.objects[0]);
  }
  EXPECT_FALSE(read_parts(many, parts));
}

}  // namespace
}  // namespace dsu
