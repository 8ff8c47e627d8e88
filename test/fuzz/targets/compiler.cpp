// The whole compiler: what the front end accepts is lowered, optimised and compiled without an internal error, and the checker accepts
// the object.
#include "codegen/codegen.h"
#include "frontend/ast.h"
#include "frontend/frontend.h"
#include "ir/lower.h"
#include "ir/pipeline.h"
#include "ir/verifier.h"
#include "support/diagnostic_printer.h"
#include "tal/checker.h"
#include "tal/object.h"
#include "tal/write/write.h"
#include "target.h"

namespace {

void compile(const frontend::typed::TypedModule& typed, const frontend::Session& session, int optimise) {
  ir::LowerResult lowered = ir::lower(typed);
  if (!lowered.unsupported.empty())
    return;
  if (const auto errors = ir::verify(lowered.module); !errors.empty())
    fuzz::fail("lowering", ir::render(lowered.module, errors));
  ir::PipelineOptions pipeline;
  pipeline.optimise = optimise;
  pipeline.verify_each = true;
  if (const ir::PipelineResult result = ir::run_pipeline(lowered.module, pipeline); !result.error.empty())
    fuzz::fail("passes", result.error);
  codegen::CodegenOptions options;
  options.verify_each = true;
  const codegen::CodegenResult code = codegen::generate_code(lowered.module, session.sources, fuzz::natives(), options);
  if (!code.internal_error.empty())
    fuzz::fail("code generation", code.internal_error);
  if (!code.unsupported.empty() || !codegen::wrong_natives(lowered.module, fuzz::natives()).empty())
    return;
  const tal::Bytes object = tal::write_object(code.image, code.annotations);
  const tal::VerifyResult verified = tal::verify(object, fuzz::natives());
  if (const auto* error = std::get_if<tal::VerifyError>(&verified))
    fuzz::fail("the checker refuses the object", tal::to_string(*error, "fuzz"));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontend::Session session;
  session.options.warn_all = true;
  const auto source = frontend::source_from_text(session, "fuzz.pop", std::string(fuzz::text_of(data, size)));
  const auto module = source ? frontend::parse(session, *source) : nullptr;
  const auto typed = module ? frontend::check(session, *module) : nullptr;
  (void)support::print_text(session.diagnostics, session.sources, {});
  if (!typed)
    return 0;
  // A name that the runtime defines is refused by the driver.
  for (const frontend::typed::Symbol& symbol : typed->symbols)
    if (fuzz::natives().natives.contains(std::string(symbol.name.view())))
      return 0;
  compile(*typed, session, 0);
  compile(*typed, session, 1);
  return 0;
}
