// popctl: control of running, updateable programs through their sockets.
//
// Exit status: 0 done (an update: applied), 1 refused, 2 no update point reached in time, 3 no such program, 64 usage.
#include "driver/keys.h"
#include "driver/output.h"
#include "driver/tool_arguments.h"
#include "driver/popctl_output.h"
#include "driver/popctl_timing.h"
#include "dsu/client/client.h"
#include "tal/write/byte_writer.h"

#include <boost/program_options.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iostream>

namespace po = boost::program_options;

namespace {

constexpr const char* usage = R"(usage: popctl list                             updateable programs of this user
       popctl status PROGRAM                   modules, versions, what waits
       popctl check [--rehearse] PROGRAM FILE.pup      would the patch apply? Nothing is changed
       popctl update [--rehearse] PROGRAM FILE.pup     applies it at the next update point, whole or not at all
       popctl why-blocked PROGRAM              where the program is while it reaches no update point
       popctl watch PROGRAM                    shows updates as they happen, until the program ends
       popctl history PROGRAM                  what was applied and refused, with times
       popctl new-key FILE                     makes a key to sign patches with: FILE, and FILE.pub for the program

PROGRAM is a process id or the path of a control socket.
Exit status: 0 done (an update: applied), 1 refused, 2 no update point reached in time, 3 no such program, 64 wrong command line.
)";

enum ExitStatus { Done = 0, Refused = 1, NotReached = 2, NoProgram = 3 };

// The program has this long for anything but waiting: verifying a large patch takes a while.
constexpr int answer_timeout_ms = 60'000;

struct Options {
  bool json = false;
  dsu::UpdateOptions update;
  std::string command;
  std::vector<std::string> arguments;
};

// "250ms", "5s", "2m", "5" (seconds)
std::optional<uint32_t> parse_duration(const std::string& text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string unit(end, text.data() + text.size());
  double scale = unit == "ms" ? 1 : unit == "s" || unit.empty() ? 1'000 : unit == "m" ? 60'000 : 0;
  if (error != std::errc() || scale == 0 || value < 0 || value * scale > 86'400'000)
    return std::nullopt;
  return static_cast<uint32_t>(std::lround(value * scale));
}

int usage_error(const std::string& message) { return driver::usage_error("popctl", message); }

int report_problem(const dsu::ClientProblem& problem) {
  driver::print_error("popctl", problem.text);
  return problem.error == dsu::ClientError::NoProgram ? NoProgram
         : problem.error == dsu::ClientError::Timeout ? NotReached
                                                      : Refused;
}

// Sends the request; false: `status` is what to exit with.
bool ask(const std::string& program, dsu::FrameKind kind, std::span<const uint8_t> payload, int timeout_ms, dsu::Answer& answer,
         int& status) {
  auto result = dsu::exchange(dsu::socket_of(program), kind, payload, timeout_ms);
  if (auto* problem = std::get_if<dsu::ClientProblem>(&result)) {
    status = report_problem(*problem);
    return false;
  }
  answer = std::move(std::get<dsu::Answer>(result));
  if (answer.kind == dsu::FrameKind::Problem) {
    status = report_problem({dsu::ClientError::Protocol, std::string(answer.payload.begin(), answer.payload.end())});
    return false;
  }
  return true;
}

int protocol_mismatch() {
  return report_problem({dsu::ClientError::Protocol, "the program speaks another version of the protocol than this popctl"});
}

template <class Value>
int show(const Options& options, const std::optional<Value>& value) {
  if (!value)
    return protocol_mismatch();
  std::cout << (options.json ? driver::json(*value) + "\n" : driver::text(*value));
  return Done;
}

