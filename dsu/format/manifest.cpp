#include "dsu/format/manifest.h"
#include "tal/write/byte_writer.h"

#include <cstring>

namespace dsu {

using tal::ByteReader;
using tal::ByteWriter;

namespace {

constexpr uint8_t manifest_version = 2;

Hash read_hash(ByteReader& in) {
  Hash hash{};
  std::span<const uint8_t> bytes = in.raw(hash.size());
  if (!bytes.empty())
    std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

template <class Enum>
Enum read_enum(ByteReader& in, Enum last) {
  uint8_t value = in.u8();
  if (value > static_cast<uint8_t>(last))
    in.fail();
  return static_cast<Enum>(value);
}

}  // namespace

tal::Bytes encode_manifest(const Manifest& m) {
  ByteWriter out;
  out.u8(manifest_version);
  out.string(m.module);
  out.string(m.label);
  out.raw(m.hash);
  out.uleb(m.description.size());
  out.raw(m.description);
  out.uleb(m.stubs.size());
  for (const Stub& stub : m.stubs) {
    out.string(stub.symbol);
    out.string(stub.module);
    out.string(stub.target);
  }
  out.uleb(m.imports.size());
  for (const ImportOfSymbol& i : m.imports) {
    out.string(i.symbol);
    out.u8(static_cast<uint8_t>(i.from));
    out.u8(static_cast<uint8_t>(i.provides));
    out.string(i.module);
    out.string(i.target);
  }
  return out.take();
}

std::optional<Manifest> decode_manifest(std::span<const uint8_t> section) {
  ByteReader in(section);
  Manifest m;
  if (in.u8() != manifest_version)
    in.fail();
  m.module = in.string();
  m.label = in.string();
  m.hash = read_hash(in);
  const std::span<const uint8_t> description = in.raw(in.uleb32());
  if (section.size() - description.size() > max_manifest)
    return std::nullopt;
  m.description.assign(description.begin(), description.end());
  m.stubs.resize(in.count(3));
  for (Stub& stub : m.stubs) {
    stub.symbol = in.string();
    stub.module = in.string();
    stub.target = in.string();
  }
  m.imports.resize(in.count(5));
  for (ImportOfSymbol& i : m.imports) {
    i.symbol = in.string();
    i.from = read_enum(in, ImportFrom::Running);
    i.provides = read_enum(in, Provides::Public);
    i.module = in.string();
    i.target = in.string();
  }
  if (in.bad() || !in.at_end())
    return std::nullopt;
  return m;
}

}  // namespace dsu
