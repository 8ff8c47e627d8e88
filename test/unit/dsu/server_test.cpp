#include "dsu/client/client.h"
#include "dsu/runtime/server.h"
#include "tal/write/byte_writer.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace dsu {
namespace {

// Accepts a patch whose first byte is 1; it is "applied" when the test says so.
class Pretender final : public RequestHandler {
public:
  std::atomic<uint8_t> own{0};
  std::atomic<bool> begun{false}, done{false}, withdrawn{false};
  Status status() override {
    Status s;
    s.pid = 7;
    return s;
  }
  std::vector<Report> history() override { return {}; }
  Report check(std::span<const uint8_t> patch) override {
    Report r;
    r.outcome = patch.empty() ? Outcome::Refused : Outcome::Checked;
    return r;
  }
  Where where() override { return {{"main (a.pop:1)"}, "runs", false}; }
  std::vector<RunningManifest> manifests() override { return {{true, {1, 2}}}; }
  int descriptor() override { return -1; }
  uint64_t wake_at_ns() override { return UINT64_MAX; }
  void advance() override {}
  bool begin(std::span<const uint8_t> patch, const UpdateOptions&, Report& report) override {
    report.outcome = Outcome::Refused;
    report.reason = "not a patch";
    begun = !patch.empty() && patch[0] == 1;
    return begun;
  }
  bool finished(Report& report) override {
    report.outcome = Outcome::Applied;
    return done.load();
  }
  bool take_own_patch(Bytes& patch) override {
    patch = {own.exchange(0)};
    return patch[0] != 0;
  }
  bool withdraw(Report& report) override {
    report.outcome = Outcome::NotReached;
    withdrawn = true;
    return true;
  }
};

class Server : public ::testing::Test {
protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "dsu-server-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = directory_ + "/s.sock";
    std::string problem;
    // Both live as long as the detached thread: for ever.
    server_ = new ControlServer;
    handler_ = new Pretender;
    ASSERT_TRUE(server_->open(path_, problem)) << problem;
    ASSERT_TRUE(server_->start(*handler_, problem)) << problem;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::optional<Report> update(uint32_t wait_ms, std::initializer_list<uint8_t> patch) {
    tal::ByteWriter payload;
    payload.raw(encode(UpdateOptions{wait_ms, 1000, Rehearsal::None}));
    for (uint8_t byte : patch)
      payload.u8(byte);
    auto result = exchange(path_, FrameKind::Update, payload.bytes(), 5000);
    auto* answer = std::get_if<Answer>(&result);
    return answer ? decode_report(answer->payload) : std::nullopt;
  }

  std::string directory_, path_;
  ControlServer* server_ = nullptr;
  Pretender* handler_ = nullptr;
};

TEST_F(Server, SocketIsPrivate) {
  struct stat info;
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Server, AnswersStatus) {
  auto result = exchange(path_, FrameKind::Status, {}, 5000);
  ASSERT_TRUE(std::holds_alternative<Answer>(result));
  EXPECT_EQ(decode_status(std::get<Answer>(result).payload)->pid, 7u);
}

TEST_F(Server, RefusalComesAtOnce) { EXPECT_EQ(update(5000, {0})->outcome, Outcome::Refused); }

TEST_F(Server, WithdrawsWhenTheTimeIsOver) {
  EXPECT_EQ(update(50, {1})->outcome, Outcome::NotReached);
  EXPECT_TRUE(handler_->withdrawn);
}

TEST_F(Server, AnswersOthersWhileAnUpdateWaits) {
  std::optional<Report> first;
  std::thread client([&] { first = update(5000, {1}); });
  while (!handler_->begun)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::optional<Report> second = update(1, {1});
  EXPECT_EQ(second->outcome, Outcome::Busy);
  EXPECT_TRUE(std::holds_alternative<Answer>(exchange(path_, FrameKind::Status, {}, 5000)));
  handler_->done = true;
  server_->wake();
  client.join();
  EXPECT_EQ(first->outcome, Outcome::Applied);
}

// attack F63
TEST_F(Server, TheProgramsOwnPatchWaitsWithoutAClient) {
  handler_->own = 1;
  server_->wake();
  while (!handler_->begun)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(update(1, {1})->outcome, Outcome::Busy);
  handler_->done = true;
  server_->wake();
  handler_->begun = false;
  for (int i = 0; i < 1000 && update(1, {0})->outcome == Outcome::Busy; i++)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(update(1, {0})->outcome, Outcome::Refused);
}

TEST_F(Server, MalformedRequestsAreAnswered) {
  int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::send(s, "\xff\xff\xff\xff\x01", 5, 0), 5);
  uint8_t answer[64];
  ssize_t n = ::recv(s, answer, sizeof answer, 0);
  ASSERT_GT(n, 5);
  EXPECT_EQ(answer[4], static_cast<uint8_t>(FrameKind::Problem));
  ::close(s);
  EXPECT_TRUE(std::holds_alternative<Answer>(exchange(path_, FrameKind::Status, {}, 5000)));
}

// Who sees the socket can connect to it, however soon: it is watched for all the time by somebody who wants to.
TEST_F(Server, ListensAsSoonAsItIsThere) {
  for (int i = 0; i < 200; i++) {
    const std::string path = directory_ + "/" + std::to_string(i) + ".sock";
    std::atomic<bool> watches{false};
    int error = 0;
    std::thread client([&] {
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      path.copy(address.sun_path, sizeof address.sun_path - 1);
      const int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
      do {
        watches = true;
        error = ::connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
      } while (error == ENOENT);
      ::close(s);
    });
    while (!watches)
      std::this_thread::yield();
    ControlServer server;
    std::string problem;
    ASSERT_TRUE(server.open(path, problem)) << problem;
    client.join();
    ASSERT_EQ(error, 0) << std::strerror(error) << " at the socket number " << i;
    server.forget();
  }
}

TEST(Client, NoProgram) {
  auto result = exchange("/nonexistent/x.sock", FrameKind::Status, {}, 100);
  ASSERT_TRUE(std::holds_alternative<ClientProblem>(result));
  EXPECT_EQ(std::get<ClientProblem>(result).error, ClientError::NoProgram);
}

// Somebody who was in /tmp first. Needs two users, so only root can try it.
TEST(Client, TalksToNobodyElsesProgram) {
  if (::geteuid() != 0)
    GTEST_SKIP();
  constexpr uid_t user = 65533, other = 65534;
  std::string directory = "/tmp/dsu-client-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  ASSERT_EQ(::chmod(directory.c_str(), 0777), 0);
  const std::string path = directory + "/s.sock";
  auto error_of = [&](uid_t listener, uid_t client) {
    int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::seteuid(listener), 0);
    EXPECT_EQ(::bind(s, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(s, 1), 0);
    EXPECT_EQ(::seteuid(0), 0);
    EXPECT_EQ(::chmod(path.c_str(), 0777), 0);
    EXPECT_EQ(::seteuid(client), 0);
    auto result = exchange(path, FrameKind::Status, {}, 20);
    EXPECT_EQ(::seteuid(0), 0);
    ::close(s);
    ::unlink(path.c_str());
    return std::get<ClientProblem>(result).error;
  };
  EXPECT_EQ(error_of(other, user), ClientError::NotAllowed);
  EXPECT_EQ(error_of(user, user), ClientError::Timeout);  // nobody answers, but it was asked
  EXPECT_EQ(error_of(other, 0), ClientError::Timeout);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace dsu
