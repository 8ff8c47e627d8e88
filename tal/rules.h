// Rule numbers of docs/tal.md, for refusals.
#pragma once

#include <cstdint>
#include <string_view>

namespace tal {

enum class CheckRule : uint8_t {
#define TAL_CHECK_RULE(id, title) id,
#include "tal/rules.def"
};

std::string_view rule_id(CheckRule rule);
std::string_view rule_title(CheckRule rule);

} // namespace tal
