// Natives of the Unix module: signals. A signal that the program handles is only noted when it arrives; calls that wait end early,
// and the program asks for it (R39): no verified code ever runs on the frame of a signal.
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstring>

#include "stdlib/runtime/unix_support.h"

using namespace poprt;

namespace {

// Signals that programs may handle, ignore or block. The others belong to the runtime, the collector and the kernel.
constexpr int handled_signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGCHLD,
                                   SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG,  SIGWINCH, SIGIO,  SIGVTALRM, SIGPROF};

volatile sig_atomic_t arrived[_NSIG];

void note_signal(int number) {
  arrived[number] = 1;
  signal_waiting = 1;
}

// The number, or 0 after noting an exception.
int usable_signal(int number, const char* native) {
  for (const int known : handled_signals)
    if (known == number)
      return number;
  raise_error(EINVAL, native);
  return 0;
}

}  // namespace

// how: 0 what the system does, 1 nothing, 2 note it for next_signal.
POPRT_THROWING(void, Unix__catch_signal, (uint64_t number, uint64_t how)) {
  const int signal = usable_signal(to_int(number), "signal");
  if (signal == 0)
    return;
  if (to_int(how) < 0 || to_int(how) > 2)
    return raise_invalid_argument("signal");
  struct sigaction action {};
  action.sa_handler = to_int(how) == 0 ? SIG_DFL : to_int(how) == 1 ? SIG_IGN : note_signal;
  sigemptyset(&action.sa_mask);
  check(sigaction(signal, &action, nullptr), "signal");
}

// A signal that has arrived and was not asked for yet, or 0.
POPRT_NATIVE(uint64_t, Unix__next_signal, ()) {
  if (signal_waiting == 0)
    return 0;
  signal_waiting = 0;  // before the search: one that arrives meanwhile sets it again
  for (const int signal : handled_signals)
    if (arrived[signal] != 0) {
      arrived[signal] = 0;
      signal_waiting = 1;  // there may be more
      return from_int(signal);
    }
  return 0;
}

// A blocked signal waits until it is let through, or is read from a signalfd.
POPRT_THROWING(void, Unix__block_signal, (uint64_t number, uint64_t on)) {
  const int signal = usable_signal(to_int(number), "block_signal");
  if (signal == 0)
    return;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  check(sigprocmask(to_byte(on) != 0 ? SIG_BLOCK : SIG_UNBLOCK, &set, nullptr), "block_signal");
}

POPRT_THROWING(String*, Unix__signal_string, (uint64_t number)) {
  const char* name = to_int(number) > 0 && to_int(number) < _NSIG ? strsignal(to_int(number)) : nullptr;
  return new_string_from(name == nullptr ? "" : name);
}

// SIGALRM after so many seconds; how many were left of the alarm before.
POPRT_NATIVE(uint64_t, Unix__alarm, (uint64_t seconds)) {
  return from_int(alarm(to_int(seconds) < 0 ? 0 : static_cast<unsigned>(to_int(seconds))));
}

// A descriptor from which signals are read one by one instead of being delivered; they are blocked from now on.
POPRT_THROWING(uint64_t, Unix__signalfd, (const IntArray* numbers)) {
  sigset_t set;
  sigemptyset(&set);
  for (int64_t i = 0; i < numbers->length; i++) {
    if (usable_signal(numbers->elements[i], "signalfd") == 0)
      return 0;
    sigaddset(&set, numbers->elements[i]);
  }
  if (sigprocmask(SIG_BLOCK, &set, nullptr) < 0) {
    raise_error(errno, "signalfd");
    return 0;
  }
  return from_int(enter_descriptor(signalfd(-1, &set, SFD_CLOEXEC), "signalfd"));
}

// The number of a signal; -1 if a non-blocking descriptor has none.
POPRT_THROWING(uint64_t, Unix__read_signal, (uint64_t number)) {
  const int descriptor = usable_descriptor(number, "read_signal");
  if (descriptor < 0)
    return 0;
  signalfd_siginfo info{};
  const ssize_t count = restarted([&] { return read(descriptor, &info, sizeof info); });
  if (count == static_cast<ssize_t>(sizeof info))
    return from_int(static_cast<int64_t>(info.ssi_signo));
  if (count < 0)
    return transferred(count, "read_signal");
  raise_error(EINVAL, "read_signal");  // another kind of descriptor
  return 0;
}
