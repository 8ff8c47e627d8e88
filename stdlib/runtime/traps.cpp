// Stack overflow is found by the unmapped pages below the main thread's stack: a frame of verified code has at most
// 60 KiB, so that the call that enters a frame, or a store into it, touches them before anything else can be reached
// (R41; the kernel keeps at least 128 MiB free below a stack, and a guard gap of 1 MiB at any time). The handler runs on
// a stack of its own and never returns.
#include "stdlib/runtime/traps.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "stdlib/runtime/fatal.h"
#include "stdlib/runtime/modules.h"
#include "stdlib/runtime/unwind.h"

extern "C" {
uint64_t poprt_catching_rsp = 0; // entry.S
extern const uint8_t poprt_catch_pad[], __tal_raise_null[];
}

namespace poprt {
namespace {

constexpr ExceptionName stack_overflow_name{};

constexpr size_t handler_stack_size = size_t{64} << 10;
constexpr rlim_t largest_stack = rlim_t{256} << 20;  // where the limit is higher or there is none
constexpr uint64_t guard_reach = uint64_t{1} << 20;  // how far below the limit a fault still counts as overflow

constexpr uint64_t lowest_page = 4096;               // never mapped

uint64_t stack_low = 0, stack_high = 0;

// Walks from the return address in `slot` by frame sizes only, inside the bounds of the stack. False if that does not end at a
// boundary: the word was no return address of a suspended call, but a leftover of an earlier one.
bool trace_from(uint64_t slot, Trace& trace) {
  for (;;) {
    const uint64_t pc = *reinterpret_cast<const uint64_t*>(slot);
    if (boundary_at(pc) != Boundary::None)
      return true;
    const CallSite site = find_call_site(reinterpret_cast<const void*>(pc));
    if (!site)
      return false;
    trace.add(pc);
    const uint64_t next = slot + 8 + site.record->frame;
    if (next <= slot || next + 8 > stack_high || next % 8 != 0)
      return false;
    slot = next;
  }
}

[[noreturn]] void report_stack_overflow(const ucontext_t& context, bool in_verified_text) {
  const auto pc = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  if (in_verified_text) {
    std::fflush(stdout);  // the C library is not in the middle of anything
    const SourcePosition at = describe_address(reinterpret_cast<const void*>(pc));
    std::fprintf(stderr, "stack overflow in %s\n", at.function);
  } else {
    std::fprintf(stderr, "stack overflow in the runtime\n");
  }
  static Trace trace;
  search_stack(static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RSP]), trace);
  print_trace(trace);
  _exit(failure_status);
}

// The instruction at a trap site becomes a call of __tal_raise_null: nothing of it has happened yet. Verified code has nothing below
// its stack pointer, and the handler has a stack of its own.
bool raise_null_at(ucontext_t& context) {
  auto& registers = context.uc_mcontext.gregs;
  const CallSite site = find_trap_site(reinterpret_cast<const void*>(registers[REG_RIP]));
  if (!site)
    return false;
  registers[REG_RSP] -= 8;
  *reinterpret_cast<uint64_t*>(registers[REG_RSP]) = reinterpret_cast<uint64_t>(site.module->text + site.record->return_offset);
  registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<uint64_t>(__tal_raise_null));
  return true;
}

void on_fault(int signal, siginfo_t* info, void* raw_context) {
  auto& context = *static_cast<ucontext_t*>(raw_context);
  const auto pc = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  const auto address = reinterpret_cast<uint64_t>(info->si_addr);
  const bool in_verified_text = find_module(reinterpret_cast<const void*>(pc)) != nullptr;
  const bool from_kernel = info->si_code > 0;
  if (signal == SIGSEGV && from_kernel && address < lowest_page && raise_null_at(context))
    return;
  if (signal == SIGSEGV && from_kernel && address < stack_low + 4096 && address + guard_reach >= stack_low) {
    if (abandon(context, stack_overflow_value))
      return;
    report_stack_overflow(context, in_verified_text);
  }
  std::fprintf(stderr, "popcorn runtime: internal error: signal %d at %#llx (address %#llx), in %s\n", signal,
               static_cast<unsigned long long>(pc), static_cast<unsigned long long>(address),
               in_verified_text ? describe_address(reinterpret_cast<const void*>(pc)).function : "the runtime");
  ::signal(signal, SIG_DFL);
  raise(signal);
  _exit(failure_status);
}

void find_stack_bounds() {
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > largest_stack)) {
    limit.rlim_cur = largest_stack;
    setrlimit(RLIMIT_STACK, &limit);
  }
  pthread_attr_t attributes;
  void* low = nullptr;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0 || pthread_attr_getstack(&attributes, &low, &size) != 0)
    fatal("the bounds of the stack are unknown");
  pthread_attr_destroy(&attributes);
  stack_low = reinterpret_cast<uint64_t>(low);
  stack_high = stack_low + size;
}

}  // namespace

void search_stack(uint64_t rsp, Trace& trace) {
  constexpr uint64_t search_limit = uint64_t{64} << 10;
  trace = Trace{};
  if (rsp + guard_reach < stack_low || rsp >= stack_high)
    return;  // on another stack, of a signal handler for instance: there are no frames of verified code
  const uint64_t start = (rsp < stack_low ? stack_low : rsp) & ~uint64_t{7};
  for (uint64_t slot = start; slot + 8 <= stack_high && slot < start + search_limit; slot += 8) {
    trace = Trace{};
    if (find_call_site(*reinterpret_cast<const void* const*>(slot)) && trace_from(slot, trace))
      return;
  }
  trace = Trace{};
}

const Exception stack_overflow_value = {&stack_overflow_name, 0};

bool abandon(ucontext_t& context, const Exception& reason) {
  auto& registers = context.uc_mcontext.gregs;
  if (poprt_catching_rsp == 0 || find_module(reinterpret_cast<const void*>(registers[REG_RIP])) == nullptr)
    return false;
  registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<uint64_t>(poprt_catch_pad));
  registers[REG_RSP] = static_cast<greg_t>(poprt_catching_rsp);
  registers[REG_RAX] = static_cast<greg_t>(reinterpret_cast<uint64_t>(&reason));
  return true;
}

void install_fault_handlers() {
  find_stack_bounds();
  if (munmap(nullptr, lowest_page) != 0)  // whoever started the program may have asked for a page there, and the kernel sealed it (MMAP_PAGE_ZERO)
    fatal("there is memory at address zero, where null must fault");
  void* memory = mmap(nullptr, handler_stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    fatal("no memory for the stack of the fault handler");
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = handler_stack_size;
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    sigaction(signal, &action, nullptr);
}

}  // namespace poprt
