// talas: assembles `.tal` text to an object file, without verifying it. For tests of the checker and for experiments: what it
// writes may be anything. `popc -c x.tal` assembles and verifies.
#include "codegen/instruction_assembler.h"
#include "driver/output.h"
#include "tal/text/text.h"
#include "tal/write/write.h"

#include <cstring>
#include <iostream>

namespace {

constexpr const char* usage = R"(usage: talas FILE.tal -o FILE.o    assemble without verifying

Exit status: 0 written, 1 the text is wrong or a file cannot be read or written, 64 wrong command line.
)";
enum ExitStatus { Done = 0, Error = 1 };

} // namespace

int main(int argc, char** argv) {
  const std::string_view first = argc == 2 ? argv[1] : "";
  if (first == "--help" || first == "-h") {
    std::cout << usage;
    return Done;
  }
  if (first == "--version" || first == "-V") {
    std::cout << "talas " POPCORN_VERSION "\n";
    return Done;
  }
  if (argc != 4 || std::strcmp(argv[2], "-o") != 0)
    return driver::usage_error("talas", "expected FILE.tal -o FILE.o");
  std::string problem;
  auto bytes = driver::read_file(argv[1], problem);
  if (!bytes) {
    driver::print_error("talas", problem);
    return Error;
  }
  codegen::InstructionAssembler assembler;
  auto encode = [&](std::string_view text, tal::Bytes& code, std::string& why) { return assembler.encode(text, code, why); };
  tal::ObjectImage image;
  tal::ObjectAnnotations annotations;
  std::vector<tal::TextProblem> problems;
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (!tal::assemble(text, encode, image, annotations, problems)) {
    for (const tal::TextProblem& p : problems)
      driver::print_error(argv[1] + (":" + std::to_string(p.line)), p.message);
    return Error;
  }
  if (!driver::write_file(argv[3], tal::write_object(image, annotations), problem)) {
    driver::print_error("talas", problem);
    return Error;
  }
  return Done;
}
