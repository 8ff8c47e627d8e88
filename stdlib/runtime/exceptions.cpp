#include "stdlib/runtime/exceptions.h"

#include <cstdio>
#include <cstdlib>

#include "stdlib/runtime/fatal.h"
#include "stdlib/runtime/modules.h"
#include "stdlib/runtime/raise.h"
#include "stdlib/runtime/streams.h"
#include "stdlib/runtime/system.h"
#include "stdlib/runtime/unwind.h"
#include "tal/link/image.h"

using namespace poprt;

// The names that the runtime provides, and the values that stand for built-in exceptions. The values are shared: raising one
// never allocates.
extern "C" {
#define BUILTIN_EXCEPTION(symbol, source_name, payload, value) poprt::ExceptionName poprt_##symbol;
#include "stdlib/runtime/exceptions.def"
#undef BUILTIN_EXCEPTION

poprt::Exception poprt_null_pointer_value = {&poprt_NullPointer, 0};
poprt::Exception poprt_array_bounds_value = {&poprt_ArrayBounds, 0};
poprt::Exception poprt_divide_by_zero_value = {&poprt_DivideByZero, 0};
poprt::Exception poprt_union_variant_value = {&poprt_UnionVariant, 0};
poprt::Exception poprt_out_of_memory_value = {&poprt_OutOfMemory, 0};

poprt::Exception* poprt_pending = nullptr;
}

namespace poprt {
namespace {

// The exception raised last and the frames that it has passed. Static data of the runtime is a root, so the object stays
// alive and its address is not given to another one meanwhile.
const Exception* last_raised = nullptr;
uint64_t raised_at = 0;
Trace passed;
const tal_program* program = nullptr;

tal_exception_name describe_exception(const Exception* exception) {
  static const tal_exception_name builtin[] = {
#define BUILTIN_EXCEPTION(symbol, source_name, payload, value) {&poprt_##symbol, source_name, payload},
#include "stdlib/runtime/exceptions.def"
#undef BUILTIN_EXCEPTION
  };
  for (const tal_exception_name& row : builtin)
    if (row.address == exception->name)
      return row;
  for (uint64_t i = 0; program != nullptr && i < program->native_count; i++)  // those of the user's C code
    if (program->natives[i].address == exception->name)
      return {exception->name, program->natives[i].name, TAL_PAYLOAD_OTHER};
  const tal_exception_name* found = find_exception(exception->name);
  return found != nullptr ? *found : tal_exception_name{exception->name, "?", TAL_PAYLOAD_NONE};
}

void print_string(std::FILE* out, const String* text) {
  std::fputc('"', out);
  for (int64_t i = 0; i < text->length; i++) {
    const auto c = static_cast<unsigned char>(text->bytes[i]);
    if (c == '"' || c == '\\')
      std::fprintf(out, "\\%c", c);
    else if (c < 32 || c == 127)
      std::fprintf(out, "\\x%02x", c);
    else
      std::fputc(c, out);
  }
  std::fputc('"', out);
}

// A static exception without payload ends behind its name, perhaps with the last page of its module: the payload is read where there
// is one.
void print_payload(std::FILE* out, uint64_t kind, const Exception* exception) {
  if (static_cast<tal_payload>(kind) == TAL_PAYLOAD_NONE)
    return;
  const uint64_t payload = exception->payload;
  switch (static_cast<tal_payload>(kind)) {
    case TAL_PAYLOAD_NONE: return;
    case TAL_PAYLOAD_BOOL_OR_CHAR: std::fprintf(out, "(%u)", to_byte(payload)); return;
    case TAL_PAYLOAD_INT: std::fprintf(out, "(%d)", to_int(payload)); return;
    case TAL_PAYLOAD_LONG: std::fprintf(out, "(%lld)", static_cast<long long>(payload)); return;
    case TAL_PAYLOAD_STRING:
      std::fputc('(', out);
      print_string(out, reinterpret_cast<const String*>(payload));
      std::fputc(')', out);
      return;
    case TAL_PAYLOAD_OTHER: std::fputs("(...)", out); return;
  }
}

void note(Exception* exception) {
  if (poprt_pending == nullptr)  // the first reason counts
    poprt_pending = exception;
}

void raise_with_payload(const ExceptionName& name, uint64_t payload) {
  auto* exception = static_cast<Exception*>(allocate(sizeof(Exception)));
  if (exception == nullptr)
    return;
  exception->name = &name;
  exception->payload = payload;
  note(exception);
}

}  // namespace

void note_raise(const Exception* exception, uint64_t pc, bool is_new) {
  const bool again = exception == last_raised && !is_new;
  last_raised = exception;
  if (!again) {
    raised_at = pc;
    passed.count = 0;
    passed.skipped = 0;
  }
}

void know_names(const tal_program* table) { program = table; }

void note_frame(uint64_t pc) { passed.add(pc); }

namespace {

// NAME(payload), and where it was raised and what it has passed if it was the last one to be raised.
void describe(std::FILE* out, const Exception* exception) {
  const tal_exception_name row = describe_exception(exception);
  std::fprintf(out, "%s", row.name);
  print_payload(out, row.payload, exception);
  if (exception == last_raised) {
    const SourcePosition at = describe_call_site(reinterpret_cast<const void*>(raised_at));
    std::fprintf(out, " raised at %s:%u\n", at.file, at.line);
    print_trace(passed, out);
  } else {
    std::fputc('\n', out);
  }
}

}  // namespace

void report_uncaught(const Exception* exception) {
  std::fflush(stdout);
  std::fputs("uncaught exception ", stderr);
  describe(stderr, exception);
  std::exit(failure_status);
}

void raise(Exception* exception) { note(exception); }
void raise_out_of_memory() { note(&poprt_out_of_memory_value); }
void raise_null_pointer() { note(&poprt_null_pointer_value); }

void raise_with_string(const ExceptionName& name, const char* text) {
  String* payload = new_string_from(text);
  if (payload != nullptr)
    raise_with_payload(name, reinterpret_cast<uint64_t>(payload));
}

void raise_invalid_argument(const char* what) { raise_with_string(poprt_Core__InvalidArg, what); }

void raise_unix_error(int error_number, const char* function) {
  struct ErrorTuple {  // *(int, string): every component is an 8-byte slot
    uint64_t number;
    String* function;
  };
  auto* payload = static_cast<ErrorTuple*>(allocate(sizeof(ErrorTuple)));
  if (payload == nullptr)
    return;
  poprt_errno = error_number;
  payload->number = from_int(error_number);
  payload->function = new_string_from(function);
  if (payload->function != nullptr)
    raise_with_payload(poprt_Unix__Unix_error, reinterpret_cast<uint64_t>(payload));
}

bool check_range(const String* text, int32_t offset, int32_t count, const char* what) {
  if (offset >= 0 && count >= 0 && int64_t{offset} + count <= text->length)
    return true;
  raise_invalid_argument(what);
  return false;
}

}  // namespace poprt

// What the program was told of an exception when it was not caught.
POPRT_THROWING(void, pop_exn_info, (Stream* stream, const Exception* exception)) {
  if (std::FILE* out = open_file(stream, "pop_exn_info")) {
    std::fputs("exception ", out);
    describe(out, exception);
  }
}
