// talcheck: verifies TAL objects and linked programs, independently of the compiler.
//
// Exit status: 0 all accepted, 1 one refused or unreadable, 64 usage.
#include "driver/native_files.h"
#include "driver/output.h"
#include "driver/tool_arguments.h"
#include "tal/checker.h"
#include "tal/decoder.h"
#include "tal/elf.h"
#include "tal/image_check.h"
#include "tal/object_reader.h"
#include "tal/text.h"

#include <boost/program_options.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iostream>
#include <iterator>

namespace po = boost::program_options;

namespace {

constexpr const char* usage = R"(usage: talcheck [--json] [--interface] FILE...   verify objects and linked programs
       talcheck --repeat=N ...                  the same N times over; the times shown are medians
       talcheck --print FILE...                 print objects as .tal text (without verifying them)
       talcheck --instructions                  the table of accepted instructions

Exit status: 0 everything was accepted, 1 something was refused or could not be read, 64 wrong command line.
)";

enum ExitStatus { Accepted = 0, Refused = 1 };

struct Options {
  bool json = false, interface = false, print = false;
  unsigned repeat = 1;
  std::vector<std::string> natives, files;
};

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < ' ') {
      char hex[8];
      snprintf(hex, sizeof hex, "\\u%04x", c);
      out += hex;
    } else
      out += c;
  }
  return out + '"';
}

std::string number(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.9g", value);
  return text;
}

struct Outcome {
  std::string problem;                              // empty: accepted
  const tal::VerifyError* error = nullptr;          // more of it, for an object
  const tal::VerifiedObject* object = nullptr;
  tal::ProgramReport program;
  double seconds = 0;
};

// ---- human output ----------------------------------------------------------------------------------------------------

uint64_t annotation_bytes(const tal::VerifyStatistics& s) {
  uint64_t sum = 0;
  for (const auto& [name, size] : s.section_sizes) // what the checker needs: lines and updating data are not annotations
    if (name.starts_with(".tal.") && name != ".tal.lines" && name != ".tal.dsu")
      sum += size;
  return sum;
}

void print_interface(const tal::Interface& i) {
  static constexpr const char* scopes[] = {"static", "public", "import", "native"};
  static constexpr const char* kinds[] = {"function", "data", "exception", "descriptor"};
  std::cout << "  module " << i.module << (i.version.empty() ? "" : " version " + i.version) << "\n";
  for (const tal::InterfaceSymbol& s : i.symbols)
    std::cout << "  " << scopes[static_cast<size_t>(s.scope)] << " " << kinds[static_cast<size_t>(s.kind)] << " "
              << (s.name.empty() ? "(literal)" : s.name) << " : " << i.types.print(s.type) << "\n";
}

void report(const std::string& file, const Outcome& o, const Options& options) {
  if (!o.problem.empty()) {
    std::cerr << o.problem << (o.problem.ends_with('\n') ? "" : "\n");
    return;
  }
  if (o.object == nullptr) {
    std::cout << file << ": verified program" << (o.program.updateable ? ", updateable" : "") << ", " << o.program.modules.size()
              << " modules, " << o.seconds * 1e3 << " ms\n";
    for (const std::string& m : o.program.modules)
      std::cout << "  " << m << "\n";
    return;
  }
  const tal::VerifyStatistics& s = o.object->statistics();
  double text = static_cast<double>(o.object->text().size());
  char line[256];
  snprintf(line, sizeof line, ": verified, %u functions, %u instructions, %u labels, %.2f ms, %.1f MB/s of text\n", s.functions,
           s.instructions, s.labels, o.seconds * 1e3, o.seconds > 0 ? text / o.seconds / 1e6 : 0.0);
  std::cout << file << line;
  for (const auto& [name, size] : s.section_sizes) {
    snprintf(line, sizeof line, "  %-14s %8llu bytes\n", name.c_str(), static_cast<unsigned long long>(size));
    std::cout << line;
  }
  uint64_t annotations = annotation_bytes(s);
  snprintf(line, sizeof line, "  annotations    %8llu bytes, %.2f of the code\n",
           static_cast<unsigned long long>(annotations), text > 0 ? static_cast<double>(annotations) / text : 0.0);
  std::cout << line;
  if (options.interface)
    print_interface(o.object->interface());
}

// ---- JSON ------------------------------------------------------------------------------------------------------------

