// The control channel of a running program: a Unix socket served by one helper thread.
//
// The thread is made with pthread_create directly and never registered with the collector: it holds no collected pointer and
// runs no verified code. It blocks all signals, so that handlers run on the program's thread as before.
//
// While an update waits for the program to reach an update point the thread goes on answering other clients. Only its own
// state is touched here; what a request means is the business of RequestHandler.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <sys/types.h>

#include "dsu/format/protocol.h"

namespace dsu {

// What a patch may take of memory until it is applied or refused, measured with objects that were made to take much (dsu_memory_use_test):
// types in the tables of the checker, of the interface and of the link check; and the states of branches that the checker keeps,
// of which it takes hundreds of bytes for each of the code's up to a limit.
inline size_t room_for(size_t request) {
  constexpr size_t decoded = 140, state = 900, states = size_t{128} << 20, rest = size_t{16} << 20;
  return request * decoded + std::min(request * state, states) + rest;
}

// All calls come from the helper thread.
class RequestHandler {
public:
  virtual ~RequestHandler() = default;
  virtual Status status() = 0;
  virtual std::vector<Report> history() = 0;
  virtual Report check(std::span<const uint8_t> patch) = 0;

  virtual Where where() = 0;
  virtual std::vector<RunningManifest> manifests() = 0;

  // Prepares an update. True: it now waits for an update point, and finished() will tell; false: `report` is final.
  virtual bool begin(std::span<const uint8_t> patch, const UpdateOptions& options, Report& report) = 0;
  // While an update waits: what else to wait for (-1: nothing) and until when, and what to do after each wake-up.
  virtual int descriptor() = 0;
  virtual uint64_t wake_at_ns() = 0;
  virtual void advance() = 0;
  // Has the update that begin() left waiting been carried out or refused?
  virtual bool finished(Report& report) = 0;
  // A patch that the program itself wants applied, if there is one. Called after each wake-up while no update waits.
  virtual bool take_own_patch(Bytes& patch) = 0;
  // Takes the waiting update back. False if it is being carried out or rehearsed right now: ask again later.
  virtual bool withdraw(Report& report) = 0;
};

class ControlServer {
public:
  // Binds the socket of this process. False with a message: the program then runs without a control channel.
  [[nodiscard]] bool open(const std::string& path, std::string& problem);
  // Serves for ever on a thread of its own.
  [[nodiscard]] bool start(RequestHandler& handler, std::string& problem);
  // Serves a second socket from now on; any thread. A file there that is no socket, or a socket at which somebody listens, is left alone:
  // false, with a message, as if there is a second one already.
  [[nodiscard]] bool listen_also(const std::string& path, std::string& problem);
  // In a forked child, which has no helper thread: forgets the parent's channel, so that open() and start() make one of its own.
  void forget();
  // When finished() or take_own_patch() may have become true; any thread.
  void wake() const;
  void remove_sockets() const;

private:
  static void* run(void* self);
  void serve();
  void accept_client(int listener);
  void answer(int client, FrameKind kind, std::span<const uint8_t> payload);
  void begin_update(int client, std::span<const uint8_t> payload);
  void begin_own_update();
  void check_waiting(bool client_gone);
  void reply_to_waiting(const Report& report);

  RequestHandler* handler_ = nullptr;
  std::string path_;
  pid_t owner_ = 0;              // not a child that the program forked
  int listener_ = -1;
  std::string second_path_;
  std::atomic<int> second_{-1};  // made by any thread, served by the helper's
  int wake_ = -1;
  bool is_waiting_ = false;
  int waiting_ = -1;             // client of the update that waits; -1: the program itself
  uint64_t waiting_until_ns_ = 0;
  uint32_t wait_ms_ = 0;
};

}  // namespace dsu
