// Natives of the Unix module: clocks, calendar.
#include <time.h>

#include <climits>
#include <cstring>

#include "stdlib/runtime/unix_support.h"

using namespace poprt;

namespace {

constexpr int64_t calendar_fields = 9;

// In the order of the struct tm of unix.h.
void store_calendar(const tm& time, int32_t* out) {
  const int32_t fields[calendar_fields] = {time.tm_sec, time.tm_min,  time.tm_hour, time.tm_mday, time.tm_mon,
                                           time.tm_year, time.tm_wday, time.tm_yday, time.tm_isdst};
  std::memcpy(out, fields, sizeof fields);
}

bool read_calendar(const IntArray* fields, tm& time, const char* native) {
  if (!has_length(fields->length, calendar_fields, native))
    return false;
  const int32_t* f = fields->elements;
  time.tm_sec = f[0], time.tm_min = f[1], time.tm_hour = f[2], time.tm_mday = f[3], time.tm_mon = f[4];
  time.tm_year = f[5], time.tm_wday = f[6], time.tm_yday = f[7], time.tm_isdst = f[8];
  return true;
}

}  // namespace

// Seconds since 1970; the second one in milliseconds.
POPRT_NATIVE(uint64_t, Unix__time, ()) { return from_int(static_cast<int64_t>(::time(nullptr)) & 0x7fffffff); }

POPRT_NATIVE(uint64_t, Unix__time_ms, ()) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

// Nanoseconds of a clock.
POPRT_THROWING(uint64_t, Unix__clock_gettime, (uint64_t clock)) {
  timespec now{};
  check(clock_gettime(to_int(clock), &now), "clock_gettime");
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

POPRT_NATIVE(void, Unix__sleep_ms, (uint64_t milliseconds)) {
  const int32_t duration = to_int(milliseconds);
  if (duration <= 0)
    return;
  const timespec wait = {duration / 1000, static_cast<long>(duration % 1000) * 1000000};
  nanosleep(&wait, nullptr);
}

// The calendar of a time in seconds, local or of Greenwich.
POPRT_THROWING(void, Unix__raw_calendar, (uint64_t seconds, uint64_t local, IntArray* out)) {
  const auto when = static_cast<time_t>(seconds);
  tm time{};
  if (!has_length(out->length, calendar_fields, "gmtime"))
    return;
  if ((to_byte(local) != 0 ? localtime_r(&when, &time) : gmtime_r(&when, &time)) == nullptr)
    return raise_error(errno, "gmtime");
  store_calendar(time, out->elements);
}

// And back; fields out of range are carried over.
POPRT_THROWING(uint64_t, Unix__raw_mktime, (IntArray* fields, uint64_t local)) {
  tm time{};
  if (!read_calendar(fields, time, "mktime"))
    return 0;
  errno = 0;
  const time_t seconds = to_byte(local) != 0 ? mktime(&time) : timegm(&time);
  if (seconds == -1 && errno != 0)
    raise_error(errno, "mktime");
  store_calendar(time, fields->elements);
  return static_cast<uint64_t>(seconds);
}

POPRT_THROWING(String*, Unix__raw_strftime, (const String* format, const IntArray* fields)) {
  const Text pattern(format, "strftime");
  tm time{};
  if (!pattern.ok || !read_calendar(fields, time, "strftime"))
    return nullptr;
  if (time.tm_mon < 0 || time.tm_mon > 11 || time.tm_wday < 0 || time.tm_wday > 6 || time.tm_year > INT_MAX - 1900) {
    raise_invalid_argument("strftime");
    return nullptr;
  }
  char text[2 * path_limit];
  text[0] = '\0';
  const size_t length = strftime(text, sizeof text, pattern.bytes, &time);
  return new_string_from(text, length);  // "" also when it does not fit
}
