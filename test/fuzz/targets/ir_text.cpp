// Text form of the IR: every text is parsed or refused with a message; what the verifier accepts is printed as text that parses to the
// same module, and stays well formed under every pass.
#include "ir/parser.h"
#include "ir/pipeline.h"
#include "ir/printer.h"
#include "ir/verifier.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontend::TypeStore types;
  support::NameTable names;
  ir::ParseResult parsed = ir::parse_module(fuzz::text_of(data, size), types, names);
  if (!parsed.module)
    return parsed.error.text.empty() ? (fuzz::fail("IR", "refused without a message"), 0) : 0;
  if (const auto errors = ir::verify(*parsed.module); !errors.empty()) {
    (void)ir::render(*parsed.module, errors);
    return 0;
  }
  const std::string printed = ir::print_module(*parsed.module);
  frontend::TypeStore other_types;
  const ir::ParseResult again = ir::parse_module(printed, other_types, names);
  if (!again.module)
    fuzz::fail("printed IR is not parsed", again.error.text + " in line " + std::to_string(again.error.line) + "\n" + printed);
  if (ir::print_module(*again.module) != printed)
    fuzz::fail("printing is not stable", printed);
  ir::PipelineOptions options;
  options.verify_each = true;
  if (const ir::PipelineResult result = ir::run_pipeline(*parsed.module, options); !result.error.empty())
    fuzz::fail("passes", result.error);
  return 0;
}
