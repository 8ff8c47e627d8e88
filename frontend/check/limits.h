// How large things may be. The target language (docs/tal.md) has limits too; these keep well-formed programs inside them, so that what
// is too large is told in the terms of the source.
#pragma once

#include <cstdint>

namespace frontend::limits {

inline constexpr uint32_t kQualifiedName = 4000;   // bytes
inline constexpr uint32_t kFields = 4096;          // of a struct, cases of a union, components of a tuple
inline constexpr uint32_t kParameters = 255;
inline constexpr uint32_t kTypeParameters = 16;
inline constexpr uint32_t kTypeHeight = 30;        // nodes on the longest way down a type
inline constexpr uint32_t kTypeSize = 10000;       // nodes of a type, written out as a tree

}  // namespace frontend::limits
