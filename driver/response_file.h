// `@FILE` on a command line: the arguments are in the file.
#pragma once

#include <string>
#include <vector>

namespace driver {

// Replaces each `@FILE` by the words of that file, which are separated by blanks and line ends; quotes and backslashes protect them as in a
// shell, and a word may be `@FILE` again. False with the reason in `problem`.
bool expand_response_files(std::vector<std::string>& arguments, std::string& problem);

} // namespace driver
