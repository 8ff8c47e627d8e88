// talcheck: verifies TAL objects, linked programs and patches, independently of the compiler.
//
// Exit status: 0 all accepted, 1 one refused or unreadable, 64 usage.
#include "driver/check_report.h"
#include "driver/explain.h"
#include "driver/native_files.h"
#include "driver/output.h"
#include "driver/tool_arguments.h"
#include "dsu/format/signature.h"
#include "tal/decoder.h"
#include "tal/elf.h"
#include "tal/link/image_check.h"
#include "tal/object_reader.h"
#include "tal/text/text.h"

#include <boost/program_options.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <iterator>
#include <unistd.h>

namespace po = boost::program_options;

namespace {

constexpr const char* usage = R"(usage: talcheck [options] FILE...                verify objects, linked programs and patches
       talcheck --print FILE...                 print objects as .tal text (without verifying them)
       talcheck --instructions                  the table of accepted instructions

A patch is verified object by object; whether it fits a running program is checked where it is applied.

Exit status: 0 everything was accepted, 1 something was refused or could not be read, 64 wrong command line.
)";

enum ExitStatus { Accepted = 0, Refused = 1 };

struct Options {
  bool json = false, interface = false, print = false, explain = false, stats = false;
  unsigned repeat = 1;
  std::vector<std::string> natives, files;
};

// ---- checking --------------------------------------------------------------------------------------------------------

// Of this thread: time of others on the machine does not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

bool is_program(std::span<const uint8_t> bytes) {
  tal::elf::Header header;
  if (bytes.size() < sizeof header)
    return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  constexpr uint16_t executable = 2, shared = 3;
  return std::memcmp(header.ident, "\x7f" "ELF", 4) == 0 && (header.type == executable || header.type == shared);
}

bool is_patch(std::span<const uint8_t> bytes) { return bytes.size() >= 8 && std::memcmp(bytes.data(), "POPPATCH", 8) == 0; }

void check_object(std::string name, std::span<const uint8_t> bytes, const tal::NativeInterface& natives, driver::CheckedFile& out) {
  driver::CheckedObject& o = out.objects.emplace_back();
  o.name = std::move(name);
  o.bytes = bytes;
  tal::VerifyResult result = tal::verify(bytes, natives);
  if (auto* error = std::get_if<tal::VerifyError>(&result))
    o.error = std::move(*error);
  else
    o.object = std::move(std::get<std::unique_ptr<tal::VerifiedObject>>(result));
}

void check_program(std::span<const uint8_t> bytes, const tal::NativeInterface& natives, driver::CheckedFile& out) {
  out.kind = driver::CheckedFile::Kind::Program;
  tal::ProgramReport report;
  if (!tal::check_program(bytes, natives, report, out.problem))
    return;
  out.updateable = report.updateable;
  for (size_t i = 0; i < report.objects.size(); i++) {
    driver::CheckedObject& o = out.objects.emplace_back();
    o.name = report.objects[i]->interface().module;
    o.bytes = report.files[i];
    o.object = std::move(report.objects[i]);
  }
}

void check_patch(std::span<const uint8_t> bytes, const tal::NativeInterface& natives, driver::CheckedFile& out) {
  out.kind = driver::CheckedFile::Kind::Patch;
  dsu::ContainerResult result = dsu::read_container(bytes);
  if (const auto* problem = std::get_if<dsu::ContainerProblem>(&result)) {
    out.problem = problem->reason + (problem->help.empty() ? "" : "\n  help: " + problem->help);
    return;
  }
  out.patch = std::move(std::get<dsu::PatchFile>(result));
  if (out.patch.signature)
    if (auto problem = dsu::find_signature_problem(out.patch, out.patch.signature->key, 0)) {
      out.problem = problem->reason;
      return;
    }
  size_t next = 0;
  for (const dsu::PatchModule& m : out.patch.modules)
    if (dsu::has_object(m.role) && next < out.patch.objects.size())
      check_object(m.name, out.patch.objects[next++], natives, out);
}

int check_file(const std::string& file, const tal::NativeInterface& natives, const Options& options, std::vector<std::string>& json) {
  driver::CheckedFile checked;
  auto bytes = driver::read_file(file, checked.problem);
  if (!bytes) {
    checked.problem = "talcheck: error: " + checked.problem;
    checked.unreadable = true;
  } else {
    std::vector<double> times;
    do {
      const double start = cpu_seconds();
      checked = {};
      if (is_program(*bytes))
        check_program(*bytes, natives, checked);
      else if (is_patch(*bytes))
        check_patch(*bytes, natives, checked);
      else
        check_object(file, *bytes, natives, checked);
      times.push_back(cpu_seconds() - start);
    } while (times.size() < options.repeat);
    std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2), times.end());
    checked.seconds = times[times.size() / 2];
  }
  checked.file = file;
  if (options.json) {
    json.push_back(driver::json(checked));
  } else {
    const bool colour = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
    driver::print(checked, {options.stats, options.interface, colour}, natives);
    if (options.explain)
      for (const driver::CheckedObject& o : checked.objects) {
        if (checked.kind != driver::CheckedFile::Kind::Object)
          std::cout << "\nmodule " << o.name << "\n";
        driver::explain(o.bytes, natives, std::cout);
      }
  }
  return checked.accepted() ? Accepted : Refused;
}

