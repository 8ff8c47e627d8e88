// Reader of objects: every file is read or refused with what was expected; what was read is written as a file that is read as the same.
#include "tal/object_reader.h"
#include "tal/write/write.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tal::ObjectFile object;
  tal::VerifyError error;
  if (!tal::read_object({data, size}, object, error)) {
    if (error.expected.empty())
      fuzz::fail("object reader", "refused without what was expected");
    return 0;
  }
  const tal::Bytes written = tal::write_object(object.image, object.annotations);
  tal::ObjectFile again;
  if (!tal::read_object(written, again, error))
    fuzz::fail("what was read is not read when written", error.expected + ", found " + error.found);
  if (tal::write_object(again.image, again.annotations) != written)
    fuzz::fail("object reader", "what was read is written in two ways");
  return 0;
}
