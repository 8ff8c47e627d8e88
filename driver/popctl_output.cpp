#include "driver/popctl_output.h"

#include "driver/json.h"

#include <cstdio>
#include <ctime>

namespace driver {

using dsu::Report;
using dsu::Status;

namespace {

// What a program says about itself is not trusted with the terminal.
std::string printable(const std::string& text) {
  std::string out;
  for (char c : text)
    out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? '?' : c;
  return out;
}

std::string clock_time(uint64_t unix_ms) {
  time_t seconds = static_cast<time_t>(unix_ms / 1000);
  tm local{};
  localtime_r(&seconds, &local);
  char buffer[32];
  strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &local);
  return buffer;
}

std::string phases(const Report& r) {
  std::string line;
  for (unsigned i = 0; i < dsu::step_count; i++)
    if (r.step_ns[i] != 0)
      line += (line.empty() ? "" : ", ") + std::string(step_name(static_cast<dsu::Step>(i))) + " " + duration(r.step_ns[i]);
  return line;
}

std::string joined(const std::vector<std::string>& names) {
  std::string line;
  for (const std::string& name : names)
    line += (line.empty() ? "" : ", ") + printable(name);
  return line;
}

std::string counts(const Report& r) {
  return std::to_string(r.functions) + " functions replaced (" + std::to_string(r.stubs) + " through stubs), " +
         std::to_string(r.added) + " definitions added, " + std::to_string(r.data) + " data converted, " +
         std::to_string(r.call_sites) + " call sites and " + std::to_string(r.entries) + " entries rewritten";
}

} // namespace

std::string duration(uint64_t ns) {
  char buffer[32];
  if (ns < 1'000)
    std::snprintf(buffer, sizeof buffer, "%llu ns", static_cast<unsigned long long>(ns));
  else if (ns < 1'000'000)
    std::snprintf(buffer, sizeof buffer, "%.1f us", static_cast<double>(ns) / 1e3);
  else if (ns < 1'000'000'000)
    std::snprintf(buffer, sizeof buffer, "%.2f ms", static_cast<double>(ns) / 1e6);
  else
    std::snprintf(buffer, sizeof buffer, "%.2f s", static_cast<double>(ns) / 1e9);
  return buffer;
}

std::string json(const Report& r, const std::vector<std::string>& timing) {
  JsonObject times;
  for (unsigned i = 0; i < dsu::step_count; i++)
    times.add(std::string(step_name(static_cast<dsu::Step>(i))).c_str(), r.step_ns[i]);
  JsonObject object;
  object.add("outcome", std::string(outcome_name(r.outcome))).add("patch", r.patch).add("checksum", r.checksum);
  if (r.outcome == dsu::Outcome::Refused)
    object.add("step", std::string(step_name(r.step)));
  object.add("symbol", r.symbol).add("reason", r.reason).add("help", r.help).add("unix_ms", r.unix_ms);
  object.raw("step_ns", times.str()).add("wait_ns", r.wait_ns).add("pause_ns", r.pause_ns).add("fork_ns", r.fork_ns);
  object.add("functions", r.functions).add("stubs", r.stubs).add("added", r.added).add("data", r.data);
  object.add("call_sites", r.call_sites).add("entries", r.entries);
  object.add("replaced", r.replaced).add("active", r.active);
  if (r.outcome == dsu::Outcome::Checked)
    object.add("timing", timing);
  return object.str();
}

std::string json(const std::vector<Report>& history) {
  std::string list;
  for (const Report& report : history)
    list += (list.empty() ? "" : ",\n ") + json(report);
  return "[" + list + "]";
}

std::string json(const Status& s) {
  std::string modules;
  for (const dsu::ModuleStatus& m : s.modules)
    modules += (modules.empty() ? "" : ", ") +
               JsonObject().add("name", m.name).add("version", m.version).add("hash", m.hash).add("updates", m.updates).str();
  return JsonObject()
      .add("pid", s.pid)
      .add("program", s.program)
      .raw("modules", "[" + modules + "]")
      .add("pending", s.pending)
      .add("last_error", s.last_error)
      .add("applied", s.applied)
      .add("refused", s.refused)
      .add("pause_p50_ns", s.pause_p50_ns)
      .add("pause_max_ns", s.pause_max_ns)
      .add("patch_bytes", s.text_bytes)
      .str();
}

std::string text(const Report& r, const std::vector<std::string>& timing) {
  std::string out = std::string(outcome_name(r.outcome)) + (r.patch.empty() ? "" : " " + printable(r.patch));
  switch (r.outcome) {
    case dsu::Outcome::Applied:
      out += " in " + duration(r.pause_ns) + " (" + phases(r) + "; waited " + duration(r.wait_ns) + ")\n  " + counts(r) + "\n";
      if (!r.active.empty())
        out += "  still running in their old version: " + joined(r.active) + "\n";
      break;
    case dsu::Outcome::Checked:
      out += " (" + phases(r) + ")\n  " + counts(r) + "\n";
      for (const std::string& sentence : timing)
        out += "  on the stack now: " + printable(sentence) + "\n";
      break;
    case dsu::Outcome::AlreadyApplied: out += "\n"; break;
    case dsu::Outcome::Refused:
    case dsu::Outcome::NotReached:
    case dsu::Outcome::Busy:
      if (r.outcome == dsu::Outcome::Refused)
        out += " at step " + std::string(step_name(r.step));
      out += ": " + (r.symbol.empty() ? "" : "`" + printable(r.symbol) + "`: ") + printable(r.reason) + "\n";
      if (!r.help.empty())
        out += "  help: " + printable(r.help) + "\n";
  }
  return out;
}

std::string text(const std::vector<Report>& history) {
  std::string out;
  for (const Report& report : history)
    out += clock_time(report.unix_ms) + "  " + text(report);
  return history.empty() ? "no updates so far\n" : out;
}

std::string json(const dsu::Where& w) {
  return JsonObject().add("state", w.state).raw("update_waits", w.is_waiting ? "true" : "false").add("frames", w.frames).str();
}

std::string text(const dsu::Where& w) {
  std::string out = std::string(w.is_waiting ? "an update waits; " : "no update waits; ") + "the program " + printable(w.state) + "\n";
  for (const std::string& frame : w.frames)
    out += "  at " + printable(frame) + "\n";
  return out;
}

std::string text(const Status& s) {
  std::string out = "program  " + printable(s.program) + " (" + std::to_string(s.pid) + ")\n";
  out += "updates  " + std::to_string(s.applied) + " applied, " + std::to_string(s.refused) + " refused";
  if (s.applied != 0)
    out += "; pause p50 " + duration(s.pause_p50_ns) + ", max " + duration(s.pause_max_ns);
  out += "; " + std::to_string(s.text_bytes) + " bytes of patches mapped\n";
  if (!s.pending.empty())
    out += "pending  " + printable(s.pending) + " waits for an update point\n";
  if (!s.last_error.empty())
    out += "refused  " + printable(s.last_error) + "\n";
  for (const dsu::ModuleStatus& m : s.modules) {
    out += "module   " + printable(m.name) + "  " + m.hash.substr(0, 12);
    if (!m.version.empty())
      out += "  " + printable(m.version);
    if (m.updates != 0)
      out += "  replaced " + std::to_string(m.updates) + (m.updates == 1 ? " time" : " times");
    out += "\n";
  }
  return out;
}

} // namespace driver
