#include "driver/jobs.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/output.h"

namespace driver {

namespace {

constexpr int internal_error = 70;

// Files without a name, written by the child and read by the parent afterwards: unlike pipes they need nobody who reads meanwhile.
struct Channel {
  int result = -1, messages = -1;
};

bool write_all(int fd, const void* data, size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, at, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    at += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

std::string contents(int fd) {
  std::string text;
  char buffer[1 << 16];
  ssize_t count;
  while ((count = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0 || (count < 0 && errno == EINTR))
    if (count > 0)
      text.append(buffer, static_cast<size_t>(count));
  return text;
}

// Status, then each part with its length before it.
bool send(int fd, const JobResult& result) {
  const int64_t status = result.status;
  bool good = write_all(fd, &status, sizeof status);
  for (const std::string& part : result.parts) {
    const uint64_t size = part.size();
    good = good && write_all(fd, &size, sizeof size) && write_all(fd, part.data(), part.size());
  }
  return good;
}

std::optional<JobResult> receive(const std::string& bytes) {
  int64_t status;
  if (bytes.size() < sizeof status)
    return std::nullopt;
  std::memcpy(&status, bytes.data(), sizeof status);
  JobResult result{static_cast<int>(status), {}};
  size_t at = sizeof status;
  while (at < bytes.size()) {
    uint64_t size;
    if (bytes.size() - at < sizeof size)
      return std::nullopt;
    std::memcpy(&size, bytes.data() + at, sizeof size);
    at += sizeof size;
    if (bytes.size() - at < size)
      return std::nullopt;
    result.parts.push_back(bytes.substr(at, size));
    at += size;
  }
  return result;
}

class Pool {
public:
  Pool(size_t count, const Job& job) : job_(job), results_(count), channels_(count), done_(count, false) {}

  std::vector<JobResult> run(unsigned processes) {
    for (size_t next = 0; next < results_.size() || !running_.empty();) {
      if (next < results_.size() && running_.size() < processes)
        start(next++);
      else
        wait_for_one();
      show_messages();
    }
    return std::move(results_);
  }

private:
  void start(size_t index) {
    Channel& channel = channels_[index];
    channel.result = ::memfd_create("popc-result", MFD_CLOEXEC);
    channel.messages = ::memfd_create("popc-messages", MFD_CLOEXEC);
    std::fflush(nullptr);
    const pid_t child = channel.result < 0 || channel.messages < 0 ? -1 : ::fork();
    if (child == 0) {
      ::dup2(channel.messages, STDERR_FILENO);
      const bool sent = send(channel.result, job_(index));
      std::fflush(nullptr);
      ::_exit(sent ? 0 : internal_error);
    }
    if (child < 0) { // no process to be had: then here, after those that still run
      while (!running_.empty())
        wait_for_one();
      show_messages();
      results_[index] = job_(index);
      done_[index] = true;
      return;
    }
    running_[child] = index;
  }

  void wait_for_one() {
    int status = 0;
    const pid_t child = ::waitpid(-1, &status, 0);
    if (child < 0 && errno != EINTR)
      return running_.clear();
    const auto found = running_.find(child);
    if (found == running_.end())
      return;
    const size_t index = found->second;
    running_.erase(found);
    finish(index, status);
  }

  void finish(size_t index, int status) {
    std::optional<JobResult> result;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      result = receive(contents(channels_[index].result));
    if (WIFSIGNALED(status))
      crashes_[index] = "internal error: a job was ended by signal " + std::to_string(WTERMSIG(status));
    else if (!result)
      crashes_[index] = "internal error: a job ended without a result";
    results_[index] = result ? std::move(*result) : JobResult{internal_error, {}};
    done_[index] = true;
  }

  // Of the jobs that are done, up to the first that is not.
  void show_messages() {
    for (; shown_ < done_.size() && done_[shown_]; ++shown_) {
      Channel& channel = channels_[shown_];
      const std::string text = channel.messages < 0 ? std::string() : contents(channel.messages);
      std::fwrite(text.data(), 1, text.size(), stderr);
      if (const auto crash = crashes_.find(shown_); crash != crashes_.end())
        print_error("popc", crash->second);
      for (const int fd : {channel.result, channel.messages})
        if (fd >= 0)
          ::close(fd);
    }
  }

  const Job& job_;
  std::vector<JobResult> results_;
  std::vector<Channel> channels_;
  std::vector<bool> done_;
  std::map<pid_t, size_t> running_;
  std::map<size_t, std::string> crashes_;
  size_t shown_ = 0;
};

} // namespace

std::vector<JobResult> run_jobs(size_t count, unsigned processes, const Job& job) {
  if (processes > 1 && count > 1)
    return Pool(count, job).run(processes);
  std::vector<JobResult> results;
  for (size_t i = 0; i < count; ++i)
    results.push_back(job(i));
  return results;
}

} // namespace driver
