// Maps the verified objects of a patch into the arena, relocates them, and makes what the runtime wants to know of them.
//
// Everything is written through the checker's private copies; nothing is read again from the patch file. A block of text is
// sealed executable, one of read-only data read-only, before the program can reach it. What was mapped stays mapped, also when
// the update fails later (R46): init() may have stored an address of it anywhere.
//
// Registration with the unwinder and the collector is left to the program's own thread (Transaction): neither is
// thread-safe.
#pragma once

#include <string>

#include "dsu/runtime/prepare.h"
#include "tal/descriptor.h"

namespace dsu {

class Loader {
public:
  Loader(const Program& program, Arena& arena) : program_(program), arena_(arena) {}

  // Fills in LoadedModule and `registered` of each module, and the writes of the commit.
  [[nodiscard]] bool load(PreparedUpdate& update, std::string& problem);

private:
  struct Piece {
    std::span<const uint8_t> bytes;
    size_t size;         // at least as many: zeros, or int3 in code, follow
    uint8_t*& address;   // to be filled in
  };
  // One after the other in one block of the arena, so that a patch takes few pages.
  enum class Part { Code, Constants, Data };
  bool place(std::span<const Piece> pieces, Part part, std::span<uint8_t>& block, std::string& problem);
  bool relocate(PreparedUpdate& update, uint32_t index, std::string& problem);
  bool plan_writes(PreparedUpdate& update, std::string& problem);
  uintptr_t address_of(const PreparedUpdate& update, const tal::Binding& binding, const tal::InterfaceSymbol& symbol,
                       std::string& problem);
  const LoadedModule& module_of(const PreparedUpdate& update, uint32_t number) const;

  const Program& program_;
  Arena& arena_;
  std::vector<tal::DescriptorTable> descriptors_;  // by module of the update; offsets are addresses
};

// The address of a native or runtime entry point by its source name; 0 if the program has none.
uintptr_t native_address(std::string_view name);

}  // namespace dsu
