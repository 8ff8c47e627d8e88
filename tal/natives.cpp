#include "tal/natives.h"

namespace tal {

Special special_entry(std::string_view name) {
  static constexpr std::pair<std::string_view, Special> entries[] = {
      {"__tal_new", Special::New},
      {"__tal_newarray", Special::NewArray},
      {"__tal_raise", Special::Raise},
      {"__tal_raise_null", Special::RaiseNull},
      {"__tal_raise_bounds", Special::RaiseBounds},
      {"__tal_raise_div", Special::RaiseDiv},
      {"__tal_raise_variant", Special::RaiseVariant},
      {"__tal_update", Special::Update},
  };
  for (const auto& [entry, special] : entries)
    if (entry == name)
      return special;
  return Special::None;
}

} // namespace tal
