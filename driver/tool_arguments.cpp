#include "driver/tool_arguments.h"

#include "driver/output.h"

#include <iostream>

namespace po = boost::program_options;

namespace driver {

std::optional<int> parse_tool_arguments(const std::string& tool, const std::string& usage, po::options_description visible,
                                        const po::options_description& rest, int argc, char** argv, po::variables_map& map) {
  visible.add_options()("help,h", "print this text")("version,V", "print the version");
  po::options_description all;
  all.add(visible).add(rest);
  po::positional_options_description positional;
  positional.add(rest.options().front()->long_name().c_str(), -1);
  try {
    po::store(po::command_line_parser(argc, argv).options(all).positional(positional).run(), map);
    po::notify(map);
  } catch (const po::error& error) {
    return usage_error(tool, error.what());
  }
  if (map.count("help")) {
    std::cout << usage << "\n" << visible;
    return 0;
  }
  if (map.count("version")) {
    std::cout << tool << " " POPCORN_VERSION "\n";
    return 0;
  }
  return std::nullopt;
}

} // namespace driver
