// A limit for how long state transformers may run.
//
// A timer signals the program's own thread when the time is over, and from then on every millisecond until the signal finds verified
// code: that is then abandoned (stdlib/runtime/traps.h). A native that never returns cannot be ended.
#pragma once

#include <csignal>
#include <cstdint>
#include <ctime>

namespace poprt {
struct Exception;
}

namespace dsu {

// For the time that the object lives; on the program's thread. Not nested.
class Deadline {
public:
  explicit Deadline(uint32_t milliseconds);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  // False: the system gave no timer; there is no limit then.
  bool is_set() const { return is_set_; }

  // What reaches the boundary of the transformer when the time was over.
  static const poprt::Exception& reason();

private:
  bool has_timer_ = false, is_set_ = false;
  timer_t timer_{};
  struct sigaction old_action_ {};
  sigset_t old_mask_{};
};

} // namespace dsu
