// String constants in IR text: printable ASCII stands for itself, everything else is \xhh; \" and \\ are escaped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ir {

std::string quote(std::string_view bytes);
// The bytes between the quotes of a quoted string; nothing if an escape is malformed.
std::optional<std::string> unquote(std::string_view body);

} // namespace ir
