#include "dsu/runtime/transaction.h"

#include <algorithm>

#include "dsu/runtime/announce.h"
#include "dsu/runtime/deadline.h"
#include "stdlib/runtime/calls.h"
#include "stdlib/runtime/memory.h"
#include "stdlib/runtime/modules.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/traps.h"

namespace dsu {
namespace {

bool register_modules(PreparedUpdate& update, Refusal& refusal) {
  poprt::add_roots(update.data.data(), update.data.size());  // begins where it always does: the set of roots grows
  for (PreparedModule& module : update.modules) {
    const tal_module* record = module.registered;
    if (!record || (record->text_size != 0 && !poprt::register_module(record))) {
      refusal = {Step::Load, module.loaded->name, "the unwinder does not take the module", ""};
      return false;
    }
    announce(std::move(module.announcement));
  }
  return true;
}

std::string seconds(uint32_t milliseconds) {
  return std::to_string(milliseconds / 1000) + "." + std::to_string(milliseconds % 1000 / 100) + " s";
}

bool transform(const PreparedUpdate& update, Refusal& refusal) {
  const Deadline deadline(update.options.deadline_ms);
  if (!deadline.is_set()) {
    refusal = {Step::Transform, "", "the system gives no timer for the deadline of the state transformers", "see the limit of pending signals (ulimit -i)"};
    return false;
  }
  for (const PreparedModule& module : update.modules) {
    if (module.init == UINT32_MAX)
      continue;
    poprt::Exception* exception = nullptr;
    poprt_call_catching(reinterpret_cast<const void*>(module.loaded->address_of(module.init)), 0, &exception);
    if (exception == nullptr)
      continue;
    refusal = {Step::Transform, module.loaded->name, "", "nothing was replaced; what the transformer had written into old data stays written"};
    if (exception == &Deadline::reason())
      refusal.reason = "its state transformer did not end within " + seconds(update.options.deadline_ms);
    else if (exception == &poprt::stack_overflow_value)
      refusal.reason = "its state transformer ran out of stack";
    else
      refusal.reason = "its state transformer raised " + describe_exception(*exception);
    return false;
  }
  return true;
}

// The frames below the update point, by return address, repetitions left out.
struct Frames {
  std::vector<uint64_t> pcs;
  bool is_complete = false;  // the walk ended where the program began, not at a native that calls back
};

Frames walk(poprt::Registers registers) {
  Frames frames;
  while (poprt::boundary_at(registers.pc) == poprt::Boundary::None) {
    const poprt::CallSite site = poprt::find_call_site(reinterpret_cast<const void*>(registers.pc));
    if (!site)
      return frames;
    if (frames.pcs.empty() || frames.pcs.back() != registers.pc)
      frames.pcs.push_back(registers.pc);
    poprt::step(registers, site);
  }
  frames.is_complete = poprt::boundary_at(registers.pc) == poprt::Boundary::Top;
  return frames;
}

// After the commit: replaced functions go on in their old version as long as a frame runs them.
void find_active(const Frames& frames, Program& program, Report& report) {
  auto& old = program.old_functions;
  for (const uint64_t pc : frames.pcs) {
    auto next = std::lower_bound(old.begin(), old.end(), pc, [](const OldFunction& f, uint64_t wanted) { return f.entry < wanted; });
    if (next == old.begin() || pc > next[-1].end || next[-1].is_active)
      continue;
    next[-1].is_active = true;
    const tal::Binding& symbol = next[-1].symbol;
    report.active.push_back(program.modules[symbol.module]->interface.symbols[symbol.symbol].name);
  }
  program.has_found_old_frames = frames.is_complete;
}

void swap_tables(Program& program, PreparedUpdate& update) {
  program.names.swap(update.names);
  program.adopted.swap(update.adopted);
  program.latest.swap(update.latest);
  for (PreparedModule& module : update.modules) {
    auto previous = update.latest.find(module.loaded->name);
    if (!module.loaded->is_private && previous != update.latest.end())
      module.loaded->updates = program.modules[previous->second]->updates + 1;
    program.modules.push_back(std::move(module.loaded));  // has room: see Preparation::load
  }
  program.abstract_types.swap(update.abstract_types);
  program.old_functions.swap(update.old_functions);
  program.unsettled.swap(update.callers);
  program.version.swap(update.label);
  program.sequence = update.sequence;
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

bool add_modules(Program& program, PreparedUpdate& update, Refusal& refusal) {
  if (!register_modules(update, refusal))
    return false;
  swap_tables(program, update);
  return true;
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
    // From here on nothing allocates and nothing can fail but the first system call, which then changes nothing.
    if (!update.writes.commit()) {
      refusal = {Step::Commit, "", "the system refuses to make code writable", "check the limits and the security policy of the process"};
      return false;
    }
    swap_tables(program, update);
    find_active(walk(registers), program, report);
    timed(Step::Commit, commit_start);
  }
  report.pause_ns = now_ns() - start;
  return transformed;
}

}  // namespace dsu
