// What popctl and a running program say to each other over the control socket.
//
//   frame    ::= length:u32 kind:u8 payload            length counts the payload; little endian
//   request  ::= one frame, response ::= one frame; then the program closes the connection
//
// | request  | payload                      | response |
// |----------|------------------------------|----------|
// | Status   | -                            | Status   |
// | History  | -                            | History  |
// | Check    | patch file                   | Report   |
// | Update   | options, patch file          | Report   |
// | Where    | -                            | Where    |
// | Manifests | -                           | Manifests |
//
//   options  ::= wait_ms:u32 deadline_ms:u32 rehearsal:u8
//
// `wait_ms` is how long the client wants to wait for an update point; when it passes the update is withdrawn and the
// report says NotReached. A malformed or oversized request is answered by a Problem frame with a text. Both ends state
// the protocol version first in every payload, so that an old popctl gets a clear answer from a new program.
//
// Reading never trusts a length: every count is bounded by the bytes that remain (tal::ByteReader).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tal/bytes.h"

namespace dsu {

inline constexpr uint8_t protocol_version = 2;
inline constexpr uint32_t max_frame = 32u << 20;  // of a patch, too

enum class FrameKind : uint8_t { Status = 1, History, Check, Update, Report, Problem, Where, Manifests };

// The steps of an update in their order; a report names the one that failed.
enum class Step : uint8_t {
#define DSU_STEP(id, text) id,
#include "dsu/format/steps.def"
};
inline constexpr unsigned step_count = 0
#define DSU_STEP(id, text) +1
#include "dsu/format/steps.def"
    ;
std::string_view step_name(Step step);

enum class Outcome : uint8_t {
#define DSU_OUTCOME(id, text) id,
#include "dsu/format/outcomes.def"
};
std::string_view outcome_name(Outcome outcome);

// Whether the update is first tried in a forked copy of the program, and whether it is carried out after that.
enum class Rehearsal : uint8_t { None, First, Only };

struct UpdateOptions {
  uint32_t wait_ms = 5'000;       // for an update point
  uint32_t deadline_ms = 10'000;  // for the state transformers
  Rehearsal rehearsal = Rehearsal::None;
};

// What happened to one patch. For a refusal: the step, the symbol it is about (may be empty), why, and what would help.
struct Report {
  Outcome outcome = Outcome::Refused;
  Step step = Step::Read;
  std::string patch;       // label
  std::string checksum;    // hexadecimal, identifies the patch
  std::string symbol, reason, help;
  uint64_t unix_ms = 0;    // when it was finished
  uint64_t step_ns[step_count] = {};
  uint64_t wait_ns = 0;    // from ready to the update point
  uint64_t pause_ns = 0;   // how long the update point took: transform and commit
  uint64_t fork_ns = 0;    // how long the program stood still for a rehearsal
  uint32_t functions = 0, stubs = 0, added = 0, data = 0, call_sites = 0, entries = 0;
  std::vector<std::string> replaced;  // names now bound to new definitions
  std::vector<std::string> active;    // old functions that are still on the stack, innermost first
};

// Where the program is. Frames are written "FUNCTION (FILE:LINE)", innermost first.
struct Where {
  std::vector<std::string> frames;
  std::string state;       // in words: what the innermost one is doing
  bool is_waiting = false; // an update waits for an update point
};

// The `.tal.dsu` of a module version: what poppatch needs to make a patch for this very program.
struct RunningManifest {
  bool is_latest = false;  // else an older version whose functions are still on the stack
  tal::Bytes section;
};

struct ModuleStatus {
  std::string name, version, hash;
  uint32_t updates = 0;
};

struct Status {
  uint32_t pid = 0;
  std::string program;
  std::vector<ModuleStatus> modules;
  std::string pending;       // label of the patch that waits for an update point; empty: none
  std::string last_error;
  uint32_t applied = 0, refused = 0;
  uint64_t pause_p50_ns = 0, pause_max_ns = 0;
  uint64_t text_bytes = 0;   // of patches loaded so far
};

using Bytes = tal::Bytes;

Bytes encode(const UpdateOptions& options);
Bytes encode(const Where& where);
std::optional<Where> decode_where(std::span<const uint8_t> payload);
// Reads the options before a patch; `payload` is then the patch.
std::optional<UpdateOptions> take_options(std::span<const uint8_t>& payload);
Bytes encode(const std::vector<RunningManifest>& manifests);
std::optional<std::vector<RunningManifest>> decode_manifests(std::span<const uint8_t> payload);
Bytes encode(const Report& report);
Bytes encode(const Status& status);
Bytes encode(const std::vector<Report>& history);
std::optional<Report> decode_report(std::span<const uint8_t> payload);
std::optional<Status> decode_status(std::span<const uint8_t> payload);
std::optional<std::vector<Report>> decode_history(std::span<const uint8_t> payload);

// A whole frame: header and payload.
Bytes frame(FrameKind kind, std::span<const uint8_t> payload);
struct FrameHeader {
  uint32_t length = 0;
  FrameKind kind = FrameKind::Problem;
};
inline constexpr size_t frame_header_size = 5;
std::optional<FrameHeader> decode_header(std::span<const uint8_t> bytes);

}  // namespace dsu
