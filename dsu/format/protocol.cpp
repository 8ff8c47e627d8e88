#include "dsu/format/protocol.h"

#include "tal/write/byte_writer.h"

namespace dsu {

using tal::ByteReader;
using tal::ByteWriter;

std::string_view step_name(Step step) {
  switch (step) {
#define DSU_STEP(id, text) \
  case Step::id:           \
    return text;
#include "dsu/format/steps.def"
  }
  return "unknown";
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
#define DSU_OUTCOME(id, text) \
  case Outcome::id:           \
    return text;
#include "dsu/format/outcomes.def"
  }
  return "unknown";
}

namespace {

// Enumerators are dense from 0, so the last row of the table bounds them.
constexpr uint8_t outcome_count = 0
#define DSU_OUTCOME(id, text) +1
#include "dsu/format/outcomes.def"
    ;

void write_strings(ByteWriter& out, const std::vector<std::string>& strings) {
  out.uleb(strings.size());
  for (const std::string& s : strings)
    out.string(s);
}

std::vector<std::string> read_strings(ByteReader& in) {
  std::vector<std::string> strings(in.count(1));
  for (std::string& s : strings)
    s = in.string();
  return strings;
}

void write_report(ByteWriter& out, const Report& r) {
  out.u8(static_cast<uint8_t>(r.outcome));
  out.u8(static_cast<uint8_t>(r.step));
  for (const std::string* s : {&r.patch, &r.checksum, &r.symbol, &r.reason, &r.help})
    out.string(*s);
  out.u64(r.unix_ms);
  for (uint64_t ns : r.step_ns)
    out.u64(ns);
  out.u64(r.wait_ns);
  out.u64(r.pause_ns);
  out.u64(r.fork_ns);
  for (uint32_t n : {r.functions, r.stubs, r.added, r.data, r.call_sites, r.entries})
    out.u32(n);
  write_strings(out, r.replaced);
  write_strings(out, r.active);
}

// What the smallest report takes, so that a count of reports allocates no more than a few times what was sent.
constexpr size_t least_report = 2 + 5 + 8 + 8 * step_count + 24 + 6 * 4 + 2;

Report read_report(ByteReader& in) {
  Report r;
  uint8_t outcome = in.u8(), step = in.u8();
  if (outcome >= outcome_count || step >= step_count)
    in.fail();
  r.outcome = static_cast<Outcome>(outcome);
  r.step = static_cast<Step>(step);
  for (std::string* s : {&r.patch, &r.checksum, &r.symbol, &r.reason, &r.help})
    *s = in.string();
  r.unix_ms = in.u64();
  for (uint64_t& ns : r.step_ns)
    ns = in.u64();
  r.wait_ns = in.u64();
  r.pause_ns = in.u64();
  r.fork_ns = in.u64();
  for (uint32_t* n : {&r.functions, &r.stubs, &r.added, &r.data, &r.call_sites, &r.entries})
    *n = in.u32();
  r.replaced = read_strings(in);
  r.active = read_strings(in);
  return r;
}

ByteReader open(std::span<const uint8_t> payload) {
  ByteReader in(payload);
  if (in.u8() != protocol_version)
    in.fail();
  return in;
}

bool complete(const ByteReader& in) { return !in.bad() && in.at_end(); }

}  // namespace

Bytes encode(const UpdateOptions& options) {
  ByteWriter out;
  out.u8(protocol_version);
  out.u32(options.wait_ms);
  out.u32(options.deadline_ms);
  out.u8(static_cast<uint8_t>(options.rehearsal));
  return out.take();
}

std::optional<UpdateOptions> take_options(std::span<const uint8_t>& payload) {
  ByteReader in = open(payload);
  UpdateOptions options;
  options.wait_ms = in.u32();
  options.deadline_ms = in.u32();
  const uint8_t rehearsal = in.u8();
  if (in.bad() || rehearsal > static_cast<uint8_t>(Rehearsal::Only))
    return std::nullopt;
  options.rehearsal = static_cast<Rehearsal>(rehearsal);
  payload = payload.subspan(in.position());
  return options;
}

Bytes encode(const Where& where) {
  ByteWriter out;
  out.u8(protocol_version);
  write_strings(out, where.frames);
  out.string(where.state);
  out.u8(where.is_waiting ? 1 : 0);
  return out.take();
}