int list(const Options& options) {
  std::string json;
  for (const dsu::RunningProgram& program : dsu::running_programs()) {
    dsu::Answer answer;
    int ignored;
    if (!ask(program.path, dsu::FrameKind::Status, {}, 2'000, answer, ignored))
      continue;
    std::optional<dsu::Status> status = dsu::decode_status(answer.payload);
    if (!status)
      continue;
    if (options.json)
      json += (json.empty() ? "" : ",\n ") + driver::json(*status);
    else
      std::cout << program.pid << "  " << status->program << "  " << status->applied << " updates\n";
  }
  if (options.json)
    std::cout << "[" << json << "]\n";
  return Done;
}

// History entries that were not there at the last look. The program has nothing to do for it in between.
int watch(const Options& options) {
  constexpr timespec pause{0, 200'000'000};
  uint64_t newest = 0;    // time of the last report seen, and how many of that time were seen
  size_t seen_then = 0;
  for (bool first = true;; first = false) {
    auto result = dsu::exchange(dsu::socket_of(options.arguments[0]), dsu::FrameKind::History, {}, answer_timeout_ms);
    auto* got = std::get_if<dsu::Answer>(&result);
    if (got == nullptr)
      return first ? report_problem(std::get<dsu::ClientProblem>(result)) : Done; // the program has ended
    const auto history = dsu::decode_history(got->payload);
    if (!history)
      return protocol_mismatch();
    size_t skipped = 0;
    for (const dsu::Report& report : *history) {
      if (report.unix_ms < newest || (report.unix_ms == newest && ++skipped <= seen_then))
        continue;
      seen_then = report.unix_ms == newest ? seen_then + 1 : 1;
      skipped = seen_then;
      newest = report.unix_ms;
      if (!first)
        std::cout << (options.json ? driver::json(report) + "\n" : driver::text(std::vector<dsu::Report>{report})) << std::flush;
    }
    ::nanosleep(&pause, nullptr);
  }
}

int exit_status_of(const dsu::Report& report) {
  switch (report.outcome) {
    case dsu::Outcome::Applied:
    case dsu::Outcome::AlreadyApplied:
    case dsu::Outcome::Checked: return Done;
    case dsu::Outcome::Refused:
    case dsu::Outcome::Busy: return Refused;
    case dsu::Outcome::NotReached: return NotReached;
  }
  return Refused;
}

int send_patch(const Options& options, dsu::FrameKind kind) {
  std::string problem;
  auto file = driver::read_file(options.arguments[1], problem);
  if (!file) {
    driver::print_error("popctl", problem);
    return Refused;
  }
  tal::ByteWriter payload;
  int timeout = answer_timeout_ms;
  dsu::UpdateOptions update = options.update;
  if (kind == dsu::FrameKind::Check && update.rehearsal != dsu::Rehearsal::None) {
    update.rehearsal = dsu::Rehearsal::Only;
    kind = dsu::FrameKind::Update; // a rehearsal needs an update point
  }
  if (kind == dsu::FrameKind::Update) {
    payload.raw(dsu::encode(update));
    // The longest that the program may take: wait, rehearse, wait again, transform.
    timeout += static_cast<int>(std::min<uint64_t>(2 * (uint64_t{update.wait_ms} + update.deadline_ms), 86'400'000));
  }
  payload.raw(*file);
  dsu::Answer answer;
  int status;
  if (!ask(options.arguments[0], kind, payload.bytes(), timeout, answer, status))
    return status;
  std::optional<dsu::Report> report = dsu::decode_report(answer.payload);
  if (!report)
    return protocol_mismatch();
  const bool is_check = options.command == "check" && report->outcome == dsu::Outcome::Checked;
  const std::vector<std::string> timing = is_check ? driver::timing_of(options.arguments[0], *file, answer_timeout_ms) : std::vector<std::string>{};
  std::cout << (options.json ? driver::json(*report, timing) + "\n" : driver::text(*report, timing));
  return exit_status_of(*report);
}

// A request without content, whose answer is shown.
template <dsu::FrameKind kind, auto decode>
int request(const Options& options) {
  dsu::Answer answer;
  int status;
  return ask(options.arguments[0], kind, {}, answer_timeout_ms, answer, status) ? show(options, decode(answer.payload)) : status;
}

struct Command {
  const char* name;
  size_t arguments;
  int (*run)(const Options&);
};

constexpr Command commands[] = {
    {"list", 0, list},
    {"status", 1, request<dsu::FrameKind::Status, dsu::decode_status>},
    {"history", 1, request<dsu::FrameKind::History, dsu::decode_history>},
    {"new-key", 1,
     [](const Options& o) {
       std::string problem;
       if (driver::make_key_files(o.arguments[0], problem))
         return static_cast<int>(Done);
       driver::print_error("popctl", problem);
       return static_cast<int>(Refused);
     }},
    {"why-blocked", 1, request<dsu::FrameKind::Where, dsu::decode_where>},
    {"watch", 1, watch},
    {"check", 2, [](const Options& o) { return send_patch(o, dsu::FrameKind::Check); }},
    {"update", 2, [](const Options& o) { return send_patch(o, dsu::FrameKind::Update); }},
};

int run(int argc, char** argv) {
  po::options_description visible("Options");
  visible.add_options()
      ("json", "answer in JSON")
      ("wait", po::value<std::string>()->value_name("TIME"), "update: how long to wait for an update point (default 5s)")
      ("deadline", po::value<std::string>()->value_name("TIME"), "update: how long state transformers may run (default 10s)")
      ("rehearse", "update, check: first try it in a forked copy of the program");
  po::options_description rest;
  rest.add_options()("argument", po::value<std::vector<std::string>>());
  po::variables_map map;
  if (auto status = driver::parse_tool_arguments("popctl", usage, visible, rest, argc, argv, map))
    return *status;
  Options options;
  options.json = map.count("json") != 0;
  for (const auto& [name, target] : {std::pair{"wait", &options.update.wait_ms}, std::pair{"deadline", &options.update.deadline_ms}}) {
    if (map.count(name) == 0)
      continue;
    const auto time = parse_duration(map[name].as<std::string>());
    if (!time)
      return usage_error("`--" + std::string(name) + "` takes a time such as 5s or 250ms");
    *target = *time;
  }
  if (map.count("rehearse"))
    options.update.rehearsal = dsu::Rehearsal::First;
  if (map.count("argument"))
    options.arguments = map["argument"].as<std::vector<std::string>>();
  if (options.arguments.empty())
    return usage_error("no command given");
  options.command = options.arguments[0];
  options.arguments.erase(options.arguments.begin());
  for (const Command& command : commands)
    if (options.command == command.name) {
      if (options.arguments.size() != command.arguments)
        return usage_error("`" + options.command + "` takes " + std::to_string(command.arguments) + " arguments");
      return command.run(options);
    }
  return usage_error("unknown command `" + options.command + "`");
}

} // namespace

int main(int argc, char** argv) { return run(argc, argv); }
