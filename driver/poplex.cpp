// poplex: makes a Popcorn source file of a lexer specification.
#include "driver/output.h"
#include "driver/tool_arguments.h"
#include "frontend/lexgen/writer.h"

#include <filesystem>
#include <iostream>

namespace po = boost::program_options;

namespace {

constexpr const char* usage = R"(usage: poplex [options] FILE.popl

Writes FILE.pop: a function `int RULE(lexbuf)` for each rule of the specification, for the module Lexing of the library.

)";
enum ExitStatus { Done = 0, Error = 1 };

int run(const std::string& input, const std::string& output, bool statistics) {
  std::string problem;
  const auto bytes = driver::read_file(input, problem);
  if (!bytes) {
    driver::print_error("poplex", problem);
    return Error;
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  frontend::lexgen::LexerSpec spec;
  frontend::lexgen::SpecProblem where;
  if (!parse_spec(text, spec, where)) {
    driver::print_error(input + ":" + std::to_string(where.line) + ":" + std::to_string(where.column), where.message);
    return Error;
  }
  frontend::lexgen::Automaton automaton;
  if (!build_automaton(spec, automaton, problem)) {
    driver::print_error(input, problem);
    return Error;
  }
  if (statistics)
    std::cerr << input << ": " << automaton.states.size() << " states, " << automaton.class_count << " classes of characters\n";
  if (!driver::write_file(output, write_lexer(spec, automaton, input, output), problem)) {
    driver::print_error("poplex", problem);
    return Error;
  }
  return Done;
}

} // namespace

int main(int argc, char** argv) {
  po::options_description visible("Options"), rest;
  visible.add_options()("output,o", po::value<std::string>()->value_name("FILE"), "write FILE; \"-\" is standard output")(
      "stats", "tell the size of the automaton on stderr");
  rest.add_options()("rest", po::value<std::vector<std::string>>());
  po::variables_map map;
  if (const auto status = driver::parse_tool_arguments("poplex", usage, visible, rest, argc, argv, map))
    return *status;
  const auto inputs = map.count("rest") ? map["rest"].as<std::vector<std::string>>() : std::vector<std::string>();
  if (inputs.size() != 1)
    return driver::usage_error("poplex", "expected one FILE.popl");
  const std::string output = map.count("output") ? map["output"].as<std::string>() : std::filesystem::path(inputs[0]).replace_extension(".pop").string();
  if (output == inputs[0])
    return driver::usage_error("poplex", "the output would replace the specification; give another name with -o");
  return run(inputs[0], output, map.count("stats") > 0);
}
