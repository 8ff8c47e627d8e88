// Programs that the tools run.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace driver {

// Runs a command, found through PATH, with stderr in the file `log`, and waits for it. Its exit status (failed_by_signal if a signal ended
// it), or nothing, with the system's reason in `problem`, if it cannot be run.
inline constexpr int failed_by_signal = 70;
std::optional<int> run_command(const std::vector<std::string>& command, const std::string& log, std::string& problem);

} // namespace driver
