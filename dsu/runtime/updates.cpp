#include "dsu/runtime/updates.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <link.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dsu/format/control_path.h"
#include "dsu/runtime/native_text.h"
#include "dsu/runtime/transaction.h"
#include "dsu/runtime/where.h"

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

std::string_view user_natives(const tal_program& image) {
  return image.user_natives_size == 0 ? std::string_view{} : std::string_view(image.user_natives, image.user_natives_size);
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
  if (!arena_.reserve(range.start, range.end, arena_size, problem))
    return complain(problem);
  open_channel();
}

void Updates::open_channel() {
  program_thread_ = static_cast<pid_t>(::syscall(SYS_gettid));
  std::string problem;
  if (!prepare_control_directory(problem) || !server_.open(control_path(::getpid()), problem) || !server_.start(*this, problem))
    complain(problem);
}

// The interfaces are read when they are needed first: a program that is never updated does not pay for them.
bool Updates::describe(Report& report) {
  if (described_)
    return true;
  std::string problem;
  if (!tal::parse_natives(native_text(), natives_, problem, user_natives(*image_)) || !describe_program(*image_, natives_, program_, problem)) {
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
  std::vector<PatchFile> parts;
  if (!was_applied || !read_parts(patch, parts))
    return false;
  ModuleVersions versions;
  for (const PatchFile& part : parts)
    apply_versions(part, versions);
  return std::all_of(versions.begin(), versions.end(), [&](const auto& version) {
    auto running = program_.latest.find(version.first);
    return running == program_.latest.end() ? !version.second : program_.modules[running->second]->hash == version.second;
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
  PatchFile file;
  Refusal refusal;
  if (!Preparation::read(patch, file, refusal, report)) {
    report = refuse(std::move(report), refusal);
    return nullptr;
  }
  if (is_applied(file)) {
    report.outcome = Outcome::AlreadyApplied;
    return nullptr;
  }
  Preparation preparation(program_, natives_, arena_);
  std::unique_ptr<PreparedUpdate> update = preparation.check(file, refusal, report);
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

Where Updates::where() {
  Lock lock(mutex_);
  Where where = find_where(program_thread_);
  where.is_waiting = waiting_ != nullptr;
  return where;
}

std::vector<RunningManifest> Updates::manifests() {
  Lock lock(mutex_);
  Report ignored;
  std::vector<RunningManifest> list;
  if (!describe(ignored))
    return list;
  program_.settle();
  for (uint32_t m = 0; m < program_.modules.size(); m++) {
    const LoadedModule& module = *program_.modules[m];
    auto latest = program_.latest.find(module.name);
    const bool is_latest = latest != program_.latest.end() && latest->second == m;
    const bool is_active = std::any_of(program_.old_functions.begin(), program_.old_functions.end(), [m](const OldFunction& f) { return f.symbol.module == m; });
    if (!module.dsu.empty() && !module.is_private && (is_latest || is_active))
      list.push_back({is_latest, module.dsu});
  }
  return list;
}

bool Updates::begin(std::span<const uint8_t> patch, const UpdateOptions& options, Report& report) {
  Lock lock(mutex_);
  if (!make_ready(patch, options, report))
    return false;
  waiting_file_.assign(patch.begin(), patch.end());
  return true;
}

bool Updates::make_ready(std::span<const uint8_t> patch, const UpdateOptions& options, Report& report) {
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
  waiting_->options = options;
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
  report.help = "wait longer, or see where the program is with `popctl why-blocked`";
  waiting_ = nullptr;
  waiting_file_ = {};
  add_to_history(report);
  return true;
}

// The program has loaded a plug-in, or closed one, since the update was prepared.
void Updates::prepare_again() {
  Lock lock(mutex_);
  const UpdateOptions options = waiting_->options;
  waiting_ = nullptr;
  state_.store(State::Idle);
  Report report;
  if (make_ready(waiting_file_, options, report))
    return;
  result_ = report;
  state_.store(State::Done);
}

bool Updates::use_plugins(const UseOfPlugins& use, std::string& problem) {
  std::optional<Lock> lock;
  if (!is_at_update_point_)  // there this thread holds it
    lock.emplace(mutex_);
  Report report;
  if (!describe(report)) {
    problem = report.reason;
    return false;
  }
  if (!plugins_)
    plugins_ = std::make_unique<Plugins>(program_, natives_, arena_);
  if (!use(*plugins_, is_at_update_point_ ? waiting_.get() : nullptr))
    return true;
  if (state_.load() == State::Rehearsing) {
    rehearsal_.close();
    state_.store(State::Stale);
  }
  State ready = State::Ready;
  if (state_.compare_exchange_strong(ready, State::Stale))
    set_pending(false);
  server_.wake();
  return true;
}

bool Updates::finished(Report& report) {
  if (state_.load() != State::Done)
    return false;
  Lock lock(mutex_);
  report = result_;
  done_ = nullptr;
  waiting_file_ = {};
  state_.store(State::Idle);
  return true;
}

void Updates::at_update_point(const poprt::Registers& registers) {
  if (needs_channel_) {
    needs_channel_ = false;
    set_pending(false);
    open_channel();
  }
  State ready = State::Ready;
  if (!state_.compare_exchange_strong(ready, State::Running))
    return;
  set_pending(false);  // update points inside a transformer return at once
  is_at_update_point_ = true;
  {
    Lock lock(mutex_);
    if (waiting_->options.rehearsal != Rehearsal::None)
      rehearse(registers);
    else
      carry_out(registers);
  }
  is_at_update_point_ = false;
  if (is_new_child_)
    begin_as_child();
  else
    server_.wake();
}

void Updates::carry_out(const poprt::Registers& registers) {
  Refusal refusal;
  const bool done = run_transaction(program_, *waiting_, registers, refusal);
  Report report = std::move(waiting_->report);
  if (done) {
    report.outcome = Outcome::Applied;
    report.step = Step::Commit;
    done_ = std::move(waiting_);
  } else {
    report = refuse(std::move(report), refusal);
    failed_.push_back(std::move(waiting_));
  }
  add_to_history(report);
  result_ = history_.back();
  state_.store(State::Done);
}

void Updates::rehearse(const poprt::Registers& registers) {
  rehearsal_since_ns_ = now_ns();
  // The copy keeps the deadline itself; this one is for a copy that hangs in a native. On a busy machine the copy may begin late.
  constexpr uint64_t slack_ms = 5000;
  const uint64_t limit_ms = waiting_->options.deadline_ms + slack_ms;
  rehearsal_until_ns_ = rehearsal_since_ns_ + limit_ms * 1'000'000;
  std::string problem;
  switch (rehearsal_.begin(limit_ms, problem)) {
    case RehearsalCopy::Side::Copy: rehearse_in_copy(registers);
    case RehearsalCopy::Side::Program:
      waiting_->report.fork_ns = now_ns() - rehearsal_since_ns_;
      state_.store(State::Rehearsing);
      return;
    case RehearsalCopy::Side::Failed:
      add_to_history(refuse(std::move(waiting_->report), {Step::Rehearse, "", problem, "apply the patch without a rehearsal"}));
      result_ = history_.back();
      waiting_ = nullptr;
      state_.store(State::Done);
  }
}

void Updates::rehearse_in_copy(const poprt::Registers& registers) {
  Refusal refusal;
  const bool done = run_transaction(program_, *waiting_, registers, refusal);
  Report report = std::move(waiting_->report);
  report.outcome = Outcome::Applied;
  if (!done)
    report = refuse(std::move(report), refusal);
  rehearsal_.end_copy(report);
}

// The copy has said something, or its time is over.
void Updates::advance() {
  if (state_.load() == State::Stale)
    return prepare_again();
  if (state_.load() != State::Rehearsing)
    return;
  Lock lock(mutex_);
  if (state_.load() != State::Rehearsing)  // a plug-in was loaded meanwhile
    return;
  const bool is_over = rehearsal_.receive();
  if (!is_over && now_ns() < rehearsal_until_ns_)
    return;
  const std::optional<Report> said = rehearsal_.result();
  rehearsal_.close();
  Report& report = waiting_->report;
  report.step_ns[static_cast<unsigned>(Step::Rehearse)] = now_ns() - rehearsal_since_ns_;
  if (said && said->outcome == Outcome::Applied && waiting_->options.rehearsal == Rehearsal::First) {
    waiting_->options.rehearsal = Rehearsal::None;
    state_.store(State::Ready);
    set_pending(true);
    return;
  }
  if (said && said->outcome == Outcome::Applied) {
    report.outcome = Outcome::Checked;
    result_ = report;
  } else {
    Refusal refusal{Step::Rehearse, "", is_over ? "the copy of the program ended without a report" : "the rehearsal did not end in time",
                    "nothing was changed; see what the state transformers do"};
    if (said)
      refusal = {Step::Rehearse, said->symbol, said->reason, "this was a rehearsal: nothing was changed"};
    add_to_history(refuse(std::move(report), refusal));
    result_ = history_.back();
  }
  waiting_ = nullptr;
  state_.store(State::Done);
}

// At an update point, where a transformer or a rehearsal forks, the program's thread holds mutex_ already.
void Updates::before_fork() {
  if (!is_at_update_point_)
    pthread_mutex_lock(&mutex_);
  pthread_mutex_lock(&text_mutex_);
}

void Updates::after_fork_in_parent() {
  pthread_mutex_unlock(&text_mutex_);
  if (!is_at_update_point_)
    pthread_mutex_unlock(&mutex_);
}

// What was under way is the parent's business. Most children never reach an update point, because they become another program: they are
// not made to pay for a channel before they do. A child that a state transformer forks finishes the update first, as its parent does; so does
// what a rehearsal forks, but it is not the one that reports.
void Updates::after_fork_in_child() {
  after_fork_in_parent();
  rehearsal_.close();
  if (image_ == nullptr || image_->updateable == 0)
    return;
  server_.forget();
  is_new_child_ = is_at_update_point_;
  if (!is_new_child_)
    begin_as_child();
}

void Updates::begin_as_child() {
  is_new_child_ = false;
  state_.store(State::Idle);
  static_cast<void>(waiting_.release()); // not freed: its arena and records belong to the parent
  own_patch_.clear();
  waiting_file_ = {};
  needs_channel_ = true;
  set_pending(true);
}

bool Updates::take_own_patch(Bytes& patch) {
  Lock lock(text_mutex_);
  patch = std::move(own_patch_);
  own_patch_.clear();
  return !patch.empty();
}

bool Updates::listen(const std::string& path) {
  std::string problem = "the program is not updateable";
  if (image_ != nullptr && image_->updateable != 0 && server_.listen_also(path, problem))
    return true;
  Lock lock(text_mutex_);
  last_error_ = "listen: " + problem;
  return false;
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
    history_.pop_front();
  history_.push_back(report);
  history_.back().unix_ms = unix_milliseconds();
  Lock lock(text_mutex_);
  if (report.outcome == Outcome::Applied) {
    applied_++;
    version_ = report.patch;
    return;
  }
  refused_++;
  last_error_ = std::string(report.outcome == Outcome::Refused ? step_name(report.step) : outcome_name(report.outcome)) + ": " + (report.symbol.empty() ? "" : report.symbol + ": ") + report.reason;
}

std::vector<Report> Updates::history() {
  Lock lock(mutex_);
  return {history_.begin(), history_.end()};
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
