// What `popctl check` says of the live program: functions that are on its stack now and go on with what a patch changes.
#pragma once

#include <string>
#include <vector>

#include "tal/bytes.h"

namespace driver {

// Sentences; none if nothing is to be said, or the program does not tell.
std::vector<std::string> timing_of(const std::string& program, const tal::Bytes& patch, int timeout_ms);

} // namespace driver