int print_file(const std::string& file) {
  std::string problem;
  auto bytes = driver::read_file(file, problem);
  if (!bytes) {
    driver::print_error("talcheck", problem);
    return Refused;
  }
  tal::ObjectFile object;
  tal::VerifyError error;
  if (!tal::read_object(*bytes, object, error)) {
    driver::print_error("talcheck", file + ": not an object that can be printed: expected " + error.expected + ", found " + error.found);
    return Refused;
  }
  std::cout << tal::print_object(object.image, object.annotations);
  return Accepted;
}

// Markdown, for docs/tal.md.
void print_instructions() {
  static constexpr const char* forms[] = {"",     "r, r",  "m, r", "r, r", "r, m",    "r, imm",  "m, imm", "rax, imm", "r, imm",
                                          "r",    "m",     "r",    "imm",  "r, 1",    "r, cl",   "r, r, imm", "r, m, imm", "target",
                                          "x, x", "x, m",  "m, x", "x, r", "r, x",    "r, x"};
  static_assert(std::size(forms) == static_cast<size_t>(tal::Form::RX) + 1);
  static constexpr const char* flags[] = {"-", "junk", "arith", "cmp", "test", "shift"};
  static constexpr const char* rules[] = {
#define TAL_RULE(id, step, text) text,
#include "tal/x86_64.def"
  };
  std::cout << "# Accepted instructions\n\nWritten by `talcheck --instructions` from `tal/x86_64.def`. r: register, x: xmm register, m: memory, imm: immediate. "
               "The words for flags: tal.md, \"Conditions\".\n\n";
  std::cout << "| mnemonic | operands | bits | opcode | flags | rule |\n|---|---|---|---|---|---|\n";
  for (size_t i = 0; i < static_cast<size_t>(tal::Opcode::count_); i++) {
    const tal::Row& row = tal::row_of(static_cast<tal::Opcode>(i));
    char opcode[32];
    snprintf(opcode, sizeof opcode, "%s%s%02X", row.size_letter == 'w' ? "66 " : row.size_letter == 'q' ? "REX.W " : "",
             row.map == 2 ? "0F " : "", row.opcode);
    std::cout << "| " << row.mnemonic << " | " << forms[static_cast<size_t>(row.form)] << " | " << 8 * row.size
              << (row.source != row.size ? " from " + std::to_string(8 * row.source) : "") << " | " << opcode
              << (row.digit >= 0 ? " /" + std::to_string(row.digit) : row.digit == -1 ? " /r" : "") << " | "
              << flags[static_cast<size_t>(row.flags)] << " | " << rules[static_cast<size_t>(row.rule)] << " |\n";
  }
}

int run(const Options& options) {
  int status = Accepted;
  if (options.print) {
    for (const std::string& file : options.files)
      status = std::max(status, print_file(file));
    return status;
  }
  const std::optional<tal::NativeInterface> natives = driver::read_natives(options.natives, "talcheck");
  if (!natives)
    return Refused;
  std::vector<std::string> json;
  for (const std::string& file : options.files)
    status = std::max(status, check_file(file, *natives, options, json));
  if (options.json)
    std::cout << driver::json_list(json) << "\n";
  return status;
}

} // namespace

int main(int argc, char** argv) {
  po::options_description visible("Options");
  Options options;
  bool instructions = false;
  visible.add_options()("explain", po::bool_switch(&options.explain), "list the code with what is known before each instruction and what it is asked")(
      "stats", po::bool_switch(&options.stats), "print sizes and counts")(
      "json", po::bool_switch(&options.json), "results, errors, statistics and interfaces as JSON")(
      "natives", po::value(&options.natives)->value_name("FILE"), "C functions that the objects may use, and their types")(
      "interface", po::bool_switch(&options.interface), "print what each object exports and imports, with types, and what updating is told of it")(
      "repeat", po::value(&options.repeat)->value_name("N"), "verify each file N times, for measuring")(
      "print", po::bool_switch(&options.print), "print objects as text")(
      "instructions", po::bool_switch(&instructions), "print the instruction table");
  po::options_description rest;
  rest.add_options()("file", po::value(&options.files));
  po::variables_map map;
  if (auto status = driver::parse_tool_arguments("talcheck", usage, visible, rest, argc, argv, map))
    return *status;
  if (instructions) {
    print_instructions();
    return Accepted;
  }
  if (options.files.empty()) {
    return driver::usage_error("talcheck", "no input file");
  }
  return run(options);
}
