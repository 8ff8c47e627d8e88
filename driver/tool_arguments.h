// What the command lines of the smaller tools have in common: parsing, --help, --version, and how errors are told.
#pragma once

#include <boost/program_options.hpp>

#include <optional>
#include <string>

namespace driver {

// Parses into `map`: the options of `visible`, to which --help and --version are added, and everything else as `rest`, whose name is
// not shown. A status: the tool ends with it (help or version was printed, or the error was told); nothing: go on.
std::optional<int> parse_tool_arguments(const std::string& tool, const std::string& usage,
                                        boost::program_options::options_description visible,
                                        const boost::program_options::options_description& rest, int argc, char** argv,
                                        boost::program_options::variables_map& map);

} // namespace driver
