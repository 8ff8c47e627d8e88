#include "driver/compile.h"

#include "codegen/codegen.h"
#include "codegen/instruction_assembler.h"
#include "driver/front.h"
#include "driver/middle.h"
#include "driver/native_files.h"
#include "driver/output.h"
#include "dsu/pass/describe_module.h"
#include "dsu/pass/retained.h"
#include "dsu/pass/update_points.h"
#include "frontend/ast.h"
#include "ir/function_pipeline.h"
#include "ir/lower.h"
#include "ir/printer.h"
#include "tal/text/text.h"
#include "tal/write/write.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

namespace driver {

namespace {

constexpr int user_error = 1, internal_error = 70;

using Clock = std::chrono::steady_clock;

void print_time(const char* stage, std::chrono::duration<double, std::milli> time) { std::fprintf(stderr, "%10.3f ms  %s\n", time.count(), stage); }

// --time-passes: one line per stage.
class StageTimer {
public:
  StageTimer(const PopcOptions& options, const char* stage) : enabled_(options.time_passes), stage_(stage), start_(Clock::now()) {}
  ~StageTimer() {
    if (enabled_)
      print_time(stage_, Clock::now() - start_);
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

private:
  bool enabled_;
  const char* stage_;
  Clock::time_point start_;
};

// The same where stages take turns: what is between two calls of lap() belongs to the stage that the second one names.
class LapTimer {
public:
  explicit LapTimer(const PopcOptions& options) : enabled_(options.time_passes), last_(Clock::now()) {}
  void lap(Clock::duration& stage) {
    if (!enabled_)
      return;
    const Clock::time_point now = Clock::now();
    stage += now - last_;
    last_ = now;
  }

private:
  bool enabled_;
  Clock::time_point last_;
};

template <typename List>
bool report_unsupported(const PopcOptions& options, frontend::Session& session, const List& list) {
  if (list.empty())
    return true;
  support::Diagnostics diagnostics;
  for (const auto& item : list)
    diagnostics.report<support::Diag::NotSupportedYet>(item.loc, item.what);
  return print_diagnostics(options, diagnostics, session.sources);
}

// Verification of what was just written: a refusal is always our fault.
std::optional<CompiledObject> verify_output(const PopcOptions& options, const std::string& name, tal::Bytes bytes,
                                            int& exit_status) {
  StageTimer timer(options, "verify");
  tal::VerifyResult result = tal::verify(bytes, *native_interface());
  if (const auto* error = std::get_if<tal::VerifyError>(&result)) {
    print_error("popc", "internal error: the checker refuses the code generated for `" + name + "`\n" +
                            tal::to_string(*error, name));
    exit_status = internal_error;
    return std::nullopt;
  }
  return CompiledObject{std::move(bytes), std::move(std::get<std::unique_ptr<tal::VerifiedObject>>(result)), {}};
}

// R23: what the runtime offers can be imported, never defined. A program may not know the name, having included no header.
bool check_names(const PopcOptions& options, frontend::Session& session, const frontend::typed::TypedModule& source) {
  support::Diagnostics diagnostics;
  for (const frontend::typed::Symbol& symbol : source.symbols)
    if (symbol.scope != frontend::Scope::Extern && native_interface()->natives.contains(std::string(symbol.name.view())))
      diagnostics.report<support::Diag::NameOfRuntime>(symbol.loc, symbol.name.view());
  return print_diagnostics(options, diagnostics, session.sources);
}

bool is_native(const std::string& name) { return native_interface()->natives.contains(name); }

// --update-points=loops. Every point is told, because it is where code and data may change from now on.
void add_update_points(const PopcOptions& options, frontend::Session& session, ir::Module& module) {
  const auto& natives = native_interface()->natives;
  const auto is_blocking = [&](const std::string& name) {
    const auto native = natives.find(name);
    return native != natives.end() && native->second.blocking;
  };
  support::Diagnostics diagnostics;
  for (const dsu::InsertedUpdatePoint& point : dsu::insert_update_points(module, is_blocking)) {
    diagnostics.report<support::Diag::UpdatePointInserted>(point.loc, point.function,
                                                           point.call == point.native ? "" : "`" + point.call + "`, which waits in ",
                                                           point.native);
  }
  print_diagnostics(options, diagnostics, session.sources);
}

std::optional<ir::Module> lower_and_optimise(const PopcOptions& options, frontend::Session& session,
                                             const frontend::typed::TypedModule& source, tal::Bytes& manifest, int& exit_status) {
  std::optional<StageTimer> timer(std::in_place, options, "lower");
  ir::LowerResult lowered = ir::lower(source);
  lowered.module.updateable = options.updateable || options.emit == Emit::Patch;
  timer.reset();
  if (!report_unsupported(options, session, lowered.unsupported)) {
    exit_status = user_error;
    return std::nullopt;
  }
  if (options.loop_update_points)
    add_update_points(options, session, lowered.module);
  if (!manifest.empty())
    manifest = dsu::add_suspensions(std::move(manifest), dsu::find_suspensions(lowered.module, is_native));
  timer.emplace(options, "optimise");
  exit_status = run_passes(options, lowered.module);
  if (exit_status != 0)
    return std::nullopt;
  return std::move(lowered.module);
}

// The file that the module is named after: the first function may come from a header.
std::string source_name(const frontend::Session& session, const ir::Module& module) {
  const std::string& prefix = session.options.module_prefix;
  std::string name = module.name.starts_with(prefix) ? module.name.substr(prefix.size()) : module.name;
  const std::string stem = name;
  for (const ir::Function& function : module.functions) {
    if (function.linkage == ir::Linkage::Import || !function.loc.is_valid())
      continue;
    std::string file(session.sources.name(function.loc.file));
    if (std::filesystem::path(file).stem() == stem)
      return file;
    name = file;
  }
  return name;
}

codegen::CodegenOptions codegen_options(const PopcOptions& options, const frontend::Session& session,
                                        const ir::Module& module) {
  codegen::CodegenOptions result;
  result.verify_each = options.verify_each;
  result.want_mir = options.emit == Emit::Mir;
  result.indirect_calls = options.indirect_calls;
  result.version = options.version;
  result.source_name = source_name(session, module);
  std::error_code ignored;
  result.directory = std::filesystem::current_path(ignored).string();
  return result;
}

// Only the checker knows the types of the runtime's functions for certain, so it is asked first; a wrong declaration is the author's.
bool check_imports(const PopcOptions& options, frontend::Session& session, const ir::Module& module,
                   const tal::Bytes& object) {
  support::Diagnostics diagnostics;
  const std::vector<codegen::WrongNative> wrong = codegen::wrong_natives(module, *native_interface());
  if (!wrong.empty() && std::holds_alternative<tal::VerifyError>(tal::verify(object, *native_interface())))
    for (const codegen::WrongNative& native : wrong)
      diagnostics.report<support::Diag::DeclarationOfRuntime>(native.loc, native.name, native.declared, native.actual);
  return print_diagnostics(options, diagnostics, session.sources);
}

// What has to be right before there is IR.
bool check_runtime_names(const PopcOptions& options, frontend::Session& session, const frontend::typed::TypedModule& source, int& exit_status) {
  exit_status = native_interface() ? 0 : internal_error;
  if (exit_status == 0 && !check_names(options, session, source))
    exit_status = user_error;
  return exit_status == 0;
}

// From the result of code generation to a verified object.
std::optional<CompiledObject> finish_object(const PopcOptions& options, frontend::Session& session, const ir::Module& module,
                                            codegen::CodegenResult code, tal::Bytes manifest, std::string& text, int& exit_status) {
  if (!report_unsupported(options, session, code.unsupported)) {
    exit_status = user_error;
    return std::nullopt;
  }
  if (!code.internal_error.empty()) {
    print_error("popc", "internal error: " + code.internal_error);
    exit_status = internal_error;
    return std::nullopt;
  }
  if (options.emit == Emit::Mir) {
    text += code.mir;
    return std::nullopt;
  }
  code.annotations.dsu = std::move(manifest);
  if (options.emit == Emit::Tal) {
    text += tal::print_object(code.image, code.annotations);
    return std::nullopt;
  }
  tal::Bytes object = tal::write_object(code.image, code.annotations);
  code = {}; // before the checker makes its own
  if (!check_imports(options, session, module, object)) {
    exit_status = user_error;
    return std::nullopt;
  }
  return verify_output(options, module.name, std::move(object), exit_status);
}

// Everything after the IR.
std::optional<CompiledObject> compile_ir(const PopcOptions& options, frontend::Session& session, const ir::Module& module,
                                         tal::Bytes manifest, std::string& text, int& exit_status) {
  if (options.emit == Emit::Ir) {
    text += ir::print_module(module);
    return std::nullopt;
  }
  std::optional<StageTimer> timer(std::in_place, options, "generate code");
  codegen::CodegenResult code =
      codegen::generate_code(module, session.sources, *native_interface(), codegen_options(options, session, module));
  timer.reset();
  return finish_object(options, session, module, std::move(code), std::move(manifest), text, exit_status);
}

// Stage by stage. Drops the bodies of `source` when they are in the IR: of a large program they are a third of all memory.
std::optional<CompiledObject> compile_whole(const PopcOptions& options, frontend::Session& session, frontend::typed::TypedModule& source,
                                            tal::Bytes manifest, std::string& text, int& exit_status) {
  if (!check_runtime_names(options, session, source, exit_status))
    return std::nullopt;
  const std::optional<ir::Module> module = lower_and_optimise(options, session, source, manifest, exit_status);
  if (!module)
    return std::nullopt;
  source.functions = {};
  return compile_ir(options, session, *module, std::move(manifest), text, exit_status);
}

// Nobody wants to see or check the IR of the whole module: functions can be compiled one by one.
bool goes_by_function(const PopcOptions& options) {
  const bool wants_object = options.emit == Emit::Object || options.emit == Emit::Executable;
  return wants_object && !options.loop_update_points && !options.verify_each && !options.print_after_all && options.run_pass.empty() &&
         options.print_before.empty() && options.print_after.empty() && options.stop_after.empty();
}

// Stages as in compile_whole, but function by function: what belongs to one is still in the processor's caches when the next stage
// reads it, and its memory serves for the next function. Takes the bodies out of `source`.
std::optional<CompiledObject> compile_by_function(const PopcOptions& options, frontend::Session& session, frontend::typed::TypedModule& source,
                                                  tal::Bytes manifest, std::string& text, int& exit_status) {
  if (!check_runtime_names(options, session, source, exit_status))
    return std::nullopt;
  ir::Lowering lowering(source);
  ir::Module& module = lowering.module();
  module.updateable = options.updateable;
  dsu::SuspensionFinder suspensions(module);
  ir::FunctionPipeline pipeline(module, pipeline_options(options));
  codegen::ModuleGenerator generator(module, session.sources, *native_interface(), codegen_options(options, session, module));
  Clock::duration lower{}, optimise{}, generate{};
  LapTimer timer(options);
  for (bool is_last = false; !is_last;) {
    const std::optional<ir::Lowering::Lowered> lowered = lowering.next();
    is_last = !lowered;
    if (lowered && lowered->is_last)
      source.functions[lowered->source].body = {};
    timer.lap(lower);
    if (!lowering.unsupported().empty())
      continue; // only to find all of it
    if (lowered && !manifest.empty())
      suspensions.add(lowered->function);
    if (lowered)
      pipeline.add(lowered->function);
    else
      pipeline.close();
    while (const std::optional<ir::FuncId> ready = pipeline.next()) {
      timer.lap(optimise);
      generator.function(*ready);
      timer.lap(generate);
      pipeline.release();
    }
    timer.lap(optimise);
  }
  if (options.time_passes) {
    print_time("lower", lower);
    std::fputs(pipeline.times().c_str(), stderr);
    print_time("optimise", optimise);
    print_time("generate code", generate);
  }
  if (!report_unsupported(options, session, lowering.unsupported())) {
    exit_status = user_error;
    return std::nullopt;
  }
  if (!manifest.empty())
    manifest = dsu::add_suspensions(std::move(manifest), suspensions.find(is_native));
  return finish_object(options, session, module, generator.finish(), std::move(manifest), text, exit_status);
}

// Typed assembly: the object that the text describes, if it is well typed. A refusal is the author's.
std::optional<CompiledObject> assemble_file(const std::string& path, int& exit_status) {
  exit_status = user_error;
  std::string problem;
  auto bytes = read_file(path, problem);
  if (!bytes) {
    print_error("popc", problem);
    return std::nullopt;
  }
  codegen::InstructionAssembler assembler;
  auto encode = [&](std::string_view line, tal::Bytes& code, std::string& why) { return assembler.encode(line, code, why); };
  tal::ObjectImage image;
  tal::ObjectAnnotations annotations;
  std::vector<tal::TextProblem> problems;
  if (!tal::assemble({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, encode, image, annotations, problems)) {
    for (const tal::TextProblem& p : problems)
      print_error(path + ":" + std::to_string(p.line), p.message);
    return std::nullopt;
  }
  tal::Bytes object = tal::write_object(image, annotations);
  tal::VerifyResult result = tal::verify(object, *native_interface());
  if (const auto* error = std::get_if<tal::VerifyError>(&result)) {
    print_error("popc", "not well typed\n" + tal::to_string(*error, path));
    return std::nullopt;
  }
  exit_status = 0;
  return CompiledObject{std::move(object), std::move(std::get<std::unique_ptr<tal::VerifiedObject>>(result)), {path}};
}

} // namespace

namespace {
std::unique_ptr<tal::NativeInterface> natives_with_users;
}

const tal::NativeInterface* native_interface() {
  if (natives_with_users)
    return natives_with_users.get();
  static const std::unique_ptr<tal::NativeInterface> natives = [] {
    auto parsed = std::make_unique<tal::NativeInterface>();
    std::string problem;
    if (tal::parse_natives(tal::builtin_natives_text(), *parsed, problem))
      return parsed;
    print_error("popc", "internal error: natives.tali: " + problem);
    return std::unique_ptr<tal::NativeInterface>();
  }();
  return natives.get();
}

bool add_native_files(const std::vector<std::string>& paths) {
  if (paths.empty())
    return true;
  auto parsed = read_natives(paths, "popc");
  if (parsed)
    natives_with_users = std::make_unique<tal::NativeInterface>(std::move(*parsed));
  return parsed.has_value();
}

std::optional<CompiledObject> compile_module(const PopcOptions& options, frontend::Session& session,
                                             const frontend::typed::TypedModule& source, tal::Bytes manifest,
                                             std::string& text, int& exit_status) {
  std::optional<ir::Module> module;
  if (check_runtime_names(options, session, source, exit_status))
    module = lower_and_optimise(options, session, source, manifest, exit_status);
  return module ? compile_ir(options, session, *module, std::move(manifest), text, exit_status) : std::nullopt;
}

namespace {

// frontend::compile, with the headers that were read.
std::unique_ptr<frontend::typed::TypedModule> run_front_end(frontend::Session& session, const std::string& path,
                                                            std::vector<std::string>& dependencies) {
  const std::optional<frontend::SourceText> source = frontend::read_source(session, path);
  const std::unique_ptr<frontend::ast::Module> module = source ? frontend::parse(session, *source) : nullptr;
  if (!module)
    return nullptr;
  dependencies.insert(dependencies.end(), module->dependencies.begin(), module->dependencies.end());
  return frontend::check(session, *module);
}

} // namespace

std::optional<CompiledObject> compile_file(const PopcOptions& options, const std::string& path, std::string& text,
                                           int& exit_status) {
  if (path.ends_with(".tal")) {
    exit_status = internal_error;
    return native_interface() ? assemble_file(path, exit_status) : std::nullopt;
  }
  std::unique_ptr<frontend::Session> session = make_session(options);
  if (is_ir_text(path)) {
    frontend::TypeStore types;
    std::optional<ir::Module> module = read_ir_text(options, path, types, session->names, exit_status);
    if (!module || !native_interface())
      return std::nullopt;
    std::optional<CompiledObject> object = compile_ir(options, *session, *module, {}, text, exit_status);
    if (object)
      object->dependencies = {path};
    return object;
  }
  std::vector<std::string> dependencies{path};
  std::unique_ptr<frontend::typed::TypedModule> module;
  {
    StageTimer timer(options, "front end");
    module = run_front_end(*session, path, dependencies);
  }
  if (!print_diagnostics(options, *session) || !module) {
    exit_status = user_error;
    return std::nullopt;
  }
  tal::Bytes manifest;
  if (options.updateable)
    manifest = dsu::manifest_section(*module, options.version);
  std::optional<CompiledObject> object = goes_by_function(options)
                                             ? compile_by_function(options, *session, *module, std::move(manifest), text, exit_status)
                                             : compile_whole(options, *session, *module, std::move(manifest), text, exit_status);
  if (object)
    object->dependencies = std::move(dependencies);
  return object;
}

} // namespace driver
