#include "dsu/runtime/rehearsal.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dsu {
namespace {

volatile pid_t made_copy; // written by the go-between, which shares our memory

// Like fork(), but the copy's parent is a go-between that ends at once, so that the program never gets to know of it. The go-between
// is made as by vfork(): it shares memory and stack with the program, which stands still until it has ended; only fork() itself runs in
// it, so that the C library and the collector prepare the copy as they prepare any child. 0 in the copy; -1 with errno set.
[[gnu::noinline]] pid_t fork_unnoticed() {
  constexpr long no_signal_when_it_ends = 0;
  made_copy = -1;
  long go_between;
  register long tls asm("r8") = 0;
  register long child_tid asm("r10") = 0;
  asm volatile("syscall"
               : "=a"(go_between)
               : "a"(SYS_clone), "D"(CLONE_VM | CLONE_VFORK | no_signal_when_it_ends), "S"(0), "d"(0), "r"(child_tid), "r"(tls)
               : "rcx", "r11", "memory");
  if (go_between == 0) {
    const pid_t copy = ::fork();
    if (copy == 0)
      return 0;
    made_copy = copy;
    ::_exit(0);
  }
  if (go_between < 0) {
    errno = static_cast<int>(-go_between);
    return -1;
  }
  while (::waitpid(static_cast<pid_t>(go_between), nullptr, __WCLONE) < 0 && errno == EINTR) {
  }
  if (made_copy < 0)
    errno = EAGAIN;
  return made_copy;
}

} // namespace

// Nothing that the copy does can hold it up: the signal is SIGKILL. Timers are not handed down to what it forks.
static bool end_after(uint64_t milliseconds) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer;
  itimerspec when{};
  when.it_value = {static_cast<time_t>(milliseconds / 1000), static_cast<long>(milliseconds % 1000) * 1'000'000};
  return ::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && ::timer_settime(timer, 0, &when, nullptr) == 0;
}

RehearsalCopy::Side RehearsalCopy::begin(uint64_t limit_ms, std::string& problem) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    problem = std::string("cannot make a pipe: ") + std::strerror(errno);
    return Side::Failed;
  }
  const pid_t copy = fork_unnoticed();
  if (copy == 0) {
    ::close(ends[0]);
    if (!end_after(limit_ms))
      ::_exit(1);
    pipe_ = ends[1];
    return Side::Copy;
  }
  ::close(ends[1]);
  if (copy < 0) {
    problem = std::string("cannot make a copy of the process: ") + std::strerror(errno);
    ::close(ends[0]);
    return Side::Failed;
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  pipe_ = ends[0];
  received_.clear();
  return Side::Program;
}

void RehearsalCopy::end_copy(const Report& report) const {
  const Bytes bytes = encode(report);
  std::span<const uint8_t> rest(bytes);
  while (!rest.empty()) {
    const ssize_t n = ::write(pipe_, rest.data(), rest.size());
    if (n < 0 && errno != EINTR)
      break;
    rest = rest.subspan(n > 0 ? static_cast<size_t>(n) : 0);
  }
  ::_exit(0);
}

bool RehearsalCopy::receive() {
  for (;;) {
    uint8_t piece[4096];
    const ssize_t n = ::read(pipe_, piece, sizeof piece);
    if (n > 0 && received_.size() < max_frame)
      received_.insert(received_.end(), piece, piece + n);
    else if (n < 0 && errno == EINTR)
      continue;
    else
      return n >= 0 || errno != EAGAIN;
  }
}

std::optional<Report> RehearsalCopy::result() const { return decode_report(received_); }

void RehearsalCopy::close() {
  if (pipe_ >= 0)
    ::close(pipe_);
  pipe_ = -1;
}

} // namespace dsu
