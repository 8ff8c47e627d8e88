// What a generator (make_native_table.py) makes of stdlib/runtime/natives.tali: its text, for the checker, and the address of
// each native, for the loader. Taking all addresses keeps natives in the program that only a later patch will call.
#pragma once

#include <cstdint>
#include <string_view>

namespace dsu {

struct NativeAddress {
  const char* name;  // source name, or that of a runtime entry point
  const void* address;
};

std::string_view native_text();
extern const NativeAddress native_addresses[];
extern const uint32_t native_address_count;

}  // namespace dsu