std::string json(const std::string& file, const Outcome& o) {
  std::string out = "{\"file\": " + json_string(file) + ", \"accepted\": " + (o.problem.empty() ? "true" : "false");
  if (o.error != nullptr)
    out += ", \"rule\": " + json_string(o.error->rule) + ", \"title\": " + json_string(o.error->title) +
           ", \"function\": " + json_string(o.error->function) + ", \"section\": " + json_string(section_name(o.error->section)) +
           ", \"offset\": " + std::to_string(o.error->offset) + ", \"instruction\": " + json_string(o.error->instruction) +
           ", \"expected\": " + json_string(o.error->expected) + ", \"found\": " + json_string(o.error->found);
  else if (!o.problem.empty())
    out += ", \"problem\": " + json_string(o.problem);
  out += ", \"seconds\": " + number(o.seconds);
  if (o.object != nullptr) {
    const tal::VerifyStatistics& s = o.object->statistics();
    out += ", \"functions\": " + std::to_string(s.functions) + ", \"instructions\": " + std::to_string(s.instructions) +
           ", \"labels\": " + std::to_string(s.labels) + ", \"annotation_bytes\": " + std::to_string(annotation_bytes(s)) +
           ", \"sections\": {";
    bool first = true;
    for (const auto& [name, size] : s.section_sizes) {
      out += (first ? "" : ", ") + json_string(name) + ": " + std::to_string(size);
      first = false;
    }
    out += "}";
  }
  return out + "}";
}

// ---- checking --------------------------------------------------------------------------------------------------------

// Of this thread: time of others on the machine does not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

bool is_program(const std::vector<uint8_t>& bytes) {
  tal::elf::Header header;
  if (bytes.size() < sizeof header)
    return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  constexpr uint16_t executable = 2, shared = 3;
  return std::memcmp(header.ident, "\x7f" "ELF", 4) == 0 && (header.type == executable || header.type == shared);
}

void check_once(const std::string& file, const std::vector<uint8_t>& bytes, const tal::NativeInterface& natives, Outcome& outcome,
                tal::VerifyResult& result) {
  outcome = Outcome{};
  if (is_program(bytes)) {
    if (std::string problem; !tal::check_program(bytes, natives, outcome.program, problem))
      outcome.problem = file + ": refused: " + problem;
    return;
  }
  result = tal::verify(bytes, natives);
  outcome.error = std::get_if<tal::VerifyError>(&result);
  if (outcome.error != nullptr)
    outcome.problem = to_string(*outcome.error, file);
  else
    outcome.object = std::get<std::unique_ptr<tal::VerifiedObject>>(result).get();
}

int check_file(const std::string& file, const tal::NativeInterface& natives, const Options& options, std::string& json_list) {
  std::string problem;
  auto bytes = driver::read_file(file, problem);
  Outcome outcome;
  tal::VerifyResult result;
  if (!bytes) {
    outcome.problem = "talcheck: error: " + problem;
  } else {
    std::vector<double> times;
    do {
      const double start = cpu_seconds();
      check_once(file, *bytes, natives, outcome, result);
      times.push_back(cpu_seconds() - start);
    } while (times.size() < options.repeat);
    std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2), times.end());
    outcome.seconds = times[times.size() / 2];
  }
  if (options.json)
    json_list += (json_list.empty() ? "" : ",\n ") + json(file, outcome);
  else
    report(file, outcome, options);
  return outcome.problem.empty() ? Accepted : Refused;
}

int print_file(const std::string& file) {
  std::string problem;
  auto bytes = driver::read_file(file, problem);
  if (!bytes) {
    driver::print_error("talcheck", problem);
    return Refused;
  }
  tal::ObjectFile object;
  tal::ReadError error;
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
#define TAL_RULE(id, text) text,
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
  std::string json_list;
  for (const std::string& file : options.files)
    status = std::max(status, check_file(file, *natives, options, json_list));
  if (options.json)
    std::cout << "[" << json_list << "]\n";
  return status;
}

} // namespace

int main(int argc, char** argv) {
  po::options_description visible("Options");
  Options options;
  bool instructions = false;
  visible.add_options()("json", po::bool_switch(&options.json), "results as JSON")(
      "natives", po::value(&options.natives)->value_name("FILE"), "C functions that the objects may use, and their types")(
      "interface", po::bool_switch(&options.interface), "print the interface of each object")(
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
