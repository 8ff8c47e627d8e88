// Natives of the Unix module: waiting for descriptors, counters, timers. Waiting ends early, as if its time were over, when a
// signal arrives: the program then comes to its next update point.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdlib>

#include "stdlib/runtime/unix_support.h"

using namespace poprt;

namespace {

int unless_interrupted(int ready) { return ready < 0 && errno == EINTR ? 0 : ready; }

uint64_t wait_for_one(uint64_t number, short events, uint64_t milliseconds, const char* native) {
  const int descriptor = usable_descriptor(number, native);
  if (descriptor < 0)
    return 0;
  pollfd entry = {descriptor, events, 0};
  const int ready = unless_interrupted(poll(&entry, 1, to_int(milliseconds)));
  check(ready, native);
  return ready > 0 ? 1 : 0;
}

}  // namespace

// ---- poll

POPRT_THROWING(uint64_t, Unix__poll_in, (uint64_t number, uint64_t milliseconds)) {
  return wait_for_one(number, POLLIN, milliseconds, "poll_in");
}

POPRT_THROWING(uint64_t, Unix__poll_out, (uint64_t number, uint64_t milliseconds)) {
  return wait_for_one(number, POLLOUT, milliseconds, "poll_out");
}

// Three arrays of one length: descriptors (-1: skip), events wanted, and where the events found are stored. Returns how
// many descriptors have any. The bits are those of unix.h.
POPRT_THROWING(uint64_t, Unix__poll, (const IntArray* numbers, const IntArray* wanted, IntArray* found, uint64_t milliseconds)) {
  const int64_t count = numbers->length;
  if (wanted->length != count || found->length != count) {
    raise_invalid_argument("poll");
    return 0;
  }
  auto* entries = static_cast<pollfd*>(std::calloc(static_cast<size_t>(count) + 1, sizeof(pollfd)));
  if (entries == nullptr) {
    raise_out_of_memory();
    return 0;
  }
  bool usable = true;
  for (int64_t i = 0; usable && i < count; i++) {
    const int32_t number = numbers->elements[i];
    entries[i] = {number < 0 ? -1 : usable_descriptor(from_int(number), "poll"), static_cast<short>(wanted->elements[i]), 0};
    usable = number < 0 || entries[i].fd >= 0;
  }
  int ready = 0;
  if (usable) {
    ready = unless_interrupted(poll(entries, static_cast<nfds_t>(count), to_int(milliseconds)));
    check(ready, "poll");
    for (int64_t i = 0; i < count; i++)
      found->elements[i] = ready > 0 ? entries[i].revents : 0;
  }
  std::free(entries);
  return from_int(ready);
}

// ---- epoll

POPRT_THROWING(uint64_t, Unix__epoll_create, ()) { return from_int(enter_descriptor(epoll_create1(EPOLL_CLOEXEC), "epoll_create")); }

// `data` comes back with each event of the descriptor.
POPRT_THROWING(void, Unix__epoll_ctl, (uint64_t number, uint64_t operation, uint64_t watched, uint64_t events, uint64_t data)) {
  const int set = usable_descriptor(number, "epoll_ctl");
  if (set < 0)
    return;
  const int descriptor = usable_descriptor(watched, "epoll_ctl");
  epoll_event event{};
  event.events = static_cast<uint32_t>(events);
  event.data.u64 = data;
  if (descriptor >= 0)
    check(epoll_ctl(set, to_int(operation), descriptor, &event), "epoll_ctl");
}

// As many events as the shorter of the arrays holds, at most 1024 at a time; their number is returned.
POPRT_THROWING(uint64_t, Unix__epoll_wait, (uint64_t number, IntArray* events, LongArray* data, uint64_t milliseconds)) {
  constexpr int64_t most = 1024;
  const int set = usable_descriptor(number, "epoll_wait");
  const int64_t room = events->length < data->length ? events->length : data->length;
  if (set < 0 || !has_length(room, 1, "epoll_wait"))
    return 0;
  epoll_event found[most];
  const int count = unless_interrupted(epoll_wait(set, found, static_cast<int>(room < most ? room : most), to_int(milliseconds)));
  check(count, "epoll_wait");
  for (int i = 0; i < count; i++) {
    events->elements[i] = static_cast<int32_t>(found[i].events);
    data->elements[i] = static_cast<int64_t>(found[i].data.u64);
  }
  return from_int(count < 0 ? 0 : count);
}

// ---- counters and timers

POPRT_THROWING(uint64_t, Unix__eventfd, (uint64_t initial, uint64_t flags)) {
  const int options = EFD_CLOEXEC | (to_int(flags) & (EFD_NONBLOCK | EFD_SEMAPHORE));
  return from_int(enter_descriptor(eventfd(static_cast<unsigned>(to_int(initial)), options), "eventfd"));
}

POPRT_THROWING(uint64_t, Unix__timerfd_create, (uint64_t clock, uint64_t flags)) {
  return from_int(enter_descriptor(timerfd_create(to_int(clock), TFD_CLOEXEC | (to_int(flags) & TFD_NONBLOCK)), "timerfd_create"));
}

// Nanoseconds: until the first expiry, or its time (flag 1), and between further ones. 0 as the first stops the timer.
POPRT_THROWING(void, Unix__timerfd_settime, (uint64_t number, uint64_t flags, uint64_t first, uint64_t interval)) {
  constexpr int64_t second = 1000000000;
  const int descriptor = usable_descriptor(number, "timerfd_settime");
  const auto value = static_cast<int64_t>(first), period = static_cast<int64_t>(interval);
  if (descriptor < 0)
    return;
  if (value < 0 || period < 0)
    return raise_invalid_argument("timerfd_settime");
  const itimerspec times = {{period / second, period % second}, {value / second, value % second}};
  check(timerfd_settime(descriptor, to_int(flags) & TFD_TIMER_ABSTIME, &times, nullptr), "timerfd_settime");
}

// What an eventfd counts or how often a timer has expired, which is then 0 again; -1 if a non-blocking one has nothing.
POPRT_THROWING(uint64_t, Unix__read_counter, (uint64_t number)) {
  const int descriptor = usable_descriptor(number, "read_counter");
  uint64_t value = 0;
  if (descriptor < 0)
    return 0;
  const ssize_t count = restarted([&] { return read(descriptor, &value, sizeof value); });
  if (count == static_cast<ssize_t>(sizeof value))
    return value;
  if (count < 0)
    return transferred_long(count, "read_counter");
  raise_error(EINVAL, "read_counter");  // another kind of descriptor
  return 0;
}

POPRT_THROWING(void, Unix__write_counter, (uint64_t number, uint64_t value)) {
  if (const int descriptor = usable_descriptor(number, "write_counter"); descriptor >= 0)
    check(restarted([&] { return write(descriptor, &value, sizeof value); }), "write_counter");
}
