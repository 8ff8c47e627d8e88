// The checker: every object is accepted or refused with a rule and a reason; the interface of what it accepts survives being written and
// read, and links or does not link by itself with an answer.
#include "tal/checker.h"
#include "tal/write/write.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tal::VerifyResult result = tal::verify({data, size}, fuzz::natives());
  if (const auto* error = std::get_if<tal::VerifyError>(&result)) {
    if (error->rule.empty() || tal::to_string(*error, "fuzz").empty())
      fuzz::fail("checker", "refused without a reason");
    return 0;
  }
  const tal::Interface& interface = std::get<std::unique_ptr<tal::VerifiedObject>>(result)->interface();
  tal::Interface again;
  std::string problem;
  const tal::Bytes written = tal::serialise(interface);
  if (!tal::parse_interface(written, again, problem))
    fuzz::fail("an interface is not read when written", problem);
  if (tal::serialise(again) != written)
    fuzz::fail("checker", "an interface is written in two ways");
  const tal::Interface* alone[] = {&interface};
  (void)tal::link_check(alone, fuzz::natives());
  return 0;
}
