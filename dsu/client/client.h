// popctl's end of the control channel.
#pragma once

#include <string>
#include <sys/types.h>
#include <variant>
#include <vector>

#include "dsu/format/protocol.h"

namespace dsu {

enum class ClientError { NoProgram, NotAllowed, Timeout, Protocol };
struct ClientProblem {
  ClientError error;
  std::string text;
};
struct Answer {
  FrameKind kind;
  Bytes payload;
};

// Sends one request and waits up to `timeout_ms` for the answer; a Problem frame comes back as an answer.
std::variant<Answer, ClientProblem> exchange(const std::string& socket_path, FrameKind kind, std::span<const uint8_t> payload,
                                             int timeout_ms);

// A PID, the path of a socket, or a name: the path of the socket to use.
std::string socket_of(const std::string& program);

// Sockets of the control directory behind which a program listens; those of programs that are gone are removed.
struct RunningProgram {
  pid_t pid;
  std::string path;
};
std::vector<RunningProgram> running_programs();

}  // namespace dsu
