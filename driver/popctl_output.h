// How popctl shows what a program answered: lines for people, JSON for tools.
#pragma once

#include <string>
#include <vector>

#include "dsu/format/protocol.h"

namespace driver {

// `timing`: what popctl_timing.h finds out.
std::string json(const dsu::Report& report, const std::vector<std::string>& timing = {});
std::string json(const dsu::Where& where);
std::string json(const dsu::Status& status);
std::string json(const std::vector<dsu::Report>& history);

std::string text(const dsu::Report& report, const std::vector<std::string>& timing = {});
std::string text(const dsu::Where& where);
std::string text(const dsu::Status& status);
std::string text(const std::vector<dsu::Report>& history);

// 1234567 -> "1.23 ms"
std::string duration(uint64_t nanoseconds);

} // namespace driver
