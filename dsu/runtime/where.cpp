#include "dsu/runtime/where.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stdlib/runtime/modules.h"
#include "stdlib/runtime/traps.h"

namespace dsu {
namespace {

struct CallName {
  long number;
  const char* name;
};
constexpr CallName blocking_calls[] = {
    {SYS_poll, "poll"},           {SYS_ppoll, "poll"},           {SYS_select, "select"},       {SYS_pselect6, "select"},
    {SYS_epoll_wait, "epoll_wait"}, {SYS_epoll_pwait, "epoll_wait"}, {SYS_read, "read"},         {SYS_readv, "readv"},
    {SYS_write, "write"},         {SYS_writev, "writev"},        {SYS_accept, "accept"},       {SYS_accept4, "accept"},
    {SYS_connect, "connect"},     {SYS_recvfrom, "recv"},        {SYS_recvmsg, "recv"},        {SYS_sendto, "send"},
    {SYS_sendmsg, "send"},        {SYS_nanosleep, "sleep"},      {SYS_clock_nanosleep, "sleep"}, {SYS_wait4, "waitpid"},
    {SYS_waitid, "waitpid"},      {SYS_flock, "flock"},          {SYS_fcntl, "fcntl"},         {SYS_pause, "pause"},
    {SYS_sendfile, "sendfile"},   {SYS_futex, "futex"},
};

struct ThreadState {
  bool is_known = false, is_blocked = false;
  long system_call = -1;
  uint64_t rsp = 0, pc = 0;
};

// What the kernel says of a thread that is not running. The line is "NUMBER six arguments SP PC", "-1 SP PC" or "running".
ThreadState ask_kernel(pid_t thread) {
  char path[64], line[512];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/syscall", thread);
  ThreadState state;
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return state;
  const ssize_t size = ::read(file, line, sizeof line - 1);
  ::close(file);
  if (size <= 0)
    return state;
  line[size] = '\0';
  unsigned long long arguments[6], sp = 0, pc = 0;
  if (std::sscanf(line, "%ld %llx %llx %llx %llx %llx %llx %llx %llx", &state.system_call, &arguments[0], &arguments[1], &arguments[2],
                  &arguments[3], &arguments[4], &arguments[5], &sp, &pc) == 9) {
    state.is_known = state.is_blocked = true;
    state.rsp = sp;
    state.pc = pc;
  }
  return state;
}

// Otherwise the thread is interrupted and says itself where it was.
std::atomic<bool> answered;
uint64_t answered_rsp, answered_pc;

void on_question(int, siginfo_t*, void* context) {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  answered_rsp = static_cast<uint64_t>(registers[REG_RSP]);
  answered_pc = static_cast<uint64_t>(registers[REG_RIP]);
  answered.store(true, std::memory_order_release);
}

ThreadState interrupt(pid_t thread) {
  const int signal = SIGRTMAX - 2;
  struct sigaction action {}, old {};
  action.sa_sigaction = on_question;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  ThreadState state;
  if (::sigaction(signal, nullptr, &old) != 0 || (old.sa_handler != SIG_DFL && old.sa_sigaction != on_question) ||
      ::sigaction(signal, &action, nullptr) != 0)
    return state; // the program uses the signal itself
  answered.store(false);
  if (::syscall(SYS_tgkill, ::getpid(), thread, signal) == 0)
    for (int i = 0; i < 100 && !state.is_known; i++) {
      const timespec millisecond{0, 1'000'000};
      ::nanosleep(&millisecond, nullptr);
      state.is_known = answered.load(std::memory_order_acquire);
    }
  // The handler stays: a late signal must not end the process, and it writes nothing that anybody reads then.
  state.rsp = answered_rsp;
  state.pc = answered_pc;
  return state;
}

std::string describe(const poprt::SourcePosition& at) {
  return std::string(at.function) + " (" + at.file + ":" + std::to_string(at.line) + ")";
}

std::string describe_call(long number) {
  for (const CallName& call : blocking_calls)
    if (call.number == number)
      return call.name;
  return "system call " + std::to_string(number);
}

} // namespace

Where find_where(pid_t program_thread) {
  ThreadState state = ask_kernel(program_thread);
  if (!state.is_known)
    state = interrupt(program_thread);
  if (!state.is_known)
    state = ask_kernel(program_thread); // it was just about to block
  Where where;
  if (!state.is_known) {
    where.state = "cannot be told: the program keeps signals from being delivered";
    return where;
  }
  const auto* pc = reinterpret_cast<const void*>(state.pc);
  if (state.is_blocked) {
    where.state = "waits in " + describe_call(state.system_call);
  } else if (poprt::find_module(pc) != nullptr) {
    where.state = "runs";
    where.frames.push_back(describe(poprt::describe_address(pc)));
  } else {
    where.state = "runs in the runtime library";
  }
  poprt::Trace trace;
  poprt::search_stack(state.rsp, trace);
  for (uint32_t i = 0; i < trace.count; i++) {
    const auto [at, times] = trace.entries[i];
    where.frames.push_back(describe(poprt::describe_call_site(reinterpret_cast<const void*>(at))) +
                           (times > 1 ? " (" + std::to_string(times) + " times)" : ""));
  }
  if (trace.skipped != 0)
    where.frames.push_back("... " + std::to_string(trace.skipped) + " more");
  return where;
}

} // namespace dsu
