#include "dsu/format/container.h"
#include "tal/write/byte_writer.h"

#include <algorithm>
#include <cstring>
#include <sodium.h>

namespace dsu {

using tal::ByteReader;
using tal::ByteWriter;

namespace {

constexpr char magic[] = "POPPATCH";
constexpr size_t magic_size = 8;

ContainerProblem problem(std::string reason, std::string help) { return {std::move(reason), std::move(help)}; }

template <size_t size>
std::array<uint8_t, size> read_array(ByteReader& in) {
  std::array<uint8_t, size> array{};
  std::span<const uint8_t> bytes = in.raw(size);
  if (!bytes.empty())
    std::memcpy(array.data(), bytes.data(), size);
  return array;
}
Hash read_hash(ByteReader& in) { return read_array<sizeof(Hash)>(in); }

// Names become parts of messages and of lookup keys: no control characters, no NUL.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 1024)
    return false;
  for (char c : name)
    if (static_cast<unsigned char>(c) < 0x21 || c == 0x7f)
      return false;
  return true;
}

bool read_body(ByteReader& in, PatchFile& patch) {
  patch.label = in.string();
  patch.from = in.string();
  patch.sequence = in.u64();
  uint32_t modules = in.count(1 + 1 + 64);
  if (modules > max_patch_modules)
    return false;
  size_t with_object = 0;
  for (uint32_t i = 0; i < modules; i++) {
    PatchModule m;
    m.name = in.string();
    uint8_t role = in.u8();
    if (role > static_cast<uint8_t>(ModuleRole::Part) || !is_name(m.name))
      return false;
    m.role = static_cast<ModuleRole>(role);
    m.old_hash = read_hash(in);
    m.new_hash = read_hash(in);
    with_object += has_object(m.role);
    patch.modules.push_back(std::move(m));
  }
  uint32_t objects = in.count(4);
  if (objects != with_object)
    return false;
  for (uint32_t i = 0; i < objects; i++) {
    std::span<const uint8_t> bytes = in.raw(in.u32());
    patch.objects.emplace_back(bytes.begin(), bytes.end());
  }
  return !in.bad() && in.at_end();
}

}  // namespace

std::string hex(std::span<const uint8_t> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool parse_hex(std::string_view text, std::span<uint8_t> bytes) {
  if (text.size() != 2 * bytes.size())
    return false;
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (size_t i = 0; i < bytes.size(); i++) {
    int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

Hash sha256(std::span<const uint8_t> bytes) {
  static_assert(crypto_hash_sha256_BYTES == sizeof(Hash));
  Hash hash;
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hash;
}

ContainerResult read_container(std::span<const uint8_t> file) {
  if (file.size() < magic_size || std::memcmp(file.data(), magic, magic_size) != 0)
    return problem("not a patch file", "patch files are made by `popc -patch -o FILE.pup DIRECTORY`");
  ByteReader in(file.subspan(magic_size));
  uint32_t version = in.u32();
  const uint32_t is_signed = in.u32();
  PatchFile patch;
  patch.checksum = read_hash(in);
  if (version == container_version && is_signed != 0)
    patch.signature = Signature{read_array<32>(in), read_array<64>(in)};
  if (in.bad())
    return problem("the file ends inside its header", "it was cut off: copy or make it again");
  if (version != container_version)
    return problem("patch file format " + std::to_string(version) + ", this program reads format " +
                       std::to_string(container_version),
                   "make the patch with the popc that built the program");
  if (is_signed > 1)
    return problem("malformed header", "the file is damaged: copy or make it again");
  std::span<const uint8_t> body = in.raw(in.remaining());
  if (sha256(body) != patch.checksum)
    return problem("the checksum does not fit the content", "the file is damaged or cut off: copy or make it again");
  ByteReader body_reader(body);
  if (!read_body(body_reader, patch))
    return problem("malformed content", "make the patch again; if that does not help, popc has a bug");
  return patch;
}

static tal::Bytes write_body(const PatchFile& patch) {
  ByteWriter body;
  body.string(patch.label);
  body.string(patch.from);
  body.u64(patch.sequence);
  body.uleb(patch.modules.size());
  for (const PatchModule& m : patch.modules) {
    body.string(m.name);
    body.u8(static_cast<uint8_t>(m.role));
    body.raw(m.old_hash);
    body.raw(m.new_hash);
  }
  body.uleb(patch.objects.size());
  for (const tal::Bytes& object : patch.objects) {
    body.u32(static_cast<uint32_t>(object.size()));
    body.raw(object);
  }
  return body.take();
}

static bool is_part(const PatchModule& module) { return module.role == ModuleRole::Part; }

bool read_parts(PatchFile patch, std::vector<PatchFile>& parts) {
  if (std::none_of(patch.modules.begin(), patch.modules.end(), is_part)) {
    parts.push_back(std::move(patch));
    return true;
  }
  if (patch.modules.size() > max_parts || !std::all_of(patch.modules.begin(), patch.modules.end(), is_part))
    return false;
  for (const tal::Bytes& object : patch.objects) {
    ContainerResult part = read_container(object);
    auto* file = std::get_if<PatchFile>(&part);
    if (!file || std::any_of(file->modules.begin(), file->modules.end(), is_part))
      return false;
    parts.push_back(std::move(*file));
  }
  return true;
}

void apply_versions(const PatchFile& part, ModuleVersions& versions) {
  for (const PatchModule& m : part.modules)
    if (m.role == ModuleRole::Removed)
      versions[m.name] = std::nullopt;
    else if (m.role != ModuleRole::Private && m.role != ModuleRole::Library)
      versions[m.name] = m.new_hash;
}

Hash body_checksum(const PatchFile& patch) { return sha256(write_body(patch)); }

tal::Bytes write_container(const PatchFile& patch) {
  const tal::Bytes body = write_body(patch);
  ByteWriter out;
  for (size_t i = 0; i < magic_size; i++)
    out.u8(static_cast<uint8_t>(magic[i]));
  out.u32(container_version);
  out.u32(patch.signature ? 1 : 0);
  out.raw(sha256(body));
  if (patch.signature) {
    out.raw(patch.signature->key);
    out.raw(patch.signature->bytes);
  }
  out.raw(body);
  return out.take();
}

}  // namespace dsu
