// Work on several inputs at once, each in a process of its own.
//
// Processes rather than threads: a module shares nothing with another one, LLVM and the C library keep no state between them, and a crash on
// one input leaves the others alone. What a job writes to stderr is shown when all jobs before it are done, so that the output of a run
// does not depend on which was faster.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace driver {

struct JobResult {
  int status = 0;                  // exit status
  std::vector<std::string> parts;  // whatever the job hands back; may be empty if status is not 0
};

using Job = std::function<JobResult(size_t index)>;

// Runs job(0) .. job(count - 1), up to `processes` at a time; with one process or one job within this process. The results are in the order
// of the jobs.
std::vector<JobResult> run_jobs(size_t count, unsigned processes, const Job& job);

} // namespace driver
