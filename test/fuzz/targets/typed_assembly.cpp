// Typed assembly: every text is assembled or refused with a message; the checker answers for whatever object comes out.
#include "codegen/instruction_assembler.h"
#include "tal/checker.h"
#include "tal/text/text.h"
#include "tal/write/write.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static codegen::InstructionAssembler* assembler = new codegen::InstructionAssembler;
  const auto encode = [](std::string_view line, tal::Bytes& code, std::string& why) { return assembler->encode(line, code, why); };
  tal::ObjectImage image;
  tal::ObjectAnnotations annotations;
  std::vector<tal::TextProblem> problems;
  if (!tal::assemble(fuzz::text_of(data, size), encode, image, annotations, problems))
    return problems.empty() ? (fuzz::fail("typed assembly", "refused without a message"), 0) : 0;
  const tal::VerifyResult verified = tal::verify(tal::write_object(image, annotations), fuzz::natives());
  if (const auto* error = std::get_if<tal::VerifyError>(&verified))
    (void)tal::to_string(*error, "fuzz");
  else
    (void)tal::print_object(image, annotations);
  return 0;
}
