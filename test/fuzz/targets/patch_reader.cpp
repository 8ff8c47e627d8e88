// Readers of what comes to a running program: patch files, the manifests in them, and messages of the control protocol. What is read is
// written as it was read. A patch file gets its right checksum first: else nearly every mutant would stop there.
#include <algorithm>
#include <vector>

#include "dsu/format/container.h"
#include "dsu/format/manifest.h"
#include "dsu/format/protocol.h"
#include "tal/object_reader.h"
#include "target.h"

namespace {

void read_patch(tal::Bytes file) {
  const size_t body = file[12] != 0 ? 144 : 48; // after a signature, or none
  if (file.size() >= body && file[13] == 0) {
    const dsu::Hash hash = dsu::sha256(std::span(file).subspan(body));
    std::copy(hash.begin(), hash.end(), file.begin() + 16);
  }
  const dsu::ContainerResult result = dsu::read_container(file);
  if (const auto* problem = std::get_if<dsu::ContainerProblem>(&result)) {
    if (problem->reason.empty())
      fuzz::fail("patch file", "refused without a reason");
    return;
  }
  const auto& patch = std::get<dsu::PatchFile>(result);
  if (write_container(patch) != file)
    fuzz::fail("patch file", "has two spellings");
  for (const tal::Bytes& bytes : patch.objects) {
    tal::ObjectFile object;
    tal::VerifyError error;
    if (tal::read_object(bytes, object, error))
      (void)dsu::decode_manifest(object.annotations.dsu);
  }
}

template <typename T> void same_again(const std::optional<T>& value, const tal::Bytes& bytes) {
  if (value && encode(*value) != bytes)
    fuzz::fail("message", "has two spellings");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tal::Bytes bytes(data, data + size);
  if (size > 16 && fuzz::text_of(data, 8) == "POPPATCH") {
    read_patch(bytes);
    return 0;
  }
  if (const std::optional<dsu::Manifest> manifest = dsu::decode_manifest(bytes); manifest && encode_manifest(*manifest) != bytes)
    fuzz::fail("manifest", "has two spellings");
  (void)dsu::decode_header(bytes);
  same_again(dsu::decode_report(bytes), bytes);
  same_again(dsu::decode_status(bytes), bytes);
  same_again(dsu::decode_history(bytes), bytes);
  same_again(dsu::decode_where(bytes), bytes);
  return 0;
}
