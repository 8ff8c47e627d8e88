// Runs verified objects under the reference semantics.
//
//   talsim [--unchecked] [--runs N] [--seed S] [--steps N] [--function NAME] OBJECT...
//
//   talsim --run OBJECT...
//
// The second form runs the program whose modules the objects are, with natives that print and the like, and prints what it prints.
// The first starts each function of the objects N times with random arguments in a world that does anything its types allow. The
// objects must be accepted by the checker first, unless --unchecked stands before them: then it shows what the checker saves one
// from. Exit status 1 at a violation, which is printed with the instruction.
#include "console.h"
#include "havoc.h"

#include "tal/checker.h"
#include "tal/decoder.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

using namespace talsim;

namespace {

struct Input {
  tal::Bytes bytes;
  std::vector<tal_record> records;
};

bool read_input(const char* file, const tal::NativeInterface& natives, bool checked, Input& input) {
  std::ifstream in(file, std::ios::binary);
  input.bytes.assign(std::istreambuf_iterator<char>(in), {});
  if (!checked)
    return true;
  tal::VerifyResult result = tal::verify(input.bytes, natives);
  if (const auto* error = std::get_if<tal::VerifyError>(&result)) {
    std::fputs(to_string(*error, file).c_str(), stderr);
    return false;
  }
  input.records = std::get<std::unique_ptr<tal::VerifiedObject>>(result)->interface().records;
  return true;
}

void print_violation(const Machine& m) {
  tal::Inst inst;
  std::string text;
  if (m.stop.module < m.modules.size()) {
    std::span<const uint8_t> code = m.modules[m.stop.module]->file.image.text;
    if (m.stop.at < code.size() && tal::decode(code.subspan(m.stop.at), inst))
      text = print(inst, m.stop.at);
  }
  std::printf("VIOLATION in %s at .text+0x%x `%s`: %s\n", m.stop.function.c_str(), m.stop.at, text.c_str(), m.stop.reason.c_str());
}

bool load(Machine& m, const std::vector<Input>& inputs) {
  std::string problem;
  for (const Input& input : inputs) {
    auto module = std::make_unique<Module>();
    if (!load_module(input.bytes, input.records, *module, problem)) {
      std::fprintf(stderr, "talsim: %s\n", problem.c_str());
      return false;
    }
    m.modules.push_back(std::move(module));
  }
  bind(m.modules);
  return true;
}

int run_program(const std::vector<Input>& inputs, const tal::NativeInterface& natives, uint64_t steps) {
  Types types;
  Console console;
  Machine m(types, natives, console, 1);
  m.step_limit = steps;
  m.collect_every = 64;
  m.longest_array = 50000000;
  if (!load(m, inputs))
    return 70;
  Outcome outcome = Outcome::Stopped;
  Word result;
  bool found = false;
  if (m.start())
    for (uint32_t k = 0; k < m.modules.size() && !found; k++)
      for (uint32_t s = 0; s < m.modules[k]->file.annotations.symbols.size() && !found; s++) {
        const tal::Symbol& symbol = m.modules[k]->symbol(s);
        found = symbol.section == tal::Section::Text && (symbol.name == "main" || symbol.name == "pop_main");
        if (found)
          outcome = m.call(m.closure(k, s, 0), {}, result);
      }
  std::fwrite(console.output().data(), 1, console.output().size(), stdout);
  if (m.stop.why == Stop::Why::Violation)
    print_violation(m);
  else if (m.stop.why == Stop::Why::Exit)
    return m.stop.status;
  else if (m.stop.why != Stop::Why::Nothing || !found || outcome == Outcome::Thrown)
    std::fprintf(stderr, "talsim: %s\n", !found ? "no main function" : outcome == Outcome::Thrown ? "uncaught exception" : m.stop.reason.c_str());
  else
    return result.tag == Tag::Int ? static_cast<int>(result.bits & 255) : 0;
  return 70;
}

} // namespace

int main(int argc, char** argv) {
  uint64_t runs = 10, seed = 1, steps = 10000;
  std::string function;
  bool checked = true, whole = false;
  std::vector<Input> inputs;
  tal::NativeInterface natives;
  std::string problem;
  if (!tal::parse_natives(tal::builtin_natives_text(), natives, problem)) {
    std::fprintf(stderr, "talsim: %s\n", problem.c_str());
    return 1;
  }
  for (int i = 1; i < argc; i++) {
    auto option = [&](const char* name) { return std::strcmp(argv[i], name) == 0 && i + 1 < argc; };
    if (option("--runs"))
      runs = std::strtoull(argv[++i], nullptr, 10);
    else if (option("--seed"))
      seed = std::strtoull(argv[++i], nullptr, 10);
    else if (option("--steps"))
      steps = std::strtoull(argv[++i], nullptr, 10);
    else if (std::strcmp(argv[i], "--run") == 0)
      whole = true;
    else if (std::strcmp(argv[i], "--unchecked") == 0)
      checked = false;
    else if (option("--function"))
      function = argv[++i];
    else if (!read_input(argv[i], natives, checked, inputs.emplace_back()))
      return 1;
  }
  if (inputs.empty()) {
    std::fputs("usage: talsim [--unchecked] [--runs N] [--seed S] [--steps N] [--function NAME] OBJECT...\n", stderr);
    return 64;
  }
  if (whole)
    return run_program(inputs, natives, std::max<uint64_t>(steps, 200000000));
  uint64_t counts[2][5] = {}, started = 0, instructions = 0;
  for (uint64_t run = 0; run < runs; run++) {
    Types types;
    Havoc havoc(seed + run);
    Machine m(types, natives, havoc, seed + run);
    m.has_records = checked;
    if (!load(m, inputs))
      return 1;
    if (!m.start() && m.stop.why == Stop::Why::Violation) {
      print_violation(m);
      return 1;
    }
    for (uint32_t k = 0; k < m.modules.size(); k++)
      for (uint32_t s = 0; s < m.modules[k]->file.annotations.symbols.size(); s++) {
        const tal::Symbol& symbol = m.modules[k]->symbol(s);
        if (symbol.section != tal::Section::Text || (!function.empty() && symbol.name != function))
          continue;
        m.steps = 0;
        m.step_limit = steps;
        m.reset();
        Outcome outcome = Outcome::Returned;
        if (!havoc.run(m, k, s, outcome))
          continue;
        started++;
        instructions += m.steps;
        counts[outcome == Outcome::Thrown][static_cast<size_t>(m.stop.why)]++;
        if (m.stop.why == Stop::Why::Violation) {
          print_violation(m);
          return 1;
        }
      }
  }
  std::printf("%llu calls, %llu instructions: %llu returned, %llu raised, %llu stopped at a limit, %llu ended the program\n",
              static_cast<unsigned long long>(started), static_cast<unsigned long long>(instructions),
              static_cast<unsigned long long>(counts[0][0]), static_cast<unsigned long long>(counts[1][0]),
              static_cast<unsigned long long>(counts[0][2]), static_cast<unsigned long long>(counts[0][3] + counts[0][4]));
  return 0;
}
