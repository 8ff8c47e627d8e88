// An update tried out in a copy of the process, so that a patch that fails leaves the program byte for byte as it was.
//
// The copy is made at an update point and shares nothing with the program that it could change, except descriptors: a transformer that
// writes to files or connections does so in a rehearsal too. The program goes on at once; the copy sends its report through a pipe.
//
// The copy is no child of the program: waitpid() of the program does not find it, and no SIGCHLD tells of it. (A program that adopts
// orphans, as process 1 does, adopts it, too.) So nobody keeps its number for us: what ends a copy that hangs is a timer of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

#include "dsu/format/protocol.h"

namespace dsu {

class RehearsalCopy {
public:
  enum class Side { Program, Copy, Failed };
  // On the program's thread. In the copy it returns, too, and ends after `limit_ms` at the latest. Failed: `problem` says what the
  // system refuses.
  Side begin(uint64_t limit_ms, std::string& problem);
  // In the copy: sends the report and ends the copy.
  [[noreturn]] void end_copy(const Report& report) const;

  bool is_running() const { return pipe_ >= 0; }
  int descriptor() const { return pipe_; } // readable when the copy has something to say
  // Reads what has arrived; true when the copy is done or gone. Then result() is what it said, nothing if it ended without a word.
  bool receive();
  std::optional<Report> result() const;
  void close();  // also in what the copy forks: only the copy itself reports

private:
  int pipe_ = -1;
  Bytes received_;
};

} // namespace dsu
