#include "dsu/runtime/transaction.h"

#include "stdlib/runtime/calls.h"
#include "stdlib/runtime/memory.h"
#include "stdlib/runtime/modules.h"
#include "stdlib/runtime/raise.h"

namespace dsu {
namespace {

bool register_modules(PreparedUpdate& update, Refusal& refusal) {
  for (PreparedModule& module : update.modules) {
    const tal_module* record = module.registered;
    if (!record || (record->text_size != 0 && !poprt::register_module(record))) {
      refusal = {Step::Load, module.loaded->name, "the unwinder does not take the module", ""};
      return false;
    }
    poprt::add_roots(record->data, record->data_size);
    poprt::add_roots(record->bss, record->bss_size);
  }
  return true;
}

bool transform(const PreparedUpdate& update, Refusal& refusal) {
  for (const PreparedModule& module : update.modules) {
    if (module.init == UINT32_MAX)
      continue;
    poprt::Exception* exception = nullptr;
    poprt_call_catching(reinterpret_cast<const void*>(module.loaded->address_of(module.init)), 0, &exception);
    if (exception == nullptr)
      continue;
    refusal = {Step::Transform, module.loaded->name, "its state transformer raised " + describe_exception(*exception),
               "nothing was replaced; what the transformer had written into old data stays written"};
    return false;
  }
  return true;
}

// Functions suspended below the update point whose code is being replaced: they go on in their old version.
void note_active_functions(const PreparedUpdate& update, const Program& program, const poprt::Registers& registers,
                           Report& report) {
  poprt::Trace trace;
  poprt::collect_trace(registers, trace);
  for (uint32_t i = 0; i < trace.count; i++) {
    const uint64_t pc = trace.entries[i].pc;
    for (const tal::PatchReplacement& r : update.links.redirects) {
      const LoadedModule& module = *program.modules[r.old_symbol.module];
      const uintptr_t entry = module.address_of(r.old_symbol.symbol);
      const tal::InterfaceSymbol& symbol = module.interface.symbols[r.old_symbol.symbol];
      if (pc > entry && pc <= entry + symbol.size)
        report.active.push_back(symbol.name);
    }
  }
}

void swap_tables(Program& program, PreparedUpdate& update) {
  program.names.swap(update.names);
  program.latest.swap(update.latest);
  for (PreparedModule& module : update.modules) {
    auto previous = update.latest.find(module.loaded->name);
    if (!module.loaded->is_private && previous != update.latest.end())
      module.loaded->updates = program.modules[previous->second]->updates + 1;
    program.modules.push_back(std::move(module.loaded));  // has room: see run_transaction
  }
  for (size_t i = 0; i < program.modules.size(); i++)
    program.modules[i]->current.swap(update.current[i]);
  program.version.swap(update.label);
}

}  // namespace

std::string describe_exception(const poprt::Exception& exception) {
  static const tal_exception_name builtin[] = {
#define BUILTIN_EXCEPTION(symbol, source_name, payload, value) {&poprt_##symbol, source_name, payload},
#include "stdlib/runtime/exceptions.def"
#undef BUILTIN_EXCEPTION
  };
  const tal_exception_name* name = poprt::find_exception(exception.name);
  for (const tal_exception_name& row : builtin)
    if (row.address == exception.name)
      name = &row;
  if (name == nullptr)
    return "an exception";
  std::string text = name->name;
  switch (name->payload) {
    case TAL_PAYLOAD_BOOL_OR_CHAR:
    case TAL_PAYLOAD_INT: return text + "(" + std::to_string(static_cast<int32_t>(exception.payload)) + ")";
    case TAL_PAYLOAD_LONG: return text + "(" + std::to_string(static_cast<int64_t>(exception.payload)) + ")";
    case TAL_PAYLOAD_STRING: {
      const auto* s = reinterpret_cast<const poprt::String*>(exception.payload);
      return text + "(\"" + std::string(s->bytes, static_cast<size_t>(s->length)) + "\")";
    }
    case TAL_PAYLOAD_OTHER: return text + "(...)";
    default: return text;
  }
}

bool run_transaction(Program& program, PreparedUpdate& update, const poprt::Registers& registers, Refusal& refusal) {
  Report& report = update.report;
  auto timed = [&](Step step, uint64_t start) { report.step_ns[static_cast<unsigned>(step)] = now_ns() - start; };
  const uint64_t start = now_ns();
  report.wait_ns = start - update.ready_ns;
  if (!register_modules(update, refusal))
    return false;
  const bool transformed = transform(update, refusal);
  timed(Step::Transform, start);
  if (transformed) {
    const uint64_t commit_start = now_ns();
    note_active_functions(update, program, registers, report);
    program.modules.reserve(program.modules.size() + update.modules.size());
    // From here on nothing allocates and nothing can fail but the first system call, which then changes nothing.
    if (!update.writes.commit()) {
      refusal = {Step::Commit, "", "the system refuses to make code writable", "check the limits and the security policy of the process"};
      return false;
    }
    swap_tables(program, update);
    timed(Step::Commit, commit_start);
  }
  report.pause_ns = now_ns() - start;
  return transformed;
}

}  // namespace dsu
