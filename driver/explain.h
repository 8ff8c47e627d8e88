// Listings of verified or refused code: each instruction, what is known before it, and what it is asked (talcheck --explain).
// Only prints: what is known comes from the checker, which does not depend on this.
#pragma once

#include "tal/checker.h"

#include <ostream>

namespace driver {

// All functions of an object, up to the first error.
void explain(std::span<const uint8_t> object, const tal::NativeInterface& natives, std::ostream& out);
// The instructions around an error in code and the state before that one; empty for other errors. `mark`, `plain`: what begins and ends
// the emphasis on the instruction itself.
std::string listing_around(std::span<const uint8_t> object, const tal::NativeInterface& natives, const tal::VerifyError& error,
                           std::string_view mark, std::string_view plain);

} // namespace driver
