// Writes the first inputs of the fuzz targets over binary formats, made from objects of our own compiler, so that they follow every
// change of the formats.
//
//   fuzz_seeds DIRECTORY OBJECT...
//
// DIRECTORY gets the folders object_reader, checker, link_check and patch_reader. Objects compiled with -dsu give manifests as well.
#include "dsu/format/container.h"
#include "dsu/format/manifest.h"
#include "dsu/format/protocol.h"
#include "tal/checker.h"
#include "tal/write/write.h"
#include "tal/write/byte_writer.h"
#include "test/fuzz/targets/target.h"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;
using tal::Bytes;

namespace {

struct Object {
  std::string name;
  Bytes bytes, interface, manifest;
};

Object read_seed(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  Object object{path.stem().string(), Bytes(std::istreambuf_iterator<char>(in), {}), {}, {}};
  const tal::VerifyResult result = tal::verify(object.bytes, fuzz::natives());
  if (const auto* error = std::get_if<tal::VerifyError>(&result)) {
    std::fputs(tal::to_string(*error, path.string()).c_str(), stderr);
    std::exit(1);
  }
  const auto& verified = std::get<std::unique_ptr<tal::VerifiedObject>>(result);
  object.interface = tal::serialise(verified->interface());
  object.manifest = verified->dsu();
  return object;
}

void write(const fs::path& folder, const std::string& name, const Bytes& bytes) {
  fs::create_directories(folder);
  std::ofstream out(folder / name, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// The first as the running program, the second as its patch, each function replaced by the one of the same number.
Bytes link_input(const Object& running, const Object& patch) {
  tal::ByteWriter out;
  out.u8(2);
  for (const Object* object : {&running, &patch}) {
    out.u32(static_cast<uint32_t>(object->interface.size()));
    out.raw(object->interface);
  }
  for (uint16_t symbol = 0; symbol < 8; symbol++)
    for (const uint8_t from : {0, 1}) {
      out.u8(from);
      out.u16(symbol);
      out.u8(static_cast<uint8_t>(1 - from));
      out.u16(symbol);
    }
  return out.take();
}

Bytes patch_input(const Object& object, bool is_signed) {
  dsu::PatchFile patch;
  patch.label = "v2";
  patch.from = "v1";
  patch.modules = {{object.name, dsu::ModuleRole::Replaced, dsu::Hash{1}, dsu::Hash{2}},
                   {"list", dsu::ModuleRole::Required, dsu::Hash{3}, dsu::Hash{3}}};
  patch.objects = {object.bytes};
  if (is_signed)
    patch.signature.emplace();
  return write_container(patch);
}

void write_messages(const fs::path& folder) {
  dsu::Report report;
  report.outcome = dsu::Outcome::Refused;
  report.patch = "v2";
  report.reason = "expected one thing, got another";
  report.replaced = {"main", "List::map"};
  dsu::Status status;
  status.program = "server";
  status.modules = {{"main", "v1", "0123abcd", 2}};
  write(folder, "report", encode(report));
  write(folder, "status", encode(status));
  write(folder, "history", encode(std::vector<dsu::Report>{report, report}));
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: fuzz_seeds DIRECTORY OBJECT...\n", stderr);
    return 64;
  }
  const fs::path root = argv[1];
  std::vector<Object> objects;
  for (int i = 2; i < argc; i++)
    objects.push_back(read_seed(argv[i]));
  for (size_t i = 0; i < objects.size(); i++) {
    const Object& object = objects[i];
    for (const char* target : {"object_reader", "checker"})
      write(root / target, object.name, object.bytes);
    write(root / "link_check", object.name, link_input(object, objects[(i + 1) % objects.size()]));
    write(root / "link_check", object.name + "-itself", link_input(object, object));
    write(root / "patch_reader", object.name, patch_input(object, i % 2 != 0));
    if (!object.manifest.empty())
      write(root / "patch_reader", object.name + "-manifest", object.manifest);
  }
  write_messages(root / "patch_reader");
  return 0;
}
