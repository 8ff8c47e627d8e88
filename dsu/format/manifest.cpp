#include "dsu/format/manifest.h"

#include <algorithm>
#include <cstring>

namespace dsu {

using tal::ByteReader;
using tal::ByteWriter;

namespace {

constexpr uint8_t manifest_version = 1;

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

Hash module_hash(const Manifest& manifest) {
  std::vector<const Definition*> sorted;
  for (const Definition& d : manifest.definitions)
    sorted.push_back(&d);
  std::sort(sorted.begin(), sorted.end(), [](const Definition* a, const Definition* b) {
    return a->kind != b->kind ? a->kind < b->kind : a->name < b->name;
  });
  ByteWriter out;
  out.string(manifest.module);
  for (const Definition* d : sorted) {
    out.string(d->name);
    out.u8(static_cast<uint8_t>(d->scope));
    out.u8(static_cast<uint8_t>(d->kind));
    out.raw(d->fingerprint);
  }
  return sha256(out.bytes());
}

tal::Bytes encode_manifest(const Manifest& m) {
  ByteWriter out;
  out.u8(manifest_version);
  out.string(m.module);
  out.string(m.label);
  out.raw(m.hash);
  out.uleb(m.definitions.size());
  for (const Definition& d : m.definitions) {
    out.string(d.name);
    out.u8(static_cast<uint8_t>(d.scope));
    out.u8(static_cast<uint8_t>(d.kind));
    out.string(d.type);
    out.raw(d.fingerprint);
  }
  out.uleb(m.update_points.size());
  for (const std::string& function : m.update_points)
    out.string(function);
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
    out.string(i.module);
    out.string(i.target);
  }
  return out.take();
}

std::optional<Manifest> decode_manifest(std::span<const uint8_t> section) {
  if (section.size() > max_manifest)
    return std::nullopt;
  ByteReader in(section);
  Manifest m;
  if (in.u8() != manifest_version)
    in.fail();
  m.module = in.string();
  m.label = in.string();
  m.hash = read_hash(in);
  m.definitions.resize(in.count(36));
  for (Definition& d : m.definitions) {
    d.name = in.string();
    d.scope = read_enum(in, DefinitionScope::Abstract);
    d.kind = read_enum(in, DefinitionKind::Type);
    d.type = in.string();
    d.fingerprint = read_hash(in);
  }
  m.update_points.resize(in.count(1));
  for (std::string& function : m.update_points)
    function = in.string();
  m.stubs.resize(in.count(3));
  for (Stub& stub : m.stubs) {
    stub.symbol = in.string();
    stub.module = in.string();
    stub.target = in.string();
  }
  m.imports.resize(in.count(4));
  for (ImportOfSymbol& i : m.imports) {
    i.symbol = in.string();
    i.from = read_enum(in, ImportFrom::Running);
    i.module = in.string();
    i.target = in.string();
  }
  if (in.bad() || !in.at_end())
    return std::nullopt;
  return m;
}

}  // namespace dsu
