// The updates of this process: ties the control channel, the preparation of a patch and the update point together.
//
// Two threads. The helper thread owns `program_` and everything else here, except between the moment at which the program's
// thread has taken the waiting update (state Running) and the moment at which it has finished it (state Done); the
// mutex is held by the program's thread all that time, and by the helper during every request.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <pthread.h>

#include "dsu/runtime/plugins.h"
#include "dsu/runtime/prepare.h"
#include "dsu/runtime/rehearsal.h"
#include "dsu/runtime/server.h"
#include "stdlib/runtime/unwind.h"

namespace dsu {

class Lock {
public:
  explicit Lock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
  ~Lock() { pthread_mutex_unlock(&mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

private:
  pthread_mutex_t& mutex_;
};

class Updates final : public RequestHandler {
public:
  // At start-up, before verified code runs. Problems are told on standard error; the program runs all the same.
  void start(const tal_program& image);

  // The slow path of an update point; program's thread.
  void at_update_point(const poprt::Registers& registers);

  // RequestHandler
  Status status() override;
  std::vector<Report> history() override;
  Report check(std::span<const uint8_t> patch) override;
  Where where() override;
  std::vector<RunningManifest> manifests() override;
  bool begin(std::span<const uint8_t> patch, const UpdateOptions& options, Report& report) override;
  int descriptor() override { return rehearsal_.descriptor(); }
  uint64_t wake_at_ns() override { return rehearsal_.is_running() ? rehearsal_until_ns_ : UINT64_MAX; }
  void advance() override;
  bool finished(Report& report) override;
  bool withdraw(Report& report) override;
  bool take_own_patch(Bytes& patch) override;

  // For the natives; program's thread. They never wait for a request that is being served.
  std::string version();
  std::string last_error();
  uint32_t applied() const { return applied_.load(); }
  // Has the file prepared by the helper; what comes of it is told by applied() and last_error(). False: it cannot be read,
  // or an earlier one is still waiting.
  bool apply_file(const std::string& path);
  // A second control socket. False: last_error() says why.
  bool listen(const std::string& path);
  void remove_sockets() const { server_.remove_sockets(); }

  // Plug-ins; program's thread. Calls `use` while nobody else touches the program; in a state transformer with the update that is being
  // applied. `use` tells whether it has changed the program: an update that waits is then prepared again. False: `problem` says why not.
  using UseOfPlugins = std::function<bool(Plugins&, const PreparedUpdate* waiting)>;
  [[nodiscard]] bool use_plugins(const UseOfPlugins& use, std::string& problem);
  bool is_transforming() const { return is_at_update_point_; }

  // Around fork() by the program; its thread. A child has a control channel of its own from its first update point on.
  void before_fork();
  void after_fork_in_parent();
  void after_fork_in_child();

private:
  enum class State { Idle, Ready, Stale, Running, Rehearsing, Done };  // Stale: prepared for a program that has changed since

  void open_channel();
  void begin_as_child();
  void rehearse(const poprt::Registers& registers);
  [[noreturn]] void rehearse_in_copy(const poprt::Registers& registers);
  void carry_out(const poprt::Registers& registers);
  bool describe(Report& report);
  bool make_ready(std::span<const uint8_t> patch, const UpdateOptions& options, Report& report);
  void prepare_again();
  std::unique_ptr<PreparedUpdate> prepare(std::span<const uint8_t> patch, Report& report);
  Report refuse(Report report, const Refusal& refusal);
  void finish(Report report);
  void add_to_history(const Report& report);
  bool is_applied(const PatchFile& patch) const;

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  const tal_program* image_ = nullptr;
  tal::NativeInterface natives_;
  bool described_ = false;
  Program program_;
  Arena arena_;
  ControlServer server_;

  std::atomic<State> state_{State::Idle};
  bool is_at_update_point_ = false;  // program's thread only
  bool is_new_child_ = false;        // forked by a state transformer that has not ended yet
  bool needs_channel_ = false;       // a forked child that has not reached an update point yet
  pid_t program_thread_ = 0;
  RehearsalCopy rehearsal_;
  uint64_t rehearsal_since_ns_ = 0, rehearsal_until_ns_ = 0;
  std::unique_ptr<PreparedUpdate> waiting_;
  Bytes waiting_file_;                                   // as it came
  std::unique_ptr<Plugins> plugins_;                     // made when first asked for
  std::vector<std::unique_ptr<PreparedUpdate>> failed_;  // their modules stay registered
  std::unique_ptr<PreparedUpdate> done_;                 // freed by the helper
  Report result_;
  std::deque<Report> history_;
  uint32_t refused_ = 0;

  std::atomic<uint32_t> applied_{0};
  pthread_mutex_t text_mutex_ = PTHREAD_MUTEX_INITIALIZER;  // what stands below
  std::string version_, last_error_;
  Bytes own_patch_;  // wanted by apply_file()
};

// Those of this process.
Updates& updates();

}  // namespace dsu

extern "C" {
extern uint32_t popdsu_pending;  // read by every update point
void popdsu_at_update_point(const poprt::Registers* registers);
}
