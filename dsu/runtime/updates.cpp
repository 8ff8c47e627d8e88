#include "dsu/runtime/updates.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include "dsu/format/control_path.h"
#include "dsu/runtime/native_text.h"
#include "dsu/runtime/transaction.h"

uint32_t popdsu_pending = 0;  // has C linkage by its declaration in updates.h

namespace dsu {
namespace {

constexpr size_t history_limit = 1000;

void complain(const std::string& problem) { std::fprintf(stderr, "updating is off: %s\n", problem.c_str()); }

uint64_t unix_milliseconds() {
  timespec t;
  ::clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000;
}

struct ImageRange {
  uintptr_t start = UINTPTR_MAX, end = 0;
};

// The first object of the list is the executable.
int find_image(dl_phdr_info* info, size_t, void* result) {
  auto& range = *static_cast<ImageRange*>(result);
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD)
      continue;
    range.start = std::min<uintptr_t>(range.start, info->dlpi_addr + header.p_vaddr);
    range.end = std::max<uintptr_t>(range.end, info->dlpi_addr + header.p_vaddr + header.p_memsz);
  }
  return 1;
}

std::string program_path() {
  char buffer[4096];
  ssize_t n = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : "?";
}

void set_pending(bool pending) { __atomic_store_n(&popdsu_pending, pending ? 1u : 0u, __ATOMIC_SEQ_CST); }

}  // namespace

void Updates::start(const tal_program& image) {
  image_ = &image;
  version_ = image.version ? image.version : "";
  if (image.updateable == 0)
    return;
  ImageRange range;
  dl_iterate_phdr(find_image, &range);
  std::string problem;
  if (!arena_.reserve(range.start, range.end, arena_size, problem) || !prepare_control_directory(problem) ||
      !server_.open(control_path(::getpid()), problem) || !server_.start(*this, problem))
    complain(problem);
}

// The interfaces are read when they are needed first: a program that is never updated does not pay for them.
bool Updates::describe(Report& report) {
  if (described_)
    return true;
  std::string problem;
  if (!tal::parse_natives(native_text(), natives_, problem) || !describe_program(*image_, natives_, program_, problem)) {
    report = refuse(std::move(report), {Step::Match, "", problem, "link the program again"});
    return false;
  }
  described_ = true;
  return true;
}

Report Updates::refuse(Report report, const Refusal& refusal) {
  report.outcome = Outcome::Refused;
  report.step = refusal.step;
  report.symbol = refusal.symbol;
  report.reason = refusal.reason;
  report.help = refusal.help;
  return report;
}

// The very same patch, and nothing has changed its modules since.
bool Updates::is_applied(const PatchFile& patch) const {
  const std::string checksum = hex(patch.checksum);
  const bool was_applied = std::any_of(history_.begin(), history_.end(), [&](const Report& r) {
    return r.outcome == Outcome::Applied && r.checksum == checksum;
  });
  return was_applied && std::all_of(patch.modules.begin(), patch.modules.end(), [&](const PatchModule& m) {
    auto running = program_.latest.find(m.name);
    return m.role == ModuleRole::Private || (running != program_.latest.end() && program_.modules[running->second]->hash == m.new_hash);
  });
}

// Null: `report` is final.
std::unique_ptr<PreparedUpdate> Updates::prepare(std::span<const uint8_t> patch, Report& report) {
  if (state_.load() != State::Idle) {
    report.outcome = Outcome::Busy;
    report.reason = "another update is under way";
    return nullptr;
  }
  if (!describe(report))
    return nullptr;
  ContainerResult file = read_container(patch);
  if (auto* content = std::get_if<PatchFile>(&file); content && is_applied(*content)) {
    report.outcome = Outcome::AlreadyApplied;
    report.patch = content->label;
    report.checksum = hex(content->checksum);
    return nullptr;
  }
  Refusal refusal;
  Preparation preparation(program_, natives_, arena_);
  std::unique_ptr<PreparedUpdate> update = preparation.check(patch, refusal, report);
  if (!update) {
    report = refuse(std::move(report), refusal);
    return nullptr;
  }
  // Counts were made in the update's own report, times in ours.
  Report& own = update->report;
  std::copy(std::begin(report.step_ns), std::end(report.step_ns), std::begin(own.step_ns));
  own.patch = report.patch;
  own.checksum = report.checksum;
  report = own;
  return update;
}

Report Updates::check(std::span<const uint8_t> patch) {
  Lock lock(mutex_);
  Report report;
  if (prepare(patch, report))
    report.outcome = Outcome::Checked;
  return report;
}