std::optional<Where> decode_where(std::span<const uint8_t> payload) {
  ByteReader in = open(payload);
  Where where;
  where.frames = read_strings(in);
  where.state = in.string();
  const uint8_t is_waiting = in.u8();
  if (!complete(in) || is_waiting > 1)
    return std::nullopt;
  where.is_waiting = is_waiting != 0;
  return where;
}

Bytes encode(const std::vector<RunningManifest>& manifests) {
  ByteWriter out;
  out.u8(protocol_version);
  out.uleb(manifests.size());
  for (const RunningManifest& m : manifests) {
    out.u8(m.is_latest ? 1 : 0);
    out.uleb(m.section.size());
    out.raw(m.section);
  }
  return out.take();
}

std::optional<std::vector<RunningManifest>> decode_manifests(std::span<const uint8_t> payload) {
  ByteReader in = open(payload);
  std::vector<RunningManifest> manifests(in.count(2));
  for (RunningManifest& m : manifests) {
    const uint8_t is_latest = in.u8();
    if (is_latest > 1)
      in.fail();
    m.is_latest = is_latest != 0;
    const std::span<const uint8_t> section = in.raw(in.uleb32());
    m.section.assign(section.begin(), section.end());
  }
  if (!complete(in))
    return std::nullopt;
  return manifests;
}

Bytes encode(const Report& report) {
  ByteWriter out;
  out.u8(protocol_version);
  write_report(out, report);
  return out.take();
}

std::optional<Report> decode_report(std::span<const uint8_t> payload) {
  ByteReader in = open(payload);
  Report report = read_report(in);
  if (!complete(in))
    return std::nullopt;
  return report;
}

Bytes encode(const std::vector<Report>& history) {
  ByteWriter out;
  out.u8(protocol_version);
  out.uleb(history.size());
  for (const Report& report : history)
    write_report(out, report);
  return out.take();
}

std::optional<std::vector<Report>> decode_history(std::span<const uint8_t> payload) {
  ByteReader in = open(payload);
  std::vector<Report> history(in.count(least_report));
  for (Report& report : history)
    report = read_report(in);
  if (!complete(in))
    return std::nullopt;
  return history;
}

Bytes encode(const Status& s) {
  ByteWriter out;
  out.u8(protocol_version);
  out.u32(s.pid);
  out.string(s.program);
  out.uleb(s.modules.size());
  for (const ModuleStatus& m : s.modules) {
    for (const std::string* text : {&m.name, &m.version, &m.hash})
      out.string(*text);
    out.u32(m.updates);
  }
  out.string(s.pending);
  out.string(s.last_error);
  out.u32(s.applied);
  out.u32(s.refused);
  for (uint64_t n : {s.pause_p50_ns, s.pause_max_ns, s.text_bytes})
    out.u64(n);
  return out.take();
}

std::optional<Status> decode_status(std::span<const uint8_t> payload) {
  ByteReader in = open(payload);
  Status s;
  s.pid = in.u32();
  s.program = in.string();
  s.modules.resize(in.count(3 + 4));
  for (ModuleStatus& m : s.modules) {
    for (std::string* text : {&m.name, &m.version, &m.hash})
      *text = in.string();
    m.updates = in.u32();
  }
  s.pending = in.string();
  s.last_error = in.string();
  s.applied = in.u32();
  s.refused = in.u32();
  for (uint64_t* n : {&s.pause_p50_ns, &s.pause_max_ns, &s.text_bytes})
    *n = in.u64();
  if (!complete(in))
    return std::nullopt;
  return s;
}

Bytes frame(FrameKind kind, std::span<const uint8_t> payload) {
  ByteWriter out;
  out.u32(static_cast<uint32_t>(payload.size()));
  out.u8(static_cast<uint8_t>(kind));
  out.raw(payload);
  return out.take();
}

std::optional<FrameHeader> decode_header(std::span<const uint8_t> bytes) {
  ByteReader in(bytes);
  FrameHeader header;
  header.length = in.u32();
  uint8_t kind = in.u8();
  if (in.bad() || header.length > max_frame || kind < static_cast<uint8_t>(FrameKind::Status) ||
      kind > static_cast<uint8_t>(FrameKind::Manifests))
    return std::nullopt;
  header.kind = static_cast<FrameKind>(kind);
  return header;
}

}  // namespace dsu
