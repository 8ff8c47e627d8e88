#include "stdlib/runtime/modules.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace poprt {
namespace {

// Sorted by text address. Not collected memory, because the entries of a table made by the linker are not either.
const tal_module** modules = nullptr;
size_t module_count = 0;
size_t module_capacity = 0;

// The first entry of a table sorted by return_offset that is at `offset` or above it; null when there is none.
template <class Entry>
const Entry* lower_bound_by_offset(const Entry* table, uint32_t count, uint32_t offset) {
  const Entry* found = std::lower_bound(table, table + count, offset,
                                        [](const Entry& entry, uint32_t wanted) { return entry.return_offset < wanted; });
  return found == table + count ? nullptr : found;
}

const tal_function* function_at(const tal_module& module, uint32_t offset) {
  const tal_unwind_table& table = module.unwind;
  const tal_function* end = table.functions + table.function_count;
  const tal_function* next = std::upper_bound(table.functions, end, offset,
                                              [](uint32_t wanted, const tal_function& f) { return wanted < f.start; });
  if (next == table.functions)
    return nullptr;
  const tal_function* found = next - 1;
  return offset - found->start < found->size ? found : nullptr;
}

const char* text_at(const tal_module& module, uint32_t offset) {
  return offset < module.unwind.string_size ? module.unwind.strings + offset : "?";
}

// `is_return_address`: the call instruction ends at `offset`, which may be the start of the next function.
SourcePosition describe(const tal_module& module, uint32_t offset, bool is_return_address) {
  SourcePosition position;
  const tal_function* function = function_at(module, is_return_address ? offset - 1 : offset);
  if (function != nullptr)
    position.function = text_at(module, function->name);
  const tal_line* line = lower_bound_by_offset(module.unwind.lines, module.unwind.line_count, offset);
  const bool same_function = function != nullptr && line != nullptr && line->return_offset <= function->start + function->size;
  if (line != nullptr && (is_return_address ? line->return_offset == offset : same_function)) {
    position.file = text_at(module, line->file);
    position.line = line->line;
  }
  return position;
}

}  // namespace

const uint8_t* CallSite::pad() const {
  return record->pad == TAL_NO_PAD ? nullptr : module->text + record->pad;
}

bool register_module(const tal_module* module) {
  if (module_count == module_capacity) {
    const size_t wanted = module_capacity == 0 ? 16 : 2 * module_capacity;
    auto** grown = static_cast<const tal_module**>(std::realloc(modules, wanted * sizeof(*modules)));
    if (grown == nullptr)
      return false;
    modules = grown;
    module_capacity = wanted;
  }
  const tal_module** end = modules + module_count;
  const tal_module** place =
      std::lower_bound(modules, end, module, [](const tal_module* a, const tal_module* b) { return a->text < b->text; });
  if (place != end && module->text + module->text_size > (*place)->text)
    return false;
  if (place != modules && place[-1]->text + place[-1]->text_size > module->text)
    return false;
  std::memmove(place + 1, place, static_cast<size_t>(end - place) * sizeof(*modules));
  *place = module;
  module_count++;
  return true;
}

const tal_module* find_module(const void* address) {
  const auto* text = static_cast<const uint8_t*>(address);
  const tal_module** end = modules + module_count;
  const tal_module** next =
      std::upper_bound(modules, end, text, [](const uint8_t* wanted, const tal_module* m) { return wanted < m->text; });
  if (next == modules)
    return nullptr;
  // A return address may stand just behind the last instruction of a module.
  const tal_module* found = next[-1];
  return static_cast<uint64_t>(text - found->text) <= found->text_size ? found : nullptr;
}

namespace {

CallSite look_up_call_site(const void* return_address) {
  // A call may be the last instruction of its module (noret), so that the address behind it starts the next one.
  const tal_module* module = find_module(static_cast<const uint8_t*>(return_address) - 1);
  if (module == nullptr)
    return {};
  const auto offset = static_cast<uint32_t>(static_cast<const uint8_t*>(return_address) - module->text);
  const tal_record* record = lower_bound_by_offset(module->unwind.records, module->unwind.record_count, offset);
  if (record == nullptr || record->return_offset != offset)
    return {};
  return {module, record};
}

}  // namespace

// What was found stays right for ever, because modules stay; an address without a call site may get one, and is not kept.
CallSite find_call_site(const void* return_address) {
  struct Found {
    const void* return_address;
    CallSite site;
  };
  static thread_local Found cache[256];
  Found& entry = cache[(reinterpret_cast<uint64_t>(return_address) * 0x9E3779B97F4A7C15u) >> 56];
  if (entry.return_address != return_address || !entry.site) {
    const CallSite site = look_up_call_site(return_address);
    if (!site)
      return site;
    entry = {return_address, site};
  }
  return entry.site;
}

// The next record behind the instruction is its own, or that of a later one.
CallSite find_trap_site(const void* instruction) {
  const tal_module* module = find_module(instruction);
  if (module == nullptr)
    return {};
  const auto offset = static_cast<uint32_t>(static_cast<const uint8_t*>(instruction) - module->text);
  const tal_record* record = lower_bound_by_offset(module->unwind.records, module->unwind.record_count, offset + 1);
  if (record == nullptr || record->trap == 0 || record->return_offset - record->trap != offset)
    return {};
  return {module, record};
}

SourcePosition describe_call_site(const void* return_address) {
  const auto* text = static_cast<const uint8_t*>(return_address);
  const tal_module* module = find_module(text - 1);
  return module == nullptr ? SourcePosition{} : describe(*module, static_cast<uint32_t>(text - module->text), true);
}

SourcePosition describe_address(const void* address) {
  const auto* text = static_cast<const uint8_t*>(address);
  const tal_module* module = find_module(text);
  return module == nullptr ? SourcePosition{} : describe(*module, static_cast<uint32_t>(text - module->text), false);
}

const tal_exception_name* find_exception(const void* name) {
  for (size_t m = 0; m < module_count; m++)
    for (uint64_t i = 0; i < modules[m]->exception_count; i++)
      if (modules[m]->exceptions[i].address == name)
        return &modules[m]->exceptions[i];
  return nullptr;
}

}  // namespace poprt