bool Updates::begin(std::span<const uint8_t> patch, Report& report) {
  Lock lock(mutex_);
  std::unique_ptr<PreparedUpdate> update = prepare(patch, report);
  if (update) {
    Refusal refusal;
    Preparation preparation(program_, natives_, arena_);
    if (!preparation.load(*update, refusal)) {
      report = refuse(update->report, refusal);
      update = nullptr;
    }
  }
  if (!update) {
    if (report.outcome == Outcome::Refused)
      add_to_history(report);
    return false;
  }
  waiting_ = std::move(update);
  state_.store(State::Ready);
  set_pending(true);
  return true;
}

bool Updates::withdraw(Report& report) {
  State ready = State::Ready;
  if (!state_.compare_exchange_strong(ready, State::Idle))
    return false;
  set_pending(false);
  Lock lock(mutex_);
  report = waiting_->report;
  report.outcome = Outcome::NotReached;
  report.reason = "the program reached no update point in time";
  report.help = "wait longer, or see where the program is and whether its loop calls Dsu::update_point()";
  waiting_ = nullptr;
  add_to_history(report);
  return true;
}

bool Updates::finished(Report& report) {
  if (state_.load() != State::Done)
    return false;
  Lock lock(mutex_);
  report = result_;
  done_ = nullptr;
  state_.store(State::Idle);
  return true;
}

void Updates::at_update_point(const poprt::Registers& registers) {
  State ready = State::Ready;
  if (!state_.compare_exchange_strong(ready, State::Running))
    return;
  set_pending(false);  // update points inside a transformer return at once
  {
    Lock lock(mutex_);
    Refusal refusal;
    const bool done = run_transaction(program_, *waiting_, registers, refusal);
    Report report = std::move(waiting_->report);
    if (done) {
      report.outcome = Outcome::Applied;
      report.step = Step::Commit;
    } else {
      report = refuse(std::move(report), refusal);
    }
    if (done)
      done_ = std::move(waiting_);
    else
      failed_.push_back(std::move(waiting_));
    add_to_history(report);
    result_ = history_.back();
    state_.store(State::Done);
  }
  server_.wake();
}

bool Updates::take_own_patch(Bytes& patch) {
  Lock lock(text_mutex_);
  patch = std::move(own_patch_);
  own_patch_.clear();
  return !patch.empty();
}

bool Updates::apply_file(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  Bytes content;
  constexpr size_t piece = size_t{1} << 16;
  ssize_t n = 0;
  do {
    const size_t old_size = content.size();
    content.resize(old_size + piece);
    n = ::read(file, content.data() + old_size, piece);
    content.resize(old_size + (n > 0 ? static_cast<size_t>(n) : 0));
  } while (n > 0 && content.size() <= max_frame);
  ::close(file);
  if (n != 0 || content.empty())
    return false;
  {
    Lock lock(text_mutex_);
    if (!own_patch_.empty() || state_.load() != State::Idle)
      return false;
    own_patch_ = std::move(content);
  }
  server_.wake();
  return true;
}

void Updates::add_to_history(const Report& report) {
  if (history_.size() == history_limit)
    history_.erase(history_.begin());
  history_.push_back(report);
  history_.back().unix_ms = unix_milliseconds();
  Lock lock(text_mutex_);
  if (report.outcome == Outcome::Applied) {
    applied_++;
    version_ = report.patch;
    return;
  }
  refused_++;
  last_error_ = std::string(step_name(report.step)) + ": " + (report.symbol.empty() ? "" : report.symbol + ": ") + report.reason;
}

std::vector<Report> Updates::history() {
  Lock lock(mutex_);
  return history_;
}

Status Updates::status() {
  Lock lock(mutex_);
  Report ignored;
  Status status;
  status.pid = static_cast<uint32_t>(::getpid());
  status.program = program_path();
  status.last_error = last_error();
  status.applied = applied_.load();
  status.refused = refused_;
  status.text_bytes = arena_.used();
  if (waiting_)
    status.pending = waiting_->label;
  if (describe(ignored))
    for (const auto& [name, index] : program_.latest) {
      const LoadedModule& module = *program_.modules[index];
      status.modules.push_back({name, module.version, hex(module.hash), module.updates});
    }
  std::vector<uint64_t> pauses;
  for (const Report& report : history_)
    if (report.outcome == Outcome::Applied)
      pauses.push_back(report.pause_ns);
  if (!pauses.empty()) {
    std::sort(pauses.begin(), pauses.end());
    status.pause_p50_ns = pauses[pauses.size() / 2];
    status.pause_max_ns = pauses.back();
  }
  return status;
}

std::string Updates::version() {
  Lock lock(text_mutex_);
  return version_;
}

std::string Updates::last_error() {
  Lock lock(text_mutex_);
  return last_error_;
}

}  // namespace dsu
