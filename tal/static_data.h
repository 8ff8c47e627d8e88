// Checks the static objects of a module word by word against their declared types (rule O6).
#pragma once

#include "tal/object_reader.h"

namespace tal {

// `static_length` gets the length of each static array by symbol (-1 for other symbols).
[[nodiscard]] bool check_static_data(ObjectFile& object, std::vector<int64_t>& static_length, VerifyError& error);

} // namespace tal
