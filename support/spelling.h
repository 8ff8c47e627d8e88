// The nearest spelling: what somebody may have meant by a name that does not exist.
#pragma once

#include <span>
#include <string_view>

namespace support {

// The candidate that is one slip away from `name` (a letter more, less, another one, two exchanged), or a few if it is long; of several the
// nearest, then the first in the alphabet. Empty if none is near. Names of one or two letters are near to nothing.
std::string_view nearest_spelling(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace support
