#include "dsu/runtime/deadline.h"

#include <cerrno>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stdlib/runtime/traps.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace dsu {
namespace {

constexpr poprt::ExceptionName name{};
constexpr poprt::Exception value = {&name, 0};
constexpr long retry_ns = 20'000; // short: a loop of natives that wait is in verified code for nanoseconds between them

int signal_number() { return SIGRTMAX - 1; }

void on_signal(int, siginfo_t* info, void* context) {
  const int error = errno;
  if (info->si_code == SI_TIMER)
    poprt::abandon(*static_cast<ucontext_t*>(context), value);
  errno = error;
}

sigset_t only_our_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number());
  return set;
}

} // namespace

const poprt::Exception& Deadline::reason() { return value; }

Deadline::Deadline(uint32_t milliseconds) {
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK; // the transformer may be using the last of its stack
  sigfillset(&action.sa_mask);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signal_number();
  event.sigev_notify_thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
  if (::sigaction(signal_number(), &action, &old_action_) != 0)
    return;
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
    ::sigaction(signal_number(), &old_action_, nullptr);
    return;
  }
  has_timer_ = true;
  const sigset_t ours = only_our_signal();
  pthread_sigmask(SIG_UNBLOCK, &ours, &old_mask_);
  itimerspec when{};
  when.it_value = {milliseconds / 1000, static_cast<long>(milliseconds % 1000) * 1'000'000};
  if (milliseconds == 0)
    when.it_value.tv_nsec = 1;
  when.it_interval.tv_nsec = retry_ns;
  is_set_ = ::timer_settime(timer_, 0, &when, nullptr) == 0;
}

// The signal may be on its way: it is taken from the queue before its old handler, which may be the end of the process, is back.
Deadline::~Deadline() {
  if (!has_timer_)
    return;
  const sigset_t ours = only_our_signal();
  pthread_sigmask(SIG_BLOCK, &ours, nullptr);
  ::timer_delete(timer_);
  const timespec now{};
  while (::sigtimedwait(&ours, nullptr, &now) >= 0) {
  }
  ::sigaction(signal_number(), &old_action_, nullptr);
  pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
}

} // namespace dsu
