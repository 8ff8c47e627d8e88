// The content of types as bytes: keys of interning (types.cpp) and canonical bytes (type_groups.cpp), which differ in how they write
// the parts of a type, `part`.
#pragma once

#include "tal/types.h"

namespace tal {

inline void put(std::string& out, uint64_t v, unsigned bytes = 4) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&v), bytes);
}
inline void put(KeyedHash& out, uint64_t v, unsigned bytes = 4) {
  if (bytes > 4)
    out.add(v >> 32);
  out.add(v & UINT32_MAX);
}

template <typename Out, typename F> void put_fields(Out& out, std::span<const Field> fields, F part) {
  for (const Field& f : fields) {
    put(out, f.offset);
    put(out, static_cast<unsigned>(f.mutability) | (f.slot ? 2u : 0u), 1);
    part(f.type);
  }
}

template <typename Out> void put_kinds(Out& out, const std::vector<Kind>& kinds) {
  put(out, kinds.size());
  for (Kind k : kinds)
    put(out, static_cast<unsigned>(k), 1);
}

template <typename Out, typename F> void put_signature(Out& out, const Signature& s, F part) {
  put_kinds(out, s.vars);
  put(out, s.args.size());
  for (TypeId arg : s.args)
    part(arg);
  part(s.result);
  put(out, (s.noret ? 1u : 0u) | (s.throws ? 2u : 0u), 1);
  for (const auto* facts : {&s.pre, &s.post}) {
    put(out, facts->size());
    for (const SigFact& f : *facts) {
      for (unsigned v : {static_cast<unsigned>(f.x_of), static_cast<unsigned>(f.y_of), unsigned{f.x}, unsigned{f.y}})
        put(out, v, 1);
      put(out, static_cast<uint64_t>(f.c), 8);
    }
  }
}

} // namespace tal
