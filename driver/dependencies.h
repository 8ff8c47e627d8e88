// -M, -MD: rules for make that say what an output depends on; names of outputs that are derived from others.
#pragma once

#include <string>
#include <vector>

namespace driver {

// "dir/list.pop" -> "list.o" in the current directory, as C compilers do.
std::string object_name(const std::string& input);
// Where the rule for an output goes: "dir/list.o" -> "dir/list.d", "program" -> "program.d".
std::string dependency_file_name(const std::string& output);

// "target: a.pop a.h ..", in the syntax that make, ninja and CMake read. With `phony` each prerequisite but the first also gets a rule
// without commands, so that make goes on when a header has been removed.
std::string make_rule(const std::string& target, const std::vector<std::string>& prerequisites, bool phony);

} // namespace driver
