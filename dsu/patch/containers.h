// Containers that are converted by a function of the library, since their representation is its own.
#pragma once

#include <cstddef>
#include <string_view>

namespace dsu {

struct Container {
  const char* type;
  size_t argument;   // index of the type argument that is converted
  const char* map;   // C map(T f(S), container of S)
  const char* header;
};

inline constexpr Container containers[] = {
#define CONTAINER(type, argument, map, header) {type, argument, map, header},
#include "dsu/patch/containers.def"
#undef CONTAINER
};

inline const Container* find_container(std::string_view type) {
  for (const Container& container : containers)
    if (type == container.type)
      return &container;
  return nullptr;
}

}  // namespace dsu
