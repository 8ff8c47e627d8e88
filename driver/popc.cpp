// popc: the compiler's command line. Parses options, runs the stages of compile.h, links.
#include "driver/options.h"

int main(int argc, char** argv) {
  int exit_status = 0;
  auto options = driver::parse_popc_options(argc, argv, exit_status);
  if (!options)
    return exit_status;
  return 70;
}
